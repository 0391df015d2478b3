import * as v from 'valibot';
import { metricsLineSchema, toJsonNumber, type MetricsLine, type RunStatus } from './record.ts';

/** One line of `metrics.jsonl`, with its line break. Numbers that JSON lacks are written as their names. */
export function formatLine(line: MetricsLine): string {
  return `${JSON.stringify(line, nonFinite)}\n`;
}

/** One line of `metrics.jsonl` without its line break; undefined where it is torn or not ours. */
export function parseLine(text: string): MetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(metricsLineSchema, value);
  return parsed.success ? parsed.output : undefined;
}

/** The text of `status.json`. */
export function formatStatus(status: RunStatus): string {
  return `${JSON.stringify(status, nonFinite, 2)}\n`;
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
 * Splits a log that arrives in pieces into lines. The pieces are decoded as Latin-1, so that offsets count bytes (a good
 * line is ASCII). A last line without its line break is torn and does not count; a
 * broken line in the middle is skipped.
 */
export class LogReader {
  readonly #onLine: (line: MetricsLine, end: number) => boolean | undefined;
  #rest = '';
  #offset = 0;
  #lines = 0;
  #torn = 0;

  /** `onLine` gets each good line and the offset in bytes just behind it; returning false ends the reading. */
  constructor(onLine: (line: MetricsLine, end: number) => boolean | undefined) {
    this.#onLine = onLine;
  }

  /** Takes the next piece. False when `onLine` wants no more. */
  push(text: string): boolean {
    const whole = this.#rest + text;
    let start = 0;
    for (let end = whole.indexOf('\n', start); end !== -1; end = whole.indexOf('\n', start)) {
      const line = parseLine(whole.slice(start, end));
      this.#offset += end + 1 - start;
      start = end + 1;
      if (line === undefined) {
        this.#torn += 1;
      } else {
        this.#lines += 1;
        if (this.#onLine(line, this.#offset) === false) return false;
      }
    }
    this.#rest = whole.slice(start);
    return true;
  }

  /** To be called at the end of the log. */
  end(): LogSummary {
    return { lines: this.#lines, torn: this.#torn + (this.#rest === '' ? 0 : 1) };
  }
}
