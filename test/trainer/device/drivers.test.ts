import { describe, expect, it } from 'vitest';
import type { Executable } from '../../../src/core/compute/device.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { Gpu } from '../../../src/trainer/device/gpuJs.ts';
import { gpuJsVersion, knownVersion } from '../../../src/trainer/device/gpuJsVersion.ts';
import { residentWebAssemblyUnavailable } from '../../../src/trainer/device/residentWebAssembly.ts';
import { residentWebGpuUnavailable } from '../../../src/trainer/device/residentWebGpu.ts';
import { selfTest, selfTestPlan, selfTestValues } from '../../../src/trainer/device/selfTest.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';

describe('the resident drivers', () => {
  it('are used with the version of GPU.js whose inner parts are known, which is the installed one', () => {
    expect(gpuJsVersion).toBe(knownVersion);
    expect(residentWebAssemblyUnavailable()).toBeUndefined();
    expect(residentWebGpuUnavailable()).toBeUndefined();
  });

  it('are not used with any other', () => {
    expect(residentWebAssemblyUnavailable('2.25.0')).toMatch(/2\.25\.0 is not 2\.24\.1/);
    expect(residentWebGpuUnavailable('2.24.2')).toMatch(/2\.24\.2 is not 2\.24\.1/);
  });

  it('agree with the public pipeline to the bit', async () => {
    const [resident, stepped] = [await webAssemblyDevice('resident'), await webAssemblyDevice('stepped')];
    expect(
      await selfTest(
        (plan) => resident.compile(plan),
        (plan) => stepped.compile(plan),
      ),
    ).toBe(true);
    // A plan that has all that training plans have.
    const runs = [];
    for (const device of [resident, stepped]) {
      const executable = await device.compile(selfTestPlan);
      for (const [name, values] of selfTestValues) executable.write(name, values);
      const numbers = [...(await executable.run(3))];
      for (const { name } of selfTestPlan.buffers) numbers.push(...(await executable.read(name)));
      runs.push(numbers);
    }
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]!.some((value) => value !== 0)).toBe(true);
    await Promise.all([resident.dispose(), stepped.dispose()]);
  });
});

describe('the self-test', () => {
  const cpu = cpuDevice();
  /** A driver with one mistake. */
  const wrong =
    (change: (executable: Executable) => Partial<Executable>) =>
    async (plan: Parameters<typeof cpu.compile>[0]) => {
      const executable = await cpu.compile(plan);
      return { ...executable, ...change(executable) };
    };
  const right = (plan: Parameters<typeof cpu.compile>[0]) => cpu.compile(plan);

  it('finds that a driver agrees with itself', async () => {
    expect(await selfTest(right, right)).toBe(true);
  });

  it.each<[string, (executable: Executable) => Partial<Executable>]>([
    [
      'computes one number otherwise',
      (e) => ({
        read: async (name) =>
          (await e.read(name)).map((value, i) => (name === 'w' && i === 2 ? value * (1 + 2 ** -23) : value)),
      }),
    ],
    ['reports a step late', (e) => ({ run: async (steps) => (await e.run(steps + 1)).slice(1) })],
    ['forgets what is written between runs', forgetful],
    ['fails', () => ({ run: () => Promise.reject(new Error('no')) })],
  ])('finds one that %s', async (_, change) => {
    expect(await selfTest(wrong(change), right)).toBe(false);
  });
});

/** Takes the three writes before the first run, and no more. */
function forgetful(executable: Executable): Partial<Executable> {
  let writes = 0;
  return {
    write(name, values) {
      if (++writes <= 3) executable.write(name, values);
    },
  };
}

describe('GPU.js', () => {
  it('still takes a function for as many arguments as its length says', async () => {
    // The pipeline's arguments are made from a function without declared parameters.
    const gpu = new Gpu('webasm');
    const add = gpu.createKernel(
      {
        output: [2],
        reads: [
          { parameter: 'a', buffer: 'a' },
          { parameter: 'b', buffer: 'b' },
        ],
        body: 'return a[this.thread.x] + b[this.thread.x];',
      },
      { pipeline: false },
    );
    const pipeline = gpu.createPipeline((a, b) => [add(a, b)], 2);
    expect(await pipeline(Float32Array.of(1, 2), Float32Array.of(3, 5))).toEqual([Float32Array.of(4, 7)]);
    expect(pipeline.executorKind).toBe('fused-sync');
    await gpu.destroy();
  });
});
