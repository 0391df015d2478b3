import { describe, expect, it } from 'vitest';
import type { Executable } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Plan } from '../../../src/core/compute/plan.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { compareWithReference, referenceOf, type Workload } from '../../../src/trainer/device/parity.ts';
import { selfTestPlan, selfTestValues } from '../../../src/trainer/device/selfTest.ts';
import { kernel, linePlan, lineValues } from './plans.ts';

const workload: Workload = { plan: selfTestPlan, values: selfTestValues, steps: Infinity };

async function verdict(
  part: Omit<Workload, 'steps'>,
  change: (executable: Executable) => Partial<Executable> = () => ({}),
  plan = part.plan,
) {
  const given = { ...part, steps: Infinity };
  const device = cpuDevice();
  const executable = await device.compile(plan);
  const result = await compareWithReference(
    { ...executable, ...change(executable) },
    await referenceOf(float64Device(), given, 'webasm', 3),
    given,
  );
  await device.dispose();
  return result;
}

/** The self-test plan with one kernel changed. */
function broken(name: string, from: string, to: string): Plan {
  const kernels = selfTestPlan.kernels.map((k) =>
    k.name === name ? { ...k, body: k.body.replace(from, to) } : k,
  );
  expect(kernels).not.toEqual(selfTestPlan.kernels);
  return { ...selfTestPlan, kernels };
}

describe('the comparison with the reference', () => {
  it('passes a right device', async () => {
    expect(await verdict(workload)).toEqual({ passed: true });
  });

  it.each([
    ['out', 'tanh', 'sin'],
    ['delta', '(1.0 - value * value)', '(1.0 - value)'],
    ['dw', 'k < 6', 'k < 5'],
    ['nextVelocity', '0.9', '0.9002'],
    ['nextB', '- 0.3', '- 0.30002'],
    ['row', '% 8', '% 7'],
  ])('fails a device whose kernel %s has %s as %s', async (name, from, to) => {
    expect(await verdict(workload, undefined, broken(name, from, to))).toMatchObject({
      passed: false,
      reason: { template: '{what} is off by {difference} (accepted: {limit})' },
    });
  });

  it('fails a device that answers NaN, and one that reports something else than it computes', async () => {
    expect(
      await verdict(workload, () => ({ read: () => Promise.resolve(new Float64Array(40).fill(NaN)) })),
    ).toMatchObject({ passed: false });
    expect(
      await verdict(workload, (e) => ({
        run: async (steps) => (await e.run(steps)).map((loss) => loss * 1.0001),
      })),
    ).toMatchObject({ passed: false, reason: { args: { what: { template: 'the loss' } } } });
  });

  it('accepts what no float32 device could do better: a sum that is zero but for rounding, divided by its size', async () => {
    const plan: Plan = {
      buffers: [
        { name: 'x', size: 3, role: 'data' },
        { name: 'w', size: 1, role: 'state' },
        { name: 'third', size: 3, role: 'temporary' },
        { name: 'sum', size: 1, role: 'temporary' },
        { name: 'next', size: 1, role: 'temporary' },
      ],
      kernels: [
        kernel('third', [3], { x: 'x' }, 'return x[this.thread.x] / 3.0;'),
        kernel('sum', [1], { t: 'third' }, 'return t[0] + t[1] + t[2];'),
        kernel(
          'next',
          [1],
          { w: 'w', s: 'sum' },
          'return w[0] - 0.01 * s[0] / (Math.abs(s[0]) + 0.00000001);',
        ),
      ],
      carry: [{ from: 'next', to: 'w' }],
      report: 'next',
    };
    const cancelling = {
      plan,
      values: new Map([
        ['x', Float64Array.of(1.1, 2.3, -3.4)],
        ['w', Float64Array.of(1)],
      ]),
    };
    expect(await verdict(cancelling)).toEqual({ passed: true });
    // A wrong sign of the step is still found where the sum is not zero.
    const clear = {
      plan,
      values: new Map([
        ['x', Float64Array.of(1, 2, 3)],
        ['w', Float64Array.of(1)],
      ]),
    };
    const wrong = {
      ...plan,
      kernels: plan.kernels.map((k) =>
        k.name === 'next' ? { ...k, body: k.body.replace('- 0.01', '+ 0.01') } : k,
      ),
    };
    expect(await verdict(clear)).toEqual({ passed: true });
    expect(await verdict(clear, undefined, wrong)).toMatchObject({ passed: false });
  });

  it('says nothing about a device from a workload that runs away at once', async () => {
    const plan = linePlan(1e200);
    expect(await verdict({ plan, values: lineValues })).toEqual({ passed: true });
  });
});
