import * as fs from 'node:fs';
import { join } from 'node:path';
import { english, ok, sentences, type Message, type Problem, type Result } from '../core/messages/message.ts';
import type { FromTrainer, PhaseName } from '../core/protocol/trainer.ts';
import { parseJson, runFiles } from '../core/runs/files.ts';
import { LogReader } from '../core/runs/log.ts';
import { hasEnded, statusSchema, type MetricsLine, type RunStatus } from '../core/runs/record.ts';
import { isLegal } from '../core/runs/states.ts';
import { statusAfterDeath, type Expected } from './death.ts';
import type { RunStore } from './runStore.ts';
import type { Death, Log, TrainerProcess } from './trainerProcess.ts';

/** What happens to a run. `ended` comes once and last. */
export type RunEvent =
  | {
      readonly type: 'phase';
      readonly phase: PhaseName;
      readonly share: number | undefined;
    }
  | { readonly type: 'status'; readonly status: RunStatus }
  | { readonly type: 'batch'; readonly lines: readonly MetricsLine[]; readonly status: RunStatus }
  | { readonly type: 'ended'; readonly status: RunStatus };

/** A run that a supervisor of this process trains. */
export interface Run {
  readonly id: string;
  readonly directory: string;
  /** The latest. */
  readonly status: RunStatus;
  /** Resident memory of the trainer in bytes, as of its last sign of life. */
  readonly resident: number | undefined;
  pause(): void;
  resume(): void;
  /** Ends the run: asks, after two seconds terminates, after two more kills. */
  stop(): void;
  /** Ends the trainer at once, without a last checkpoint. */
  kill(): void;
  onEvent(listener: (event: RunEvent) => void): { dispose(): void };
  /**
   * Good when training began (or the run ended otherwise before that). Bad input: the problems; the directory of a new run
   * is gone then, and a resumed run is what it was before.
   */
  readonly started: Promise<Result<void>>;
  /** Fulfilled when the trainer is dead and the status on disk is final. Never rejects. */
  readonly ended: Promise<RunStatus>;
}

/** Milliseconds from one rung of the stop ladder to the next. */
interface Ladder {
  readonly terminate: number;
  readonly kill: number;
}
const stopLadder: Ladder = { terminate: 2000, kill: 2000 };
const disposeLadder: Ladder = { terminate: 1500, kill: 1000 };

/** How long a trainer may take to exit after it has reported an end, in milliseconds. */
const exitWithin = 3000;

interface Beginning {
  readonly store: RunStore;
  readonly id: string;
  readonly directory: string;
  readonly status: RunStatus;
  /** The status to return to when a resumed run's input turns out to be bad; none for a new run. */
  readonly before: RunStatus | undefined;
  readonly log: Log;
}

/** A run and its trainer process, from the fork to the final status. */
export class TrainerRun implements Run {
  readonly id: string;
  readonly directory: string;
  readonly started: Promise<Result<void>>;
  readonly ended: Promise<RunStatus>;
  readonly #beginning: Beginning;
  readonly #trainer: TrainerProcess;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #status: RunStatus;
  #resident: number | undefined;
  #problems: readonly Problem[] | undefined;
  #expected: Expected;
  #reported = false;
  #resolveStarted: (result: Result<void>) => void = () => undefined;

  /** `fork` makes the trainer process, given the one that receives its messages. */
  constructor(beginning: Beginning, fork: (onMessage: (message: FromTrainer) => void) => TrainerProcess) {
    this.#beginning = beginning;
    this.id = beginning.id;
    this.directory = beginning.directory;
    this.#status = beginning.status;
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve));
    this.#trainer = fork((message) => this.#receive(message));
    this.ended = this.#trainer.gone.then((death) => this.#end(death));
  }

  get status(): RunStatus {
    return this.#status;
  }

  get resident(): number | undefined {
    return this.#resident;
  }

  get pid(): number | undefined {
    return this.#trainer.pid;
  }

  send(message: Parameters<TrainerProcess['send']>[0]): void {
    this.#trainer.send(message);
  }

  pause(): void {
    if (this.#status.state === 'running' || this.#status.state === 'starting')
      this.#trainer.send({ type: 'pause' });
  }

  resume(): void {
    if (this.#status.state === 'paused' || this.#status.state === 'starting')
      this.#trainer.send({ type: 'resume' });
  }

  stop(): void {
    if (hasEnded(this.#status.state) || this.#expected !== undefined) return;
    this.#expected = 'user';
    this.#update({ ...this.#status, state: 'stopping' });
    this.#trainer.send({ type: 'stop' });
    this.#climb(stopLadder);
  }

  /** Ends the run because this process goes: it becomes `interrupted`, with a checkpoint if the trainer answers in time. */
  async abandon(): Promise<void> {
    this.#expected ??= 'dispose';
    this.#trainer.disconnect();
    this.#climb(disposeLadder);
    await this.ended;
  }

  kill(): void {
    this.#expected ??= 'user';
    this.#trainer.kill('SIGKILL');
  }

  onEvent(listener: (event: RunEvent) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  #receive(message: FromTrainer): void {
    const { log } = this.#beginning;
    switch (message.type) {
      case 'hello':
        log.debug(`Trainer ${message.pid} is up for run ${this.id}.`);
        break;
      case 'phase':
        this.#emit({ type: 'phase', phase: message.phase, share: message.share });
        break;
      case 'status':
        if (this.#accept(message.status)) this.#emit({ type: 'status', status: this.#status });
        break;
      case 'batch':
        if (this.#accept(message.status))
          this.#emit({ type: 'batch', lines: message.lines, status: this.#status });
        break;
      case 'problems':
        this.#problems = message.problems;
        this.#after(exitWithin, () => this.#trainer.kill('SIGKILL'));
        break;
      case 'heartbeat':
        this.#resident = message.resident;
        break;
      case 'log':
        log[message.level](`Run ${this.id}: ${message.text}`);
        break;
      case 'predicted':
      case 'looked':
        log.warn(`Trainer of run ${this.id} answered a question that nobody asked.`);
        break;
      default:
        message satisfies never;
    }
  }

  /** Takes a status from the trainer, unless its state may not follow ours. */
  #accept(status: RunStatus): boolean {
    // What was on its way when the user pressed stop.
    const late = this.#status.state === 'stopping' && !hasEnded(status.state);
    const next: RunStatus = late ? { ...status, state: 'stopping' } : status;
    if (next.id !== this.id || !isLegal(this.#status.state, next.state)) {
      this.#beginning.log.warn(
        `Run ${this.id}: the trainer went from ${this.#status.state} to ${status.state}; ignored.`,
      );
      return false;
    }
    this.#status = next;
    if (next.state === 'running' || next.state === 'paused') this.#resolveStarted(ok(undefined));
    if (hasEnded(next.state) && !this.#reported) {
      this.#reported = true;
      this.#clearTimers();
      this.#after(exitWithin, () => this.#trainer.kill('SIGKILL'));
    }
    return true;
  }

  async #end(death: Death): Promise<RunStatus> {
    this.#clearTimers();
    const { store, before, log } = this.#beginning;
    if (death.output.trim() !== '')
      log.info(`Run ${this.id}: the trainer printed:\n${death.output.trimEnd()}`);
    try {
      if (this.#problems !== undefined) this.#endBad(this.#problems);
      else this.#status = await this.#final(death);
    } catch (error) {
      log.error(`Run ${this.id}: its end could not be written: ${String(error)}`);
    }
    if (this.#problems === undefined || before !== undefined) store.release(this.id);
    this.#resolveStarted(
      this.#problems === undefined ? ok(undefined) : { ok: false, problems: this.#problems },
    );
    this.#emit({ type: 'ended', status: this.#status });
    this.#listeners.clear();
    return this.#status;
  }

  #endBad(problems: readonly Problem[]): void {
    const { store, before } = this.#beginning;
    this.#status = {
      ...this.#status,
      state: 'failed',
      reason: 'badInput',
      note: allOf(problems),
      ended: new Date().toISOString(),
    };
    if (before === undefined) {
      store.discard(this.id);
    } else {
      store.writeStatus(this.id, before);
      this.#status = before;
    }
  }

  /** The final status: what the trainer reported or wrote, else what its death says. */
  async #final(death: Death): Promise<RunStatus> {
    const { store, log } = this.#beginning;
    const onDisk = readStatus(this.directory);
    if (this.#reported) {
      if (onDisk?.state !== this.#status.state) store.writeStatus(this.id, this.#status);
      return this.#status;
    }
    if (onDisk !== undefined && hasEnded(onDisk.state)) return onDisk;
    const readable = await lastStep(this.directory);
    const checkpoint =
      fs.existsSync(join(this.directory, runFiles.last)) ||
      fs.existsSync(join(this.directory, runFiles.previous));
    const final = statusAfterDeath(this.#status, death, this.#expected, readable, checkpoint, new Date());
    log[final.state === 'failed' ? 'error' : 'info'](
      `Run ${this.id}: ${final.note === undefined ? final.state : english(final.note)}`,
    );
    try {
      store.writeStatus(this.id, final);
    } catch (error) {
      log.error(`Run ${this.id}: its end could not be written: ${String(error)}`);
    }
    return final;
  }

  #update(status: RunStatus): void {
    this.#status = status;
    this.#emit({ type: 'status', status });
  }

  #climb({ terminate, kill }: Ladder): void {
    this.#after(terminate, () => {
      this.#beginning.log.warn(`Run ${this.id}: the trainer does not answer; terminating it.`);
      this.#trainer.kill('SIGTERM');
    });
    this.#after(terminate + kill, () => this.#trainer.kill('SIGKILL'));
  }

  #after(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #emit(event: RunEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#beginning.log.error(`Run ${this.id}: a listener failed: ${String(error)}`);
      }
    }
  }
}

/** What is wrong, the first few. */
function allOf(problems: readonly Problem[]): Message | undefined {
  const [first, ...others] = problems.slice(0, 5).map(({ message }) => message);
  return first === undefined ? undefined : sentences(first, ...others);
}

function readStatus(directory: string): RunStatus | undefined {
  try {
    return parseJson(statusSchema, fs.readFileSync(join(directory, runFiles.status), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The last step in a run's log; 0 where there is none. Reads the end of the file only. */
async function lastStep(directory: string): Promise<number> {
  let step = 0;
  const reader = new LogReader((line) => {
    step = line.step;
  });
  let file: fs.promises.FileHandle | undefined;
  try {
    file = await fs.promises.open(join(directory, runFiles.metrics));
    const { size } = await file.stat();
    const length = Math.min(size, 1 << 16);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    reader.push(buffer.toString('latin1', 0, bytesRead));
  } catch {
    // No log yet.
  } finally {
    await file?.close();
  }
  return step;
}
