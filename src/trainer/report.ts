import { batchLines, coalesce } from '../core/runs/coalesce.ts';
import type { MetricsLine, RunStatus } from '../core/runs/record.ts';
import type { Channel } from './channel.ts';
import type { RunFolder } from './runFolder.ts';

/** Least time between two batches, and between two writes of the status, in milliseconds. */
const batchEvery = 32;
const statusEvery = 500;
/** Batches on the way that a host has not taken; beyond, points wait here and are thinned. */
const mostPending = 4;
/** Points that wait before they are thinned: those of a sixth of a second. */
const mostWaiting = 4 * batchLines;

/** Tells the host and the disk how a run stands, neither too often. */
export class Report {
  readonly #folder: RunFolder;
  readonly #channel: Channel;
  #status: RunStatus;
  #lines: MetricsLine[] = [];
  #sent = 0;
  #sentStep = -1;
  #written = 0;
  #dirty = false;

  constructor(folder: RunFolder, channel: Channel, status: RunStatus) {
    this.#folder = folder;
    this.#channel = channel;
    this.#status = status;
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** Changes the status without telling yet. */
  set(change: Partial<RunStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#dirty = true;
  }

  /** Changes the status and tells at once. Throws what `fs` throws. */
  announce(change: Partial<RunStatus>, now: number): void {
    // What came before the change is told with the state that it came in.
    this.#sendAll(now);
    this.set(change);
    this.#channel.send({ type: 'status', status: this.#status });
    this.#write(now);
  }

  append(lines: readonly MetricsLine[]): void {
    for (const line of lines) this.#lines.push(line);
    if (this.#lines.length > mostWaiting) this.#lines = [...coalesce(this.#lines, batchLines)];
  }

  /** Sends and writes what is due. Throws what `fs` throws. */
  tick(now: number): void {
    if (now - this.#sent >= batchEvery && this.#channel.pending < mostPending) this.#sendBatch(now);
    if (now - this.#written < statusEvery) return;
    const name = this.#folder.takeName();
    if (name !== undefined) {
      this.set({ name });
      this.#channel.send({ type: 'status', status: this.#status });
    }
    if (this.#dirty) this.#write(now);
    else this.#written = now;
  }

  /** The last word: on disk, also where that is full, and delivered. */
  async end(change: Partial<RunStatus>): Promise<void> {
    this.set({ ...change, ended: new Date().toISOString() });
    try {
      const name = this.#folder.takeName();
      if (name !== undefined) this.set({ name });
      this.#folder.forceStatus(this.#status);
    } catch (error) {
      this.#channel.log('error', `The status cannot be written: ${String(error)}`);
    }
    this.#sendAll(performance.now());
    await this.#channel.deliver({ type: 'status', status: this.#status });
  }

  #sendAll(now: number): void {
    do this.#sendBatch(now);
    while (this.#lines.length > 0);
  }

  #sendBatch(now: number): void {
    const { step } = this.#status;
    if (this.#lines.length === 0 && step === this.#sentStep) return;
    const lines = this.#lines.splice(0, batchLines);
    this.#sent = now;
    this.#sentStep = step;
    this.#channel.send({ type: 'batch', lines, status: this.#status });
  }

  #write(now: number): void {
    this.#written = now;
    this.#dirty = false;
    this.#folder.writeStatus(this.#status);
  }
}
