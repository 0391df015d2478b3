import { bad, message, ok, type Message, type Result } from '../messages/message.ts';
import { sliced, type Sliced } from '../slices.ts';
import type { Table } from './dataset.ts';

/** Rows with their weights. */
export interface Weighted {
  readonly rows: Uint32Array;
  /** By row of the table. */
  readonly weights: Float64Array;
}

/**
 * Sample weights from a column of numbers. Rows without a weight, or with the weight 0, teach nothing and are left out
 * with a note; a negative or infinite weight is an error.
 */
export function* readWeights(
  table: Table,
  name: string,
  rows: Uint32Array,
  notes: Message[],
): Sliced<Result<Weighted>> {
  const at = { path: 'loss.weightColumn' };
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) {
    return bad(
      message('There is no column "{column}" with weights. The columns are {all}.', {
        column: name,
        all: table.columns.map((one) => `"${one.name}"`).join(', '),
      }),
      at,
    );
  }
  if (column.kind !== 'number') {
    return bad(
      message('The column "{column}" cannot hold weights, because it does not hold numbers.', {
        column: name,
      }),
      at,
    );
  }
  const { values } = column;
  const kept = new Uint32Array(rows.length);
  let count = 0;
  let wrong: number | undefined;
  yield* sliced(rows.length, (start, end) => {
    for (let i = start; i < end; i++) {
      const row = rows[i]!;
      const weight = values[row]!;
      if (weight < 0 || weight === Infinity) wrong ??= row;
      else if (weight > 0) kept[count++] = row;
    }
  });
  if (wrong !== undefined) {
    return bad(
      message('The weight in row {row} is {value}; weights are finite numbers of at least 0.', {
        row: table.rowNumbers[wrong]!,
        value: String(values[wrong]!),
      }),
      { row: table.rowNumbers[wrong]!, column: name },
    );
  }
  if (count < rows.length) {
    notes.push(
      message('Rows without a weight above 0 in "{column}" are left out: {count}.', {
        column: name,
        count: rows.length - count,
      }),
    );
  }
  return ok({ rows: kept.slice(0, count), weights: values });
}
