import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { optimizerSchema } from '../../../src/core/training/schema/optimizer.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import clippingCases from '../../fixtures/golden/grad_clip.json' with { type: 'json' };
import golden from '../../fixtures/golden/optimizers.json' with { type: 'json' };
import { runClippingCase } from '../../golden/clipping.ts';
import { chooseOptimizer, parseOptimizerCase, rowsOf } from '../../golden/optimizers.ts';
import { follow, type Tensors } from '../../golden/updates.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

// Optimizers, clipping, penalties and accumulation on float32 devices.

const random = randomStream(5, 'updates');
const normal = (length: number, scale = 1) => Array.from({ length }, () => scale * random.normal());
/** Tensors whose sizes are no round numbers, and more of them than a kernel may read. */
const sizes: Readonly<Record<string, number>> = {
  'layers.0.weight': 5001,
  'layers.0.bias': 7,
  'layers.1.weight': 21,
  'layers.1.bias': 3,
  'layers.2.weight': 9,
  'layers.2.bias': 3,
  'layers.3.weight': 3,
  'layers.3.bias': 1,
};
const tensors = (scale: number): Tensors =>
  Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, normal(size, scale)]));
const start = tensors(0.5);
const gradients = Array.from({ length: 12 }, () => tensors(1));

const optimizers: readonly object[] = [
  { type: 'sgd', rate: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 },
  { type: 'rmsprop', momentum: 0.5, centered: true, weightDecay: 0.01 },
  { type: 'rmsprop', convention: 'keras', momentum: 0.5, centered: true, weightDecay: 0.01 },
  { type: 'adagrad', rateDecay: 0.1, weightDecay: 0.01 },
  { type: 'adagrad', convention: 'keras', weightDecay: 0.01 },
  { type: 'adadelta', weightDecay: 0.01 },
  { type: 'adam', amsgrad: true, weightDecay: 0.01 },
  { type: 'adam', convention: 'keras', amsgrad: true, weightDecay: 0.01 },
  { type: 'adamw', rate: 0.01 },
  { type: 'adamax', rate: 0.01, weightDecay: 0.01 },
  { type: 'adamax', convention: 'keras', rate: 0.01, weightDecay: 0.01 },
  { type: 'nadam', rate: 0.01, weightDecay: 0.01 },
  { type: 'lion', rate: 0.01, weightDecay: 0.1 },
];
/** The first has the most kernels. */
const extras: readonly object[] = [
  {
    clip: { by: 'norm', max: 1 },
    penalties: [
      { l1: 0.01, l2: 0.02 },
      { on: 'layers.1', decay: 0.1 },
    ],
    accumulate: 3,
  },
  { clip: { by: 'norm', max: 0.5, order: 'infinity' }, penalties: [{ on: 'all', l1: 0.01 }] },
  { clip: { by: 'value', max: 0.5 }, penalties: [{ l2: 0.05 }], accumulate: 2 },
];

describe('JavaScript', () => compare(() => Promise.resolve(cpuDevice()), 1e-5));
describe('WebAssembly', () => compare(() => webAssemblyDevice('resident'), 1e-5));
describe.skipIf(!hasAdapter)(`WebGPU${withoutAdapter}`, () => {
  beforeAll(useAdapter);
  compare(() => webGpuDevice(), 1e-4);
});

function compare(open: () => Promise<Device>, tolerance: number): void {
  let device: Device;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device.dispose());

  it.each(golden.cases.map((raw) => parseOptimizerCase(raw)))('follows golden $id', async (given) => {
    const chosen = chooseOptimizer(given.optimizer, given.convention, given.hyper);
    if ('skip' in chosen) expect.fail(chosen.skip);
    const table = rowsOf(given.grads).map((p) => ({ p }));
    const steps = await follow(chosen.optimizer, { p: given.param0.data }, table, { device });
    rowsOf(given.params_after_each_step).forEach((expected, step) =>
      expectClose(steps[step]!.parameters['p']!, expected, tolerance),
    );
  });

  it.each(clippingCases.cases)('clips golden $id', async (given) => {
    const result = await runClippingCase(given, device, { rtol: tolerance, atol: tolerance });
    expect(result).toEqual({ id: given.id, outcome: 'passed' });
  });

  it.each(
    optimizers.map((optimizer, i) => {
      const given = { ...optimizer, ...extras[Math.max(0, (i % 4) - 1)]! };
      return [JSON.stringify(given), given] as const;
    }),
  )('computes as the float64 device: %s', async (_, given) => {
    const optimizer = v.parse(optimizerSchema, given);
    const exact = await follow(optimizer, start, gradients);
    const ours = await follow(optimizer, start, gradients, { device });
    exact.forEach(({ parameters, report }, step) => {
      for (const [name, values] of Object.entries(parameters))
        expectClose(ours[step]!.parameters[name]!, values, tolerance);
      expectClose([ours[step]!.report], [report], tolerance);
    });
  });
}

describe('moments without gradient', () => {
  it.each([{ type: 'sgd', momentum: 0.9 }, { type: 'adam' }, { type: 'lion', beta2: 0.95 }])(
    'fade to 0 and not into denormal numbers: %j',
    async (given) => {
      const device = cpuDevice();
      const table = Array.from({ length: 3000 }, (_, i) => ({ p: [i === 0 ? 1 : 0] }));
      const steps = await follow(v.parse(optimizerSchema, given), { p: [1] }, table, { device });
      const moment = given.type === 'sgd' ? 'p.velocity' : 'p.moment1';
      const values = steps.map(({ state }) => Math.abs(state[moment]![0]!));
      expect(values[1]).toBeGreaterThan(0);
      // The smallest normal number of single precision is 2⁻¹²⁶.
      expect(values.filter((value) => value > 0 && value < 2 ** -126)).toEqual([]);
      expect(values.at(-1)).toBe(0);
      await device.dispose();
    },
  );
});

/** Relative to the largest number: single ones may pass through zero. */
function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  const worst = Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value)));
  expect(worst).toBeLessThanOrEqual(tolerance * scale);
}
