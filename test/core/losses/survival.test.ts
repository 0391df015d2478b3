import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

interface Cohort {
  readonly pred: readonly number[];
  readonly time: readonly number[];
  readonly event: readonly number[];
}

const batch = (cohort: Cohort) => ({
  sizes: { sample: cohort.pred.length },
  inputs: { pred: cohort.pred, time: cohort.time, event: cohort.event },
});

/** Times of few different values, so that there are ties. */
function cohort(seed: number, count: number, tied: boolean): Cohort {
  const random = randomStream(seed, 'cohort');
  const each = (one: (k: number) => number) => Array.from({ length: count }, (_, k) => one(k));
  return {
    pred: each(() => random.normal()),
    time: tied ? each(() => 1 + random.below(4)) : each(() => Math.exp(random.normal())),
    event: each((k) => (k === 0 ? 1 : random.below(2))),
  };
}

/** The textbook sums, event by event. */
function plainCox({ pred, time, event }: Cohort, ties: 'breslow' | 'efron'): number {
  let total = 0;
  const times = [...new Set(time.filter((_, i) => event[i] === 1))];
  for (const t of times) {
    const dead = pred.filter((_, i) => event[i] === 1 && time[i] === t);
    const hazards = (of: readonly number[]) => of.reduce((sum, s) => sum + Math.exp(s), 0);
    const atRisk = hazards(pred.filter((_, i) => time[i]! >= t));
    dead.forEach((s, l) => {
      const gone = ties === 'efron' ? (l / dead.length) * hazards(dead) : 0;
      total += Math.log(atRisk - gone) - s;
    });
  }
  return total;
}

describe('the Cox partial likelihood', () => {
  const cox = lossOf('cox-partial-likelihood');
  const efron = lossOf('cox-partial-likelihood', 'efron');

  it.each(Array.from({ length: 20 }, (_, seed) => seed))('equals the plain sums, cohort %d', (seed) => {
    for (const tied of [false, true]) {
      const one = cohort(seed, 4 + seed, tied);
      expect(value(cox, batch(one))).toBeCloseTo(plainCox(one, 'breslow'), 10);
      expect(value(efron, batch(one))).toBeCloseTo(plainCox(one, 'efron'), 10);
    }
  });
  it('without ties is the same as Efron has it, with ties larger', () => {
    const apart = batch(cohort(1, 9, false));
    expect(value(efron, apart)).toBe(value(cox, apart));
    const tied = batch({ pred: [0, 0, 0], time: [1, 1, 2], event: [1, 1, 1] });
    expect(value(cox, tied)).toBeCloseTo(2 * Math.log(3), 12);
    expect(value(efron, tied)).toBeCloseTo(Math.log(3) + Math.log(2), 12);
  });
  it('knows only the order of times and the differences of scores', () => {
    const one = cohort(2, 12, false);
    const stretched = { ...one, time: one.time.map((t) => Math.log1p(t) ** 3) };
    const lifted = { ...one, pred: one.pred.map((s) => s + 40) };
    expect(value(cox, batch(stretched))).toBe(value(cox, batch(one)));
    expect(value(cox, batch(lifted))).toBeCloseTo(value(cox, batch(one)), 10);
    const total = slope(cox, batch(one), 'pred').reduce((sum, g) => sum + g, 0);
    expect(total).toBeCloseTo(0, 12);
  });
  it('gives the orders of events probabilities that sum to 1', () => {
    const pred = [0.3, -1.2, 2, 0.7];
    const orders = (rest: readonly number[]): number[][] =>
      rest.length === 0
        ? [[]]
        : rest.flatMap((k) => orders(rest.filter((j) => j !== k)).map((tail) => [k, ...tail]));
    const probabilities = orders([1, 2, 3, 4]).map((time) =>
      Math.exp(-value(cox, batch({ pred, time, event: [1, 1, 1, 1] }))),
    );
    expect(probabilities).toHaveLength(24);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
  });
  it('averages over the events, and is nothing without one', () => {
    const one = cohort(3, 8, false);
    const events = one.event.reduce((sum, e) => sum + e, 0);
    expect(value(cox, batch(one), 'mean')).toBeCloseTo(value(cox, batch(one)) / events, 12);
    const none = batch({ ...one, event: one.event.map(() => 0) });
    expect(value(cox, none)).toBe(0);
    expect(value(cox, none, 'mean')).toBeNaN();
    for (const definition of [cox, efron])
      for (const g of slope(definition, none, 'pred')) expect(Math.abs(g)).toBe(0);
  });
});

describe('accelerated failure time', () => {
  const aft = lossOf('accelerated-failure-time');
  const names = ['normal', 'logistic', 'extreme'];
  const likelihood = (time: readonly number[], event: 0 | 1, parameters: Readonly<Record<string, number>>) =>
    values(aft, {
      sizes: { sample: time.length },
      inputs: { pred: time.map(() => 0.4), time, event: time.map(() => event) },
      parameters,
    }).map((loss) => Math.exp(-loss));

  it.each(names.map((name, distribution) => [name, distribution] as const))(
    '%s: the density integrates to 1, and from a time on to the chance of surviving it',
    (_, distribution) => {
      for (const sigma of [0.5, 1, 1.7]) {
        const parameters = { distribution, sigma };
        // Over log t, where the density times t has light tails.
        const [low, high, count] = [-70 * sigma, 70 * sigma, 20_000];
        const step = (high - low) / count;
        const times = Array.from({ length: count + 1 }, (_, k) => Math.exp(low + k * step));
        const density = likelihood(times, 1, parameters).map((p, k) => p * times[k]!);
        expect(density.reduce((sum, p) => sum + p, 0) * step).toBeCloseTo(1, 8);
        const from = times.findIndex((t) => t > 1.3);
        // Half of the first element: the trapezoidal rule.
        const tail = (density.slice(from).reduce((sum, p) => sum + p, 0) - density[from]! / 2) * step;
        expect(likelihood([times[from]!], 0, parameters)[0]).toBeCloseTo(tail, 4);
      }
    },
  );
  it('of a normal residual is least squares of the logarithm, apart from censoring', () => {
    const at = (pred: number, sigma: number) => ({
      sizes: { sample: 1 },
      inputs: { pred: [pred], time: [3], event: [1] },
      parameters: { sigma },
    });
    for (const sigma of [0.5, 2])
      expect(slope(aft, at(0.7, sigma), 'pred')[0]).toBeCloseTo((0.7 - Math.log(3)) / sigma ** 2, 12);
  });
  it('of an extreme residual and σ = 1 is an exponential distribution of time', () => {
    // Rate e^−ŷ: −log(rate) + rate·t seen, rate·t survived.
    const [pred, time] = [0.4, 2.5];
    const rate = Math.exp(-pred);
    const at = (event: number) => ({
      sizes: { sample: 1 },
      inputs: { pred: [pred], time: [time], event: [event] },
      parameters: { distribution: 2, sigma: 1 },
    });
    expect(value(aft, at(1))).toBeCloseTo(rate * time - Math.log(rate), 12);
    expect(value(aft, at(0))).toBeCloseTo(rate * time, 12);
  });
  it('changes with the unit of time by a constant for events, not for censored times', () => {
    const at = (unit: number, event: number) => ({
      sizes: { sample: 1 },
      inputs: { pred: [0.2 + Math.log(unit)], time: [1.7 * unit], event: [event] },
    });
    expect(value(aft, at(60, 1)) - value(aft, at(1, 1))).toBeCloseTo(Math.log(60), 12);
    expect(value(aft, at(60, 0))).toBeCloseTo(value(aft, at(1, 0)), 12);
  });
  it('keeps its digits far out, where the chance itself is 0 in double precision', () => {
    const at = { sizes: { sample: 1 }, inputs: { pred: [-200], time: [1], event: [0] } };
    // −log(1 − Φ(200)) by the asymptotic series of Mills' ratio.
    const mills = 200 ** 2 / 2 + Math.log(200) + 0.5 * Math.log(2 * Math.PI) - Math.log1p(-1 / 200 ** 2);
    expect(value(aft, at)).toBeCloseTo(mills, 6);
    expect(slope(aft, at, 'pred')[0]).toBeCloseTo(-200.005, 4);
  });
});
