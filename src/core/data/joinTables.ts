import { message } from '../messages/message.ts';
import { sliced, type Sliced } from '../slices.ts';
import type { Column, Faults, Table } from './dataset.ts';
import { emptyLike } from './readers/arrays.ts';
import { Refusal } from './readers/bytes.ts';

/**
 * One table of two: the rows of `validation` follow those of `training` and are marked as held out. Columns go by their
 * names; further columns of `validation` are left out. Throws a {@link Refusal} where a column is absent or of another
 * kind. Rows keep the numbers that they have in their own file.
 */
export function* joinTables(training: Table, validation: Table): Sliced<Table> {
  const columns: Column[] = [];
  for (const column of training.columns) {
    const other = validation.columns.find(({ name }) => name === column.name);
    if (other === undefined) {
      throw new Refusal(message('The data for validation have no column "{name}".', { name: column.name }), {
        path: 'data.validation',
        column: column.name,
      });
    }
    columns.push(yield* joinedColumn(column, other, training.rows, validation.rows));
  }
  const rowNumbers = new Uint32Array(training.rows + validation.rows);
  rowNumbers.set(training.rowNumbers);
  rowNumbers.set(validation.rowNumbers, training.rows);
  return { columns, rows: rowNumbers.length, rowNumbers, validationFrom: training.rows };
}

function* joinedColumn(first: Column, second: Column, rows: number, otherRows: number): Sliced<Column> {
  const { name } = first;
  const total = rows + otherRows;
  const faults = (a: Faults | undefined, b: Faults | undefined): Faults | undefined =>
    a === undefined ? b : b === undefined ? a : { count: a.count + b.count, first: [...a.first, ...b.first] };
  if (first.kind === 'unusable') return first;
  if (first.kind === 'number' && (second.kind === 'number' || empty(second))) {
    const values = new Float64Array(total).fill(NaN, rows);
    values.set(first.values);
    if (second.kind === 'number') values.set(second.values, rows);
    const texts = faults(first.texts, second.kind === 'number' ? second.texts : undefined);
    const infinite = faults(first.infinite, second.kind === 'number' ? second.infinite : undefined);
    return { name, kind: 'number', values, ...(texts && { texts }), ...(infinite && { infinite }) };
  }
  if (first.kind === 'text' && (second.kind === 'text' || empty(second))) {
    const codes = new Int32Array(total).fill(-1, rows);
    codes.set(first.codes);
    if (second.kind !== 'text') return { ...first, codes };
    const categories = [...new Set([...first.categories, ...second.categories])];
    const code = second.categories.map((category) => categories.indexOf(category));
    yield* sliced(otherRows, (start, end) => {
      for (let row = start; row < end; row++) {
        const old = second.codes[row]!;
        codes[rows + row] = old < 0 ? -1 : code[old]!;
      }
    });
    return { name, kind: 'text', codes, categories };
  }
  if (
    first.kind === 'array' &&
    second.kind === 'array' &&
    first.shape.join() === second.shape.join() &&
    first.values.constructor === second.values.constructor
  ) {
    const values = emptyLike(first.values, first.values.length + second.values.length);
    values.set(first.values);
    values.set(second.values, first.values.length);
    const infinite = faults(first.infinite, second.infinite);
    return { name, kind: 'array', shape: first.shape, values, ...(infinite && { infinite }) };
  }
  throw new Refusal(
    message(
      'The column "{name}" holds {first} in the training data and {second} in the data for validation.',
      {
        name,
        first: kindOf(first),
        second: kindOf(second),
      },
    ),
    { path: 'data.validation', column: name },
  );
}

function empty(column: Column): boolean {
  return column.kind === 'unusable' && column.distinct === 0 && column.nested === undefined;
}

function kindOf(column: Column) {
  switch (column.kind) {
    case 'number':
      return message('numbers');
    case 'text':
      return message('text');
    case 'array':
      return message('arrays of {shape}', { shape: column.shape.join(' × ') });
    case 'unusable':
      return message('nothing that can be used');
  }
}
