import * as fs from 'node:fs';
import { formatLine, LogReader } from '../core/runs/log.ts';
import type { MetricsLine } from '../core/runs/record.ts';
import { replaceFile } from '../core/runs/replaceFile.ts';

/** Least time between two writes and between two flushes to disk, in milliseconds. */
const writeEvery = 250;
const syncEvery = 1000;

/** Appends to `metrics.jsonl`, a few times a second. Every method throws what `fs` throws. */
export class MetricsLog {
  readonly #file: number;
  #waiting: string[] = [];
  #written = 0;
  #synced = 0;

  /**
   * Opens the log: anew, or of what is in it only the lines stay that `keep` accepts, because a resumed run makes the
   * others again.
   */
  constructor(path: string, keep?: (line: MetricsLine) => boolean) {
    if (keep !== undefined && fs.existsSync(path)) rewrite(path, keep);
    this.#file = fs.openSync(path, keep === undefined ? 'w' : 'a');
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

function rewrite(path: string, keep: (line: MetricsLine) => boolean): void {
  const kept: string[] = [];
  const reader = new LogReader((line) => {
    if (keep(line)) kept.push(formatLine(line));
  });
  reader.push(fs.readFileSync(path, 'latin1'));
  replaceFile(fs, path, Buffer.from(kept.join(''), 'latin1'), process.pid);
}
