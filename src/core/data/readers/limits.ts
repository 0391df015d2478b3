import { message, type Problem } from '../../messages/message.ts';
import { Refusal, type Reading } from './bytes.ts';

/** Deflate makes no more than this out of one byte; what claims to be larger lies. */
export const mostInflated = 1032;
/** More columns are no table that a network here could learn from. */
export const mostColumns = 1 << 16;

/**
 * Bytes of a number from the file to the device, by how it is kept: the table, the encoded row (float32 for narrow
 * types, else float64) and the device's float32.
 */
export function bytesPerValue(kept: 1 | 2 | 4 | 8): number {
  return kept + (kept < 8 ? 4 : 8) + 4;
}

/** Bytes of a cell whose kind is known at the end: value and code, encoded row, device. */
export const bytesPerCell = 12 + 8 + 4;

/** Refuses a data set of known size that does not fit, in numbers. Called before anything is allocated. */
export function checkMemory(
  rows: number,
  width: number,
  perValue: number,
  { mostBytes }: Pick<Reading, 'mostBytes'>,
): void {
  const needed = rows * width * perValue;
  if (needed <= mostBytes) return;
  throw new Refusal(
    message(
      '{rows} rows of {width} values need about {needed} MB of memory; {most} MB are allowed. Set "data.rows" to at most {fitting}, or raise the limit.',
      {
        rows,
        width,
        needed: megabytes(needed),
        most: megabytes(mostBytes),
        fitting: Math.floor(mostBytes / (width * perValue)),
      },
    ),
    { path: 'data.rows' },
  );
}

/** The problem of rows that still come, so that their number is not known, once they take more memory than allowed. */
export function outgrown(
  rows: number,
  width: number,
  { mostBytes }: Pick<Reading, 'mostBytes'>,
): Problem | undefined {
  if (rows * width * bytesPerCell <= mostBytes) return undefined;
  return {
    message: message(
      'The file is larger than memory allows: after {rows} rows of {width} columns the {most} MB that are allowed are used up. Set "data.rows" to fewer rows, or raise the limit.',
      { rows, width, most: megabytes(mostBytes) },
    ),
    where: { path: 'data.rows' },
  };
}

/** Throws {@link outgrown}. */
export function checkGrowth(rows: number, width: number, reading: Pick<Reading, 'mostBytes'>): void {
  const problem = outgrown(rows, width, reading);
  if (problem !== undefined) throw new Refusal(problem.message, problem.where);
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}
