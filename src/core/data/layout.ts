import { isMissing, isNumber, parseCell, type Decimal } from './cell.ts';
import { createRowReader, delimiters, type Delimiter } from './records.ts';

/** How a file is written. */
export interface Layout {
  readonly delimiter: Delimiter;
  readonly decimal: Decimal;
  /** Whether the first row holds column names. */
  readonly header: boolean;
  readonly newline: '\n' | '\r';
}

/** What the user has fixed; `auto` is detected. */
export interface LayoutOptions {
  readonly delimiter: Delimiter | 'auto';
  readonly decimal: Decimal | 'auto';
  readonly header: 'auto' | 'yes' | 'no';
}

/** Everything detected. */
export const detectAll: LayoutOptions = { delimiter: 'auto', decimal: 'auto', header: 'auto' };

/** Characters and rows that detection looks at: enough to know, little enough for the extension host. */
const detected = 1 << 14;
const detectedRows = 200;

/**
 * The layout of a file by the text of its beginning. `complete` says that the text is the whole file; otherwise its
 * last row may be cut off and is left out of account.
 */
export function detectLayout(text: string, complete: boolean, options: LayoutOptions): Layout {
  const newline = detectNewline(text);
  const delimiter =
    options.delimiter === 'auto' ? detectDelimiter(text, complete, newline) : options.delimiter;
  const rows = headOf(text, complete, delimiter, newline);
  const decimal = options.decimal === 'auto' ? detectDecimal(rows, delimiter) : options.decimal;
  const header = options.header === 'auto' ? detectHeader(rows, decimal) : options.header === 'yes';
  return { delimiter, decimal, header, newline };
}

/** CR alone ends lines only in files that have no LF outside quotes. */
function detectNewline(text: string): '\n' | '\r' {
  const outside = text.includes('"') ? text.replace(/"(?:[^"]|"")*"/g, '') : text;
  return !outside.includes('\n') && outside.includes('\r') ? '\r' : '\n';
}

/**
 * The first rows, cells trimmed; a fault in the quotes ends them early (reading the file will report it). Of a file
 * with very long rows more text is taken, until there are two.
 */
function headOf(
  text: string,
  complete: boolean,
  delimiter: Delimiter,
  newline: '\n' | '\r',
): readonly (readonly string[])[] {
  for (let length = detected; ; length *= 4) {
    const all = length >= text.length;
    const read = createRowReader(delimiter, newline).push(
      all ? text : text.slice(0, length),
      all && complete,
    );
    if (!read.ok) return [];
    if (read.value.length > 1 || all) {
      return read.value.slice(0, detectedRows).map(({ cells }) => cells.map((cell) => cell.trim()));
    }
  }
}

/**
 * The delimiter that cuts most rows into the same number of cells, at least two, and leaves most cells as numbers.
 * In a tie the character that is rarer in ordinary text wins, in the order of {@link delimiters}; a blank needs a
 * clear lead, for it is in every sentence.
 */
function detectDelimiter(text: string, complete: boolean, newline: '\n' | '\r'): Delimiter {
  let best: Delimiter = ',';
  let bestScore = 0.5;
  for (const delimiter of delimiters) {
    const rows = headOf(text, complete, delimiter, newline);
    if (rows.length === 0) continue;
    const widths = new Map<number, number>();
    for (const { length } of rows) widths.set(length, (widths.get(length) ?? 0) + 1);
    const [width, agreeing] = [...widths].reduce((a, b) => (b[1] > a[1] ? b : a));
    if (width < 2) continue;
    const cells = rows.flat();
    const values = cells.filter((cell) => isMissing(cell) || isNumber(cell, '.') || isNumber(cell, ','));
    const score = agreeing / rows.length + values.length / cells.length;
    if (score > bestScore + (delimiter === ' ' ? 0.05 : 0)) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/**
 * A decimal comma is assumed when numbers with a comma occur and none with a point. Where the comma is the delimiter
 * too, such numbers are quoted, and then at least one must be no group of thousands (`"1,234"` alone says nothing).
 */
function detectDecimal(rows: readonly (readonly string[])[], delimiter: Delimiter): Decimal {
  let commas = 0;
  for (const cell of rows.flat()) {
    if (cell.includes('.') && isNumber(cell, '.')) return '.';
    if (
      cell.includes(',') &&
      isNumber(cell, ',') &&
      (delimiter !== ',' || !/^[+-]?[1-9]\d{0,2},\d{3}$/.test(cell))
    ) {
      commas++;
    }
  }
  return commas > 0 ? ',' : '.';
}

/**
 * The first row holds names if none of its cells is a number and a column below it has numbers; where everything is
 * text, if its cells are different, not empty, and none comes again in its column.
 */
function detectHeader(rows: readonly (readonly string[])[], decimal: Decimal): boolean {
  const [first, ...body] = rows;
  if (first === undefined) return false;
  const numeric = (cell: string | undefined): boolean =>
    cell !== undefined && typeof parseCell(cell, decimal) === 'number';
  if (first.some(numeric)) return false;
  if (body.some((row) => row.some(numeric))) return true;
  return (
    first.every((cell) => !isMissing(cell)) &&
    new Set(first).size === first.length &&
    !body.some((row) => row.some((cell, i) => cell === first[i]))
  );
}
