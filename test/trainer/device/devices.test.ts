import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device, Executable } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Plan } from '../../../src/core/compute/plan.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { destroyGraphicsDevice } from '../../../src/trainer/device/gpuJs.ts';
import { openDevice } from '../../../src/trainer/device/open.ts';
import {
  compareWithReference,
  load,
  referenceOf,
  type Workload,
} from '../../../src/trainer/device/parity.ts';
import { selfTestPlan, selfTestValues } from '../../../src/trainer/device/selfTest.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import { kernel, linePlan, lineSolution, lineValues, twoLayerPlan, twoLayerValues } from './plans.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

interface Case {
  readonly name: string;
  readonly id: 'cpu' | 'webasm' | 'webgpu';
  readonly open: () => Promise<Device>;
}

const cases: readonly Case[] = [
  { name: 'JavaScript', id: 'cpu', open: () => Promise.resolve(cpuDevice()) },
  { name: 'WebAssembly, resident', id: 'webasm', open: () => webAssemblyDevice('resident') },
  { name: 'WebAssembly, stepped', id: 'webasm', open: () => webAssemblyDevice('stepped') },
];
const graphicsCases: readonly Case[] = [
  { name: 'WebGPU, resident', id: 'webgpu', open: () => webGpuDevice('resident') },
  { name: 'WebGPU, stepped', id: 'webgpu', open: () => webGpuDevice('stepped') },
];

describe.each(cases)('$name', (which) => {
  everyDevice(which);
});

describe.skipIf(!hasAdapter).each(graphicsCases)(`$name${withoutAdapter}`, (which) => {
  beforeAll(useAdapter);
  everyDevice(which);

  it('names its adapter', async () => {
    const device = await which.open();
    expect(device.label).toMatch(/^WebGPU \(.+\)$/);
    await device.dispose();
  });

  it('says so when the graphics device is lost', async () => {
    const device = await which.open();
    const executable = await device.compile(linePlan(0.02));
    load(executable, { plan: linePlan(0.02), values: lineValues, steps: Infinity });
    await executable.run(2);
    await destroyGraphicsDevice();
    await expect(executable.run(2)).rejects.toThrow(/device was lost/);
    await device.dispose();
  });

  it('refuses a kernel that reads more buffers than WebGPU binds', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `in${i}`);
    const plan: Plan = {
      buffers: [
        ...names.map((name) => ({ name, size: 1, role: 'data' as const })),
        { name: 'sum', size: 1, role: 'temporary' },
      ],
      kernels: [
        kernel(
          'sum',
          [1],
          Object.fromEntries(names.map((name) => [name, name])),
          `return ${names.map((name) => `${name}[0]`).join(' + ')};`,
        ),
      ],
      carry: [],
      report: 'sum',
    };
    const device = await which.open();
    await expect(device.compile(plan)).rejects.toThrow(/reads 8 buffers at once; WebGPU takes 7/);
    await device.dispose();
  });
});

function everyDevice({ id, open }: Case): void {
  let device: Device;
  const opened: Executable[] = [];

  async function start({ plan, values }: Omit<Workload, 'steps'>): Promise<Executable> {
    const executable = await device.compile(plan);
    opened.push(executable);
    load(executable, { plan, values, steps: Infinity });
    return executable;
  }

  beforeAll(async () => {
    device = await open();
  });
  afterAll(async () => {
    await Promise.all(opened.map((executable) => executable.dispose()));
    await device.dispose();
  });

  it('descends a quadratic as the closed form says', async () => {
    const executable = await start({ plan: linePlan(0.02), values: lineValues });
    const { weight, losses } = lineSolution(0.02, 30);
    const reports = await executable.run(30);
    reports.forEach((loss, step) => expect(Math.abs(loss - losses[step]!)).toBeLessThan(1e-5 * losses[0]!));
    expect((await executable.read('w'))[0]).toBeCloseTo(weight, 5);
  });

  it('computes what the float64 device computes, in every buffer that is carried', async () => {
    const workload = { plan: selfTestPlan, values: selfTestValues, steps: Infinity };
    const executable = await start(workload);
    const reference = await referenceOf(float64Device(), workload, id, 5);
    expect(await compareWithReference(executable, reference, workload)).toEqual({ passed: true });
  });

  it('keeps its state between runs: 2 + 3 steps are 5 steps', async () => {
    const workload = { plan: selfTestPlan, values: selfTestValues, steps: Infinity };
    const [parts, whole] = [await start(workload), await start(workload)];
    const reports = [...(await parts.run(2)), ...(await parts.run(3))];
    expect(reports).toEqual([...(await whole.run(5))]);
    for (const { name } of selfTestPlan.buffers)
      expect(await parts.read(name)).toEqual(await whole.read(name));
  });

  it('takes new data and new state between steps', async () => {
    const executable = await start({ plan: linePlan(0.02), values: lineValues });
    await executable.run(3);
    executable.write('y', Float64Array.of(3, 6, 9));
    executable.write('w', Float64Array.of(1));
    expect((await executable.read('w'))[0]).toBe(1);
    // From w = 1 towards 3 everything is as from 0 towards 2.
    const { losses } = lineSolution(0.02, 4);
    const reports = await executable.run(4);
    reports.forEach((loss, step) => expect(Math.abs(loss - losses[step]!)).toBeLessThan(1e-5 * losses[0]!));
    executable.write('y', Float64Array.of(2, 4, 6));
    executable.write('w', Float64Array.of(0));
    expect((await executable.run(1))[0]).toBeCloseTo(losses[0]!, 4);
  });

  it('gives back intermediate results of the last step, rows after rows', async () => {
    const executable = await start({ plan: selfTestPlan, values: selfTestValues });
    const reference = await float64Device().compile(selfTestPlan);
    load(reference, { plan: selfTestPlan, values: selfTestValues, steps: Infinity });
    await executable.run(1);
    await reference.run(1);
    const [out, expected] = [await executable.read('out'), await reference.read('out')];
    expect(out.length).toBe(30);
    out.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it('holds data that no kernel reads, and runs no step when asked for none', async () => {
    const plan = linePlan(0.02);
    const executable = await start({
      plan: { ...plan, buffers: [...plan.buffers, { name: 'spare', size: 2, role: 'data' }] },
      values: new Map([...lineValues, ['spare', Float64Array.of(5, 6)]]),
    });
    expect(await executable.run(0)).toEqual(new Float64Array(0));
    expect((await executable.read('w'))[0]).toBe(0);
    await executable.run(1);
    expect([...(await executable.read('spare'))]).toEqual([5, 6]);
  });

  it('rounds to float32', async () => {
    const executable = await start({ plan: linePlan(0), values: lineValues });
    executable.write('w', Float64Array.of(0.1));
    await executable.run(1);
    expect((await executable.read('w'))[0]).toBe(Math.fround(0.1));
  });

  it.each([
    ['a line', linePlan(1), lineValues],
    ['a net of rectifiers', twoLayerPlan('Math.max(z, 0.0)', 'h > 0.0 ? 1.0 : 0.0', '50.0'), twoLayerValues],
    [
      'a net of hyperbolic tangents',
      twoLayerPlan('Math.tanh(Math.max(Math.min(z, 20.0), -20.0))', '1.0 - h * h', '50.0'),
      twoLayerValues,
    ],
  ])('reports that %s runs away', async (_, plan, values) => {
    const executable = await start({ plan, values });
    const reports = await executable.run(400);
    const first = reports.findIndex((loss) => !Number.isFinite(loss));
    expect(first).toBeGreaterThan(0);
    // Once lost, it stays lost: the reader may look at any later step.
    expect(reports.slice(first).every((loss) => !Number.isFinite(loss))).toBe(true);
  });

  it.each([NaN, Infinity])('never loses a %d that stands in the state', async (value) => {
    // A comparison with NaN is false and WebGPU's max(NaN, 0) is 0, so a loss can stay finite: the reader must look at
    // the parameters too, and they must show it.
    const clamped = twoLayerPlan('Math.tanh(Math.max(Math.min(z, 20.0), -20.0))', '1.0 - h * h', '0.01');
    const executable = await start({ plan: clamped, values: twoLayerValues });
    executable.write('w1', Float64Array.of(value, 0, 0, 0, 0, 0));
    await executable.run(4);
    expect(Number.isFinite((await executable.read('w1'))[0])).toBe(false);
  });

  it('refuses writes that cannot be meant', async () => {
    const executable = await start({ plan: linePlan(0.02), values: lineValues });
    expect(() => executable.write('nothing', Float64Array.of(1))).toThrow(/no buffer/);
    expect(() => executable.write('loss', Float64Array.of(1))).toThrow(/temporary/);
    expect(() => executable.write('x', Float64Array.of(1))).toThrow(/holds 3 values/);
    await expect(executable.read('nothing')).rejects.toThrow(/no buffer/);
  });

  it('refuses a plan that is not one, and says which kernel is wrong', async () => {
    const plan = linePlan(0.02);
    await expect(device.compile({ ...plan, report: 'x' })).rejects.toThrow(/x is reported/);
    await expect(device.compile({ ...plan, kernels: plan.kernels.slice(1) })).rejects.toThrow(
      /loss: it reads residual before/,
    );
  });

  it('runs one call after another, and nothing after its end', async () => {
    const executable = await start({ plan: linePlan(0.02), values: lineValues });
    const both = await Promise.all([executable.run(2), executable.run(3)]);
    expect(both.map((reports) => reports.length)).toEqual([2, 3]);
    expect(both[1][0]).toBeLessThan(both[0][1]!);
    await executable.dispose();
    await executable.dispose();
    await expect(executable.run(1)).rejects.toThrow(/disposed/);
    expect(() => executable.write('w', Float64Array.of(1))).toThrow(/disposed/);
  });
}

describe('openDevice', () => {
  it.each(['float64', 'cpu', 'webasm'] as const)('opens %s, and the device says who it is', async (id) => {
    const device = await openDevice(id);
    expect(device.id).toBe(id);
    await device.dispose();
  });

  it('runs WebAssembly resident where GPU.js is the known version', async () => {
    const device = await openDevice('webasm');
    expect(device.label).toBe('WebAssembly (SIMD)');
    await device.dispose();
  });
});
