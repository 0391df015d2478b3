import { parseCell, type Decimal } from './cell.ts';
import type { Column, Faults } from './dataset.ts';
import { secondsOf } from './time.ts';

/** A column of text with more different values than this is no set of classes or categories. */
export const mostDistinct = 1000;
/** Up to this share of text among the cells with a value, a column is still one of numbers. */
const strayShare = 0.05;
/** Places that are remembered for a message. */
const remembered = 5;
const blockSize = 1 << 14;

/** Collects the cells of one column without knowing beforehand how many there are and of which kind. */
export interface ColumnBuilder {
  /** Adds the cell of the next row, white space around it taken off; `row` is its place in the file. */
  add(cell: string, row: number): void;
  /** Adds a number that came as one; NaN is missing. */
  addNumber(value: number, row: number): void;
  finish(): Column;
}

interface Places {
  count: number;
  first: { row: number; text: string }[];
}

/**
 * A builder that keeps numbers as float64 and, as long as at most {@link mostDistinct} different cells have come, the
 * code of each cell as well: only then can the column still turn out to be text. Memory per cell is 12
 * bytes at most, of dates 20.
 */
export function createColumn(name: string, decimal: Decimal): ColumnBuilder {
  const values = blocks((size) => new Float64Array(size));
  let codes: Blocks<Int32Array> | undefined = blocks((size) => new Int32Array(size));
  let dictionary = new Map<string, number>();
  let numbers = 0;
  const texts: Places = { count: 0, first: [] };
  const infinite: Places = { count: 0, first: [] };
  /** As long as all cells are dates. */
  let times: Blocks<Float64Array> | undefined = blocks((size) => new Float64Array(size));

  const add = (cell: string, row: number): void => {
    const parsed = parseCell(cell, decimal);
    if (parsed === 'missing') {
      values.add(NaN);
      codes?.add(-1);
      times?.add(NaN);
      return;
    }
    if (parsed === 'text') {
      note(texts, row, cell);
      values.add(NaN);
      const seconds = times === undefined ? undefined : secondsOf(cell);
      if (seconds === undefined) times = undefined;
      else times?.add(seconds);
    } else {
      times = undefined;
      numbers++;
      if (parsed === Infinity || parsed === -Infinity) note(infinite, row, cell);
      values.add(parsed);
    }
    encode(cell);
  };

  const addNumber = (value: number, row: number): void => {
    if (Number.isNaN(value)) {
      values.add(NaN);
      codes?.add(-1);
      times?.add(NaN);
      return;
    }
    times = undefined;
    numbers++;
    if (value === Infinity || value === -Infinity) note(infinite, row, String(value));
    values.add(value);
    if (codes !== undefined) encode(String(value));
  };

  const encode = (cell: string): void => {
    if (codes === undefined) return;
    let code = dictionary.get(cell);
    if (code === undefined) {
      code = dictionary.size;
      if (code === mostDistinct) {
        codes = undefined;
        dictionary = new Map();
        return;
      }
      dictionary.set(copied(cell), code);
    }
    codes.add(code);
  };

  const finish = (): Column => {
    const total = numbers + texts.count;
    if (total === 0) return { name, kind: 'unusable', distinct: 0, texts };
    if (texts.count <= strayShare * total) {
      return {
        name,
        kind: 'number',
        values: values.join(),
        ...(texts.count > 0 && { texts: faults(texts) }),
        ...(infinite.count > 0 && { infinite: faults(infinite) }),
      };
    }
    return codes === undefined
      ? {
          name,
          kind: 'unusable',
          distinct: mostDistinct,
          texts: faults(texts),
          ...(times !== undefined && { times: times.join() }),
        }
      : { name, kind: 'text', codes: codes.join(), categories: [...dictionary.keys()] };
  };
  return { add, addNumber, finish };
}

function faults({ count, first }: Places): Faults {
  return { count, first };
}

function note(places: Places, row: number, text: string): void {
  places.count++;
  if (places.first.length < remembered) places.first.push({ row, text: copied(text.slice(0, 40)) });
}

/** A cell is a view into the text of its whole piece of the file, which must not be kept alive for it. */
function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

export interface Blocks<T> {
  add(value: number): void;
  join(): T;
}

/** A growing typed array in blocks, so that growing copies nothing. */
export function blocks<T extends Float64Array | Int32Array | Uint32Array>(
  make: (size: number) => T,
): Blocks<T> {
  const full: T[] = [];
  let block = make(64);
  let used = 0;
  let length = 0;
  return {
    add(value) {
      if (used === block.length) {
        full.push(block);
        block = make(Math.min(2 * block.length, blockSize));
        used = 0;
      }
      block[used++] = value;
      length++;
    },
    join() {
      const all = make(length);
      let at = 0;
      for (const part of full) {
        all.set(part, at);
        at += part.length;
      }
      all.set(block.subarray(0, used), at);
      full.length = 0;
      return all;
    },
  };
}
