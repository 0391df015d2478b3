import { describe, expect, it } from 'vitest';
import clipping from '../../fixtures/golden/grad_clip.json' with { type: 'json' };
import optimizers from '../../fixtures/golden/optimizers.json' with { type: 'json' };
import schedules from '../../fixtures/golden/schedules.json' with { type: 'json' };
import { runClipping } from '../../golden/clipping.ts';
import { runOptimizers } from '../../golden/optimizers.ts';
import { runSchedules } from '../../golden/schedules.ts';
import type { CaseRunner, GoldenCase } from '../../golden/types.ts';

// On the float64 device, at the tolerance of each case. None is skipped.

const files: readonly (readonly [string, CaseRunner, readonly GoldenCase[]])[] = [
  ['optimizers', runOptimizers, optimizers.cases],
  ['schedules', runSchedules, schedules.cases],
  ['clipping', runClipping, clipping.cases],
];

describe.each(files)('golden %s', async (family, run, cases) => {
  const results = await run({ name: `${family}.json`, family, cases, rest: {} }, { files: new Map() });

  it('has a result for every case', () => {
    expect(results.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
  });

  it.each(results)('$id', (result) => {
    expect(result).toEqual({ id: result.id, outcome: 'passed' });
  });
});
