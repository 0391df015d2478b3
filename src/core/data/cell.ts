import { message } from '../messages/message.ts';

/** How numbers are written in a file. */
export type Decimal = '.' | ',';

const numberWith: Readonly<Record<Decimal, RegExp>> = {
  '.': /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  ',': /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/,
};
const infinity = /^[+-]?inf(?:inity)?$/i;
const missingWords = new Set(['', 'na', 'n/a', '#n/a', 'nan', '-nan', 'null', '?']);

/** The cells that count as missing, for people. White space around a cell never counts. */
export const missingCells = message('Empty cells, NA, N/A, NaN, null and ? count as missing.');

/** Whether a cell holds no value. */
export function isMissing(cell: string): boolean {
  return cell === '' || (cell.length <= 4 && missingWords.has(cell.toLowerCase()));
}

/**
 * What a cell without white space around it holds: a number, possibly infinite (`1e999`, `inf`), nothing, or text.
 * Strict: no hexadecimal, no thousands separators, no units, no parts of a number.
 */
export function parseCell(cell: string, decimal: Decimal): number | 'missing' | 'text' {
  if (isMissing(cell)) return 'missing';
  if (numberWith[decimal].test(cell)) return Number(decimal === ',' ? cell.replace(',', '.') : cell);
  if (infinity.test(cell)) return cell.startsWith('-') ? -Infinity : Infinity;
  return 'text';
}

/** Whether a cell is a number under one of the two decimal marks. */
export function isNumber(cell: string, decimal: Decimal): boolean {
  return numberWith[decimal].test(cell);
}
