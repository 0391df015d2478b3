import { message } from '../../messages/message.ts';
import { sliced, type Sliced } from '../../slices.ts';
import type { Column, Faults, NumberArray, Table } from '../dataset.ts';
import { Refusal } from './bytes.ts';
import { mostColumns } from './limits.ts';

/** An array as a file holds it: `shape[0]` rows, the last axis fastest. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: NumberArray;
}

/** Numbers of one row of an array. */
export function rowSize(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, extent) => product * extent, 1);
}

/**
 * A table whose columns are the arrays, all of the same number of rows: one number a row becomes a column of numbers,
 * more become a column of arrays. Rows are numbered from 1.
 */
export function* tableOfArrays(arrays: readonly NamedArray[]): Sliced<Table> {
  const rows = arrays[0]?.shape[0] ?? 0;
  if (arrays.length === 0 || rows === 0) throw new Refusal(message('The file has no rows.'));
  const columns: Column[] = [];
  for (const array of arrays) {
    if (array.shape[0] !== rows) {
      throw new Refusal(
        message('"{first}" has {rows} rows, but "{name}" has {found}.', {
          first: arrays[0]!.name,
          rows,
          name: array.name,
          found: array.shape[0] ?? 0,
        }),
        { column: array.name },
      );
    }
    columns.push(yield* columnOf(array));
  }
  return { columns, rows, rowNumbers: yield* numbered(rows) };
}

/** Each column of a matrix as a column of its own: `column 1`, `column 2` … */
export function* tableOfMatrix(array: NamedArray): Sliced<Table> {
  const rows = array.shape[0] ?? 0;
  const width = rowSize(array.shape);
  if (rows === 0 || width === 0) throw new Refusal(message('The file has no rows.'));
  if (width > mostColumns) {
    throw new Refusal(
      message('The array has {width} columns, more than {most}.', { width, most: mostColumns }),
    );
  }
  const columns: Column[] = [];
  for (let column = 0; column < width; column++) {
    const values = new Float64Array(rows);
    yield* sliced(rows, (start, end) => {
      for (let row = start; row < end; row++) values[row] = array.values[row * width + column]!;
    });
    columns.push(yield* columnOf({ name: `column ${column + 1}`, shape: [rows], values }));
  }
  return { columns, rows, rowNumbers: yield* numbered(rows) };
}

function* columnOf({ name, shape, values }: NamedArray): Sliced<Column> {
  const size = rowSize(shape);
  if (size > mostColumns) {
    throw new Refusal(
      message('A row of "{name}" has {size} values, more than {most}.', { name, size, most: mostColumns }),
      { column: name },
    );
  }
  const infinite = yield* infiniteOf(values, size);
  const faults = infinite === undefined ? {} : { infinite };
  if (size !== 1) return { name, kind: 'array', shape: shape.slice(1), values, ...faults };
  const numbers = new Float64Array(values.length);
  yield* sliced(values.length, (start, end) => {
    for (let i = start; i < end; i++) numbers[i] = values[i]!;
  });
  return { name, kind: 'number', values: numbers, ...faults };
}

function* infiniteOf(values: NumberArray, size: number): Sliced<Faults | undefined> {
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return undefined;
  const first: { row: number; text: string }[] = [];
  let count = 0;
  yield* sliced(values.length, (start, end) => {
    for (let i = start; i < end; i++) {
      const value = values[i]!;
      if (value !== Infinity && value !== -Infinity) continue;
      count++;
      if (first.length < 5) first.push({ row: Math.floor(i / size) + 1, text: String(value) });
    }
  });
  return count === 0 ? undefined : { count, first };
}

function* numbered(rows: number): Sliced<Uint32Array> {
  const numbers = new Uint32Array(rows);
  yield* sliced(rows, (start, end) => {
    for (let row = start; row < end; row++) numbers[row] = row + 1;
  });
  return numbers;
}

/** Some rows of an array, in the order of `chosen`. */
export function* rowsOfArray({ name, shape, values }: NamedArray, chosen: Uint32Array): Sliced<NamedArray> {
  const size = rowSize(shape);
  const taken = emptyLike(values, chosen.length * size);
  yield* sliced(
    chosen.length,
    (start, end) => {
      for (let i = start; i < end; i++) {
        taken.set(values.subarray(chosen[i]! * size, (chosen[i]! + 1) * size), i * size);
      }
    },
    size,
  );
  return { name, shape: [chosen.length, ...shape.slice(1)], values: taken };
}

/** Zeros of the same type. */
export function emptyLike(values: NumberArray, length: number): NumberArray {
  if (values instanceof Uint8Array) return new Uint8Array(length);
  if (values instanceof Int8Array) return new Int8Array(length);
  if (values instanceof Uint16Array) return new Uint16Array(length);
  if (values instanceof Int16Array) return new Int16Array(length);
  if (values instanceof Uint32Array) return new Uint32Array(length);
  if (values instanceof Int32Array) return new Int32Array(length);
  return values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
}

/** Arrays of bytes with two axes a row are images of one channel; others are series. */
export function withChannels(array: NamedArray): NamedArray {
  return array.shape.length === 3 && array.values instanceof Uint8Array
    ? { ...array, shape: [...array.shape, 1] }
    : array;
}
