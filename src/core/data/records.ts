// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- the types have to follow this file into every project that imports it
/// <reference path="./papaparse.d.ts" />
import papa from 'papaparse/papaparse.js';
import { bad, message, ok, type Result } from '../messages/message.ts';

/** Characters that separate cells. */
export const delimiters = ['\t', ';', '|', ',', ' '] as const;
export type Delimiter = (typeof delimiters)[number];

/** A row of a file: its cells as written, without quotes, and the 1-based line on which it begins. */
export interface FileRow {
  readonly row: number;
  readonly cells: readonly string[];
}

/** Cuts text into rows piece by piece. */
export interface RowReader {
  /** The rows that are complete with this text; `last` says that no more follows. Blank lines are left out. */
  push(text: string, last: boolean): Result<readonly FileRow[]>;
}

/** No row of a real table is as long; an opening quote that is never closed is. */
const longestRow = 4_000_000;

/**
 * A reader of rows by RFC 4180: cells in double quotes may hold delimiters, line ends and doubled quotes. Lines end
 * with LF or CR LF, also mixed, or with CR alone (`newline` '\r'). With a blank as delimiter, runs of blanks count
 * as one. A quote that is not closed, or closed in the middle of a cell, is an error with the row it began in.
 */
export function createRowReader(delimiter: Delimiter, newline: '\n' | '\r'): RowReader {
  const parser = new papa.Parser({ delimiter, newline });
  let pending: string[] = [];
  let pendingLength = 0;
  let rest = '';
  let line = 1;

  const push = (text: string, last: boolean): Result<readonly FileRow[]> => {
    pending.push(text);
    pendingLength += text.length;
    // A row that spans many pieces is scanned anew only when the text has doubled.
    if (!last && pendingLength < rest.length) return ok([]);
    const input = rest + pending.join('');
    pending = [];
    pendingLength = 0;

    const parsed = parser.parse(input, 0, !last);
    // The parser also complains about the last row that is still to be completed; that is not in `data`.
    const fault = parsed.errors.find((error) => error.row < parsed.data.length);
    const quotes = input.includes('"');
    const rows: FileRow[] = [];
    for (const [index, cells] of parsed.data.entries()) {
      if (fault?.row === index) return bad(quoteProblem(fault.code, line), { row: line });
      const end = cells.length - 1;
      if (newline === '\n' && cells[end]!.endsWith('\r')) cells[end] = cells[end]!.slice(0, -1);
      const kept = delimiter === ' ' ? cells.filter((cell) => cell !== '') : cells;
      if (kept.length > 1 || (kept[0] ?? '').trim() !== '') rows.push({ row: line, cells: kept });
      line += 1;
      if (quotes) for (const cell of cells) line += count(cell, newline);
    }
    rest = last ? '' : input.slice(parsed.meta.cursor);
    if (rest.length > longestRow) {
      return bad(
        message('Row {row} is longer than {limit} characters. Is a closing quote missing?', {
          row: line,
          limit: longestRow,
        }),
        { row: line },
      );
    }
    return ok(rows);
  };
  return { push };
}

function quoteProblem(code: string, row: number) {
  return code === 'MissingQuotes'
    ? message(
        'Row {row}: a quote is opened and never closed. Close it, or double it ("") if it belongs to the text.',
        { row },
      )
    : message('Row {row}: text follows a closing quote. Double the quotes inside a quoted cell ("").', {
        row,
      });
}

function count(cell: string, newline: string): number {
  let found = 0;
  for (let at = cell.indexOf(newline); at >= 0; at = cell.indexOf(newline, at + 1)) found++;
  return found;
}

/** Rows as CSV text by RFC 4180 with LF line ends, the last one included. */
export function formatRows(rows: readonly (readonly (string | number)[])[], delimiter: Delimiter): string {
  return rows.length === 0 ? '' : `${papa.unparse(rows, { delimiter, newline: '\n' })}\n`;
}
