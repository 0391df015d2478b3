import { english, type Message, type Problem } from '../core/messages/message.ts';
import type { Log } from '../supervisor/trainerProcess.ts';

/** Exit codes of `loss-lab`. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** What a command prints to, so that it can be tested without a terminal. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether stderr is a terminal on which a line can be redrawn. */
  readonly live: boolean;
  readonly columns: number;
}

/** The terminal of this process. */
export function terminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    live: process.stderr.isTTY,
    columns: process.stderr.columns || 80,
  };
}

/** One line of `--json`. Numbers that JSON lacks are written as their names. */
export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v))}\n`;
}

/** A whole number with its thousands apart from 10,000 on; others as they are. */
export function grouped(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= 10_000 ? value.toLocaleString('en-GB') : String(value);
}

/** A sentence for people: numbers that are long to read are grouped. */
export function words(message: Message): string {
  return english(withGrouped(message));
}

function withGrouped({ template, args }: Message): Message {
  const written = Object.entries(args).map(([name, value]): [string, string | Message] => {
    if (typeof value === 'object') return [name, withGrouped(value)];
    return [name, typeof value === 'number' ? grouped(value) : value];
  });
  return { template, args: Object.fromEntries(written) };
}

/** A problem as a line: where, as far as the sentence does not say it, then what. */
export function problemLine({ message, where }: Problem): string {
  const text = words(message);
  const places = [where?.file, where?.path].filter(
    (place) => place !== undefined && place !== '' && !text.includes(place),
  );
  return `${['loss-lab', ...places, text].join(': ')}\n`;
}

/** Prints why there is no run: on stderr, and with `--json` as the last line on stdout too. */
export function printProblems(to: Terminal, problems: readonly Problem[], json: boolean): void {
  for (const problem of problems) to.err(problemLine(problem));
  if (json) {
    to.out(
      jsonLine({
        type: 'error',
        problems: problems.map(({ message, where }) => ({ message: english(message), ...where })),
      }),
    );
  }
}

/** Warnings and errors go to stderr; the rest only matters to the editor's log. */
export function quietLog(to: Terminal): Log {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (text) => to.err(`loss-lab: ${text}\n`),
    error: (text) => to.err(`loss-lab: ${text}\n`),
  };
}
