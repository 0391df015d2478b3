import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import {
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeWindow,
} from '../../../src/core/compute/feed.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import { experimentOf, good } from '../../core/tasks/runTask.ts';
import { randomDataset } from '../../core/training/datasets.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

/** A step of each kind of samples, and what a judge then says, on every device as on the float64 device. */
const lossIds = [
  'triplet-margin',
  'contrastive',
  'info-nce',
  'nt-xent',
  'supervised-contrastive',
  'circle',
  'arcface',
] as const;

async function stepOn(device: Device, id: (typeof lossIds)[number]) {
  const experiment = experimentOf({
    task: { type: 'embedding', dimensions: 6 },
    model: { type: 'mlp', hidden: [8], activation: 'tanh' },
    loss: { id },
    optimizer: { type: 'sgd', rate: 0.01 },
    training: { batch: 12, seed: 2 },
  });
  const drawn = randomDataset('classes', { width: 5, classes: 4, training: 60, validation: 40 });
  const dataset = {
    ...drawn,
    outputs: 6,
    preprocessing: { ...drawn.preprocessing, target: { kind: 'vector', name: 'y', dimensions: 6 } },
  } as const;
  const plans = good(good(checkTask(experiment)).plan(dataset));
  const { training } = plans;
  const executable = await device.compile(training.plan);
  plans.load(executable);
  writeParameters(executable, training, good(initialParameters(training, 2)));
  writeOptimizerState(executable, training, {});
  writeWindow(executable, training, atOnce(plans.epoch(0)), 0, 1);
  const [loss] = await executable.run(1);
  const parameters = await readParameters(executable, training);
  await executable.dispose();
  const judge = await plans.judge!(device);
  judge.begin(parameters);
  let judged = await judge.next();
  while (judged === undefined) judged = await judge.next();
  await judge.dispose();
  return { loss: loss!, parameters: Object.values(parameters).flatMap((values) => [...values]), judged };
}

const reference = Object.fromEntries(lossIds.map((id) => [id, stepOn(float64Device(), id)]));

function like64(open: () => Promise<Device>, tolerance: number): void {
  let device: Device;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device.dispose());

  it.each(lossIds)('%s steps and is judged as on the float64 device', async (id) => {
    const expected = await reference[id]!;
    const found = await stepOn(device, id);
    const near = (a: number, b: number, scale: number) =>
      expect(Math.abs(a - b), `${a}, not ${b}`).toBeLessThanOrEqual(tolerance * scale);
    near(found.loss, expected.loss, Math.abs(expected.loss));
    const largest = Math.max(...expected.parameters.map(Math.abs));
    found.parameters.forEach((value, i) => near(value, expected.parameters[i]!, largest));
    near(found.judged.loss, expected.judged.loss, Math.abs(expected.judged.loss));
    // Of 40 random rows no two neighbours are so near that rounding exchanges them.
    near(found.judged.metrics['map@r']!, expected.judged.metrics['map@r']!, 1);
    near(found.judged.metrics['silhouette']!, expected.judged.metrics['silhouette']!, 1);
  });
}

describe('JavaScript', () => like64(() => Promise.resolve(cpuDevice()), 1e-5));
describe('WebAssembly', () => like64(() => webAssemblyDevice('resident'), 1e-5));
describe.skipIf(!hasAdapter)(`WebGPU${withoutAdapter}`, () => {
  beforeAll(useAdapter);
  like64(() => webGpuDevice('resident'), 1e-4);
});
