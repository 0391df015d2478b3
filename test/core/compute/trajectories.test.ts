import { describe, expect, it } from 'vitest';
import datasets from '../../fixtures/golden/datasets.json' with { type: 'json' };
import golden from '../../fixtures/golden/trajectories.json' with { type: 'json' };
import { runTrajectories } from '../../golden/trajectories.ts';
import type { GoldenFile } from '../../golden/types.ts';

describe('golden trajectories', async () => {
  const data: GoldenFile = { name: 'datasets.json', family: 'datasets', cases: [], rest: datasets };
  const file: GoldenFile = {
    name: 'trajectories.json',
    family: 'trajectories',
    cases: golden.cases,
    rest: {},
  };
  const results = await runTrajectories(file, { files: new Map([['datasets', data]]) });

  it('include every loss, model and optimizer that we offer', () => {
    const ran = results.filter((r) => r.outcome !== 'skipped').map((r) => r.id);
    expect(ran).toEqual([
      'linreg-mae-sgd-0.01',
      'linreg-keras-sgd',
      'mlp-iris-tanh-adam',
      'mlp-iris-tanh-rmsprop',
      'mlp-iris-tanh-adagrad',
      'mlp-iris-relu-sgd',
      'mlp-iris-relu-adamw',
      'mlp-iris-relu-rmsprop',
      'mlp-iris-tanh-keras-sgd_momentum',
      'mlp-iris-tanh-keras-nesterov',
      'mlp-iris-tanh-keras-adam',
      'mlp-iris-tanh-keras-adagrad',
      'mlp-reg-tanh-mse',
      'mlp-reg-tanh-huber(delta=1)',
      'mlp-reg-tanh-log_cosh',
      'mlp-reg-tanh-quantile(tau=0.9)',
      'mlp-reg-relu-huber(delta=1)',
      'mlp-reg-relu-log_cosh',
      'mlp-reg-relu-quantile(tau=0.9)',
      'mlp-reg-tanh-mse-l2-penalty',
      'linear-bc-squared_hinge-sgd',
      'linear-bc-logistic-sgd',
      'linear-bc-logistic-adam',
      'linear-bc-exponential-adam',
    ]);
  });

  it.each(results.filter((r) => r.outcome !== 'skipped'))('$id', (result) => {
    expect(result).toEqual({ id: result.id, outcome: 'passed' });
  });
});
