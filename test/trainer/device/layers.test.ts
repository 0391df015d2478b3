import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import {
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeRows,
  rowEpochs,
  writeWindow,
} from '../../../src/core/compute/feed.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { activationLayer, activationNames } from '../../../src/core/compute/layers/activation.ts';
import { passStep } from '../../../src/core/compute/layers/layer.ts';
import { trainingPlan } from '../../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import type { Parameters as Values } from '../../../src/core/network/network.ts';
import { paddedShape } from '../../../src/core/network/rowShape.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';

// Every layer on every device against the float64 device, short last batches included. The float64 device itself is
// judged by PyTorch (test/frameworks/test_layers.py).

const flatten = { type: 'flatten' };
const models: readonly { readonly name: string; readonly shape: number[]; readonly layers: object[] }[] = [
  {
    name: 'every activation',
    shape: [5],
    layers: activationNames.map((activation) => ({ type: 'dense', units: 6, activation })),
  },
  {
    name: 'wide dense layers, whose activation is a kernel of its own',
    shape: [40],
    layers: (['gelu', 'sigmoid', 'elu'] as const).map((activation) => ({
      type: 'dense',
      units: 41,
      activation,
    })),
  },
  {
    name: 'convolutions of images, with strides and both paddings',
    shape: [9, 8, 1],
    layers: [
      { type: 'conv2d', filters: 5, size: 3, padding: 'same', activation: 'relu' },
      { type: 'conv2d', filters: 6, size: [2, 3], stride: [2, 1], activation: 'softplus' },
      { type: 'conv2d', filters: 4, size: 3, stride: 2, padding: 'same', activation: 'tanh' },
      flatten,
    ],
  },
  {
    name: 'pools with and without overlap',
    shape: [9, 10, 2],
    layers: [
      { type: 'conv2d', filters: 3, size: 2, activation: 'relu' },
      { type: 'maxPool', size: 3, stride: 2 },
      { type: 'averagePool', size: 2, stride: 1 },
      { type: 'maxPool', size: 2 },
      flatten,
    ],
  },
  {
    name: 'an embedded series',
    shape: [8],
    layers: [
      { type: 'embedding', count: 7, units: 6 },
      { type: 'conv1d', filters: 5, size: 3, padding: 'same', activation: 'relu' },
      { type: 'maxPool', size: 2 },
      flatten,
    ],
  },
  {
    name: 'normalisations and a residual block',
    shape: [5, 4, 3],
    layers: [
      {
        type: 'residual',
        layers: [{ type: 'conv2d', filters: 3, size: 3, padding: 'same' }, { type: 'batchNorm' }],
      },
      { type: 'layerNorm' },
      { type: 'activation', activation: 'silu' },
      flatten,
      { type: 'dense', units: 7 },
      { type: 'batchNorm' },
    ],
  },
  {
    name: 'dropout',
    shape: [6],
    layers: [
      { type: 'dense', units: 30, activation: 'tanh' },
      { type: 'dropout', rate: 0.3 },
    ],
  },
];

const rows = 12;
const batch = 5;
const steps = 6;

async function train(
  { shape, layers }: (typeof models)[number],
  device: Device,
): Promise<{ losses: Float64Array; parameters: Values }> {
  const parsed = parseExperiment({
    version: 1,
    data: { source: 'builtin', name: 'line' },
    model: { type: 'layers', layers },
    loss: { id: 'mean-squared-error' },
    optimizer: { type: 'sgd', rate: 0.02, momentum: 0.5 },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { model, optimizer } = parsed.value;
  const inputs = shape.reduce((product, extent) => product * extent, 1);
  const planned = trainingPlan({
    model,
    inputs,
    shape,
    outputs: 1,
    objective: lossObjective(loadLoss('mean-squared-error')!, {}),
    rows,
    batch,
    optimizer,
    seed: 3,
  });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  const plan = planned.value;
  const initial = initialParameters(plan.network, 5);
  if (!initial.ok) throw new Error('no starting values');
  const random = randomStream(2, 'rows');
  const isWhole = layers.some((layer) => 'type' in layer && layer.type === 'embedding');
  const executable = await device.compile(plan.plan);
  writeRows(executable, plan, {
    rows,
    features: Float64Array.from({ length: rows * inputs }, () =>
      isWhole ? random.below(7) : random.normal(),
    ),
    targets: Float64Array.from({ length: rows }, () => random.normal()),
  });
  writeParameters(executable, plan.network, initial.value);
  writeOptimizerState(executable, plan, {});
  const order = Array.from({ length: rows }, (_, row) => (row * 5) % rows);
  const losses = new Float64Array(steps);
  for (let step = 0; step < steps; step += plan.steps) {
    writeWindow(executable, plan, rowEpochs(plan)(order), 0, step + 1);
    losses.set(await executable.run(plan.steps), step);
  }
  const parameters = await readParameters(executable, plan.network);
  await executable.dispose();
  return { losses, parameters };
}

const points = [-1000, -100, -30, -5, -1, -1e-3, 0, 1e-3, 0.5, 2, 8, 25, 60, 300, 1000, 3];

/** Every activation at some points, and its derivative there. */
async function activations(device: Device): Promise<Map<string, Float64Array>> {
  const row = paddedShape([points.length]);
  const made = activationNames.map((activation) => {
    const layer = activationLayer(activation, row, activation, 'model');
    const forward = layer.forward('points', { ...passStep(1), isTraining: true });
    return { forward, back: forward.backward('ones', true) };
  });
  const data = (name: string) => ({ name, size: points.length, role: 'data' as const });
  const executable = await device.compile({
    buffers: [
      data('points'),
      data('ones'),
      ...made.flatMap(({ forward, back }) => [...forward.part.buffers, ...back.part.buffers]),
    ],
    kernels: made.flatMap(({ forward, back }) => [...forward.part.kernels, ...back.part.kernels]),
    carry: [],
    report: made[0]!.forward.output,
  });
  executable.write('points', Float64Array.from(points));
  executable.write('ones', new Float64Array(points.length).fill(1));
  await executable.run(1);
  const values = new Map<string, Float64Array>();
  for (const { forward, back } of made) {
    for (const name of [forward.output, back.input!]) values.set(name, await executable.read(name));
  }
  await executable.dispose();
  return values;
}

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

  it.each(models)('trains $name as the float64 device does', async (model) => {
    const actual = await train(model, device);
    const exact = await train(model, float64Device());
    exact.losses.forEach((loss, i) =>
      expect(Math.abs(actual.losses[i]! - loss) / Math.abs(loss)).toBeLessThan(tolerance),
    );
    for (const [name, values] of Object.entries(exact.parameters)) {
      const scale = Math.max(...values.map(Math.abs));
      const worst = Math.max(...values.map((value, i) => Math.abs(actual.parameters[name]![i]! - value)));
      expect(worst, name).toBeLessThanOrEqual(1e-3 * scale);
    }
  });

  it('computes activations and their derivatives from −1000 to 1000', async () => {
    const [actual, exact] = [await activations(device), await activations(float64Device())];
    for (const [name, values] of exact) {
      values.forEach((value, i) => {
        const difference = Math.abs(actual.get(name)![i]! - value);
        expect(difference, `${name} at ${points[i]!}`).toBeLessThan(1e-5 * (1 + Math.abs(value)));
      });
    }
  });
}
