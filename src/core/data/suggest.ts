import type { Task } from '../losses/task.ts';
import type { ExperimentInput } from '../training/experiment.ts';
import { builtins } from './builtin.ts';
import type { BuiltinId, GeneratedId } from './catalogue.ts';
import { sniffedRows } from './csv.ts';
import { generators } from './generators.ts';
import type { Look, LookedColumn } from './look.ts';

/** Losses to begin with, by what is predicted. */
export const usualLoss: Readonly<Record<Task, string>> = {
  regression: 'mean-squared-error',
  binary: 'binary-cross-entropy-logits',
  classes: 'softmax-cross-entropy',
};

/** What a file's beginning says, as far as a suggestion needs it. */
type Seen = Pick<Look, 'columns' | 'rows' | 'totalRows' | 'exact'>;

/** The parts of an experiment that depend on the data set. */
type Settings = Pick<ExperimentInput, 'task' | 'split' | 'scaling' | 'model' | 'optimizer' | 'training'>;

/**
 * Model and training that suit each shipped or generated set. Every one trains within seconds; what they reach is
 * measured by test/core/data/reach.test.ts.
 */
const settings: Readonly<Record<BuiltinId | GeneratedId, Settings>> = {
  line: {
    split: { validation: 0 },
    scaling: { features: 'none', target: 'none' },
    model: { type: 'mlp', hidden: [] },
    optimizer: { type: 'sgd', rate: 0.01 },
    training: { epochs: 1000, batch: 'full', shuffle: false },
  },
  iris: { model: { type: 'mlp', hidden: [16] }, training: { epochs: 100, batch: 16 } },
  wine: { model: { type: 'mlp', hidden: [16] }, training: { epochs: 50, batch: 16 } },
  'breast-cancer': { model: { type: 'mlp', hidden: [16] }, training: { epochs: 30, batch: 32 } },
  diabetes: {
    model: { type: 'mlp', hidden: [16] },
    optimizer: { type: 'adam', rate: 0.003 },
    training: { epochs: 50, batch: 32 },
  },
  digits: { model: { type: 'mlp', hidden: [32] }, training: { epochs: 30, batch: 32 } },
  'noisy-line': { model: { type: 'mlp', hidden: [] }, training: { epochs: 100, batch: 32 } },
  'two-moons': { model: { type: 'mlp', hidden: [16, 16] }, training: { epochs: 100, batch: 32 } },
  circles: { model: { type: 'mlp', hidden: [16] }, training: { epochs: 100, batch: 32 } },
  spiral: {
    model: { type: 'mlp', hidden: [32, 32], activation: 'tanh' },
    training: { epochs: 200, batch: 32 },
  },
  blobs: { model: { type: 'mlp', hidden: [16] }, training: { epochs: 50, batch: 32 } },
  seasonal: {
    task: { type: 'forecast', window: 48, horizon: 12, time: 'time' },
    model: { type: 'mlp', hidden: [] },
    optimizer: { type: 'adam', rate: 0.01 },
    training: { epochs: 50, batch: 32 },
  },
  preferences: {
    task: { type: 'recommendation', user: 'user', item: 'item' },
    model: { type: 'factorisation', factors: 8 },
    optimizer: { type: 'adam', rate: 0.01 },
    training: { epochs: 30, batch: 256 },
  },
};

/**
 * An experiment to begin with. `data` is as far as the user has chosen it; for a file `seen` is what {@link sniff}
 * found. A target in `data` is kept, and the loss follows it.
 */
export function suggestExperiment(data: ExperimentInput['data'], seen?: Seen): ExperimentInput {
  if (data.source === 'generated') {
    const generator = generators[data.name];
    return {
      version: 1,
      data: {
        noise: generator.noise,
        ...(generator.samples !== undefined && { samples: generator.samples }),
        ...data,
      },
      ...settings[data.name],
      loss: { id: generator.loss },
    };
  }
  if (data.source === 'builtin') {
    const builtin = builtins[data.name];
    const own = data.target === undefined || data.target === builtin.target;
    // The features of the shipped sets are all numbers.
    const task = seen === undefined ? 'regression' : suggestTask(seen, data.target);
    return {
      version: 1,
      data,
      ...settings[data.name],
      loss: { id: own ? builtin.loss : usualLoss[task] },
    };
  }
  if (data.source === 'images') {
    return {
      version: 1,
      data,
      scaling: { features: 'minmax' },
      model: { type: 'mlp', hidden: [32] },
      loss: { id: usualLoss.classes },
      training: { epochs: 20, batch: 32 },
    };
  }
  const target = data.target ?? seen?.columns.at(-1)?.name;
  const exclude = data.exclude ?? (seen === undefined ? [] : rowNumberColumns(seen, target));
  const rows = seen?.totalRows ?? 1000;
  const pixels = seen?.columns.some(({ bytes, shape = [] }) => bytes === true && shape.length > 1) === true;
  return {
    version: 1,
    data: { ...data, ...(target !== undefined && { target }), ...(exclude.length > 0 && { exclude }) },
    ...(pixels && { scaling: { features: 'minmax' } }),
    model: { type: 'mlp', hidden: rows < 1000 ? [16] : [32, 32] },
    loss: { id: usualLoss[seen === undefined ? 'regression' : suggestTask(seen, target)] },
    training: { epochs: epochsFor(rows), batch: rows < 2000 ? 32 : rows < 100_000 ? 128 : 1024 },
  };
}

/** Enough passes for some thousand steps, a hundred at most. */
function epochsFor(rows: number): number {
  return Math.max(3, Math.min(100, Math.round(200_000 / Math.max(1, rows))));
}

/**
 * What a column as the target asks for: text is classes (two seen in a whole file: binary); numbers are classes if
 * they are few, whole and come again and again, otherwise a quantity.
 */
export function suggestTask(seen: Seen, target: string | undefined): Task {
  const column = seen.columns.find(({ name }) => name === target);
  if (column === undefined) return 'regression';
  const isClasses =
    column.kind === 'text' ||
    (column.whole && column.distinct <= 20 && seen.rows >= 5 * column.distinct && column.distinct >= 2);
  if (!isClasses) return 'regression';
  // The part of a large file that was not seen may have more classes; softmax takes any number.
  return seen.exact && column.distinct === 2 ? 'binary' : 'classes';
}

/** Columns that only number the rows, as data frames write them: whole, consecutive, named `id`, `index` or nothing. */
function rowNumberColumns(seen: Seen, target: string | undefined): string[] {
  const counts = ({ samples }: LookedColumn): boolean =>
    samples.length > 1 && samples.every((cell, i) => i === 0 || Number(cell) === Number(samples[i - 1]) + 1);
  return seen.columns
    .filter(
      (column) =>
        column.name !== target && column.whole && column.distinct === Math.min(seen.rows, sniffedRows),
    )
    .filter(
      (column) => /^(?:id|index|row|no\.?|nr\.?|#|unnamed: 0|column 1)$/i.test(column.name) && counts(column),
    )
    .map(({ name }) => name);
}
