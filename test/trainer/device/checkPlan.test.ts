import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/core/compute/plan.ts';
import { checkPlan } from '../../../src/trainer/device/checkPlan.ts';
import { openDevice } from '../../../src/trainer/device/open.ts';
import { selfTestPlan } from '../../../src/trainer/device/selfTest.ts';
import { kernel, linePlan } from './plans.ts';

const line = linePlan(0.1);

/** A table of `rows` rows of 784, of which three are gathered by their numbers. */
function gathering(rows: number, body: string): Plan {
  return {
    buffers: [
      { name: 'table', size: rows * 784, role: 'data' },
      { name: 'rows', size: 3, role: 'data' },
      { name: 'gathered', size: 3 * 784, role: 'temporary' },
    ],
    kernels: [kernel('gathered', [784, 3], { table: 'table', rows: 'rows' }, body)],
    carry: [],
    report: 'gathered',
  };
}
const inPlace = 'return table[(rows[this.thread.y] | 0) * 784 + this.thread.x];';
const byLocal = 'const i = (rows[this.thread.y] | 0) * 784 + this.thread.x; return table[i];';

describe('checkPlan', () => {
  it('accepts what is a plan', () => {
    expect(checkPlan(line).get('w')).toEqual({ name: 'w', size: 1, role: 'state' });
    expect(checkPlan(selfTestPlan).size).toBe(selfTestPlan.buffers.length);
  });

  const [residual, loss] = line.kernels;
  it.each<[string, Plan, RegExp]>([
    ['a buffer twice', { ...line, buffers: [...line.buffers, line.buffers[0]!] }, /x is declared twice/],
    [
      'a size of nothing',
      { ...line, buffers: [...line.buffers, { name: 'e', size: 0, role: 'data' }] },
      /e has size 0/,
    ],
    ['a kernel twice', { ...line, kernels: [...line.kernels, residual!] }, /two kernels are called residual/],
    [
      'a buffer written twice',
      { ...line, kernels: [residual!, { ...residual!, name: 'again' }] },
      /again: residual is written twice/,
    ],
    [
      'a kernel that writes state',
      { ...line, kernels: [{ ...residual!, writes: 'w' }] },
      /writes w, which is not a temporary/,
    ],
    [
      'an output that does not fill',
      { ...line, kernels: [{ ...residual!, output: [2] }] },
      /output 2 does not fill residual \(3\)/,
    ],
    [
      'a read of nothing',
      { ...line, kernels: [kernel('residual', [3], { q: 'q' }, 'return 0;')] },
      /reads q, which does not exist/,
    ],
    ['a read before the write', { ...line, kernels: [loss!, residual!] }, /loss: it reads residual before/],
    [
      'a parameter that is no name',
      { ...line, kernels: [kernel('residual', [3], { '1x': 'x' }, 'return 0;')] },
      /1x is no name/,
    ],
    ['a carry from nowhere', { ...line, carry: [{ from: 'x', to: 'w' }] }, /no kernel writes it/],
    ['a carry to data', { ...line, carry: [{ from: 'residual', to: 'x' }] }, /not a state buffer/],
    ['a carry of another size', { ...line, carry: [{ from: 'residual', to: 'w' }] }, /differ in size/],
    ['two carries to one place', { ...line, carry: [...line.carry, ...line.carry] }, /w is carried to twice/],
    ['a report of data', { ...line, report: 'x' }, /x is reported/],
  ])('refuses %s', (_, plan, reason) => {
    expect(() => checkPlan(plan)).toThrow(reason);
  });

  it('refuses local variables in indices beyond 2²⁴, and only there', () => {
    expect(() => checkPlan(gathering(1000, byLocal))).not.toThrow();
    expect(() => checkPlan(gathering(22_000, inPlace))).not.toThrow();
    expect(() => checkPlan(gathering(22_000, byLocal))).toThrow(/"i" is a local variable/);
  });

  it.each(['cpu', 'webasm'] as const)('and %s gathers rows beyond 2²⁴ rightly', async (id) => {
    const rows = 22_000;
    const device = await openDevice(id);
    const executable = await device.compile(gathering(rows, inPlace));
    // Neighbours differ, and every value is exact in float32.
    const table = Float64Array.from({ length: rows * 784 }, (_, i) => i % 8191);
    const wanted = [21_999, 3, 21_404];
    executable.write('table', table);
    executable.write('rows', Float64Array.from(wanted));
    await executable.run(1);
    const expected = wanted.flatMap((row) => [...table.subarray(row * 784, (row + 1) * 784)]);
    expect([...(await executable.read('gathered'))]).toEqual(expected);
    await device.dispose();
  });
});
