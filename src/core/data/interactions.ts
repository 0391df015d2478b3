import { bad, message, ok, type Message, type Result } from '../messages/message.ts';
import { sliced, type Sliced } from '../slices.ts';
import type { Experiment } from '../training/experiment.ts';
import type { Column, Part, Table } from './dataset.ts';
import type { Prepared } from './prepare.ts';
import { randomStream } from './random.ts';
import { splitRows, type Split } from './split.ts';
import { readWeights } from './weights.ts';

type Task = Extract<Experiment['task'], { type: 'recommendation' }>;

/**
 * Makes interactions ready for training out of a table with a column of users and one of items:
 * - rows without a user or an item are left out, and those rated below the threshold where there is one; rows that repeat
 *   a user and an item count as one, their weights added;
 * - of every user the validation share is held out, drawn from the seed, and at least one interaction stays; rows that
 *   came for validation stay there, but for users that training does not have;
 * - users who have every item teach nothing and are left out.
 *
 * A row of the parts is [user, item] in indices; which they are, and what each user has, is kept for Predict.
 */
export function* preparingInteractions(
  table: Table,
  experiment: Experiment,
  task: Task,
): Sliced<Result<Prepared>> {
  const notes: Message[] = [];
  const users = yield* readNames(table, task.user, 'task.user');
  if (!users.ok) return users;
  const items = yield* readNames(table, task.item, 'task.item');
  if (!items.ok) return items;
  if (task.user === task.item)
    return bad(message('Users and items need a column each.'), { path: 'task.item' });
  const named = yield* rowsWhere(
    table,
    (row) => users.value.codes[row]! >= 0 && items.value.codes[row]! >= 0,
  );
  if (named.length < table.rows) {
    notes.push(
      message('Rows without a user or an item are left out: {count}.', { count: table.rows - named.length }),
    );
  }
  const liked = yield* rated(table, task.rating, named, notes);
  if (!liked.ok) return liked;
  const { weightColumn } = experiment.loss;
  const weighted =
    weightColumn === undefined
      ? ok({ rows: liked.value, weights: undefined })
      : yield* readWeights(table, weightColumn, liked.value, notes);
  if (!weighted.ok) return weighted;

  const merged = yield* merge(table, weighted.value, users.value, items.value);
  if (merged.repeated > 0) {
    notes.push(
      message('Rows that repeat a user and an item count once: {count}.', { count: merged.repeated }),
    );
  }
  const itemNames = present(items.value, merged.rows);
  const kept = yield* withSomethingLeft(merged.rows, users.value, itemNames.names.length, notes);
  const split = yield* splitByUser(table, experiment, kept, users.value);
  if (split.unknown > 0) {
    notes.push(
      message('Validation rows of users that the training data do not have are left out: {count}.', {
        count: split.unknown,
      }),
    );
  }
  if (split.training.length === 0) {
    return bad(
      message('No interaction is left to learn from. At least one user must have some of the items.'),
      { path: 'data' },
    );
  }
  const userNames = present(users.value, split.training);
  const { codes: userCodes } = users.value;
  const { codes: itemCodes } = items.value;
  const { weights } = merged;
  const known = userNames.names.map((): number[] => []);
  function* part(rows: Uint32Array): Sliced<Part> {
    const features = new Float64Array(2 * rows.length);
    yield* sliced(rows.length, (start, end) => {
      for (let i = start; i < end; i++) {
        const user = userNames.place[userCodes[rows[i]!]!]!;
        const item = itemNames.place[itemCodes[rows[i]!]!]!;
        features[2 * i] = user;
        features[2 * i + 1] = item;
        known[user]!.push(item);
      }
    });
    return {
      rows: rows.length,
      features,
      targets: new Float64Array(0),
      ...(weights === undefined ? {} : { weights: Float64Array.from(rows, (row) => weights[row]!) }),
    };
  }
  const training = yield* part(split.training);
  const validation = split.validation.length === 0 ? undefined : yield* part(split.validation);
  return ok({
    preprocessing: {
      task: 'binary',
      features: [{ kind: 'index', name: task.user, categories: userNames.names }],
      target: { kind: 'items', name: task.item, items: itemNames.names, known, at: task.at },
    },
    width: 2,
    counts: [userNames.names.length, itemNames.names.length],
    outputs: 1,
    training,
    validation,
    notes: [
      message(
        validation === undefined
          ? 'Recommends "{item}" to "{user}": {users} users and {items} items; {training} interactions for training, none for validation.'
          : 'Recommends "{item}" to "{user}": {users} users and {items} items; {training} interactions for training, {validation} for validation, as many of each user as its share allows.',
        {
          item: task.item,
          user: task.user,
          users: userNames.names.length,
          items: itemNames.names.length,
          training: training.rows,
          validation: validation?.rows ?? 0,
        },
      ),
      ...notes,
    ],
  });
}

/** Users or items as a column has them: the code of each row, −1 where the cell is missing. */
interface Names {
  readonly codes: Int32Array;
  readonly names: readonly string[];
}

function* readNames(table: Table, name: string, path: string): Sliced<Result<Names>> {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) {
    return bad(
      message('There is no column "{column}". The columns are {all}.', {
        column: name,
        all: table.columns.map((one) => `"${one.name}"`).join(', '),
      }),
      { path },
    );
  }
  switch (column.kind) {
    case 'text':
      return ok({ codes: column.codes, names: column.categories });
    case 'number':
      return yield* numbered(column, path);
    case 'array':
    case 'unusable':
      return bad(
        message(
          column.kind === 'unusable' && column.nested === undefined && column.distinct > 0
            ? 'The column "{column}" is text with more than {most} different values. Number the users and items, and give their numbers.'
            : 'The column "{column}" holds neither numbers nor text.',
          { column: name, most: column.kind === 'unusable' ? column.distinct : 0 },
        ),
        { path },
      );
  }
}

function* numbered(
  { name, values, texts, infinite }: Extract<Column, { kind: 'number' }>,
  path: string,
): Sliced<Result<Names>> {
  const fault = texts?.first[0] ?? infinite?.first[0];
  if (fault !== undefined) {
    return bad(
      message('Row {row}: "{column}" holds "{text}" among numbers. Correct the cell.', {
        ...fault,
        column: name,
      }),
      { path, row: fault.row, column: name },
    );
  }
  const codes = new Int32Array(values.length);
  const known = new Map<number, number>();
  yield* sliced(values.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const value = values[row]!;
      let code = Number.isNaN(value) ? -1 : known.get(value);
      if (code === undefined) known.set(value, (code = known.size));
      codes[row] = code;
    }
  });
  return ok({ codes, names: Array.from(known.keys(), String) });
}

/** The rows of a table that are wanted. */
function* rowsWhere(table: Table, isWanted: (row: number) => boolean): Sliced<Uint32Array> {
  const rows = new Uint32Array(table.rows);
  let count = 0;
  yield* sliced(table.rows, (start, end) => {
    for (let row = start; row < end; row++) if (isWanted(row)) rows[count++] = row;
  });
  return rows.slice(0, count);
}

/** Those of some rows whose rating is high enough. */
function* rated(
  table: Table,
  rating: Task['rating'],
  rows: Uint32Array,
  notes: Message[],
): Sliced<Result<Uint32Array>> {
  if (rating === undefined) return ok(rows);
  const column = table.columns.find(({ name }) => name === rating.column);
  if (column?.kind !== 'number') {
    return bad(
      message(
        column === undefined
          ? 'There is no column "{column}". The columns are {all}.'
          : 'The column "{column}" cannot hold ratings, because it does not hold numbers.',
        { column: rating.column, all: table.columns.map((one) => `"${one.name}"`).join(', ') },
      ),
      { path: 'task.rating.column' },
    );
  }
  yield;
  const liked = rows.filter((row) => column.values[row]! >= rating.least);
  notes.push(
    message('Rows whose "{column}" is missing or below {least} are left out: {count}.', {
      column: rating.column,
      least: rating.least,
      count: rows.length - liked.length,
    }),
  );
  return ok(liked);
}

/** The first row of each pair of user and item, with the sum of the weights of all. */
function* merge(
  table: Table,
  { rows, weights }: { readonly rows: Uint32Array; readonly weights: Float64Array | undefined },
  users: Names,
  items: Names,
): Sliced<{ rows: Uint32Array; weights: Float64Array | undefined; repeated: number }> {
  const first = new Map<number, number>();
  const kept = new Uint32Array(rows.length);
  const sums = weights === undefined ? undefined : new Float64Array(table.rows);
  let count = 0;
  yield* sliced(
    rows.length,
    (start, end) => {
      for (let i = start; i < end; i++) {
        const row = rows[i]!;
        const pair = users.codes[row]! * items.names.length + items.codes[row]!;
        let own = first.get(pair);
        if (own === undefined) {
          first.set(pair, (own = row));
          kept[count++] = row;
        }
        if (sums !== undefined) sums[own]! += weights![row]!;
      }
    },
    8,
  );
  return { rows: kept.slice(0, count), weights: sums, repeated: rows.length - count };
}

/** The rows of users for whom another item can be drawn. */
function* withSomethingLeft(
  rows: Uint32Array,
  users: Names,
  items: number,
  notes: Message[],
): Sliced<Uint32Array> {
  const has = new Uint32Array(users.names.length);
  for (const row of rows) has[users.codes[row]!]!++;
  yield;
  const full = has.reduce((count, own) => count + (own === items ? 1 : 0), 0);
  if (full === 0) return rows;
  notes.push(
    message('Users who have every item are left out, for they show no preference: {count}.', { count: full }),
  );
  return rows.filter((row) => has[users.codes[row]!]! < items);
}

/** The parts, and how many validation rows were left out because training does not have their user. */
function* splitByUser(
  table: Table,
  { split: { validation: share }, training: { seed } }: Experiment,
  rows: Uint32Array,
  users: Names,
): Sliced<Split & { readonly unknown: number }> {
  const { validationFrom } = table;
  if (validationFrom === undefined) {
    const split = yield* splitRows(rows, share, randomStream(seed, 'split'), {
      of: (row) => users.codes[row]!,
      count: users.names.length,
    });
    return { ...split, unknown: 0 };
  }
  const training = rows.filter((row) => row < validationFrom);
  const trained = new Set(Array.from(training, (row) => users.codes[row]!));
  const held = rows.filter((row) => row >= validationFrom);
  const validation = held.filter((row) => trained.has(users.codes[row]!));
  return { training, validation, unknown: held.length - validation.length };
}

/** The names that some rows have, in their order, and the place of each code among them. */
function present({ codes, names }: Names, rows: Uint32Array): { names: string[]; place: Int32Array } {
  const place = new Int32Array(names.length).fill(-1);
  for (const row of rows) place[codes[row]!] = 0;
  const kept: string[] = [];
  for (const [code, name] of names.entries()) {
    if (place[code] !== 0) continue;
    place[code] = kept.length;
    kept.push(name);
  }
  return { names: kept, place };
}
