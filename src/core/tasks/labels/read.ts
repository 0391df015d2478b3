import type { Column, Table } from '../../data/dataset.ts';
import type { Wanted } from '../../data/prepare.ts';
import type { ColumnUse } from '../../losses/column.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import { sliced, type Sliced } from '../../slices.ts';

const words: Readonly<Record<string, number>> = { false: 0, true: 1, no: 0, yes: 1 };

/**
 * The labels in some columns of a table: 0 or 1 in every row, NaN where the cell is missing. A column of arrays gives one
 * for each place, `name[0]` …
 */
export function* readLabels(
  table: Table,
  columns: readonly number[],
  use: ColumnUse,
): Sliced<Result<readonly Wanted[]>> {
  const wanted: Wanted[] = [];
  for (const index of columns) {
    const column = table.columns[index]!;
    const size = column.kind === 'array' ? column.values.length / table.rows : 1;
    const at = numbersOf(column);
    for (let place = 0; place < size; place++) {
      const values = new Float64Array(table.rows);
      let wrong: number | undefined;
      yield* sliced(table.rows, (start, end) => {
        for (let row = start; row < end; row++) {
          const value = at(row * size + place);
          values[row] = value ?? NaN;
          if (value === undefined || !(value === 0 || value === 1 || Number.isNaN(value))) wrong ??= row;
        }
      });
      if (wrong !== undefined) return noLabel(table, column, wrong);
      const name = column.kind === 'array' ? `${column.name}[${place}]` : column.name;
      wanted.push({ target: { name, values }, use });
    }
  }
  return ok(wanted);
}

/** The number in each cell, NaN where there is none; undefined for other text. */
function numbersOf(column: Column): (cell: number) => number | undefined {
  if (column.kind === 'unusable') return () => undefined;
  if (column.kind !== 'text') {
    const texts = column.kind === 'number' && column.texts !== undefined;
    return texts ? () => undefined : (cell) => column.values[cell];
  }
  const meanings = column.categories.map((text) => words[text.toLowerCase()]);
  return (cell) => (column.codes[cell]! < 0 ? NaN : meanings[column.codes[cell]!]);
}

function noLabel(table: Table, { name }: Column, row: number): Result<never> {
  const where = { row: table.rowNumbers[row]!, column: name };
  return bad(
    message(
      'The label "{column}" must be 0 or 1 (or false and true, no and yes), but row {row} is neither. Choose another column, or correct it.',
      where,
    ),
    where,
  );
}
