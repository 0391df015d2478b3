/** What regression losses have to do with each other: special cases, limits and constants that mathematics prescribes. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';

type Values = Readonly<Record<string, number>>;

const defaultsOf = (loss: Loss): Values =>
  Object.fromEntries(loss.parameters.map((parameter) => [parameter.id, parameter.default]));

/** A loss with some parameters, on rows of one output (or one row of a vector where it has features). */
function of(id: string, given: Values = {}, convention?: string) {
  const own = inConvention(loadLoss(id)!, convention);
  const parameters = { ...defaultsOf(own), ...given };
  const loss = decided(own, parameters);
  const element = loss.expression();
  const isVector = loss.inputs[0]!.axes.includes('feature');
  const environment = (pred: readonly number[], target: readonly number[]) => ({
    sizes: isVector ? { sample: 1, feature: pred.length } : { sample: pred.length, output: 1 },
    inputs: { pred, target },
    parameters,
  });
  return {
    /** The loss of each element. */
    values: (pred: readonly number[], target: readonly number[] = pred.map(() => 0)) => [
      ...evaluate(element, environment(pred, target)).data,
    ],
    /** The derivative of their sum by each prediction. */
    slopes: (pred: readonly number[], target: readonly number[] = pred.map(() => 0)) => {
      const at = environment(pred, target);
      return [...broadcast(evaluate(gradient(element, 'pred'), at), loss.inputs[0]!.axes, at.sizes)];
    },
    mean: (pred: readonly number[], target: readonly number[]) =>
      evaluate(reduce(loss, 'mean'), environment(pred, target)).data[0]!,
  };
}

function expectClose(actual: readonly number[], expected: readonly number[], relative = 1e-12): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, k) => {
    expect(Math.abs(x - expected[k]!), `${x} for ${expected[k]}`).toBeLessThanOrEqual(
      relative * Math.abs(expected[k]!) + 1e-15,
    );
  });
}

const residuals = [-700, -31, -2.5, -1, -0.3, -1e-3, -1e-9, 1e-12, 1e-4, 0.25, 0.999, 1.7, 12, 450];
const times = (factor: number, values: readonly number[]) => values.map((x) => factor * x);

describe('special cases', () => {
  it.each([0.1, 1, 7])('Huber over its threshold %d is smooth L1', (delta) => {
    const [huber, smooth] = [of('huber', { delta }), of('smooth-l1', { beta: delta })];
    expectClose(times(1 / delta, huber.values(residuals)), smooth.values(residuals));
    expectClose(times(1 / delta, huber.slopes(residuals)), smooth.slopes(residuals));
  });
  it.each<[string, Values, string, number]>([
    ['smooth-l1', { beta: 0 }, 'mean-absolute-error', 1],
    ['quantile', { tau: 0.5 }, 'mean-absolute-error', 0.5],
    ['epsilon-insensitive', { epsilon: 0 }, 'mean-absolute-error', 1],
    ['squared-epsilon-insensitive', { epsilon: 0 }, 'mean-squared-error', 1],
    ['expectile', { tau: 0.5 }, 'mean-squared-error', 0.5],
    ['half-squared-error', {}, 'mean-squared-error', 0.5],
    ['barron', { alpha: 2, c: 1 }, 'half-squared-error', 1],
  ])('%s with %o is %s, times %d', (id, given, other, factor) => {
    expectClose(of(id, given).values(residuals), times(factor, of(other).values(residuals)));
    expectClose(of(id, given).slopes(residuals), times(factor, of(other).slopes(residuals)));
  });
  // Barron’s table: with u = r/c the named losses with their own scales.
  it.each<[number, string, (c: number) => Values]>([
    [1, 'pseudo-huber', (c) => ({ delta: c })],
    [0, 'cauchy', (c) => ({ c: c * Math.SQRT2 })],
    [-2, 'geman-mcclure', (c) => ({ c: 2 * c })],
    [-Infinity, 'welsch', (c) => ({ c: c * Math.SQRT2 })],
  ])('Barron’s loss at α = %d is %s', (alpha, id, given) => {
    for (const c of [0.5, 1, 3]) {
      const [general, named] = [of('barron', { alpha, c }), of(id, given(c))];
      expectClose(general.values(residuals), times(1 / c ** 2, named.values(residuals)), 1e-11);
      expectClose(general.slopes(residuals), times(1 / c ** 2, named.slopes(residuals)), 1e-11);
    }
  });
  const counts = [0, 1, 2, 5, 40];
  const rates = [0.3, 1, 4, 4.5, 60];
  it('Tweedie at power 1 is twice the Poisson loss above its least value', () => {
    const poisson = of('poisson-nll', { logInput: 0, eps: Number.MIN_VALUE });
    const least = counts.map((y) => (y === 0 ? 0 : y - y * Math.log(y)));
    const excess = poisson.values(rates, counts).map((x, k) => 2 * (x - least[k]!));
    expectClose(of('tweedie', { power: 1 }).values(rates, counts), excess, 1e-11);
  });
  it('Tweedie at power 2 is the gamma deviance, at power 0 the squared error', () => {
    const amounts = [0.2, 1, 3, 7, 30];
    expectClose(
      of('tweedie', { power: 2 }).values(rates, amounts),
      of('gamma-deviance').values(rates, amounts),
    );
    expectClose(
      of('tweedie', { power: 0 }).values(rates, amounts),
      of('mean-squared-error').values(rates, amounts),
    );
  });
  it.each([-1, 0, 1, 1.5, 2, 3])(
    'on the logarithm, Tweedie’s gradient at power %d is half as long',
    (power) => {
      const amounts = [0.2, 1, 3, 7, 30];
      const chained = of('tweedie', { power })
        .slopes(rates, amounts)
        .map((slope, k) => (slope * rates[k]!) / 2);
      expectClose(of('tweedie', { power }, 'log-link').slopes(rates.map(Math.log), amounts), chained, 1e-9);
    },
  );
  it('roots over the batch are the roots of the means', () => {
    const [p, y] = [
      [1, 4, 2.5],
      [0.5, 6, 2],
    ];
    expect(of('root-mean-squared-error').mean(p, y)).toBeCloseTo(
      Math.sqrt(of('mean-squared-error').mean(p, y)),
      14,
    );
    expect(of('root-mean-squared-logarithmic-error').mean(p, y)).toBeCloseTo(
      Math.sqrt(of('mean-squared-logarithmic-error').mean(p, y)),
      14,
    );
  });
});

describe('limits', () => {
  const moderate = residuals.filter((r) => Math.abs(r) < 50);
  it.each([2, 0])('Barron’s loss goes over into its case at α = %d', (limit) => {
    const there = of('barron', { alpha: limit });
    for (const step of [1e-3, 1e-6, 1e-9, 1e-12])
      for (const side of [-step, step]) {
        const near = of('barron', { alpha: limit + side });
        // By its series the loss changes by at most about log(1 + r²)² times the step.
        const slack = 200 * step + 1e-13;
        expectClose(near.values(moderate), there.values(moderate), slack);
        expectClose(near.slopes(moderate), there.slopes(moderate), slack);
      }
  });
  it('Barron’s loss goes over into Welsch’s as α falls', () => {
    const small = moderate.filter((r) => Math.abs(r) < 5);
    const there = of('barron', { alpha: -Infinity });
    for (const alpha of [-1e4, -1e6, -1e9, -1e17, -1e300]) {
      expectClose(of('barron', { alpha }).values(small), there.values(small), 1000 / -alpha + 1e-13);
      expectClose(of('barron', { alpha }).slopes(small), there.slopes(small), 1000 / -alpha + 1e-13);
    }
  });
  it.each([-Infinity, -1e5, -2, -1e-9, 0, 1e-9, 0.5, 1, 2 - 1e-9, 2, 4])(
    'small residuals keep their digits at α = %d',
    (alpha) => {
      for (const r of [1e-3, 1e-6, 1e-9]) {
        // ½r² up to a factor 1 + O(r²).
        expectClose(of('barron', { alpha }).values([r]), [0.5 * r * r], r * r + 1e-14);
        expectClose(of('barron', { alpha }).slopes([r]), [r], 3 * r * r + 1e-14);
      }
    },
  );
  it.each(['pseudo-huber', 'cauchy', 'geman-mcclure', 'welsch'])('%s is ½r² near 0', (id) => {
    const given = { delta: 1, c: 1 };
    for (const r of [1e-3, 1e-6, 1e-9]) expectClose(of(id, given).values([r]), [0.5 * r * r], r * r + 1e-14);
  });
  it('log-cosh is |r| − log 2 far away, on both sides', () => {
    expectClose(of('log-cosh').values([-1e6, 40, 1e9]), [1e6 - Math.LN2, 40 - Math.LN2, 1e9 - Math.LN2]);
    expectClose(of('log-cosh').slopes([-1e6, 40, 1e9]), [-1, 1, 1]);
  });
  it.each([0, 1, 2])('Tweedie goes over into its case at power %d', (limit) => {
    const [p, y] = [
      [0.4, 1.2, 5],
      [0.7, 1, 2],
    ];
    const there = of('tweedie', { power: limit }).values(p, y);
    for (const step of [-1e-5, 1e-5])
      expectClose(of('tweedie', { power: limit + step }).values(p, y), there, 1e-3);
  });
  it('a root has no gradient at a perfect fit, as in every framework', () => {
    expect(of('root-mean-squared-error').slopes([1, 2], [1, 2])).toEqual([NaN, NaN]);
  });
});

describe('best constants', () => {
  const withConstant = losses().filter(
    (loss) => loss.family === 'regression' && loss.bestConstant !== undefined,
  );
  it('are known for the losses that have one', () => {
    expect(withConstant.length).toBeGreaterThanOrEqual(12);
  });
  it.each(withConstant.map((loss) => [loss.id, loss] as const))('of %s beats its neighbours', (id, loss) => {
    const random = randomStream(3, id);
    const isPositive = loss.inputs.some(({ role, kind }) => role === 'target' && kind !== 'value');
    const targets = Array.from({ length: 31 }, () =>
      isPositive ? Math.exp(random.normal()) : 3 * random.normal(),
    );
    const choices = loss.parameters.some((p) => p.id === 'logInput')
      ? [{ logInput: 1 }, { logInput: 0 }]
      : [{}];
    for (const given of choices) {
      const [best] = loss.bestConstant!.of(targets, { ...defaultsOf(loss), ...given }, 1);
      const { mean } = of(id, given);
      const at = (constant: number) =>
        mean(
          targets.map(() => constant),
          targets,
        );
      for (const step of [1e-3, 0.05, 0.5])
        for (const side of [-step, step]) expect(at(best! + side)).toBeGreaterThan(at(best!));
    }
  });
  it('of two losses that differ in their level lie on the right side of the median', () => {
    const targets = [1, 2, 3, 4, 10];
    const at = (id: string, tau: number) => loadLoss(id)!.bestConstant!.of(targets, { tau }, 1)[0]!;
    expect([0.1, 0.5, 0.9].map((tau) => at('quantile', tau))).toEqual([1, 3, 10]);
    expect(at('expectile', 0.5)).toBeCloseTo(4, 14);
    // τ·Σ(y − e)₊ = (1 − τ)·Σ(e − y)₊ at the τ-expectile e.
    const e = at('expectile', 0.8);
    const above = targets.reduce((sum, y) => sum + Math.max(y - e, 0), 0);
    const below = targets.reduce((sum, y) => sum + Math.max(e - y, 0), 0);
    expect(0.8 * above).toBeCloseTo(0.2 * below, 12);
  });
});

describe('cosine similarity', () => {
  const [p, y] = [
    [0.3, -2, 1.5],
    [1, 0.2, -0.7],
  ];
  it('does not see lengths, and its gradient does not change them', () => {
    const { values, slopes } = of('cosine-similarity');
    expectClose(values(times(50, p), times(0.02, y)), values(p, y));
    expect(slopes(p, y).reduce((sum, g, k) => sum + g * p[k]!, 0)).toBeCloseTo(0, 14);
  });
  it('is the same angle in every convention', () => {
    const [keras] = of('cosine-similarity').values(p, y);
    expectClose(of('cosine-similarity', {}, 'torch').values(p, y), [-keras!]);
    expectClose(of('cosine-similarity', {}, 'optax').values(p, y), [1 + keras!]);
    const unit = (x: readonly number[]) => times(1 / Math.hypot(...x), x);
    expectClose(of('cosine-similarity', {}, 'tfjs-core').values(unit(p), unit(y)), [1 + keras!]);
  });
  it('is 0 for a zero vector, where optax has no answer', () => {
    expect(of('cosine-similarity').values([0, 0], [1, 2])).toEqual([-0]);
    expect(of('cosine-similarity', {}, 'torch').values([0, 0], [1, 2])).toEqual([0]);
    expect(of('cosine-similarity', {}, 'optax').values([0, 0], [1, 2])).toEqual([NaN]);
  });
});

describe('the numbers in pitfalls', () => {
  it.each<[string, Values, string | undefined, number[], number[], number, number]>([
    ['pseudo-huber', {}, undefined, [1], [0], 0.414, 3],
    ['huber', {}, undefined, [1], [0], 0.5, 12],
    ['mean-squared-logarithmic-error', {}, undefined, [5], [10], 0.37, 2],
    ['mean-squared-logarithmic-error', {}, undefined, [15], [10], 0.14, 2],
    ['gamma-deviance', {}, undefined, [0.5], [1], 0.61, 2],
    ['gamma-deviance', {}, undefined, [2], [1], 0.39, 2],
    ['cosine-similarity', {}, 'tfjs-core', [1, 2, 3], [2, 4, 6], -27, 12],
    ['log-cosh', {}, 'keras-float32', [0], [0], -1.9e-9, 10],
    ['mean-absolute-percentage-error', {}, undefined, [1], [0], 4.5e15, -14],
  ])('%s with %o in convention %s', (id, given, convention, pred, target, expected, digits) => {
    expect(of(id, given, convention).values(pred, target)[0]).toBeCloseTo(expected, digits);
  });
  it('the gradients of wing, Fair and Welsch', () => {
    expect(of('wing').slopes([1e-9])[0]).toBeCloseTo(5, 6);
    expect(of('fair').slopes([1])[0]).toBe(0.5);
    expect(of('welsch', { c: 1 }).slopes([3])[0]! / 3).toBeLessThan(0.0002);
    expect(Math.fround(of('welsch', { c: 1 }).slopes([10.2])[0]! / 10.2)).toBe(0);
  });
});
