import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import {
  biasStart,
  draw,
  initialiserNames,
  weightStart,
  type Initialiser,
} from '../../../src/core/network/initialisers.ts';
import { parameterShape } from '../../../src/core/network/parameterShape.ts';

const fans = { in: 50, out: 200 };
const weights = (initialiser: Initialiser, shape = [50, 200]) =>
  draw(parameterShape('l', 'weight', shape, weightStart(initialiser, fans)), randomStream(1, 'weights'));

describe('initialisers', () => {
  // Variances of their authors; 10,000 draws: five standard errors.
  it.each([
    ['default', 1 / (3 * 50), 'uniform'],
    ['glorotUniform', 2 / 250, 'uniform'],
    ['glorotNormal', 2 / 250, 'normal'],
    ['heUniform', 2 / 50, 'uniform'],
    ['heNormal', 2 / 50, 'normal'],
    ['lecunUniform', 1 / 50, 'uniform'],
    ['lecunNormal', 1 / 50, 'normal'],
  ] as const)('%s has variance %d and is %s', (initialiser, variance, kind) => {
    const values = weights(initialiser);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const found = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    // Var(s²) is (κ − 1)σ⁴/n with kurtosis κ = 1.8 or 3.
    const kurtosis = kind === 'uniform' ? 1.8 : 3;
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / values.length));
    expect(Math.abs(found - variance)).toBeLessThan(5 * variance * Math.sqrt((kurtosis - 1) / values.length));
    const largest = Math.max(...values.map(Math.abs));
    const bound = Math.sqrt(3 * variance);
    if (kind === 'uniform') expect(largest).toBeLessThanOrEqual(bound);
    else expect(largest).toBeGreaterThan(1.5 * bound);
  });

  it.each([
    [[6, 4], 4],
    [[4, 6], 4],
    [[5, 5], 5],
    [[3, 3, 2, 7], 7],
  ])('orthogonal weights of shape %j have %i orthonormal rows or columns', (shape, count) => {
    const values = weights('orthogonal', shape);
    const columns = shape.at(-1)!;
    const rows = values.length / columns;
    const vector = (i: number) =>
      rows < columns
        ? [...values.subarray(i * columns, (i + 1) * columns)]
        : Array.from({ length: rows }, (_, row) => values[row * columns + i]!);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const product = vector(i).reduce((sum, x, k) => sum + x * vector(j)[k]!, 0);
        expect(product).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });

  it('can be a constant', () => {
    expect(new Set(weights({ constant: 0.25 }))).toEqual(new Set([0.25]));
  });

  it('leave biases at 0, but by default draw them as PyTorch does', () => {
    const others: Initialiser[] = initialiserNames.filter((name) => name !== 'default');
    for (const initialiser of [...others, { constant: 3 }])
      expect(biasStart(initialiser, fans)).toEqual({ kind: 'constant', value: 0 });
    expect(biasStart('default', fans)).toEqual({ kind: 'uniform', bound: 1 / Math.sqrt(50) });
  });
});
