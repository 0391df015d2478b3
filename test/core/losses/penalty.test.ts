import { describe, expect, it } from 'vitest';
import { lossOf, slope, value } from './evaluation.ts';

const weights = [1.5, -0.25, 0, 2];
const at = (parameters: Readonly<Record<string, number>>) => ({
  sizes: { feature: weights.length },
  inputs: { weights },
  parameters,
});

describe('penalties', () => {
  it('are sums over the weights', () => {
    expect(value(lossOf('l1-penalty'), at({ strength: 2 }))).toBe(2 * 3.75);
    expect(value(lossOf('l2-penalty'), at({ strength: 2 }))).toBe(2 * 6.3125);
    expect(value(lossOf('elastic-net'), at({ l1: 2, l2: 4 }))).toBe(2 * 3.75 + 4 * 6.3125);
  });
  it('L2 with the half has the gradient of weight_decay, without it twice that', () => {
    const decay = weights.map((w) => 0.5 * w);
    expect(slope(lossOf('l2-penalty', 'half'), at({ strength: 0.5 }), 'weights')).toEqual(decay);
    expect(slope(lossOf('l2-penalty'), at({ strength: 0.25 }), 'weights')).toEqual(decay);
  });
  it('a step of plain SGD on the half penalty is decoupled decay', () => {
    const [rate, strength] = [0.1, 0.5];
    const step = slope(lossOf('l2-penalty', 'half'), at({ strength }), 'weights').map(
      (g, k) => weights[k]! - rate * g,
    );
    step.forEach((w, k) => {
      expect(w).toBeCloseTo((1 - rate * strength) * weights[k]!, 15);
    });
  });
  it('L1 pulls every weight with the same force, and none at 0', () => {
    expect(slope(lossOf('l1-penalty'), at({ strength: 3 }), 'weights')).toEqual([3, -3, 0, 3]);
  });
  it('the elastic net of scikit-learn is that of Keras with λ₁ = αρ and λ₂ = ½α(1 − ρ)', () => {
    for (const [alpha, l1Ratio] of [
      [1, 0.5],
      [0.3, 0.2],
      [2, 0],
      [2, 1],
    ] as const) {
      const ours = at({ l1: alpha * l1Ratio, l2: (alpha * (1 - l1Ratio)) / 2 });
      const theirs = value(lossOf('elastic-net', 'sklearn'), at({ alpha, l1Ratio }));
      expect(theirs).toBeCloseTo(value(lossOf('elastic-net'), ours), 14);
    }
    const [first, second] = [at({ alpha: 1, l1Ratio: 0.5 }), at({ l1: 0.5, l2: 0.25 })];
    expect(value(lossOf('elastic-net', 'sklearn'), first)).toBe(value(lossOf('elastic-net'), second));
  });
  it('the elastic net has L1 and L2 as its ends', () => {
    expect(value(lossOf('elastic-net'), at({ l1: 0.7, l2: 0 }))).toBe(
      value(lossOf('l1-penalty'), at({ strength: 0.7 })),
    );
    expect(value(lossOf('elastic-net'), at({ l1: 0, l2: 0.7 }))).toBe(
      value(lossOf('l2-penalty'), at({ strength: 0.7 })),
    );
  });
});
