import { describe, expect, it } from 'vitest';
import golden from '../../fixtures/golden/optimizers.json' with { type: 'json' };
import { updateRule } from '../../../src/core/optimizers/optimizers.ts';
import { chooseOptimizer, updateTrajectory } from '../../golden/optimizers.ts';

describe('golden optimizers', () => {
  const cases = golden.cases.map((given) => ({ given, chosen: chooseOptimizer(given.optimizer, given.convention, given.hyper) }));
  const ours = cases.filter(({ chosen }) => !('skip' in chosen));

  it('include every SGD and every PyTorch Adam', () => {
    const family = (name: string) => /^(sgd|nesterov)/.test(name) || /^adam(_|$)/.test(name);
    const wanted = golden.cases.filter((c) => family(c.optimizer) && (c.convention === 'torch' || !c.optimizer.startsWith('adam')));
    expect(ours.map(({ given }) => given.id)).toEqual(wanted.map((c) => c.id));
    expect(ours.length).toBeGreaterThan(10);
  });

  it.each(ours)('$given.id', async ({ given, chosen }) => {
    if ('skip' in chosen) throw new Error('chosen above');
    const rows = ({ data }: { data: number[] }) => Array.from({ length: 10 }, (_, i) => data.slice(3 * i, 3 * i + 3));
    const trajectory = await updateTrajectory(chosen.optimizer, given.param0.data, rows(given.grads));
    const { rtol, atol } = given.tol;
    rows(given.params_after_each_step).forEach((expected, step) =>
      expected.forEach((value, i) =>
        expect(Math.abs(trajectory[step]![i]! - value), `step ${step + 1}, element ${i}`).toBeLessThanOrEqual(
          atol + rtol * Math.abs(value),
        ),
      ),
    );
  });
});

describe('update rules', () => {
  it('keep no state that they do not need', () => {
    const sgd = { type: 'sgd', rate: 0.1, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 } as const;
    expect(updateRule(sgd).slots).toEqual([]);
    expect(updateRule({ ...sgd, momentum: 0.9 }).slots).toEqual(['velocity']);
  });

  it('penalise weights in Adam by adding to the gradient', async () => {
    // One step from zero moments moves by rate · g/(|g| + ε) with g = ∇ + λp, here 0.5 + 0.25 · (−2) = 0.
    const adam = { type: 'adam', rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.25 } as const;
    expect(await updateTrajectory(adam, [-2], [[0.5]])).toEqual([[-2]]);
    const [[moved]] = (await updateTrajectory(adam, [-2], [[1]])) as [[number]];
    expect(moved).toBeCloseTo(-2 - (0.1 * 0.5) / (0.5 + 1e-8), 12);
  });
});
