import { bad, list, message, ok, type Message, type Problem, type Result } from '../messages/message.ts';
import { atOnce, inSlices, type Pause, type Sliced } from '../slices.ts';
import { parseCell } from './cell.ts';
import { createColumn, type ColumnBuilder } from './columns.ts';
import type { Column, Table } from './dataset.ts';
import { createDecoder, type Encoding } from './decode.ts';
import { detectAll, detectLayout, type Layout, type LayoutOptions } from './layout.ts';
import { Cancellation, Refusal } from './readers/bytes.ts';
import { outgrown } from './readers/limits.ts';
import type { RowChoice } from './readers/rowChoice.ts';
import { createRowReader, type FileRow, type RowReader } from './records.ts';

/** Bytes from the beginning that decide the layout of a file. */
export const headBytes = 1 << 18;
/** Places that a warning names. */
const named = 5;

/** How a file turned out to be written. */
export interface FileLayout extends Layout {
  readonly encoding: Encoding;
  /** Column names, made up (`column 1`) where the file has none. */
  readonly names: readonly string[];
}

/** A file's rows as text, piece by piece. */
export interface RecordReader {
  /** Known once {@link headBytes} bytes have come, or all. */
  readonly layout: FileLayout | undefined;
  readonly warnings: readonly Problem[];
  /** The rows that these bytes complete, all of one width, white space around cells taken off, header not included. */
  push(bytes: Uint8Array): Result<readonly FileRow[]>;
  finish(): Result<readonly FileRow[]>;
}

/**
 * Reads the rows of a CSV file from its bytes. A row with fewer cells than the header is filled up with missing
 * cells, with a warning; empty cells beyond the last column are left out; a row with more than that is an error,
 * because its cells may belong to other columns. The first problem ends the reading. `head` is the number of bytes
 * after which the layout is decided.
 */
export function createRecordReader(options: LayoutOptions = detectAll, head = headBytes): RecordReader {
  const decoder = createDecoder();
  const warnings: Problem[] = [];
  let layout: FileLayout | undefined;
  let rowReader: RowReader | undefined;
  let headParts: Uint8Array[] = [];
  let headLength = 0;
  const short = places();

  const take = (rows: readonly FileRow[]): Result<readonly FileRow[]> => {
    if (layout === undefined) return ok([]);
    const width = layout.names.length;
    const taken: FileRow[] = [];
    for (const { row, cells } of rows) {
      if (cells.length > width && cells.slice(width).some((cell) => cell.trim() !== '')) {
        return bad(
          message(
            'Row {row} has {found} cells where {expected} are expected. Put text that contains the delimiter in quotes, or correct the row.',
            { row, found: cells.length, expected: width },
          ),
          { row, column: width + 1 },
        );
      }
      if (cells.length < width) short.add(row);
      const trimmed: string[] = [];
      for (let i = 0; i < width; i++) trimmed.push((cells[i] ?? '').trim());
      taken.push({ row, cells: trimmed });
    }
    return ok(taken);
  };

  /** Decides the layout by the head and returns the head's rows without the header. */
  const begin = (last: boolean): Result<readonly FileRow[]> => {
    const bytes = concatenated(headParts, headLength);
    headParts = [];
    const text = decoder.push(bytes, last);
    if (!text.ok) return text;
    if (last && text.value.trim() === '') return bad(message('The file is empty.'));
    const found = detectLayout(text.value, last, options);
    rowReader = createRowReader(found.delimiter, found.newline);
    const rows = rowReader.push(text.value, last);
    if (!rows.ok) return rows;
    const first = rows.value[0];
    if (first === undefined) {
      return bad(
        message('The first row is longer than {limit} bytes. Is this a CSV file?', { limit: headLength }),
        { row: 1 },
      );
    }
    const names = found.header ? headerNames(first, rows.value, warnings) : numbered(first.cells.length);
    layout = { ...found, encoding: decoder.encoding, names };
    return take(found.header ? rows.value.slice(1) : rows.value);
  };

  const advance = (bytes: Uint8Array, last: boolean): Result<readonly FileRow[]> => {
    if (rowReader === undefined) {
      headParts.push(bytes.slice());
      headLength += bytes.length;
      return last || headLength >= head ? begin(last) : ok([]);
    }
    const text = decoder.push(bytes, last);
    if (!text.ok) return text;
    const rows = rowReader.push(text.value, last);
    return rows.ok ? take(rows.value) : rows;
  };

  return {
    get layout() {
      return layout && { ...layout, encoding: decoder.encoding };
    },
    get warnings() {
      const filled =
        short.count === 0
          ? []
          : [
              {
                message: message(
                  short.count === 1
                    ? '{count} row has fewer cells than there are columns; what it lacks counts as missing: {places}.'
                    : '{count} rows have fewer cells than there are columns; what they lack counts as missing: {places}.',
                  {
                    count: short.count,
                    places: short.text(),
                  },
                ),
                where: { row: short.first[0]! },
              },
            ];
      return [...decoder.warnings, ...warnings, ...filled];
    },
    push: (bytes) => advance(bytes, false),
    finish: () => advance(new Uint8Array(0), true),
  };
}

/** Names for a file without a header: `column 1`, `column 2` … */
function numbered(width: number): string[] {
  return Array.from({ length: width }, (_, i) => `column ${i + 1}`);
}

/** The names of a header row, made unique and complete, with a warning for each change. */
function headerNames(header: FileRow, rows: readonly FileRow[], warnings: Problem[]): string[] {
  const cells = header.cells.map((cell) => cell.trim());
  // `a,b,` with rows of two cells: the header just ends with a delimiter.
  while (
    cells.length > 1 &&
    cells.at(-1) === '' &&
    rows.slice(1).every((row) => row.cells.length < cells.length)
  )
    cells.pop();
  const taken = new Set(cells);
  const used = new Set<string>();
  return cells.map((cell, i) => {
    if (cell !== '' && !used.has(cell)) {
      used.add(cell);
      return cell;
    }
    let name = cell === '' ? `column ${i + 1}` : `${cell} (2)`;
    for (let n = 2; taken.has(name) || used.has(name); n++)
      name = cell === '' ? `column ${i + 1} (${n})` : `${cell} (${n})`;
    used.add(name);
    const text: Message =
      cell === ''
        ? message('Column {column} has no name; it is called "{name}".', { column: i + 1, name })
        : message('Column {column} has the name "{old}" of an earlier column; it is called "{name}".', {
            column: i + 1,
            old: cell,
            name,
          });
    warnings.push({ message: text, where: { row: header.row, column: i + 1 } });
    return name;
  });
}

function concatenated(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Row numbers for a sentence: the first few and how many more. */
function places() {
  const first: number[] = [];
  let count = 0;
  return {
    first,
    get count() {
      return count;
    },
    add(row: number) {
      count++;
      if (first.length < named) first.push(row);
    },
    text: () => rowList(first, count),
  };
}

/** "row 5", "rows 5, 9", "rows 5, 9, 12 and 40 more". */
export function rowList(first: readonly number[], count: number): Message {
  const rows = first.join(', ');
  const more = count - first.length;
  if (more > 0) return message('rows {rows} and {more} more', { rows, more });
  return message(count === 1 ? 'row {rows}' : 'rows {rows}', { rows });
}

/** Collects a table from the bytes of a CSV file, see {@link createRecordReader}. */
export interface CsvReader {
  readonly layout: FileLayout | undefined;
  push(bytes: Uint8Array): Result<void>;
  /** The table, with what was noticed as warnings. Fails for a file without rows. */
  finish(): Result<Table>;
  /** {@link finish} in slices, for many rows. */
  finishing(): Sliced<Result<Table>>;
}

/** A reader that keeps numbers as float64 and text as codes; {@link readCsv} drives one over a stream. */
export function createCsvReader(
  options: LayoutOptions = detectAll,
  { choice, mostBytes = Infinity }: Pick<ReadControl, 'choice' | 'mostBytes'> = {},
): CsvReader {
  const records = createRecordReader(options);
  let columns: ColumnBuilder[] | undefined;
  let rowNumbers = new Uint32Array(1024);
  let rows = 0;

  const collect = (result: Result<readonly FileRow[]>): Result<void> => {
    if (!result.ok) return result;
    const layout = records.layout;
    if (layout === undefined) return ok(undefined);
    columns ??= layout.names.map((name) => createColumn(name, layout.decimal));
    for (const { row, cells } of result.value) {
      if (choice?.next() === false) continue;
      if (rows === rowNumbers.length) {
        const longer = new Uint32Array(2 * rows);
        longer.set(rowNumbers);
        rowNumbers = longer;
      }
      rowNumbers[rows++] = row;
      for (let i = 0; i < columns.length; i++) columns[i]!.add(cells[i]!, row);
    }
    const refused = outgrown(rows, columns.length, { mostBytes });
    return refused === undefined ? ok(undefined) : { ok: false, problems: [refused] };
  };

  function* finishing(): Sliced<Result<Table>> {
    const result = collect(records.finish());
    if (!result.ok) return result;
    if (columns === undefined || rows === 0) {
      return bad(message('The file has a header but no rows.'), { row: 1 });
    }
    const finished: Column[] = [];
    for (const column of columns) {
      finished.push(column.finish());
      yield;
    }
    return ok({ columns: finished, rows, rowNumbers: rowNumbers.slice(0, rows) }, records.warnings);
  }

  return {
    get layout() {
      return records.layout;
    },
    push: (bytes) => collect(records.push(bytes)),
    finish: () => atOnce(finishing()),
    finishing,
  };
}

/** How {@link readCsv} is watched and ended. */
export interface ReadControl {
  /** Called with the bytes read so far, once for each piece. */
  readonly onProgress?: (bytes: number) => void;
  /** Looked at before each piece; an AbortSignal fits. */
  readonly signal?: { readonly aborted: boolean };
  /** Called between the slices of the work after the last piece; see {@link inSlices}. */
  readonly pause?: Pause;
  /** Which rows are kept; once it is done the rest of the file is not read. Absent: all. */
  readonly choice?: RowChoice;
  /** Bytes that the data set may take, from the file to the device; more is refused with the numbers. */
  readonly mostBytes?: number;
}

/**
 * Reads a CSV file from pieces of its bytes (a stream of the host, or an array). Memory holds the typed columns of the rows
 * that are kept, never the text: a file of any size can be read in part. What the stream throws (a file that
 * is deleted, an unreadable disk) is passed on as a problem.
 */
export async function readCsv(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: LayoutOptions = detectAll,
  { onProgress, signal, pause = () => undefined, ...bounds }: ReadControl = {},
): Promise<Result<Table>> {
  const reader = createCsvReader(options, bounds);
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      if (signal?.aborted === true) return cancelled();
      const result = reader.push(piece);
      if (!result.ok) return result;
      bytes += piece.length;
      onProgress?.(bytes);
      if (bounds.choice?.done === true) break;
    }
  } catch (error) {
    if (error instanceof Cancellation) return cancelled();
    if (error instanceof Refusal) return { ok: false, problems: [error.problem] };
    return bad(
      message('The file cannot be read: {reason}', {
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
  }
  return (await inSlices(reader.finishing(), pause)) ?? cancelled();
}

function cancelled(): Result<never> {
  return bad(message('Reading was cancelled.'));
}

/** A column as the beginning of a file shows it. */
export interface SniffedColumn {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'empty';
  /** Its first cells. */
  readonly samples: readonly string[];
  /** Different values seen. */
  readonly distinct: number;
  /** A column of numbers that are all whole. */
  readonly whole: boolean;
}

/** What the beginning of a file shows. */
export interface Sniffed extends FileLayout {
  readonly columns: readonly SniffedColumn[];
  /** Rows seen, header not counted. */
  readonly rows: number;
  /** Rows of the whole file: exact if it was seen whole, otherwise estimated by its size. */
  readonly totalRows: number;
  readonly exact: boolean;
}

/** Rows of the beginning in which {@link sniff} counts different values. */
export const sniffedRows = 2000;

/**
 * Looks at the first bytes of a file (up to {@link headBytes} are used) of `totalSize` bytes: layout, columns and
 * first cells. Reports the same problems as reading would, as far as they show.
 */
export function sniff(
  head: Uint8Array,
  totalSize: number,
  options: LayoutOptions = detectAll,
): Result<Sniffed> {
  const bytes = head.length > headBytes ? head.subarray(0, headBytes) : head;
  const exact = bytes.length >= totalSize;
  const reader = createRecordReader(options, exact ? Infinity : bytes.length);
  const pushed = reader.push(bytes);
  if (!pushed.ok) return pushed;
  // A head that was cut off ends in half a row, at worst in half a letter or within quotes: only what is whole counts.
  const finished = exact ? reader.finish() : pushed;
  if (!finished.ok) return finished;
  const layout = reader.layout;
  if (layout === undefined) return bad(message('Too little of the file was looked at.'));
  const rows = [...pushed.value, ...(exact ? finished.value : [])];
  if (exact && rows.length === 0) return bad(message('The file has a header but no rows.'), { row: 1 });
  const seen = rows.slice(0, sniffedRows);
  const columns = layout.names.map((name, i): SniffedColumn => {
    const builder = createColumn(name, layout.decimal);
    for (const { row, cells } of seen) builder.add(cells[i]!, row);
    const column = builder.finish();
    const cells = seen.map((row) => row.cells[i]!);
    return {
      name,
      kind:
        column.kind === 'number'
          ? 'number'
          : column.kind === 'unusable' && column.distinct === 0
            ? 'empty'
            : 'text',
      samples: cells.slice(0, 5),
      whole:
        column.kind === 'number' &&
        column.values.every((value) => Number.isNaN(value) || Number.isInteger(value)),
      distinct: new Set(cells.filter((cell) => parseCell(cell, layout.decimal) !== 'missing')).size,
    };
  });
  const totalRows = exact ? rows.length : Math.round((rows.length * totalSize) / bytes.length);
  return ok({ ...layout, columns, rows: rows.length, totalRows, exact }, reader.warnings);
}

/** How a file is written, in words for the summary of a data set. */
export function describeLayout({ delimiter, decimal, header, encoding }: FileLayout): Message {
  const delimiters: Record<Layout['delimiter'], Message> = {
    ',': message('separated by commas'),
    ';': message('separated by semicolons'),
    '\t': message('separated by tabs'),
    '|': message('separated by bars'),
    ' ': message('separated by blanks'),
  };
  return list(
    delimiters[delimiter],
    message(decimal === '.' ? 'decimal point' : 'decimal comma'),
    message(header ? 'with a header' : 'without a header'),
    message('{encoding}', { encoding: encoding.toUpperCase() }),
  );
}
