import type { ColumnUse } from '../losses/column.ts';
import type { Task } from '../losses/task.ts';
import {
  bad,
  list,
  message,
  ok,
  sentences,
  type Message,
  type Problem,
  type Result,
} from '../messages/message.ts';
import { atOnce, sliced, type Sliced } from '../slices.ts';
import type { Experiment } from '../training/experiment.ts';
import { builtins } from './builtin.ts';
import { missingCells } from './cell.ts';
import { rowList } from './csv.ts';
import type { Column, ColumnEncoding, Dataset, Faults, Part, Preprocessing, Table } from './dataset.ts';
import { encodedWidth } from './encode.ts';
import {
  encodeRowsOf,
  fitFeatures,
  moments,
  noteUnseen,
  shapeOf,
  tooWide,
  valuesOf,
  type Warn,
} from './features.ts';
import { generators } from './generators.ts';
import { randomStream } from './random.ts';
import { splitRows, type Split } from './split.ts';
import { infiniteCell, readTarget, someNames, type Target } from './target.ts';
import { readWeights } from './weights.ts';

/** A data set with what was done to it, one sentence each. */
export interface Prepared extends Dataset {
  readonly notes: readonly Message[];
}

/** A text feature with more categories is dropped. */
const mostCategories = 100;

/**
 * Makes a data set ready for training out of a table:
 * - the target is the experiment's, else the data set's own, else the last column; it must fit the loss's task;
 * - features are all other columns but the excluded ones; columns without values, text with more than 100 values or
 *   a different one in every row, and columns constant in the training part are dropped with a note; an infinite cell
 *   in a feature or target is an error;
 * - rows without a target are left out; rows with a missing feature too (`missing: drop`), or numbers are filled with
 *   the mean of the training part and text gets no category (`mean`); stray text among numbers counts as missing;
 * - the split is drawn from the seed, in every class alike if stratified, and keeps the order of the rows; rows that
 *   came for validation stay there;
 * - numbers are standardised by mean and population standard deviation of the training part (as scikit-learn's
 *   StandardScaler) or brought to 0 … 1 by its range (MinMaxScaler), text becomes one-hot by the categories of the
 *   training part; where rows have a shape (images, series) no value is dropped and each channel is scaled as a whole.
 */
export function prepareDataset(table: Table, experiment: Experiment, loss: ColumnUse): Result<Prepared> {
  return atOnce(preparingDataset(table, experiment, loss));
}

/** {@link prepareDataset} in slices: a table of millions of rows takes seconds. */
export function preparingDataset(
  table: Table,
  experiment: Experiment,
  loss: ColumnUse,
): Sliced<Result<Prepared>> {
  return preparingTargets(table, experiment, {
    columns: undefined,
    *read(_, [column]) {
      const target = yield* readTarget(table, column!, loss);
      return target.ok ? ok([{ target: target.value, use: loss }], target.warnings) : target;
    },
    describe: ([target]) => ({
      task: loss.task,
      target: target!,
      outputs: target!.kind === 'classes' && loss.task === 'classes' ? target!.classes.length : 1,
    }),
  });
}

/** One number of a row's target, with what the loss does with it. */
export interface Wanted {
  /** Labels that are 0 and 1 already come without classes. */
  readonly target: Target;
  readonly use: ColumnUse;
}

/** What a task predicts. */
export interface TargetsRequest {
  /** Columns by name, as `task.targets` has them. Undefined: the data's own target. */
  readonly columns: readonly string[] | undefined;
  /** Reads the columns at these indices; one of arrays may give several targets. */
  read(table: Table, columns: readonly number[]): Sliced<Result<readonly Wanted[]>>;
  /** What the encoded targets are together, and how many outputs the network needs for them. */
  describe(
    targets: readonly ColumnEncoding[],
  ): Pick<Preprocessing, 'task' | 'target'> & Pick<Dataset, 'outputs'>;
}

/** {@link prepareDataset} for any number of targets: rows × targets of them. Only a single one is stratified by. */
export function* preparingTargets(
  table: Table,
  experiment: Experiment,
  request: TargetsRequest,
): Sliced<Result<Prepared>> {
  const { data } = experiment;
  const notes: Message[] = [];
  const warnings: Problem[] = [];
  const warn: Warn = (text, where) => {
    notes.push(text);
    warnings.push(where === undefined ? { message: text } : { message: text, where });
  };

  if (table.rows < 2) return tooFewRows(table, table.rows, notes);
  const { weightColumn } = experiment.loss;
  const chosen = chooseColumns(table, data, weightColumn, request.columns);
  if (!chosen.ok) return chosen;
  const read = yield* request.read(table, chosen.value.targets);
  if (!read.ok) return read;
  for (const { message: text, where } of read.warnings) warn(text, where);
  const wanted = read.value;

  const usable = yield* usableFeatures(table, chosen.value.features, warn);
  if (!usable.ok) return usable;
  const shaped = shapeOf(table, usable.value, askedShape(data));
  if (!shaped.ok) return shaped;
  const shape = shaped.value;
  const filling = data.source === 'file' && data.missing === 'mean';
  const complete = yield* completeRows(
    table,
    wanted.map(({ target }) => target),
    filling ? [] : usable.value,
    notes,
  );
  const weighted =
    weightColumn === undefined
      ? ok({ rows: complete, weights: undefined })
      : yield* readWeights(table, weightColumn, complete, notes);
  if (!weighted.ok) return weighted;
  const { rows, weights } = weighted.value;
  if (rows.length < 2) return tooFewRows(table, rows.length, notes);
  if (filling) yield* noteFilled(table, usable.value, rows, notes);

  const found: Present[] = [];
  for (const { target, use } of wanted) {
    const present = yield* presentClasses(target, rows, use.task);
    if (present.classes !== undefined && present.classes.length < 2) {
      return bad(
        message('In the rows that can be used the target "{target}" has only one value.', {
          target: target.name,
        }),
      );
    }
    found.push(present);
  }
  const [first, second] = found;
  const stratify =
    second === undefined && first?.classes !== undefined && experiment.split.stratify
      ? { of: (row: number) => first.values[row]!, count: first.classes.length }
      : undefined;
  const split =
    table.validationFrom === undefined
      ? yield* splitRows(
          rows,
          experiment.split.validation,
          randomStream(experiment.training.seed, 'split'),
          stratify,
        )
      : heldOut(rows, table.validationFrom);
  if (split.training.length === 0) {
    return bad(message('No row is left for training: none of the training data is complete.'));
  }
  for (const present of found) {
    const represented = yield* checkClasses(present, split, table.validationFrom !== undefined, warn);
    if (!represented.ok) return represented;
  }

  const fitted = yield* fitFeatures(
    table,
    usable.value,
    split.training,
    { scaling: experiment.scaling.features, filling, shape },
    warn,
  );
  if (!fitted.ok) return fitted;
  const features = fitted.value;
  if (features.length === 0) {
    return bad(
      message('No column is left to learn from. {reasons}', {
        reasons: someReasons(
          notes,
          message('The table has only the target; all others are excluded or absent.'),
        ),
      }),
    );
  }
  const encodings: ColumnEncoding[] = [];
  for (const [i, { target, use }] of wanted.entries()) {
    const { classes } = found[i]!;
    const { target: scaling } = experiment.scaling;
    const encoding = yield* fitTarget(target, classes, split.training, use, scaling, notes, warn);
    if (!encoding.ok) return encoding;
    encodings.push(encoding.value);
  }
  const described = request.describe(encodings);

  const width = encodedWidth(features.flatMap(({ encodings }) => encodings));
  function* part(of: Uint32Array): Sliced<Part> {
    const count = encodings.length;
    const targets = new Float64Array(of.length * count);
    for (const [k, encoding] of encodings.entries()) {
      const { values } = found[k]!;
      const { mean, scale } = encoding.kind === 'number' ? encoding : { mean: 0, scale: 1 };
      yield* sliced(of.length, (start, end) => {
        for (let i = start; i < end; i++) targets[i * count + k] = (values[of[i]!]! - mean) / scale;
      });
    }
    return {
      rows: of.length,
      features: yield* encodeRowsOf(table, features, of, width),
      targets,
      ...(weights === undefined ? {} : { weights: Float64Array.from(of, (row) => weights[row]!) }),
    };
  }
  const training = yield* part(split.training);
  const validation = split.validation.length === 0 ? undefined : yield* part(split.validation);
  if (validation !== undefined) yield* noteUnseen(table, features, split.validation, warn);

  return ok(
    {
      preprocessing: {
        task: described.task,
        features: features.flatMap((feature) => feature.encodings),
        target: described.target,
      },
      width,
      ...(shape !== undefined && { shape }),
      outputs: described.outputs,
      training,
      validation,
      notes: [
        summary({
          target: described.target.name,
          columns: features.length,
          inputs: width,
          training: training.rows,
          validation: validation?.rows,
          alike: stratify !== undefined && table.validationFrom === undefined,
        }),
        ...notes,
      ],
    },
    warnings,
  );
}

/** Every class of a target needs rows for training; that the validation part lacks one is only worth a note. */
function* checkClasses(
  { classes, values }: Present,
  split: Split,
  cameApart: boolean,
  warn: Warn,
): Sliced<Result<void>> {
  if (classes === undefined) return ok(undefined);
  function* without(part: Uint32Array): Sliced<string[]> {
    const there = yield* valuesOf(values, part);
    return classes!.filter((_, k) => !there.has(k));
  }
  const untrained = yield* without(split.training);
  if (untrained.length > 0) {
    const args = { classes: someNames(untrained) };
    return cameApart
      ? bad(
          message('The training data have no row of these classes of the validation data: {classes}.', args),
          { path: 'data.validation' },
        )
      : bad(
          message(
            'The split leaves no row for training of these classes: {classes}. Set "split.stratify" to true, or choose a smaller validation share or another seed.',
            args,
          ),
          { path: 'split' },
        );
  }
  const unvalidated = split.validation.length === 0 ? [] : yield* without(split.validation);
  if (unvalidated.length > 0) {
    warn(
      message('The validation part has no row of these classes: {classes}.', {
        classes: someNames(unvalidated),
      }),
    );
  }
  return ok(undefined);
}

/** How an experiment or its data set says that the values of a row lie. */
function askedShape(data: Experiment['data']): readonly number[] | undefined {
  if (data.source === 'builtin') return builtins[data.name].shape;
  return data.source === 'file' ? data.shape : undefined;
}

/** Rows of a file of their own for validation. */
export function heldOut(rows: Uint32Array, from: number): Split {
  const first = rows.findIndex((row) => row >= from);
  const cut = first < 0 ? rows.length : first;
  return { training: rows.subarray(0, cut), validation: rows.subarray(cut) };
}

/** What is predicted from what, in one sentence. */
function summary(of: {
  readonly target: string;
  readonly columns: number;
  readonly inputs: number;
  readonly training: number;
  readonly validation: number | undefined;
  readonly alike: boolean;
}): Message {
  const args = {
    target: of.target,
    columns: message(of.columns === 1 ? '{count} column' : '{count} columns', { count: of.columns }),
    inputs: message(of.inputs === 1 ? '{count} input' : '{count} inputs', { count: of.inputs }),
    training: message(of.training === 1 ? '{count} row' : '{count} rows', { count: of.training }),
  };
  if (of.validation === undefined)
    return message(
      'Predicts "{target}" from {columns} ({inputs}); {training} for training, none for validation.',
      args,
    );
  return message(
    of.alike
      ? 'Predicts "{target}" from {columns} ({inputs}); {training} for training, {validation} for validation, in every class alike.'
      : 'Predicts "{target}" from {columns} ({inputs}); {training} for training, {validation} for validation.',
    { ...args, validation: of.validation },
  );
}

/** The first few of what was noted, as the reasons of a failure. */
export function someReasons(notes: readonly Message[], otherwise: Message): Message {
  const [first, ...others] = notes.slice(0, 5);
  return first === undefined ? otherwise : sentences(first, ...others);
}

/** The target that a data set has when the experiment names none; undefined for the last column of a file. */
export function ownTarget(data: Experiment['data']): string | undefined {
  if (data.source === 'generated') return generators[data.name].target;
  return data.source === 'builtin' ? builtins[data.name].target : undefined;
}

interface Chosen {
  readonly targets: readonly number[];
  readonly features: readonly number[];
}

/** The target and the features of a table by what the experiment and its data set say. */
export function chooseColumns(
  table: Table,
  data: Experiment['data'],
  weightColumn: string | undefined,
  columns: readonly string[] | undefined,
): Result<Chosen> {
  const names = table.columns.map(({ name }) => name);
  const all = names.map((name) => `"${name}"`).join(', ');
  const given = data.source === 'generated' || data.source === 'images' ? undefined : data.target;
  if (columns !== undefined && given !== undefined) {
    return bad(message('The task names its targets itself. Remove "data.target".'), { path: 'data.target' });
  }
  const path = columns === undefined ? 'data.target' : 'task.targets';
  const wanted = columns ?? [given ?? ownTarget(data) ?? names.at(-1)!];
  const missing = wanted.find((name) => !names.includes(name));
  if (missing !== undefined) {
    return bad(
      message('There is no column "{target}" to predict. The columns are {all}.', { target: missing, all }),
      { path },
    );
  }
  const twice = wanted.find((name, i) => wanted.indexOf(name) < i);
  if (twice !== undefined) {
    return bad(message('The target "{target}" is named twice.', { target: twice }), { path });
  }
  const exclude = data.source === 'generated' || data.source === 'images' ? [] : data.exclude;
  const unknown = exclude.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    return bad(
      message('There is no column "{name}" to exclude. The columns are {all}.', { name: unknown, all }),
      {
        path: 'data.exclude',
      },
    );
  }
  const excluded = wanted.find((name) => exclude.includes(name));
  if (excluded !== undefined) {
    return bad(message('The target "{target}" is excluded.', { target: excluded }), { path: 'data.exclude' });
  }
  if (weightColumn !== undefined && wanted.includes(weightColumn)) {
    return bad(message('The target "{target}" cannot hold the weights too.', { target: weightColumn }), {
      path: 'loss.weightColumn',
    });
  }
  const only = data.source === 'file' ? data.features : undefined;
  const absent = only?.find((name) => !names.includes(name));
  if (absent !== undefined) {
    return bad(
      message('There is no column "{name}" to learn from. The columns are {all}.', { name: absent, all }),
      { path: 'data.features' },
    );
  }
  const features = names.flatMap((name, i) =>
    wanted.includes(name) || name === weightColumn || exclude.includes(name) || only?.includes(name) === false
      ? []
      : [i],
  );
  return ok({ targets: wanted.map((name) => names.indexOf(name)), features });
}

/** The features that can be used at all, by index. */
export function* usableFeatures(
  table: Table,
  candidates: readonly number[],
  warn: Warn,
): Sliced<Result<readonly number[]>> {
  const kept: number[] = [];
  for (const index of candidates) {
    yield;
    const column = table.columns[index]!;
    const args = { column: index + 1, name: column.name };
    const drop = (reason: Message): void =>
      warn(message('Column {column} ("{name}") is not used: {reason}.', { ...args, reason }), {
        column: column.name,
      });
    if (column.kind === 'unusable') {
      drop(
        column.nested !== undefined
          ? message('it holds objects, or lists that differ in length ({cells})', {
              cells: someCells(column.nested),
            })
          : column.distinct === 0
            ? message('it has no values')
            : message('it is text with more than {most} different values', { most: column.distinct }),
      );
    } else if (column.kind === 'text') {
      const distinct = column.categories.length;
      if (distinct > 1 && distinct === (yield* cellsWithValue(column.codes)))
        drop(message('its text is different in every row, as a name or a number of a row is'));
      else if (distinct > mostCategories) {
        drop(
          message('it is text with {distinct} different values, more than {most}', {
            distinct,
            most: mostCategories,
          }),
        );
      } else kept.push(index);
    } else {
      if (column.infinite !== undefined) return infiniteCell(column.name, index, column.infinite);
      if (column.kind === 'number' && column.texts !== undefined) {
        const { row } = column.texts.first[0]!;
        warn(
          message(
            'Column {column} ("{name}") holds text among numbers ({cells}); such cells count as missing.',
            { ...args, cells: someCells(column.texts) },
          ),
          { row, column: column.name },
        );
      }
      kept.push(index);
    }
  }
  return ok(kept);
}

function* cellsWithValue(codes: Int32Array): Sliced<number> {
  let cells = 0;
  yield* sliced(codes.length, (start, end) => {
    for (let row = start; row < end; row++) if (codes[row]! >= 0) cells++;
  });
  return cells;
}

/** `row 5: "x", row 9: "y" and 3 more` */
function someCells({ count, first }: Faults): Message {
  const [one, ...others] = first.map(({ row, text }) => message('row {row}: "{text}"', { row, text }));
  const cells = list(one!, ...others);
  const more = count - first.length;
  return more > 0 ? message('{cells} and {more} more', { cells, more }) : cells;
}

/** Whether a row has no value in a column, or misses one of an array. */
export function isMissingAt(column: Column, row: number, rows: number): boolean {
  if (column.kind === 'unusable') return true;
  if (column.kind === 'array') {
    const size = column.values.length / rows;
    // Whole numbers are never missing.
    if (!(column.values instanceof Float64Array || column.values instanceof Float32Array)) return false;
    for (let at = row * size; at < (row + 1) * size; at++) if (Number.isNaN(column.values[at]!)) return true;
    return false;
  }
  return column.kind === 'number' ? Number.isNaN(column.values[row]!) : column.codes[row]! < 0;
}

/** The rows that have all targets (if there are any) and a value in every one of `needed`; what is left out is noted. */
export function* completeRows(
  table: Table,
  targets: readonly Target[] = [],
  needed: readonly number[],
  notes: Message[],
): Sliced<Uint32Array> {
  const columns = needed.map((index) => table.columns[index]!);
  const holes = new Map<string, number>();
  const kept = new Uint32Array(table.rows);
  let count = 0;
  const left = { targetless: tally(), incomplete: tally() };
  yield* sliced(
    table.rows,
    (start, end) => {
      for (let row = start; row < end; row++) {
        if (targets.some(({ values }) => Number.isNaN(values[row]!))) {
          left.targetless.add(table.rowNumbers[row]!);
          continue;
        }
        let complete = true;
        for (const column of columns) {
          if (isMissingAt(column, row, table.rows)) {
            complete = false;
            holes.set(column.name, (holes.get(column.name) ?? 0) + 1);
          }
        }
        if (complete) kept[count++] = row;
        else left.incomplete.add(table.rowNumbers[row]!);
      }
    },
    columns.length,
  );
  if (left.targetless.count > 0) {
    notes.push(
      message('Rows without a value of the target "{target}" are left out: {count} ({rows}). {rule}', {
        target: targets.map(({ name }) => name).join('", "'),
        count: left.targetless.count,
        rows: left.targetless.text(),
        rule: missingCells,
      }),
    );
  }
  if (left.incomplete.count > 0) {
    notes.push(
      message('Rows with missing cells are left out: {count} ({rows}); missing in {columns}. {rule}', {
        count: left.incomplete.count,
        rows: left.incomplete.text(),
        columns: byCount(holes),
        rule: missingCells,
      }),
    );
  }
  return kept.slice(0, count);
}

export function* noteFilled(
  table: Table,
  features: readonly number[],
  rows: Uint32Array,
  notes: Message[],
): Sliced<void> {
  const holes = new Map<string, number>();
  for (const index of features) {
    yield;
    const column = table.columns[index]!;
    let count = 0;
    yield* sliced(rows.length, (start, end) => {
      for (let i = start; i < end; i++) if (isMissingAt(column, rows[i]!, table.rows)) count++;
    });
    if (count > 0) holes.set(column.name, count);
  }
  if (holes.size === 0) return;
  notes.push(
    message(
      'Missing cells are filled: numbers with the mean of the training part, text with no category; {columns}. {rule}',
      { columns: byCount(holes), rule: missingCells },
    ),
  );
}

/** `"age" (10), "fare" (2)`, the most first, five at most. */
function byCount(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 5).map(([name, count]) => `"${name}" (${count})`);
  return sorted.length > 5 ? `${shown.join(', ')} …` : shown.join(', ');
}

function tally() {
  const first: number[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(row: number) {
      count++;
      if (first.length < 5) first.push(row);
    },
    text: () => rowList(first, count),
  };
}

export function tooFewRows(table: Table, left: number, notes: readonly Message[]): Result<never> {
  if (table.rows === 1) return bad(message('The table has only one row; at least two are needed to train.'));
  const counted = message('Only {left} of {rows} rows can be used; at least two are needed.', {
    left,
    rows: table.rows,
  });
  if (notes.length === 0) return bad(counted);
  const advice = message('Set "data.missing" to "mean", or exclude those columns.');
  return bad(sentences(counted, ...notes.slice(0, 5), advice));
}

/** A target as the rows that are used have it. */
interface Present {
  readonly classes: readonly string[] | undefined;
  readonly values: Float64Array;
}

/** The classes that are left in the rows that are used, and the values renumbered by them. */
function* presentClasses(target: Target, rows: Uint32Array, task: Task): Sliced<Present> {
  if (target.classes === undefined || task === 'regression')
    return { classes: undefined, values: target.values };
  const there = yield* valuesOf(target.values, rows);
  if (there.size === target.classes.length) return { classes: target.classes, values: target.values };
  const kept = target.classes.flatMap((_, k) => (there.has(k) ? [k] : []));
  const index = new Map(kept.map((k, position) => [k, position]));
  const values = new Float64Array(target.values.length);
  yield* sliced(values.length, (start, end) => {
    for (let row = start; row < end; row++) values[row] = index.get(target.values[row]!) ?? NaN;
  });
  return { classes: kept.map((k) => target.classes![k]!), values };
}

/** How the target becomes numbers, fitted on the training part. */
export function* fitTarget(
  { name, values }: Target,
  classes: readonly string[] | undefined,
  training: Uint32Array,
  { name: loss, task, link, shiftsFreely }: ColumnUse,
  scaling: 'standard' | 'none',
  notes: Message[],
  warn: Warn,
): Sliced<Result<ColumnEncoding>> {
  if (classes !== undefined) return ok({ kind: 'classes', name, classes });
  const { mean, deviation, constant } = yield* moments(values, training);
  if (constant)
    warn(message('The target "{name}" is {value} in every row of the training part.', { name, value: mean }));
  const asItIs = {
    kind: 'number',
    name,
    mean: 0,
    scale: 1,
    ...(link === 'identity' ? {} : { link }),
  } as const;
  if (scaling === 'none' || task !== 'regression') return ok(asItIs);
  if (!shiftsFreely) {
    notes.push(
      message('The target "{name}" is not standardised: {loss} depends on where its zero is.', {
        name,
        loss,
      }),
    );
    return ok(asItIs);
  }
  if (!Number.isFinite(mean) || !Number.isFinite(deviation)) return tooWide(name);
  return ok({ kind: 'number', name, mean, scale: constant || deviation === 0 ? 1 : deviation });
}
