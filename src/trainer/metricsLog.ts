import * as fs from 'node:fs';
import { formatLine, LogReader } from '../core/runs/log.ts';
import type { MetricsLine } from '../core/runs/record.ts';

/** Least time between two writes and between two flushes to disk, in milliseconds. */
const writeEvery = 250;
const syncEvery = 1000;

/** Appends to `metrics.jsonl`, a few times a second. Every method throws what `fs` throws. */
export class MetricsLog {
  readonly #file: number;
  #waiting: string[] = [];
  #written = 0;
  #synced = 0;

  /** Opens the log and drops what lies behind `step`: a torn line, and steps that a resumed run makes again. */
  constructor(path: string, step: number) {
    this.#file = fs.openSync(path, 'a+');
    try {
      const end = endOfStep(this.#file, step);
      if (end < fs.fstatSync(this.#file).size) fs.ftruncateSync(this.#file, end);
    } catch (error) {
      fs.closeSync(this.#file);
      throw error;
    }
  }

  append(lines: readonly MetricsLine[]): void {
    for (const line of lines) this.#waiting.push(formatLine(line));
  }

  /** Writes what waits when it is time. `now` in milliseconds. */
  flush(now: number): void {
    if (now - this.#written < writeEvery) return;
    this.#written = now;
    this.#write();
    if (now - this.#synced < syncEvery) return;
    this.#synced = now;
    fs.fsyncSync(this.#file);
  }

  /** Writes everything and flushes it to the disk. */
  sync(): void {
    this.#write();
    fs.fsyncSync(this.#file);
  }

  close(): void {
    fs.closeSync(this.#file);
  }

  #write(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join(''), 'latin1');
    this.#waiting = [];
    for (let at = 0; at < bytes.length;) at += fs.writeSync(this.#file, bytes, at, bytes.length - at);
  }
}

/** The offset behind the last good line of a step up to `step`. */
function endOfStep(file: number, step: number): number {
  let end = 0;
  const reader = new LogReader((line, offset) => {
    if (line.step > step) return false;
    end = offset;
    return true;
  });
  const buffer = Buffer.alloc(1 << 18);
  for (let at = 0; ;) {
    const length = fs.readSync(file, buffer, 0, buffer.length, at);
    if (length === 0 || !reader.push(buffer.toString('latin1', 0, length))) return end;
    at += length;
  }
}
