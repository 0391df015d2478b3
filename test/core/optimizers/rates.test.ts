import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { afterEpoch, plateauStart, type PlateauState } from '../../../src/core/optimizers/plateau.ts';
import { rateAt } from '../../../src/core/optimizers/rates.ts';
import { optimizerSchema } from '../../../src/core/training/schema/optimizer.ts';

// Golden schedules are in golden.test.ts; here is what stands between them and a run.

const parse = (given: object) => v.parse(optimizerSchema, { type: 'sgd', rate: 1, ...given });
const perEpoch = 4;
/** Rates of the steps 1, 2, … of a run. */
const rates = (given: object, steps: number, factor?: number) =>
  Array.from({ length: steps }, (_, i) =>
    rateAt(parse(given), {
      step: i + 1,
      epoch: Math.floor(i / perEpoch),
      stepsPerEpoch: perEpoch,
      totalSteps: steps,
      ...(factor === undefined ? {} : { factor }),
    }),
  );
const expectClose = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i], `step ${i + 1}`).toBeCloseTo(value, 14));
};

describe('the rate of a step', () => {
  it('is the same in all steps of an epoch, or of its own', () => {
    expectClose(
      rates({ schedule: { type: 'exponential', factor: 0.5 } }, 8),
      [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5],
    );
    expectClose(rates({ schedule: { type: 'exponential', factor: 0.5, every: 'step' } }, 3), [1, 0.5, 0.25]);
  });

  it('ends with the run where no length is given', () => {
    expectClose(rates({ schedule: { type: 'linear', every: 'step' } }, 4), [1, 0.75, 0.5, 0.25]);
    expectClose(rates({ schedule: { type: 'linear' } }, 8), [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]);
    const cosine = rates({ schedule: { type: 'cosine', every: 'step', minimum: 0.1 } }, 3);
    expectClose(cosine, [1, 0.1 + 0.9 * 0.75, 0.1 + 0.9 * 0.25]);
    // Of a run without an end it is the beginning.
    expect(rateAt(parse({ schedule: { type: 'cosine' } }), { step: 9, epoch: 2, stepsPerEpoch: 4 })).toBe(1);
  });

  it('rises before its schedule begins', () => {
    const warmup = { length: 2, from: 0.5 };
    expectClose(rates({ warmup }, 4), [0.5, 0.75, 1, 1]);
    expectClose(
      rates({ warmup, schedule: { type: 'linear', every: 'step' } }, 6),
      [0.5, 0.75, 1, 0.75, 0.5, 0.25],
    );
    // A schedule by epoch begins with the first whole epoch after the rise.
    const halved = { type: 'exponential', factor: 0.5 };
    expectClose(rates({ warmup, schedule: halved }, 12), [0.5, 0.75, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]);
    const byEpoch = { length: 1, from: 0.5, every: 'epoch' };
    expectClose(
      rates({ warmup: byEpoch, schedule: { ...halved, every: 'step' } }, 6),
      [0.5, 0.5, 0.5, 0.5, 1, 0.5],
    );
  });

  it('counts updates where batches are accumulated', () => {
    const given = {
      accumulate: 2,
      warmup: { length: 2, from: 0 },
      schedule: { type: 'linear', every: 'step' },
    };
    expectClose(rates(given, 12), [0, 0, 0.5, 0.5, 1, 1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25]);
  });

  it('is multiplied on plateaus, whatever the schedule', () => {
    expectClose(rates({ schedule: { type: 'plateau' } }, 2, 0.1), [0.1, 0.1]);
    expectClose(rates({ warmup: { length: 2, from: 0.5 } }, 3, 0.1), [0.05, 0.075, 0.1]);
  });

  it('peaks once in one cycle and stays at its end', () => {
    const schedule = { type: 'one-cycle', rise: 0.5, start: 4, end: 10, shape: 'linear', length: 5 };
    // Peak after 0.5 · 5 − 1 = 1.5 steps, the end after 4.
    const fall = (t: number) => 1 + ((0.025 - 1) * (t - 1.5)) / 2.5;
    expectClose(rates({ schedule }, 7), [0.25, 0.75, fall(2), fall(3), 0.025, 0.025, 0.025]);
  });
});

describe('the reduction on plateaus', () => {
  const schedule = { type: 'plateau', factor: 0.5, patience: 1, cooldown: 1, minimum: 0.2 };
  const run = (given: object, losses: readonly number[]) => {
    const states: PlateauState[] = [];
    for (const loss of losses) states.push(afterEpoch(parse(given), states.at(-1) ?? plateauStart, loss));
    return states;
  };

  it('waits for its patience and cooldown, and ends at the minimum', () => {
    const factors = run({ schedule }, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]).map(({ factor }) => factor);
    expect(factors).toEqual([1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2]);
  });

  it('takes NaN for no improvement', () => {
    expect(run({ schedule }, [NaN, NaN]).at(-1)).toEqual({ best: null, bad: 0, cooling: 1, factor: 0.5 });
  });

  it('is plain JSON', () => {
    const losses = [3, 2, 2, 2, 1, 1, 1];
    const whole = run({ schedule }, losses);
    for (const state of whole) expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  it('leaves other schedules alone', () => {
    expect(run({ schedule: { type: 'cosine' } }, [1, 1, 1]).at(-1)).toBe(plateauStart);
  });
});
