import { describe, expect, it } from 'vitest';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { english } from '../../../src/core/messages/message.ts';
import { describeCost, memoryText, runCost } from '../../../src/core/training/cost.ts';
import { planColumn } from '../../../src/core/tasks/column.ts';
import type { RunPlans } from '../../../src/core/training/plans.ts';
import { experiment, randomDataset } from './datasets.ts';

function plansOf(hidden: number[], batch: number, rows = 1000): RunPlans {
  const plans = planColumn(
    experiment({
      model: { type: 'mlp', hidden },
      loss: { id: 'mean-squared-error' },
      training: { batch },
    }),
    randomDataset('regression', { width: 8, training: rows, validation: 8 }),
    loadLoss('mean-squared-error')!,
  );
  if (!plans.ok) throw new Error('no plans');
  return plans.value;
}

describe('the cost of a run', () => {
  it('counts parameters, and the products of forward, filter gradient and backward pass', () => {
    const { parameters, operations } = runCost(plansOf([16], 32), 'webasm');
    expect(parameters).toBe(8 * 16 + 16 + 16 + 1);
    // Outputs are padded to 4 columns. The first layer hands no gradient on to the data.
    const [first, second] = [32 * 8 * 16, 32 * 16 * 4];
    expect(operations).toBeGreaterThanOrEqual(2 * (2 * first + (3 * second) / 4));
    expect(operations).toBeLessThanOrEqual(2 * (2 * first + 3 * second));
  });

  it('grows with rows, batch and parameters as the buffers do', () => {
    const bytes = (plans: RunPlans) => runCost(plans, 'webasm').bytes;
    const small = bytes(plansOf([16], 32));
    // Eight features and a target more per row, at 4 bytes and at 8 on the reference.
    const more = bytes(plansOf([16], 32, 2000)) - small;
    expect(more).toBeGreaterThanOrEqual(1000 * 9 * 12);
    expect(more).toBeLessThan(2 * 1000 * 9 * 12);
    // A layer of 512 × 512: weights, two moments on the device, the reference and the host at least.
    const wide = bytes(plansOf([512, 512], 32));
    expect(wide).toBeGreaterThan(3 * 512 * 512 * (12 + 8));
    expect(bytes(plansOf([512, 512], 64)) - wide).toBeGreaterThan(32 * 2 * 512 * 12);
    // The reference alone is not compared with another device.
    expect(runCost(plansOf([16], 32), 'float64').bytes).toBeLessThan(small);
  });

  it('is told in words', () => {
    const told = (operations: number) => english(describeCost({ parameters: 131, bytes: 2.5e6, operations }));
    expect(told(3_440_000)).toBe(
      'The model has 131 parameters; training takes about 2.38 MB of memory and 3.4 million operations a step.',
    );
    expect(told(9_960)).toContain('10 thousand');
    expect([0, 2 ** 19, 100 * 2 ** 20, 1.5 * 2 ** 30].map(memoryText)).toEqual([
      '0.1 MB',
      '0.5 MB',
      '100 MB',
      '1.5 GB',
    ]);
  });
});
