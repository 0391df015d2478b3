import type { RandomStream } from '../random.ts';

/** Which rows of a file are wanted: the first `most`, or as many drawn at random. */
export interface RowsWanted {
  readonly most: number;
  /** Draws the rows; absent: the first ones. */
  readonly random?: RandomStream;
}

/** Asked once for every row in the order of the file. */
export interface RowChoice {
  /** Whether the next row is taken. */
  next(): boolean;
  /** Whether no further row will be taken. */
  readonly done: boolean;
}

/**
 * Takes the first rows, or a random sample in which every row of `total` has the same chance and the order of the file
 * is kept (selection sampling: D. E. Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
 */
export function rowChoice({ most, random }: RowsWanted, total: number): RowChoice {
  let needed = random === undefined ? most : Math.min(most, total);
  let left = total;
  return {
    next() {
      const taken = needed > 0 && (random === undefined || random.next() * left < needed);
      left--;
      if (taken) needed--;
      return taken;
    },
    get done() {
      return needed === 0;
    },
  };
}

/** The chosen rows of `total`, ascending; undefined for all. */
export function chosenRows(wanted: RowsWanted | undefined, total: number): Uint32Array | undefined {
  if (wanted === undefined || wanted.most >= total) return undefined;
  const choice = rowChoice(wanted, total);
  const rows = new Uint32Array(wanted.most);
  let count = 0;
  for (let row = 0; !choice.done; row++) if (choice.next()) rows[count++] = row;
  return rows;
}
