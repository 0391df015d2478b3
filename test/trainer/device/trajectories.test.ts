import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Parameters as Values } from '../../../src/core/network/network.ts';
import { chooseDevice } from '../../../src/trainer/device/choose.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import { trainingWorkload } from '../../../src/trainer/device/workload.ts';
import datasets from '../../fixtures/golden/datasets.json' with { type: 'json' };
import golden from '../../fixtures/golden/trajectories.json' with { type: 'json' };
import { caseSchema, prepare, train } from '../../golden/trajectories.ts';
import { irisRun } from '../iris.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';
import { openSession } from '../../core/training/datasets.ts';
import { planColumn } from '../../../src/core/tasks/column.ts';

// Real frameworks' trajectories on float32 devices. Tolerances of the design: over 50 steps losses 1e-4 relative (WebGPU
// 1e-3), parameters 1e-3.

const cases = golden.cases
  .map((raw) => v.parse(caseSchema, raw))
  .flatMap((given) => {
    const prepared = prepare(given, datasets);
    return 'skip' in prepared ? [] : [{ id: given.id, given, prepared }];
  });
const compared = 50;

interface Which {
  readonly name: string;
  readonly open: () => Promise<Device>;
  readonly tolerance: number;
}
const devices: readonly Which[] = [
  { name: 'JavaScript', open: () => Promise.resolve(cpuDevice()), tolerance: 1e-4 },
  { name: 'WebAssembly, resident', open: () => webAssemblyDevice('resident'), tolerance: 1e-4 },
  { name: 'WebAssembly, stepped', open: () => webAssemblyDevice('stepped'), tolerance: 1e-4 },
];

it('has every golden case', () => {
  expect(cases.map(({ id }) => id)).toEqual(golden.cases.map(({ id }) => id));
});

describe.each(devices)('$name', follow);
describe.skipIf(!hasAdapter)(`WebGPU${withoutAdapter}`, () => {
  beforeAll(useAdapter);
  follow({ name: 'WebGPU', open: () => webGpuDevice(), tolerance: 1e-3 });
});

function follow({ open, tolerance }: Which): void {
  let device: Device;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device.dispose());

  it.each(cases)('follows $id for its first 50 steps', async ({ given, prepared }) => {
    const steps = Math.min(compared, given.steps);
    const ours = await train(prepared, steps, device);
    const exact = await train(prepared, steps);
    expectClose(ours.losses, given.losses.slice(0, steps), tolerance);
    expectSame(ours.parameters, exact.parameters);
  });

  it('predicts 7.956 at x = 4 after the thousand steps of linreg-keras-sgd', async () => {
    const { given, prepared } = cases.find(({ id }) => id === 'linreg-keras-sgd')!;
    const { parameters } = await train(prepared, given.steps, device);
    const prediction = parameters['layers.0.weight']![0]! * 4 + parameters['layers.0.bias']![0]!;
    expect(Math.abs(prediction - 7.956)).toBeLessThan(0.001);
  });

  it('trains iris as the float64 device does, batches, order and evaluation included', async () => {
    const [ours, exact] = [await trainIris(device), await trainIris(float64Device())];
    expect(ours.losses).toHaveLength(compared);
    expectClose(ours.losses, exact.losses, tolerance);
    expectClose(ours.validation, exact.validation, tolerance);
    expectSame(ours.parameters, exact.parameters);
  });
}

/** Ten epochs of five steps of the iris experiment as it is suggested. */
async function trainIris(
  device: Device,
): Promise<{ losses: number[]; validation: number[]; parameters: Values }> {
  const { experiment, dataset, loss } = irisRun(3);
  const shorter = {
    ...experiment,
    training: { ...experiment.training, epochs: 10, batch: Math.ceil(dataset.training.rows / 5) },
  };
  const created = await openSession(shorter, dataset, loss, device, { now: () => performance.now() });
  if (!created.ok) throw new Error(JSON.stringify(created.problems));
  const session = created.value;
  const losses: number[] = [];
  const validation: number[] = [];
  for (let state = 'running'; state === 'running';) {
    const advanced = await session.advance(40);
    state = advanced.state;
    for (const line of advanced.lines) {
      if (line.type === 'step') losses.push(line.loss);
      else if (line.type === 'epoch') validation.push(line.validationLoss!);
    }
  }
  const { parameters } = await session.checkpoint();
  await session.dispose();
  return { losses, validation, parameters };
}

/** Every number relative to itself. */
function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.abs(value)));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

/** Every tensor relative to its largest element: single ones may pass through zero. */
function expectSame(actual: Values, expected: Values): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const scale = Math.max(...values.map(Math.abs));
    const worst = Math.max(...values.map((value, i) => Math.abs(actual[name]![i]! - value)));
    expect(worst).toBeLessThanOrEqual(1e-3 * scale);
  }
}

describe('the choice for iris', () => {
  it('has candidates that pass the check on the very plan that will train', async () => {
    const { experiment, dataset, loss } = irisRun(0);
    const workload = trainingWorkload(experiment, dataset, {
      plan: (data) => planColumn(experiment, data, loss),
    });
    if (!workload.ok) throw new Error(JSON.stringify(workload.problems));
    expect(workload.value.steps).toBeGreaterThan(1);
    const { device, table } = await chooseDevice({
      preference: 'auto',
      workload: workload.value,
      now: () => performance.now(),
      date: () => Date.now(),
    });
    expect(['webasm', 'cpu']).toContain(device.id);
    for (const id of ['webasm', 'cpu'])
      expect(table.find((row) => row.id === id)?.msPerStep).toBeGreaterThan(0);
    // What was compiled for the comparison is what the session gets.
    const { parameters } = await trainIris(device);
    expect(Object.keys(parameters)).toContain('layers.0.weight');
    await device.dispose();
  });
});
