import { message } from '../../messages/message.ts';
import type { Table } from '../dataset.ts';
import { createDecoder } from '../decode.ts';
import { paused, Refusal, watched, type DataBytes, type Reading } from './bytes.ts';
import { createCollector, type RecordCollector } from './records.ts';
import { rowChoice, type RowChoice, type RowsWanted } from './rowChoice.ts';

/** No record of a real table is as long; a bracket or quote that is never closed is. */
const longestRecord = 4_000_000;
/** An object of columns is parsed in one go. */
const mostWhole = 1 << 27;

/** Text of one record and its place: the line, or the number of the record. */
interface Piece {
  readonly text: string;
  readonly row: number;
}

/** Cuts text into records piece by piece. */
interface Splitter {
  push(text: string): readonly Piece[];
  finish(): readonly Piece[];
}

/** Reads JSONL (also called NDJSON): one JSON object, or list of cells, a line; blank lines are left out. */
export function readJsonLines(
  bytes: DataBytes,
  rows: RowsWanted | undefined,
  reading: Reading,
): Promise<Table> {
  return readRecords(bytes, lineSplitter, 'line', rows, reading);
}

/**
 * Reads a JSON file: a list of records, which is read as a stream; or an object of columns (each a list, or an object by
 * row, as pandas writes them), also as `{"columns": […], "data": [[…]]}`, which is parsed as a whole.
 */
export async function readJson(
  bytes: DataBytes,
  rows: RowsWanted | undefined,
  reading: Reading,
): Promise<Table> {
  for await (const text of texts(bytes, reading)) {
    const start = text.trimStart();
    if (start === '') continue;
    if (start.startsWith('[')) return readRecords(bytes, elementSplitter, 'record', rows, reading);
    if (start.startsWith('{')) return readColumns(bytes, rows, reading);
    break;
  }
  throw new Refusal(
    message('The file is no JSON table: it begins neither with [ (a list of records) nor with { (columns).'),
    { row: 1 },
  );
}

async function* texts(bytes: DataBytes, reading: Reading): AsyncGenerator<string, void> {
  const decoder = createDecoder();
  const take = (piece: Uint8Array, last: boolean): string => {
    const text = decoder.push(piece, last);
    if (text.ok) return text.value;
    const { message: sentence, where } = text.problems[0]!;
    throw new Refusal(sentence, where);
  };
  for await (const piece of watched(bytes.pieces(), reading)) yield take(piece, false);
  yield take(new Uint8Array(0), true);
}

async function* pieces(
  bytes: DataBytes,
  splitter: () => Splitter,
  reading: Reading,
): AsyncGenerator<readonly Piece[], void> {
  const splitting = splitter();
  for await (const text of texts(bytes, reading)) yield splitting.push(text);
  yield splitting.finish();
}

async function readRecords(
  bytes: DataBytes,
  splitter: () => Splitter,
  place: 'line' | 'record',
  rows: RowsWanted | undefined,
  reading: Reading,
): Promise<Table> {
  let choice: RowChoice | undefined;
  if (rows !== undefined) {
    let total = 0;
    // A random sample needs to know of how many: the file is read twice.
    if (rows.random !== undefined) {
      for await (const some of pieces(bytes, splitter, reading)) total += some.length;
    }
    choice = rowChoice(rows, total);
  }
  const collector = createCollector(reading);
  for await (const some of pieces(bytes, splitter, reading)) {
    for (const { text, row } of some) {
      if (choice?.done === true) break;
      if (choice?.next() === false) continue;
      collector.add(parsed(text, row, place), row);
    }
    if (choice?.done === true) break;
  }
  return paused(collector.finishing(), reading);
}

/** JSON as it is found: also with NaN and Infinity, which Python writes and the standard does not know. */
function parsed(text: string, row: number, place: 'line' | 'record' | 'file'): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (first) {
    try {
      return JSON.parse(withoutInfinities(text)) as unknown;
    } catch {
      const reason = (first instanceof Error ? first.message : String(first)).slice(0, 200);
      throw new Refusal(
        place === 'file'
          ? message('The file is no valid JSON: {reason}.', { reason })
          : place === 'line'
            ? message('Line {row} is no valid JSON: {reason}.', { row, reason })
            : message('Record {row} is no valid JSON: {reason}.', { row, reason }),
        { row },
      );
    }
  }
}

function withoutInfinities(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b|\bInfinity\b/g, (token) =>
    token === 'NaN' ? 'null' : token === 'Infinity' ? '1e999' : token,
  );
}

function lineSplitter(): Splitter {
  let rest = '';
  let line = 0;
  const lines = (all: readonly string[]): Piece[] =>
    all.flatMap((text) => {
      line++;
      return text.trim() === '' ? [] : [{ text, row: line }];
    });
  return {
    push(text) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > longestRecord) throw tooLong(line + 1);
      return lines(parts);
    },
    finish: () => lines([rest]),
  };
}

/** Cuts a list into the texts of its elements, without looking into them. */
function elementSplitter(): Splitter {
  let state: 'before' | 'within' | 'after' = 'before';
  let depth = 0;
  let quoted = false;
  let escaped = false;
  let element = '';
  let count = 0;

  const push = (text: string): readonly Piece[] => {
    const found: Piece[] = [];
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (quoted) {
        if (escaped) escaped = false;
        else if (code === 0x5c) escaped = true;
        else if (code === 0x22) quoted = false;
        continue;
      }
      if (state !== 'within') {
        if (code === 0x5b && state === 'before') {
          state = 'within';
          start = i + 1;
        } else if (text[i]!.trim() !== '') {
          throw new Refusal(message('Something follows the end of the list of {count} records.', { count }), {
            row: count,
          });
        }
        continue;
      }
      if (code === 0x22) quoted = true;
      else if (code === 0x5b || code === 0x7b) depth++;
      else if (depth > 0 && (code === 0x5d || code === 0x7d)) depth--;
      else if (depth === 0 && (code === 0x2c || code === 0x5d)) {
        element += text.slice(start, i);
        start = i + 1;
        if (code === 0x5d) state = 'after';
        // An empty list has no element.
        if (code === 0x2c || count > 0 || element.trim() !== '') found.push({ text: element, row: ++count });
        element = '';
      }
    }
    if (state === 'within') element += text.slice(start);
    if (element.length > longestRecord) throw tooLong(count + 1);
    return found;
  };

  return {
    push,
    finish() {
      if (state === 'after') return [];
      throw new Refusal(
        message('The list of records is not closed: the file ends within record {row}.', { row: count + 1 }),
        { row: count + 1 },
      );
    },
  };
}

function tooLong(row: number): Refusal {
  return new Refusal(
    message('Record {row} is longer than {limit} characters. Is a bracket or a quote not closed?', {
      row,
      limit: longestRecord,
    }),
    { row },
  );
}

async function readColumns(bytes: DataBytes, rows: RowsWanted | undefined, reading: Reading): Promise<Table> {
  let text = '';
  for await (const part of texts(bytes, reading)) {
    text += part;
    if (text.length > mostWhole) {
      throw new Refusal(
        message(
          'A JSON object of columns is read as a whole, at most {most} MB. Save the table as a list of records, as JSONL, CSV or Parquet.',
          { most: Math.floor(mostWhole / 1e6) },
        ),
      );
    }
  }
  const value = parsed(text, 1, 'file');
  const columns = columnsOf(value);
  if (columns === undefined || columns.length === 0) {
    throw new Refusal(
      message("The JSON object holds no columns: each key must hold a list of the column's values."),
      { row: 1 },
    );
  }
  const [[, first], ...others] = columns as [NamedValues, ...NamedValues[]];
  for (const [name, values] of others) {
    if (values.length === first.length) continue;
    throw new Refusal(
      message('The columns differ in length: "{first}" has {rows} values, "{name}" has {found}.', {
        first: columns[0]![0],
        rows: first.length,
        name,
        found: values.length,
      }),
      { column: name },
    );
  }
  const choice = rows && rowChoice(rows, first.length);
  const collector: RecordCollector = createCollector(reading);
  for (let row = 0; row < first.length; row++) {
    if (choice?.done === true) break;
    if (choice?.next() === false) continue;
    collector.add(Object.fromEntries(columns.map(([name, values]) => [name, values[row]])), row + 1);
  }
  return paused(collector.finishing(), reading);
}

type NamedValues = readonly [name: string, values: readonly unknown[]];

function columnsOf(value: unknown): readonly NamedValues[] | undefined {
  if (!isObject(value)) return undefined;
  const { columns, data } = value;
  if (Array.isArray(columns) && Array.isArray(data) && data.every((row) => Array.isArray(row))) {
    const table: readonly (readonly unknown[])[] = data;
    return columns.map((name, i) => [String(name), table.map((row) => row[i])]);
  }
  const named: NamedValues[] = [];
  for (const [name, values] of Object.entries(value)) {
    if (Array.isArray(values)) named.push([name, values]);
    else if (isObject(values)) named.push([name, Object.values(values)]);
    else return undefined;
  }
  return named;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
