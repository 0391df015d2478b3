import { existsSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { DeviceId } from '../core/compute/device.ts';
import type { Look } from '../core/data/look.ts';
import { bad, message, ok, type Result } from '../core/messages/message.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import { runFiles } from '../core/runs/files.ts';
import { runName } from '../core/runs/name.ts';
import type { RunStatus } from '../core/runs/record.ts';
import { canResume } from '../core/runs/states.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { downloadAll, type Arrival, type PlannedDownload } from './downloadAll.ts';
import { announcedSize, type DownloadOptions } from './download.ts';
import { look } from './look.ts';
import { predict, type Prediction, type PredictionRequest } from './predict.ts';
import type { QuestionOptions } from './question.ts';
import { TrainerRun, type Run } from './run.ts';
import type { RunEntry, RunStore } from './runStore.ts';
import { TrainerProcess, type Log } from './trainerProcess.ts';

export interface SupervisorOptions {
  /** Path of the bundled trainer, `dist/trainer.cjs`. */
  readonly trainer: string;
  /** Where the shipped data sets lie. */
  readonly dataSets: string;
  /** File in which the calibration of devices is remembered; absent: nowhere. */
  readonly cache?: string;
  readonly log: Log;
  /** Highest resident size of a trainer in bytes; absent: the trainer's own default. */
  readonly memoryLimit?: number;
  /** Threads that a trainer may compute with; absent: the trainer's own choice. */
  readonly threads?: number;
}

export interface StartOptions {
  /** Absolute path of the data file, for `data.source` "file". */
  readonly dataFile?: string | undefined;
  readonly device: DeviceId | 'auto';
  /** Default: the experiment's name, else its data set and loss. */
  readonly name?: string | undefined;
}

/** Starts trainers, one process a run, and ends them. Never throws for what happens to a trainer. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #live = new Map<string, TrainerRun>();
  /** Work beside the runs: predictions, downloads. */
  readonly #jobs = new Map<AbortController, Promise<unknown>>();
  readonly #listeners = new Set<() => void>();
  #disposed = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The runs that this process trains now, by id. */
  get live(): ReadonlyMap<string, Run> {
    return this.#live;
  }

  /** Calls back when a run is added to {@link live} or leaves it. */
  onChange(listener: () => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  /** Starts a new run. Problems that show before the fork come as the result, those of the input by `started`. */
  async start(store: RunStore, experiment: Experiment, options: StartOptions): Promise<Result<Run>> {
    const ready = this.#ready();
    if (!ready.ok) return ready;
    const { dataFile } = options;
    if ('path' in experiment.data && (dataFile === undefined || !isAbsolute(dataFile))) {
      return bad(
        message(
          'The data file "{path}" has no known place. Save the experiment first, or give an absolute path.',
          { path: experiment.data.path },
        ),
        {
          path: 'data.path',
        },
      );
    }
    const created = await store.create(experiment, options.name ?? runName(experiment), dataFile);
    if (!created.ok) return created;
    return this.#launch(store, created.value, { dataFile, device: options.device, before: undefined });
  }

  /** Continues a run from its last checkpoint, or from the beginning where there is none. */
  async resume(
    store: RunStore,
    id: string,
    options: { readonly device: DeviceId | 'auto' },
  ): Promise<Result<Run>> {
    const ready = this.#ready();
    if (!ready.ok) return ready;
    const read = await store.read(id);
    if (!read.ok) return read;
    const { directory, status: before, experiment, source } = read.value;
    if (this.#live.has(id))
      return bad(message('The run "{name}" is being trained already.', { name: before.name }));
    if (experiment === undefined) {
      return bad(
        message(
          'The experiment of "{name}" is damaged, so it cannot be resumed. Its curve can still be read.',
          { name: before.name },
        ),
      );
    }
    if (store.isOwned(id))
      return bad(
        message('The run "{name}" is being trained in another window or terminal.', { name: before.name }),
      );
    if (before.state === 'finished')
      return bad(
        message('The run "{name}" is finished: there is nothing left to resume.', { name: before.name }),
      );
    // A run that calls itself alive without an owner was interrupted.
    const ended: RunStatus = canResume(before.state)
      ? before
      : { ...before, state: 'interrupted', reason: 'hostGone' };
    const status: RunStatus = {
      ...ended,
      state: 'starting',
      reason: undefined,
      note: undefined,
      ended: undefined,
    };
    try {
      if (!store.acquire(id))
        return bad(
          message('The run "{name}" is being trained in another window or terminal.', { name: before.name }),
        );
      store.writeStatus(id, status);
    } catch (error) {
      return { ok: false, problems: [fileProblem(error, directory, 'write')] };
    }
    return this.#launch(
      store,
      { id, directory, status },
      { dataFile: source?.path, device: options.device, before: ended },
    );
  }

  /** Applies a run's best checkpoint to new rows, in a process of its own. */
  async predict(
    directory: string,
    request: PredictionRequest,
    options: QuestionOptions = {},
  ): Promise<Result<Prediction>> {
    const ready = this.#ready();
    if (!ready.ok) return ready;
    return this.#job(options.signal, (signal) =>
      predict(this.#options.trainer, this.#options.log, directory, request, { ...options, signal }),
    );
  }

  /** Looks at a data file, or at a folder of images, in a process of its own: columns, rows, what suits them. */
  async look(path: string, options: QuestionOptions = {}): Promise<Result<Look>> {
    const ready = this.#ready();
    if (!ready.ok) return ready;
    return this.#job(options.signal, (signal) =>
      look(this.#options.trainer, this.#options.log, path, { ...options, signal }),
    );
  }

  /** Fetches files that the user has agreed to, one after the other; see {@link downloadAll}. */
  async download(
    files: readonly PlannedDownload[],
    options: DownloadOptions = {},
  ): Promise<Result<readonly Arrival[]>> {
    if (this.#disposed) return shuttingDown();
    return this.#job(options.signal, (signal) => downloadAll(files, { ...options, signal }));
  }

  /** Asks a server for the size of a file; the user has agreed to ask it. */
  async announcedSize(address: string, options: DownloadOptions = {}): ReturnType<typeof announcedSize> {
    if (this.#disposed) return shuttingDown();
    return this.#job(options.signal, (signal) => announcedSize(address, { ...options, signal }));
  }

  /** Ends everything within five seconds. Runs become `interrupted` and can be resumed. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const controller of this.#jobs.keys()) controller.abort();
    await Promise.all([...this.#jobs.values(), ...[...this.#live.values()].map((run) => run.abandon())]);
    this.#listeners.clear();
  }

  /** Work that ends, by its signal, when this supervisor or its caller does. Never rejects if the work does not. */
  async #job<T>(wish: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const signal = wish === undefined ? controller.signal : AbortSignal.any([controller.signal, wish]);
    const working = work(signal);
    this.#jobs.set(controller, working);
    try {
      return await working;
    } finally {
      this.#jobs.delete(controller);
    }
  }

  #ready(): Result<void> {
    if (this.#disposed) return shuttingDown();
    if (!existsSync(this.#options.trainer)) {
      return bad(
        message('A part of Loss Lab is missing: {path}. Install Loss Lab again.', {
          path: this.#options.trainer,
        }),
      );
    }
    return ok(undefined);
  }

  #launch(
    store: RunStore,
    entry: RunEntry,
    how: {
      readonly dataFile: string | undefined;
      readonly device: DeviceId | 'auto';
      readonly before: RunStatus | undefined;
    },
  ): Result<Run> {
    const { id, directory, status } = entry;
    const { trainer, dataSets, cache, log, memoryLimit, threads } = this.#options;
    let run: TrainerRun | undefined;
    try {
      run = new TrainerRun(
        { store, id, directory, status, before: how.before, log },
        (onMessage) => new TrainerProcess(trainer, log, onMessage),
      );
      if (run.pid !== undefined) store.handOver(id, run.pid);
    } catch (error) {
      run?.kill();
      if (how.before === undefined) store.discard(id);
      else rmSync(join(directory, runFiles.lock), { force: true });
      return { ok: false, problems: [fileProblem(error, directory, 'create')] };
    }
    const { started, ended } = run;
    this.#live.set(id, run);
    void ended.then(() => {
      this.#live.delete(id);
      this.#changed();
    });
    void started;
    run.send({
      type: 'train',
      directory,
      dataSets,
      device: how.device,
      resume: how.before !== undefined,
      ...(how.dataFile === undefined ? {} : { dataFile: how.dataFile }),
      ...(cache === undefined ? {} : { cache }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(threads === undefined ? {} : { threads }),
    });
    this.#changed();
    return ok(run);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

function shuttingDown(): Result<never> {
  return bad(message('Loss Lab is shutting down.'));
}
