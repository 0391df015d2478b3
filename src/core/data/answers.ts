import { isNumber, type Decimal } from './cell.ts';
import { formatRows, type Delimiter } from './records.ts';

/** Writes a CSV file of rows and their answers, piece by piece. */
export interface AnswerWriter {
  /** The header row. */
  readonly header: string;
  /** The text of one row: its cells as they were, then the answers in the order of the fields. */
  row(cells: readonly string[], answers: readonly (string | number)[]): string;
}

/**
 * A writer for the columns `names` followed by `fields` (a field whose name is taken gets a number). Answers are
 * written with the decimal mark of the file.
 *
 * Spreadsheets run a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return as a formula (CWE-1236).
 * Text that does, in the header too, gets an apostrophe in front, which spreadsheets take as "this is text" and other
 * programs see. Numbers such as -0.3 are never changed. Cells are quoted by RFC 4180 where needed.
 */
export function createAnswerWriter(
  names: readonly string[],
  fields: readonly string[],
  delimiter: Delimiter = ',',
  decimal: Decimal = '.',
): AnswerWriter {
  const written = (answer: string | number): string | number =>
    typeof answer === 'number' && decimal === ',' ? String(answer).replace('.', ',') : answer;
  const line = (cells: readonly (string | number)[]): string => formatRows([cells.map(safeCell)], delimiter);
  const header = [...names];
  for (const field of fields) {
    let name = field;
    for (let n = 2; header.includes(name); n++) name = `${field} (${n})`;
    header.push(name);
  }
  return { header: line(header), row: (cells, answers) => line([...cells, ...answers.map(written)]) };
}

/** A cell that no spreadsheet takes for a formula. */
export function safeCell(cell: string | number): string | number {
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) && !isNumber(cell, '.') && !isNumber(cell, ',')
    ? `'${cell}`
    : cell;
}
