import { describe, expect, it } from 'vitest';
import type { Dataset, Part, Preprocessing } from '../../../src/core/data/dataset.ts';
import { metricsCollector } from '../../../src/core/training/metrics.ts';

function collect(preprocessing: Preprocessing, outputs: number, targets: number[], predicted: number[]) {
  const part: Part = {
    rows: targets.length,
    features: new Float64Array(targets.length),
    targets: Float64Array.from(targets),
  };
  const dataset: Dataset = { preprocessing, width: 1, outputs, training: part, validation: part };
  const metrics = metricsCollector(dataset, part);
  // Two batches, the second short.
  const first = Math.ceil(targets.length / 2);
  metrics.add(Float64Array.from(predicted.slice(0, first * outputs)), 0, first);
  metrics.add(Float64Array.from(predicted.slice(first * outputs)), first, targets.length - first);
  return metrics.value();
}
const classes: Preprocessing = {
  task: 'classes',
  features: [],
  target: { kind: 'classes', name: 'c', classes: ['a', 'b', 'c'] },
};
const binary: Preprocessing = {
  task: 'binary',
  features: [],
  target: { kind: 'classes', name: 'c', classes: ['a', 'b'] },
};
const numbers = (mean: number, scale: number): Preprocessing => ({
  task: 'regression',
  features: [],
  target: { kind: 'number', name: 'y', mean, scale },
});

describe('metrics', () => {
  it('count right classes by the largest output', () => {
    expect(collect(classes, 3, [0, 1, 2], [1, 0, 0, /**/ 0, 5, 9, /**/ -3, -2, -1])).toEqual({
      accuracy: 2 / 3,
    });
  });

  it('count right binary answers by the sign of the logit', () => {
    expect(collect(binary, 1, [1, 0, 1, 0], [0.1, -5, -0.1, 0])).toEqual({ accuracy: 3 / 4 });
  });

  it('are the root mean square error and R² in original units', () => {
    // Targets 10 + 2·(1, 2, 3) = 12, 14, 16; predictions 12, 16, 16: squared residuals 0, 4, 0, spread 8.
    const { rmse, r2 } = collect(numbers(10, 2), 1, [1, 2, 3], [1, 3, 3]);
    expect(rmse).toBeCloseTo(Math.sqrt(4 / 3), 14);
    expect(r2).toBeCloseTo(1 - 4 / 8, 14);
  });

  it('leave R² out where all targets are equal, also where rounding would give them a spread', () => {
    expect(collect(numbers(0, 1), 1, Array<number>(7).fill(0.1), Array<number>(7).fill(0.1))).toEqual({
      rmse: 0,
    });
  });
});
