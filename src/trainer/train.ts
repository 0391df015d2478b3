import { stat } from 'node:fs/promises';
import type { Device } from '../core/compute/device.ts';
import { english, message, sentences } from '../core/messages/message.ts';
import type { ToTrainer } from '../core/protocol/trainer.ts';
import type { RunStatus } from '../core/runs/record.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { encodeCheckpoint, keepsLine } from '../core/training/checkpoint.ts';
import { describeCost, runCost } from '../core/training/cost.ts';
import { createSession, type Session, type SessionState } from '../core/training/session.ts';
import type { Channel } from './channel.ts';
import type { Control } from './control.ts';
import { chooseDevice } from './device/choose.ts';
import { threadsFor } from './device/threads/threadsFor.ts';
import { memoryOfThreads } from './device/threads/work.ts';
import { trainingWorkload } from './device/workload.ts';
import { diskEnd, failureEnd, summarisedEnd, wantedEnd, type End } from './ends.ts';
import { admit, allowance, roomForData } from './memory.ts';
import { MetricsLog } from './metricsLog.ts';
import { prepareRun, type PreparedRun } from './prepareRun.ts';
import { Report } from './report.ts';
import { RunFolder } from './runFolder.ts';

type Order = Extract<ToTrainer, { type: 'train' }>;

/** Time for training between two looks at the host's messages, in milliseconds. */
const budgetMs = 16;
/** The first checkpoint comes early, the others in this distance, or in twenty times what one takes. */
const firstCheckpointMs = 1000;
const checkpointEveryMs = 5000;
const checkpointShare = 20;
const bestEveryMs = 2000;
const memoryEveryMs = 250;

/** The process that trains. */
interface Surroundings {
  /** The trainer's own bundle, which also probes WebGPU in a child process. */
  readonly entry: string;
  /** Fulfilled when this process cannot outlive its host any more. */
  readonly guarded: Promise<void>;
}

/** Trains one run from its directory, to its end of whatever kind. Never rejects. */
export async function train(
  order: Order,
  control: Control,
  channel: Channel,
  { entry, guarded }: Surroundings,
): Promise<void> {
  const folder = new RunFolder(order.directory);
  const status = folder.status();
  if (status === undefined) {
    await channel.deliver({
      type: 'problems',
      problems: [
        {
          message: message('The run in {path} has no readable status.', { path: order.directory }),
        },
      ],
    });
    return;
  }
  const report = new Report(folder, channel, { ...status, pid: process.pid });
  const allowed = allowance(order.memoryLimit);
  const memory = watchMemory(allowed.limit, control);
  let training: Training | undefined;
  try {
    report.announce({}, performance.now());
    const prepared = await prepareRun({
      folder,
      dataSets: order.dataSets,
      dataFile: order.dataFile,
      resume: order.resume,
      mostBytes: roomForData(process.memoryUsage.rss(), allowed),
      signal: control.signal,
      onProgress: throttled((share) => channel.send({ type: 'phase', phase: 'reading', share })),
      onRead: () => channel.send({ type: 'phase', phase: 'preparing' }),
    });
    const cancelled = control.ending();
    if (cancelled !== undefined) {
      await report.end(wantedEnd(cancelled, report.status));
      return;
    }
    if (!prepared.ok) {
      await channel.deliver({ type: 'problems', problems: [...prepared.problems] });
      return;
    }
    const { experiment, dataset, task, checkpoint, notes } = prepared.value;
    const plans = task.plan(dataset);
    if (!plans.ok) {
      await channel.deliver({ type: 'problems', problems: [...plans.problems] });
      return;
    }
    const cost = runCost(plans.value, order.device);
    const resident = process.memoryUsage.rss();
    if (resident > allowed.limit) {
      await report.end(wantedEnd('memory', report.status));
      return;
    }
    const threads = threadsFor(order.threads);
    const needed = cost.bytes + memoryOfThreads(plans.value.training.plan, threads);
    const admitted = admit(needed, resident, allowed);
    if (!admitted.ok) {
      await channel.deliver({ type: 'problems', problems: [...admitted.problems] });
      return;
    }
    channel.send({ type: 'phase', phase: 'device' });
    const workload = trainingWorkload(experiment, dataset, task);
    if (!workload.ok) {
      await channel.deliver({ type: 'problems', problems: [...workload.problems] });
      return;
    }
    const { device, why, table } = await chooseDevice({
      preference: order.device,
      workload: workload.value,
      probe: { path: entry },
      now: () => performance.now(),
      date: Date.now,
      threads,
      ...(order.cache === undefined ? {} : { cache: order.cache }),
    });
    channel.log('info', `${english(why)} ${JSON.stringify(table)}`);
    const ending = control.ending();
    if (ending !== undefined) {
      await report.end(wantedEnd(ending, report.status));
      return;
    }
    channel.send({ type: 'phase', phase: 'compiling' });
    await guarded;
    const session = await createSession(experiment, dataset, plans.value, device, {
      now: () => performance.now(),
      ...(checkpoint === undefined ? {} : { resume: checkpoint }),
    });
    if (!session.ok) {
      await channel.deliver({ type: 'problems', problems: [...session.problems] });
      return;
    }
    report.set({
      device: { id: device.id, label: device.label, why: sentences(why, describeCost(cost)) },
      steps: session.value.totalSteps,
      epochs: experiment.training.epochs,
      parameters: session.value.parameterCount,
      dataNotes: [...notes],
    });
    training = new Training(session.value, device, prepared.value, folder, report, order.dataFile);
    await report.end(await training.run(control));
  } catch (error) {
    training?.salvage();
    const checkpoint = folder.checkpoint('last') !== undefined;
    await report.end(
      isDiskError(error)
        ? diskEnd(error, folder.path, report.status, checkpoint)
        : failureEnd(error, report.status, checkpoint),
    );
  } finally {
    clearInterval(memory);
    await training?.dispose();
  }
}

/** The loop of a run whose session stands. */
class Training {
  readonly #session: Session;
  readonly #device: Device;
  readonly #folder: RunFolder;
  readonly #report: Report;
  readonly #log: MetricsLog;
  readonly #experiment: Experiment;
  readonly #dataFile: string | undefined;
  #nextCheckpoint = performance.now() + firstCheckpointMs;
  #nextBest = 0;
  #bestChanged = false;
  #fileNoted = false;
  #seconds: number;

  constructor(
    session: Session,
    device: Device,
    prepared: PreparedRun,
    folder: RunFolder,
    report: Report,
    dataFile: string | undefined,
  ) {
    this.#session = session;
    this.#device = device;
    this.#folder = folder;
    this.#report = report;
    this.#dataFile = dataFile;
    this.#experiment = prepared.experiment;
    this.#seconds = prepared.checkpoint?.resume?.seconds ?? 0;
    const { checkpoint } = prepared;
    this.#log = new MetricsLog(
      folder.file('metrics'),
      checkpoint === undefined ? undefined : (line) => keepsLine(checkpoint, line),
    );
  }

  /** Trains until the end; throws what the disk or the device throws. */
  async run(control: Control): Promise<End> {
    this.#progress();
    let state: SessionState = 'running';
    this.#report.announce({ state: 'running' }, performance.now());
    while (state === 'running' && control.ending() === undefined) {
      if (control.paused) {
        await this.#pause(control);
        continue;
      }
      const began = performance.now();
      const advanced = await this.#session.advance(budgetMs);
      this.#seconds += (performance.now() - began) / 1000;
      state = advanced.state;
      this.#bestChanged ||= advanced.improved;
      this.#take(advanced.lines);
      await this.#tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#finish(state, control);
  }

  /** After a failure: the points that are still in memory go to the disk, as far as it takes them. */
  salvage(): void {
    try {
      this.#take(this.#session.flush());
      this.#log.sync();
    } catch {
      // The failure that is being reported says more.
    }
  }

  async dispose(): Promise<void> {
    try {
      this.#log.close();
      await this.#session.dispose();
      await this.#device.dispose();
    } catch {
      // The process ends; its system gives back what is left.
    }
  }

  #take(lines: Parameters<MetricsLog['append']>[0]): void {
    this.#log.append(lines);
    this.#report.append(lines);
    this.#progress();
  }

  /** Brings the status up to the session. */
  #progress(): void {
    const { position, latest } = this.#session;
    const { step, epoch } = latest;
    const newest = epoch !== undefined && epoch.step >= (step?.step ?? 0) ? epoch : step;
    this.#report.set({
      step: position.step,
      epoch: position.epoch,
      ...(newest === undefined ? {} : { loss: newest.loss }),
      ...(epoch?.validationLoss === undefined ? {} : { validationLoss: epoch.validationLoss }),
      seconds: this.#seconds,
      ...this.#bestStatus(),
    });
  }

  #bestStatus(): Partial<RunStatus> {
    const best = this.#session.best()?.best;
    if (best === undefined) return {};
    const { step, epoch, loss, metrics } = best;
    return { best: { step, epoch, loss }, ...(metrics === undefined ? {} : { metrics }) };
  }

  async #tick(): Promise<void> {
    const now = performance.now();
    this.#log.flush(now);
    this.#report.tick(now);
    if (now >= this.#nextCheckpoint) await this.#checkpoint();
    if (this.#bestChanged && now >= this.#nextBest) this.#writeBest();
  }

  async #pause(control: Control): Promise<void> {
    this.#report.announce({ state: 'paused' }, performance.now());
    await this.#checkpoint();
    while (control.paused && control.ending() === undefined) {
      await control.changed(500);
      this.#report.tick(performance.now());
    }
    if (control.ending() === undefined) this.#report.announce({ state: 'running' }, performance.now());
  }

  /** Log first, then checkpoint: a checkpoint never knows of steps that the log lacks. */
  async #checkpoint(): Promise<void> {
    const began = performance.now();
    this.#log.sync();
    this.#folder.writeLast(encodeCheckpoint(await this.#session.checkpoint()));
    await this.#noteFile();
    const took = performance.now() - began;
    this.#nextCheckpoint = began + Math.max(checkpointEveryMs, checkpointShare * took);
  }

  #writeBest(): void {
    const best = this.#session.best();
    if (best !== undefined) this.#folder.writeBest(encodeCheckpoint(best));
    this.#bestChanged = false;
    this.#nextBest = performance.now() + bestEveryMs;
  }

  async #finish(state: SessionState, control: Control): Promise<End> {
    if (state === 'running') this.#take(this.#session.flush());
    if (state === 'notFinite') this.#log.sync();
    else await this.#checkpoint();
    this.#writeBest();
    const { status } = this.#report;
    if (state !== 'running' && state !== 'notFinite') this.#folder.dropPrevious();
    if (state !== 'running') return summarisedEnd(state, status, this.#experiment);
    return wantedEnd(control.ending() ?? 'user', status);
  }

  /** The rows are in memory, so a file that vanishes stops nothing; but who wants to go on later should know. */
  async #noteFile(): Promise<void> {
    if (this.#dataFile === undefined || this.#fileNoted) return;
    const there = await stat(this.#dataFile).then(
      () => true,
      () => false,
    );
    if (there) return;
    this.#fileNoted = true;
    const note = message(
      'The data file {path} was deleted or moved during the training. The run goes on with the rows that it had read; resuming it or training again needs the file.',
      { path: this.#dataFile },
    );
    this.#report.announce({ dataNotes: [...(this.#report.status.dataNotes ?? []), note] }, performance.now());
  }
}

function watchMemory(limit: number, control: Control): NodeJS.Timeout {
  return setInterval(() => {
    if (process.memoryUsage.rss() > limit) control.end('memory');
  }, memoryEveryMs);
}

/** At most ten calls a second, and the one with share 1. */
function throttled(call: (share: number) => void): (share: number) => void {
  let last = -Infinity;
  return (share) => {
    const now = performance.now();
    if (share < 1 && now - last < 100) return;
    last = now;
    call(share);
  };
}

function isDiskError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
