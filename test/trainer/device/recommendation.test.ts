import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { preferences } from '../../../src/core/data/generators/preferences.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import { experimentOf, runTask } from '../../core/tasks/runTask.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

// The factorisation and its losses on every device against the float64 device, which PyTorch judges
// (test/frameworks/test_recommendation.py). Batches are longer than a stretch of the layer, the last one is short.

const { table } = preferences({ users: 23, items: 31, interactions: 400, noise: 0.3, seed: 3 });
const cases = [
  { loss: 'bpr', negatives: 1, factors: 5, biases: true },
  { loss: 'warp', negatives: 6, factors: 8, biases: true },
  { loss: 'margin-ranking', negatives: 2, factors: 3, biases: false },
  { loss: 'binary-cross-entropy-logits', negatives: 3, factors: 4, biases: true },
];

interface Which {
  readonly name: string;
  readonly open: () => Promise<Device>;
  /** Relative: of the first step, and of the others. */
  readonly tolerance: readonly [first: number, others: number];
}
const devices: readonly Which[] = [
  { name: 'JavaScript', open: () => Promise.resolve(cpuDevice()), tolerance: [1e-5, 1e-4] },
  { name: 'WebAssembly, resident', open: () => webAssemblyDevice('resident'), tolerance: [1e-5, 1e-4] },
  { name: 'WebAssembly, stepped', open: () => webAssemblyDevice('stepped'), tolerance: [1e-5, 1e-4] },
];

describe.each(devices)('$name', follow);
describe.skipIf(!hasAdapter)(`WebGPU${withoutAdapter}`, () => {
  beforeAll(useAdapter);
  follow({ name: 'WebGPU', open: () => webGpuDevice(), tolerance: [1e-4, 1e-3] });
});

function follow({ open, tolerance }: Which): void {
  let device: Device;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device.dispose());

  it.each(cases)('trains $loss as the float64 device does', async ({ loss, negatives, ...model }) => {
    const experiment = experimentOf({
      task: { type: 'recommendation', user: 'user', item: 'item', negatives },
      model: { type: 'factorisation', ...model },
      loss: { id: loss, parameters: loss === 'margin-ranking' ? { margin: 1 } : {} },
      optimizer: { type: 'sgd', rate: 1, momentum: 0.5 },
      training: { epochs: 3, batch: 90, seed: 2 },
    });
    const actual = await runTask(experiment, table, device);
    const exact = await runTask(experiment, table, float64Device());
    expect(exact.losses).toHaveLength(12);
    const near = (value: number, expected: number, within: number) =>
      expect(Math.abs(value - expected)).toBeLessThan(within * Math.abs(expected));
    exact.losses.forEach((value, i) => near(actual.losses[i]!, value, tolerance[i === 0 ? 0 : 1]));
    exact.validationLosses.forEach((value, i) => near(actual.validationLosses[i]!, value, tolerance[1]));
    for (const [name, values] of Object.entries(exact.last.parameters)) {
      const scale = Math.max(...values.map(Math.abs));
      const got = actual.last.parameters[name]!;
      expect(Math.max(...values.map((value, i) => Math.abs(got[i]! - value))), name).toBeLessThan(
        1e-3 * scale,
      );
    }
  });
}
