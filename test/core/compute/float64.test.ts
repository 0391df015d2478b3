import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Plan } from '../../../src/core/compute/plan.ts';

/** state ← state + data, elementwise over 2 × 2; reports the first new element. */
const accumulate: Plan = {
  buffers: [
    { name: 'sum', size: 4, role: 'state' },
    { name: 'given', size: 4, role: 'data' },
    { name: 'sum.next', size: 4, role: 'temporary' },
  ],
  kernels: [
    {
      name: 'sum.next',
      output: [2, 2],
      reads: [
        { parameter: 'sum', buffer: 'sum' },
        { parameter: 'given', buffer: 'given' },
      ],
      writes: 'sum.next',
      body: 'const i = this.thread.y * 2 + this.thread.x;\nreturn sum[i] + given[i];',
    },
  ],
  carry: [{ from: 'sum.next', to: 'sum' }],
  report: 'sum.next',
};

describe('the float64 device', () => {
  it('runs steps, carries state and reports each step', async () => {
    const executable = await float64Device().compile(accumulate);
    executable.write('given', Float64Array.of(1, 2, 3, 4));
    expect(await executable.run(3)).toEqual(Float64Array.of(1, 2, 3));
    expect(await executable.read('sum')).toEqual(Float64Array.of(3, 6, 9, 12));
    executable.write('sum', Float64Array.of(0.1, 0, 0, 0));
    // Double precision: 1.1, not its float32 neighbour.
    expect(await executable.run(1)).toEqual(Float64Array.of(1.1));
  });

  it('hands out copies', async () => {
    const executable = await float64Device().compile(accumulate);
    (await executable.read('sum')).fill(5);
    expect(await executable.read('sum')).toEqual(new Float64Array(4));
  });

  it('keeps executables apart', async () => {
    const device = float64Device();
    const [a, b] = [await device.compile(accumulate), await device.compile(accumulate)];
    a.write('given', Float64Array.of(1, 1, 1, 1));
    await a.run(1);
    expect(await b.read('sum')).toEqual(new Float64Array(4));
  });

  it('refuses wrong sizes and unknown or temporary buffers by name', async () => {
    const executable = await float64Device().compile(accumulate);
    expect(() => executable.write('given', new Float64Array(3))).toThrow(
      '"given" holds 4 values, received 3',
    );
    expect(() => executable.write('sum.next', new Float64Array(4))).toThrow('"sum.next" is temporary');
    expect(() => executable.write('nothing', new Float64Array(4))).toThrow('no buffer "nothing"');
    const wide = { ...accumulate, kernels: [{ ...accumulate.kernels[0]!, output: [4, 2] as const }] };
    await expect(async () => float64Device().compile(wide)).rejects.toThrow('writes 8 values into 4');
  });
});
