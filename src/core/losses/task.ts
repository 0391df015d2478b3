import { predictionsOf, targetsOf, type InputKind, type Loss } from './loss.ts';

/** What a column of a table is to a model: a number per row, one of two classes, or one of several. */
export type Task = 'regression' | 'binary' | 'classes';

const tasks: Partial<Record<InputKind, Task>> = {
  value: 'regression',
  positive: 'regression',
  nonnegative: 'regression',
  'binary-label': 'binary',
  'sign-label': 'binary',
  'class-index': 'classes',
  distribution: 'classes',
};

/** The task that a model with this loss solves; undefined for a loss that needs more than one column of targets. */
export function taskOf(loss: Loss): Task | undefined {
  const [prediction, another] = predictionsOf(loss);
  const [target, further] = targetsOf(loss);
  if (prediction === undefined || target === undefined || another !== undefined || further !== undefined)
    return undefined;
  const task = tasks[target.kind];
  const wanted = task === 'classes' ? 'class' : 'output';
  // Distances of pairs: which of two labels a large one speaks for differs from loss to loss.
  if (task === 'binary' && prediction.kind === 'nonnegative') return undefined;
  const fits = prediction.axes.every((axis) => axis === 'sample' || axis === wanted);
  return fits && prediction.axes.includes('sample') ? task : undefined;
}
