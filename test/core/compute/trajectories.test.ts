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

  it('are run, all of them', () => {
    expect(results.filter((r) => r.outcome === 'skipped')).toEqual([]);
    expect(results.length).toBe(golden.cases.length);
  });

  it.each(results)('$id', (result) => {
    expect(result).toEqual({ id: result.id, outcome: 'passed' });
  });
});
