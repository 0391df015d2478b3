import { describe, expect, it } from 'vitest';
import golden from '../../fixtures/golden/optimizers.json' with { type: 'json' };
import { updateRule } from '../../../src/core/optimizers/optimizers.ts';
import { runOptimizers, updateTrajectory } from '../../golden/optimizers.ts';

describe('golden optimizers', async () => {
  const results = await runOptimizers(
    { name: 'optimizers.json', family: 'optimizers', cases: golden.cases, rest: {} },
    { files: new Map() },
  );

  it('skip only what is neither SGD nor PyTorch’s Adam', () => {
    const skipped = results.filter((r) => r.outcome === 'skipped').map((r) => r.id);
    expect(skipped.filter((id) => /sgd|nesterov|torch-adam(_betas_eps)?-/.test(id))).toEqual([]);
    expect(results.length - skipped.length).toBeGreaterThan(10);
  });

  it.each(results.filter((r) => r.outcome !== 'skipped'))('$id', (result) => {
    expect(result).toEqual({ id: result.id, outcome: 'passed' });
  });
});

describe('update rules', () => {
  it('keep no state that they do not need', () => {
    const sgd = {
      type: 'sgd',
      rate: 0.1,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
    } as const;
    expect(updateRule(sgd).slots).toEqual([]);
    expect(updateRule({ ...sgd, momentum: 0.9 }).slots).toEqual(['velocity']);
  });

  it('penalise weights in Adam by adding to the gradient', async () => {
    // One step from zero moments moves by rate · g/(|g| + ε) with g = ∇ + λp, here 0.5 + 0.25 · (−2) = 0.
    const adam = {
      type: 'adam',
      rate: 0.1,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.25,
    } as const;
    expect(await updateTrajectory(adam, [-2], [[0.5]])).toEqual([[-2]]);
    const [[moved]] = (await updateTrajectory(adam, [-2], [[1]])) as [[number]];
    expect(moved).toBeCloseTo(-2 - (0.1 * 0.5) / (0.5 + 1e-8), 12);
  });
});
