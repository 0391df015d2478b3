import type { Dataset, Part } from '../data/dataset.ts';
import { linked, type Link } from '../losses/column.ts';
import type { Metrics } from '../runs/record.ts';

/** Collects a part's outputs batch by batch; `value` is the task's metrics over all rows added. */
export interface MetricsCollector {
  /** Raw outputs (rows × dataset.outputs) of the rows from `first` on. */
  add(outputs: Float64Array, first: number, rows: number): void;
  value(): Metrics;
}

/**
 * The task's metrics on a part: `accuracy`, or for regression `rmse` and `r2` in the target's own units.
 * A class is the largest output (the first of equals); a binary answer is 1 where its logit is above 0.
 * R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)² is left out where it is undefined: all targets equal.
 */
export function metricsCollector(dataset: Dataset, part: Part): MetricsCollector {
  const { task, target } = dataset.preprocessing;
  switch (task) {
    case 'classes':
      return accuracy(part, (outputs, row) => largest(outputs, row * dataset.outputs, dataset.outputs));
    case 'binary':
      return accuracy(part, (outputs, row) => (outputs[row]! > 0 ? 1 : 0));
    case 'regression':
      // Mean and scale of the target: a residual in original units is the scaled residual times the scale.
      return target.kind === 'number'
        ? regression(part, target.scale, target.link ?? 'identity')
        : regression(part, 1, 'identity');
  }
}

function accuracy(part: Part, answer: (outputs: Float64Array, row: number) => number): MetricsCollector {
  let right = 0;
  let seen = 0;
  return {
    add(outputs, first, rows) {
      for (let row = 0; row < rows; row++) if (answer(outputs, row) === part.targets[first + row]) right++;
      seen += rows;
    },
    value: () => ({ accuracy: right / seen }),
  };
}

function largest(outputs: Float64Array, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (outputs[start + i]! > outputs[start + best]!) best = i;
  return best;
}

function regression(part: Part, scale: number, link: Link): MetricsCollector {
  let residual = 0;
  let seen = 0;
  return {
    add(outputs, first, rows) {
      for (let row = 0; row < rows; row++)
        residual += (linked(link, outputs[row]!) - part.targets[first + row]!) ** 2;
      seen += rows;
    },
    value() {
      const rmse = Math.sqrt(residual / seen) * scale;
      const spread = sumOfSquares(part.targets);
      return spread > 0 ? { rmse, r2: 1 - residual / spread } : { rmse };
    },
  };
}

/** Σ(y − ȳ)². The mean is formed from differences to the first value, so that equal values give exactly 0. */
export function sumOfSquares(values: Float64Array): number {
  const first = values[0] ?? 0;
  let shift = 0;
  for (const value of values) shift += value - first;
  const mean = first + shift / values.length;
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return sum;
}
