import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { cpuDevice } from '../../../src/trainer/device/cpu.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import { webGpuDevice } from '../../../src/trainer/device/webGpu.ts';
import { descentOf, type Descent } from './lossDescent.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './software.ts';

// Every loss goes down under plain gradient descent on its own predictions, and on every device as on the float64 device.

const steps = 10;
const seed = 3;
const rates = [0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4];

async function lossesOn(device: Device, { plan, values }: Descent): Promise<Float64Array> {
  const executable = await device.compile(plan);
  try {
    for (const [buffer, data] of Object.entries(values)) executable.write(buffer, data);
    return await executable.run(steps);
  } finally {
    await executable.dispose();
  }
}

interface Way {
  readonly descent: Descent;
  readonly values: Float64Array;
}

/** The descent at the largest rate at which no step goes up, on the float64 device. */
async function wayDown(loss: Loss): Promise<Way> {
  let way: Way | undefined;
  for (const rate of rates) {
    const descent = descentOf(loss, rate, seed);
    const values = await lossesOn(float64Device(), descent);
    way ??= { descent, values };
    if (values.every((value, k) => k === 0 || value <= values[k - 1]!) && values.at(-1)! < values[0]!)
      return { descent, values };
  }
  expect.fail(`${loss.id} does not go down: ${way!.values.join(', ')}`);
}

const catalogue = losses().map((loss) => [loss.id, loss] as const);
const ways = new Map<string, Promise<Way>>();
const wayOf = (loss: Loss): Promise<Way> => {
  const known = ways.get(loss.id) ?? wayDown(loss);
  ways.set(loss.id, known);
  return known;
};

describe('the float64 device', () => {
  it.each(catalogue)('%s goes down', async (_, loss) => {
    const { values } = await wayOf(loss);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

function like64(open: () => Promise<Device>, tolerance: number): void {
  let device: Device;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device.dispose());

  it.each(catalogue)('%s goes down as on the float64 device', async (_, loss) => {
    const { descent, values } = await wayOf(loss);
    const found = await lossesOn(device, descent);
    const scale = Math.max(...values.map(Math.abs));
    values.forEach((value, step) => {
      expect(
        Math.abs(found[step]! - value),
        `step ${step}: ${found[step]}, not ${value}`,
      ).toBeLessThanOrEqual(tolerance * scale);
    });
  });
}

describe('JavaScript', () => {
  like64(() => Promise.resolve(cpuDevice()), 1e-5);
});
describe('WebAssembly', () => {
  like64(() => webAssemblyDevice('resident'), 1e-5);
});
describe.skipIf(!hasAdapter)(`WebGPU${withoutAdapter}`, () => {
  beforeAll(useAdapter);
  like64(() => webGpuDevice(), 1e-4);
});
