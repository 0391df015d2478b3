import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/core/compute/plan.ts';
import { inPlaceCarries } from '../../../src/trainer/device/inPlace.ts';
import { selfTestPlan } from '../../../src/trainer/device/selfTest.ts';
import { kernel } from './plans.ts';

/** A state of four numbers, what comes of it, and what else a step does. */
function plan(kernels: Plan['kernels'], more: Partial<Plan> = {}): Plan {
  return {
    buffers: [
      { name: 'state', size: 4, role: 'state' },
      ...kernels.map(({ writes }) => ({ name: writes, size: 4, role: 'temporary' }) as const),
    ],
    kernels,
    carry: [{ from: 'next', to: 'state' }],
    report: 'next',
    ...more,
  };
}

const next = kernel('next', [4], { old: 'state' }, 'return old[this.thread.x] * 2.0;');

describe('states written in place', () => {
  it('are those that are read before and element by element', () => {
    const before = kernel('before', [4], { old: 'state' }, 'return old[0] + old[this.thread.x];');
    expect([...inPlaceCarries(plan([next]))]).toEqual([['next', 'state']]);
    expect([...inPlaceCarries(plan([before, next]))]).toEqual([['next', 'state']]);
  });

  it.each<[string, Plan]>([
    ['are read later', plan([next, kernel('after', [4], { old: 'state' }, 'return old[this.thread.x];')])],
    ['are read at another place', plan([kernel('next', [4], { old: 'state' }, 'return old[3] * 2.0;')])],
    [
      'are read at another place too',
      plan([kernel('next', [4], { old: 'state' }, 'return old[this.thread.x] + old[this.thread.x + 1];')]),
    ],
    [
      'are read by rows',
      plan([kernel('next', [2, 2], { old: 'state' }, 'return old[this.thread.x] * 2.0;')]),
    ],
    ['are not read at all', plan([kernel('next', [4], {}, 'return 1.0;')])],
  ])('are not those that %s', (_, given) => {
    expect(inPlaceCarries(given).size).toBe(0);
  });

  it('are of one next state each', () => {
    const given = plan([next], {
      buffers: [
        { name: 'state', size: 4, role: 'state' },
        { name: 'copy', size: 4, role: 'state' },
        { name: 'next', size: 4, role: 'temporary' },
      ],
      carry: [
        { from: 'next', to: 'copy' },
        { from: 'next', to: 'state' },
      ],
    });
    expect([...inPlaceCarries(given)]).toEqual([['next', 'state']]);
  });

  it('are all of the self-test’s plan but the one that no kernel reads', () => {
    expect([...inPlaceCarries(selfTestPlan).values()]).toEqual(['velocity', 'w', 'b', 'count']);
  });
});
