import { readLine } from './line.ts';
import { toJsonNumber, type MetricsLine, type RunStatus } from './record.ts';

/** One line of `metrics.jsonl`, with its line break. Numbers that JSON lacks are written as their names. */
export function formatLine(line: MetricsLine): string {
  return `${JSON.stringify(line, nonFinite)}\n`;
}

/** One line of `metrics.jsonl` without its line break; undefined where it is torn or not ours. */
export function parseLine(text: string): MetricsLine | undefined {
  try {
    return readLine(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The text of `status.json`. */
export function formatStatus(status: RunStatus): string {
  return `${JSON.stringify(status, nonFinite, 2)}\n`;
}

/** A value as JSON has it, for channels that know no other numbers: NaN and infinities become their names. */
export function toPlainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, nonFinite));
}

function nonFinite(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? toJsonNumber(value) : value;
}

/** What became of a log: its good lines went to the callback; `torn` counts those that could not be read. */
export interface LogSummary {
  readonly lines: number;
  readonly torn: number;
}

/**
 * Splits a log that arrives in pieces into lines. A last line without its line break is torn and does not count; a
 * broken line in the middle is skipped.
 */
export class LogReader {
  readonly #onLine: (line: MetricsLine) => void;
  #rest = '';
  #lines = 0;
  #torn = 0;

  constructor(onLine: (line: MetricsLine) => void) {
    this.#onLine = onLine;
  }

  /** Takes the next piece. */
  push(text: string): void {
    const whole = this.#rest + text;
    let start = 0;
    for (let end = whole.indexOf('\n', start); end !== -1; end = whole.indexOf('\n', start)) {
      const line = parseLine(whole.slice(start, end));
      start = end + 1;
      if (line === undefined) {
        this.#torn += 1;
      } else {
        this.#lines += 1;
        this.#onLine(line);
      }
    }
    this.#rest = whole.slice(start);
  }

  /** To be called at the end of the log. */
  end(): LogSummary {
    return { lines: this.#lines, torn: this.#torn + (this.#rest === '' ? 0 : 1) };
  }
}
