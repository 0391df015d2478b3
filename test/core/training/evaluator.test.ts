import { expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { evaluationPlan } from '../../../src/core/compute/planBuilder.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { metricsCollector } from '../../../src/core/training/metrics.ts';
import { evaluator } from '../../../src/core/training/evaluator.ts';
import { line } from './datasets.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';

it('evaluates a part batch by batch, with a short last one, any number of times', async () => {
  // ŷ = 2x + 1 on x = 1 … 5 against 0: residuals 3, 5, 7, 9, 11.
  const part = { rows: 5, features: Float64Array.of(1, 2, 3, 4, 5), targets: Float64Array.of(0, 0, 0, 0, 5) };
  const dataset = { ...line, validation: part };
  const plan = evaluationPlan({
    model: { type: 'mlp', hidden: [], activation: 'relu' },
    inputs: 1,
    outputs: 1,
    objective: lossObjective(loadLoss('mean-squared-error')!, {}),
    rows: 5,
    batch: 2,
  });
  if (!plan.ok) throw new Error('no plan');
  const evaluate = evaluator(await float64Device().compile(plan.value.plan), plan.value, {
    part,
    outputs: 1,
    metrics: () => metricsCollector(dataset, part),
  });
  const run = async (weight: number, bias: number) => {
    evaluate.begin({ 'layers.0.weight': Float64Array.of(weight), 'layers.0.bias': Float64Array.of(bias) });
    expect(await evaluate.next()).toBeUndefined();
    expect(await evaluate.next()).toBeUndefined();
    return (await evaluate.next())!;
  };
  const { loss, metrics } = await run(2, 1);
  const squares = 9 + 25 + 49 + 81 + 36;
  expect(loss).toBeCloseTo(squares / 5, 12);
  expect(metrics['rmse']).toBeCloseTo(Math.sqrt(squares / 5), 12);
  // The targets' spread is 4 · 1 + 16 = 20.
  expect(metrics['r2']).toBeCloseTo(1 - squares / 20, 12);

  // A pass that is left unfinished does not leak into the next.
  evaluate.begin({ 'layers.0.weight': Float64Array.of(9), 'layers.0.bias': Float64Array.of(9) });
  await evaluate.next();
  expect(await run(2, 1)).toEqual({ loss, metrics });
  expect((await run(1, 0)).loss).toBeCloseTo((1 + 4 + 9 + 16 + 0) / 5, 12);
});
