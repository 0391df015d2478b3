import * as v from 'valibot';
import { afterAll, describe, expect, it } from 'vitest';
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
import { trainingPlan, type TrainingPlan } from '../../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import { modelSchema } from '../../../src/core/training/schema/model.ts';
import { optimizerSchema } from '../../../src/core/training/schema/optimizer.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { lossObjective } from '../../../src/core/compute/objective.ts';

// Whole training plans: what micro-kernels compute against what GPU.js's kernels compute, and both against float64.

const batch = 12;
const batches = 3;
const classes = 5;

function planOf(layers: readonly object[], shape: readonly number[]): TrainingPlan {
  const loss = loadLoss('softmax-cross-entropy');
  if (loss === undefined) throw new Error('expected the loss');
  const planned = trainingPlan({
    model: v.parse(modelSchema, { type: 'layers', layers }),
    inputs: shape.reduce((a, b) => a * b, 1),
    shape,
    outputs: classes,
    objective: lossObjective(loss, {}),
    rows: batch * batches,
    batch,
    // With Adam a parameter whose gradient is all rounding would move by as much as any other.
    optimizer: v.parse(optimizerSchema, { type: 'sgd', rate: 0.1, momentum: 0.9 }),
  });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return planned.value;
}

/** Losses and parameters after a pass in the order of the rows. */
async function train(device: Device, plan: TrainingPlan) {
  const executable = await device.compile(plan.plan);
  const random = randomStream(1, 'rows');
  writeRows(executable, plan, {
    rows: plan.rows,
    features: Float64Array.from({ length: plan.rows * plan.width }, () => random.normal()),
    targets: Float64Array.from({ length: plan.rows }, (_, i) => i % classes),
  });
  const drawn = initialParameters(plan.network, 3);
  if (!drawn.ok) throw new Error('expected values');
  writeParameters(executable, plan.network, drawn.value);
  writeOptimizerState(executable, plan, {});
  const order = Array.from({ length: plan.rows }, (_, i) => (i * 7) % plan.rows);
  const steps = writeWindow(executable, plan, rowEpochs(plan)(order), 0, 1);
  const losses = await executable.run(steps);
  const parameters = await readParameters(executable, plan.network);
  await executable.dispose();
  return { losses, parameters };
}

describe.each([
  {
    name: 'dense layers of odd widths',
    shape: [7],
    layers: [
      { type: 'dense', units: 19, activation: 'tanh' },
      { type: 'dense', units: 30, activation: 'relu' },
      { type: 'dense', units: 11, activation: 'sigmoid' },
    ],
  },
  {
    name: 'convolutions with stride and margin',
    shape: [9, 8, 3],
    layers: [
      { type: 'conv2d', filters: 6, size: 3, padding: 'same', activation: 'relu' },
      { type: 'conv2d', filters: 5, size: 3, stride: 2, activation: 'tanh' },
      { type: 'conv2d', filters: 8, size: 2, activation: 'relu' },
      { type: 'flatten' },
    ],
  },
])('a training plan of $name', ({ shape, layers }) => {
  const opened: Device[] = [];
  afterAll(async () => {
    await Promise.all(opened.map((device) => device.dispose()));
  });

  it('trains alike with micro-kernels, with generated kernels alone and in float64', async () => {
    const plan = planOf(layers, shape);
    expect(plan.plan.kernels.some((kernel) => kernel.operation !== undefined)).toBe(true);
    const reference = await train(float64Device(), plan);
    for (const how of ['resident', 'generated'] as const) {
      const device = await webAssemblyDevice(how);
      opened.push(device);
      const { losses, parameters } = await train(device, plan);
      losses.forEach((loss, step) => {
        expect(Math.abs(loss - reference.losses[step]!), `${how}, step ${step}`).toBeLessThan(1e-5);
      });
      for (const [name, values] of Object.entries(reference.parameters)) {
        const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - parameters[name]![i]!)), 0);
        expect(worst, `${how}, ${name}`).toBeLessThan(1e-5);
      }
    }
  });
});
