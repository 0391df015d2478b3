import type { ColumnUse } from '../losses/column.ts';
import { bad, message, ok, type Problem, type Result } from '../messages/message.ts';
import { sliced, type Sliced } from '../slices.ts';
import { parseCell } from './cell.ts';
import { mostDistinct } from './columns.ts';
import type { Column, Faults, Table } from './dataset.ts';

/** The column to predict, checked for a task: a number or a class index for each row, NaN where it is missing. */
export interface Target {
  readonly name: string;
  readonly values: Float64Array;
  /** Names of the classes in the order of their indices; absent for regression. */
  readonly classes?: readonly string[];
}

/**
 * Reads column `index` as the target of a loss. Regression needs finite numbers; `binary` exactly two different
 * values, `classes` 2 to {@link mostDistinct}. Classes are ordered by number, or by UTF-16 code units for text, so
 * that equal data gives equal indices whatever the order of the rows.
 */
export function* readTarget(table: Table, index: number, loss: ColumnUse): Sliced<Result<Target>> {
  const column = table.columns[index]!;
  if (column.kind === 'array' || (column.kind === 'unusable' && column.nested !== undefined)) {
    return bad(
      message('The target "{target}" has several values in a row; one number or one class is needed.', {
        target: column.name,
      }),
      { column: column.name },
    );
  }
  if (column.kind === 'unusable' && column.distinct === 0) {
    return bad(message('The target "{target}" has no values.', { target: column.name }), {
      column: column.name,
    });
  }
  const infinite = column.kind === 'number' ? column.infinite : undefined;
  if (infinite !== undefined) return infiniteCell(column.name, index, infinite);
  return loss.task === 'regression'
    ? numbers(table, index, column, loss)
    : yield* classes(column, index, loss);
}

/** The problem of a used column with infinite cells. */
export function infiniteCell(name: string, index: number, { count, first }: Faults): Result<never> {
  const at = first[0]!;
  return bad(
    message(
      count === 1
        ? 'Row {row}, column {column} ("{name}"): "{text}" is infinite or too large for a number. Correct it, or exclude the column.'
        : 'Row {row}, column {column} ("{name}"): "{text}" is infinite or too large for a number; {count} such cells in the column. Correct them, or exclude the column.',
      { row: at.row, column: index + 1, name, text: at.text, count },
    ),
    { row: at.row, column: name },
  );
}

function numbers(table: Table, index: number, column: Column, loss: ColumnUse): Result<Target> {
  const fault = column.kind === 'number' ? column.texts?.first[0] : firstText(table, column);
  if (column.kind === 'number' && fault === undefined) {
    const outside = outsideOf(loss, column.values);
    if (outside < 0) return ok({ name: column.name, values: column.values });
    return bad(
      message(
        loss.target === 'positive'
          ? 'Row {row}, column {column} ("{target}") is {value}, but {loss} needs targets greater than 0. Choose another loss or target, or correct the cell.'
          : 'Row {row}, column {column} ("{target}") is {value}, but {loss} needs targets of at least 0. Choose another loss or target, or correct the cell.',
        {
          row: table.rowNumbers[outside]!,
          column: index + 1,
          target: column.name,
          value: String(column.values[outside]),
          loss: loss.name,
        },
      ),
      { row: table.rowNumbers[outside]!, column: column.name },
    );
  }
  const at = fault ?? { row: 0, text: '' };
  return bad(
    message(
      'Row {row}, column {column} ("{target}") holds the text "{text}", but {loss} needs a target of numbers. Choose a classification loss, another target, or correct the cell.',
      { row: at.row, column: index + 1, target: column.name, text: at.text, loss: loss.name },
    ),
    { row: at.row, column: column.name },
  );
}

/** The first value that the loss is not defined for, or −1. */
function outsideOf({ target }: ColumnUse, values: Float64Array): number {
  if (target === 'value') return -1;
  return values.findIndex((value) => value < 0 || (target === 'positive' && value === 0));
}

function firstText(table: Table, column: Column): { row: number; text: string } | undefined {
  if (column.kind === 'unusable') return column.texts.first[0];
  if (column.kind !== 'text') return undefined;
  const text = column.categories.map((c) => parseCell(c, '.') === 'text' && parseCell(c, ',') === 'text');
  const i = column.codes.findIndex((code) => code >= 0 && text[code]!);
  return i < 0 ? undefined : { row: table.rowNumbers[i]!, text: column.categories[column.codes[i]!]! };
}

function* classes(column: Column, index: number, loss: ColumnUse): Sliced<Result<Target>> {
  const where = { column: column.name };
  if (column.kind === 'number' && column.texts !== undefined) {
    const at = column.texts.first[0]!;
    return bad(
      message(
        'Row {row}, column {column} ("{target}") holds the text "{text}" among numbers. Correct the cell, or choose another target.',
        { row: at.row, column: index + 1, target: column.name, text: at.text },
      ),
      { row: at.row, column: column.name },
    );
  }
  const read = yield* column.kind === 'number' ? numberClasses(column.values) : textClasses(column);
  if (read === undefined) {
    return bad(
      message('The target "{target}" has more than {most} different values, too many for classes. {advice}', {
        target: column.name,
        most: mostDistinct,
        advice: message(
          column.kind === 'number'
            ? 'Choose a regression loss such as mean-squared-error, or another target.'
            : 'Choose another target.',
        ),
      }),
      where,
    );
  }
  const { names, values } = read;
  if (names.length < 2) {
    return bad(
      message('The target "{target}" has only the value "{value}"; there is nothing to tell apart.', {
        target: column.name,
        value: names[0] ?? '',
      }),
      where,
    );
  }
  if (loss.task === 'binary' && names.length > 2) {
    return bad(
      message(
        column.kind === 'number'
          ? '{loss} needs a target of exactly two classes; "{target}" has {found} ({some}). Choose a loss for several classes such as softmax-cross-entropy, or a regression loss.'
          : '{loss} needs a target of exactly two classes; "{target}" has {found} ({some}). Choose a loss for several classes such as softmax-cross-entropy.',
        {
          loss: loss.name,
          target: column.name,
          found: names.length,
          some: someNames(names),
        },
      ),
      where,
    );
  }
  const warnings: Problem[] =
    column.kind === 'number' && looksContinuous(names, values.length)
      ? [
          {
            message: message(
              'The target "{target}" has {found} different numbers and looks continuous; each is taken as a class of its own. For a number as the answer choose a regression loss such as mean-squared-error.',
              { target: column.name, found: names.length },
            ),
            where,
          },
        ]
      : [];
  return ok({ name: column.name, values, classes: names }, warnings);
}

/** The first names of a list for a sentence. */
export function someNames(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} …` : shown;
}

function looksContinuous(names: readonly string[], rows: number): boolean {
  return (
    names.length > 20 && (names.length > rows / 10 || names.some((name) => !Number.isInteger(Number(name))))
  );
}

interface Classes {
  readonly names: readonly string[];
  readonly values: Float64Array;
}

function* numberClasses(values: Float64Array): Sliced<Classes | undefined> {
  const distinct = new Set<number>();
  yield* sliced(values.length, (start, end) => {
    for (let row = start; row < end && distinct.size <= mostDistinct; row++) {
      if (!Number.isNaN(values[row]!)) distinct.add(values[row]!);
    }
  });
  if (distinct.size > mostDistinct) return undefined;
  const sorted = [...distinct].sort((a, b) => a - b);
  const indices = new Map(sorted.map((value, k) => [value, k]));
  const classes = new Float64Array(values.length);
  yield* sliced(values.length, (start, end) => {
    for (let row = start; row < end; row++) classes[row] = indices.get(values[row]!) ?? NaN;
  });
  return { names: sorted.map(String), values: classes };
}

function* textClasses(column: Column): Sliced<Classes | undefined> {
  if (column.kind !== 'text') return undefined;
  const { codes } = column;
  const names = [...column.categories].sort();
  const index = new Map(names.map((name, k) => [name, k]));
  const byCode = column.categories.map((category) => index.get(category)!);
  const values = new Float64Array(codes.length);
  yield* sliced(codes.length, (start, end) => {
    for (let row = start; row < end; row++) values[row] = codes[row]! < 0 ? NaN : byCode[codes[row]!]!;
  });
  return { names, values };
}
