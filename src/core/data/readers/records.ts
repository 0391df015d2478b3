import { message } from '../../messages/message.ts';
import type { Sliced } from '../../slices.ts';
import { blocks, createColumn, type ColumnBuilder } from '../columns.ts';
import type { Column, Faults, Table } from '../dataset.ts';
import { Refusal, type Reading } from './bytes.ts';
import { checkGrowth, mostColumns } from './limits.ts';

/** Rows between two looks at the memory that is used. */
const checkedRows = 1024;
const mostAxes = 8;

/** Collects a table from records whose values are typed, as JSON and Parquet give them. */
export interface RecordCollector {
  /** Adds a record: an object by column names, or a list of cells. `row` is its place in the file. */
  add(record: unknown, row: number): void;
  readonly rows: number;
  finishing(): Sliced<Table>;
}

/**
 * A collector of records. Numbers are kept as they are; text counts as in a CSV file, so that `"5"` is a number where
 * the whole column is; true and false are text; null and absent keys are missing. Lists of numbers, also nested, make a
 * column of arrays if all are of one shape. Objects, and what does not fit, make their column unusable.
 */
export function createCollector(reading: Pick<Reading, 'mostBytes'>): RecordCollector {
  const columns = new Map<string, CellCollector>();
  const rowNumbers = blocks((size) => new Uint32Array(size));
  let rows = 0;

  const width = (): number => {
    let sum = 0;
    for (const column of columns.values()) sum += column.width;
    return sum;
  };

  const columnOf = (name: string): CellCollector => {
    let column = columns.get(name);
    if (column === undefined) {
      if (columns.size === mostColumns) {
        throw new Refusal(message('There are more than {most} different columns.', { most: mostColumns }));
      }
      checkGrowth(rows + 1, width() + 1, reading);
      column = createCells(name);
      column.skip(rows);
      columns.set(name, column);
    }
    return column;
  };

  return {
    get rows() {
      return rows;
    },
    add(record, row) {
      if (typeof record !== 'object' || record === null) {
        throw new Refusal(
          message('Record {row} is no object with columns: {text}', { row, text: shortened(record) }),
          { row },
        );
      }
      const entries: readonly (readonly [string, unknown])[] = Array.isArray(record)
        ? record.map((value: unknown, i) => [`column ${i + 1}`, value])
        : Object.entries(record);
      for (const [name, value] of entries) {
        const column = columnOf(name);
        // A list or an object cannot name a column twice, so that this is the row's only value.
        column.add(value, row);
      }
      rows++;
      rowNumbers.add(row);
      if (entries.length < columns.size) for (const column of columns.values()) column.skip(rows);
      if (rows % checkedRows === 0) checkGrowth(rows, width(), reading);
    },
    *finishing() {
      if (rows === 0 || columns.size === 0) throw new Refusal(message('The file has no rows.'));
      checkGrowth(rows, width(), reading);
      const finished: Column[] = [];
      for (const column of columns.values()) {
        finished.push(column.finish());
        yield;
      }
      return { columns: finished, rows, rowNumbers: rowNumbers.join() };
    },
  };
}

/** Collects the typed cells of one column. */
export interface CellCollector {
  /** Numbers a row, as far as known. */
  readonly width: number;
  add(value: unknown, row: number): void;
  /** Fills up with missing cells until there are `rows`. */
  skip(rows: number): void;
  finish(): Column;
}

export function createCells(name: string): CellCollector {
  const scalars: ColumnBuilder = createColumn(name, '.');
  let lists: ListCollector | undefined;
  let filled = 0;
  let hasScalars = false;
  let odd = 0;
  const first: { row: number; text: string }[] = [];

  const refuse = (value: unknown, row: number): void => {
    odd++;
    if (first.length < 5) first.push({ row, text: shortened(value) });
  };
  const missing = (row: number): void => {
    if (lists === undefined) scalars.add('', row);
    else lists.add(undefined);
  };

  return {
    get width() {
      return lists?.width ?? 1;
    },
    add(value, row) {
      filled++;
      if (value === null || value === undefined) missing(row);
      else if (typeof value === 'object') {
        const shape = hasScalars ? undefined : shapeOf(value);
        if (shape !== undefined) lists ??= createLists(shape, filled - 1);
        if (shape === undefined || lists?.fits(shape) !== true) {
          refuse(value, row);
          missing(row);
        } else lists.add(value);
      } else if (lists !== undefined) {
        refuse(value, row);
        missing(row);
      } else {
        hasScalars = true;
        if (typeof value === 'number') scalars.addNumber(value, row);
        else if (typeof value === 'bigint') scalars.addNumber(Number(value), row);
        else if (typeof value === 'string') scalars.add(value.trim(), row);
        else if (typeof value === 'boolean') scalars.add(String(value), row);
        else {
          refuse(value, row);
          missing(row);
        }
      }
    },
    skip(rows) {
      for (; filled < rows; filled++) missing(0);
    },
    finish() {
      const nested: Faults = { count: odd, first };
      if (odd > 0) return { name, kind: 'unusable', distinct: 0, texts: { count: 0, first: [] }, nested };
      return lists?.finish(name) ?? scalars.finish();
    },
  };
}

interface ListCollector {
  readonly width: number;
  fits(shape: readonly number[]): boolean;
  /** Undefined: missing. */
  add(list: unknown): void;
  finish(name: string): Column;
}

function createLists(shape: readonly number[], missingBefore: number): ListCollector {
  const width = shape.reduce((product, extent) => product * extent, 1);
  const values = blocks((size) => new Float64Array(size));
  const addMissing = (): void => {
    for (let i = 0; i < width; i++) values.add(NaN);
  };
  const addAll = (list: unknown): void => {
    if (Array.isArray(list)) for (const part of list) addAll(part);
    else values.add(typeof list === 'bigint' ? Number(list) : typeof list === 'number' ? list : NaN);
  };
  for (let i = 0; i < missingBefore; i++) addMissing();
  return {
    width,
    fits: (other) => other.length === shape.length && other.every((extent, axis) => extent === shape[axis]),
    add(list) {
      if (list === undefined) addMissing();
      else addAll(list);
    },
    finish: (name) =>
      width === 1
        ? { name, kind: 'number', values: values.join() }
        : { name, kind: 'array', shape, values: values.join() },
  };
}

/** The shape of a list of numbers (null counts as one), also nested; undefined where it has none. */
function shapeOf(value: unknown, axes = mostAxes): readonly number[] | undefined {
  if (!Array.isArray(value) || axes === 0 || value.length === 0 || value.length > mostColumns)
    return undefined;
  const parts: readonly unknown[] = value;
  if (!Array.isArray(parts[0])) {
    const numbers = parts.every(
      (part) => part === null || typeof part === 'number' || typeof part === 'bigint',
    );
    return numbers ? [parts.length] : undefined;
  }
  const inner = shapeOf(parts[0], axes - 1);
  if (inner === undefined || parts.length * inner.reduce((a, b) => a * b, 1) > mostColumns) return undefined;
  const alike = parts.every((part) => {
    const shape = shapeOf(part, axes - 1);
    return shape?.length === inner.length && shape.every((extent, axis) => extent === inner[axis]);
  });
  return alike ? [parts.length, ...inner] : undefined;
}

/** The beginning of a value as JSON, for a message. */
function shortened(value: unknown): string {
  try {
    const text = JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'bigint' ? Number(part) : part,
    ) as string | undefined;
    return (text ?? String(value)).slice(0, 60);
  } catch {
    return typeof value;
  }
}
