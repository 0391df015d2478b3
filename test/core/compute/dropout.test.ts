import { describe, expect, it } from 'vitest';
import { float64Executable } from '../../../src/core/compute/float64.ts';
import { drawKeys, dropout, dropoutKeys } from '../../../src/core/compute/layers/dropout.ts';
import { passStep } from '../../../src/core/compute/layers/layer.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { paddedShape } from '../../../src/core/network/rowShape.ts';

const width = 64;
const batch = 128;
const rate = 0.3;

const layer = dropout('layers.0', paddedShape([width]), { rate }, 'model.layers.0');
const forward = layer.forward('features', {
  ...passStep(batch),
  isTraining: true,
  keysOf: () => ({ reads: { keys: 'keys' }, first: '0' }),
});
const executable = float64Executable({
  buffers: [
    { name: 'features', size: batch * width, role: 'data' },
    { name: 'keys', size: dropoutKeys, role: 'data' },
    ...forward.part.buffers,
  ],
  kernels: forward.part.kernels,
  carry: [],
  report: forward.output,
});

/** Which values a step keeps: 1 or 0. */
function mask(step: number): number[] {
  executable.write('keys', Float64Array.from(drawKeys(randomStream(7, `keys/${step}`))));
  executable.runNow(1);
  return [...executable.readNow('layers.0.mask')].map((value) => (value > 0 ? 1 : 0));
}

const steps = 40;
const masks = Array.from({ length: steps }, (_, step) => mask(step));
const keep = 1 - rate;

/** Whether pairs of places keep both as often as independent ones would: five standard errors. */
function expectIndependent(pairs: readonly (readonly [number, number])[]): void {
  const both = pairs.filter(([a, b]) => a === 1 && b === 1).length / pairs.length;
  const variance = keep ** 2 * (1 - keep ** 2);
  expect(Math.abs(both - keep ** 2)).toBeLessThan(5 * Math.sqrt(variance / pairs.length));
}

describe('the mask of dropout', () => {
  it('keeps the share that it should, in every row and every column too', () => {
    const within = (values: readonly number[]) => {
      const share = values.reduce((sum, kept) => sum + kept, 0) / values.length;
      expect(Math.abs(share - keep)).toBeLessThan(5 * Math.sqrt((keep * rate) / values.length));
    };
    within(masks.flat());
    for (let row = 0; row < batch; row++)
      within(masks.flatMap((m) => m.slice(row * width, (row + 1) * width)));
    for (let column = 0; column < width; column++)
      within(masks.flatMap((m) => m.filter((_, i) => i % width === column)));
  });

  it('scales what it keeps, so that the expected value stays', () => {
    const values = executable.readNow('layers.0.mask');
    expect(new Set(values)).toEqual(new Set([0, 1 / keep]));
  });

  it.each([1, 2, 3, 4, 16, width, width + 1, 2 * width])('has no tie between places %i apart', (distance) => {
    expectIndependent(masks.flatMap((m) => m.slice(distance).map((kept, i) => [m[i]!, kept] as const)));
  });

  it.each([1, 2, 7])('has no tie between steps %i apart', (distance) => {
    expectIndependent(
      masks.slice(distance).flatMap((m, step) => m.map((kept, i) => [masks[step]![i]!, kept] as const)),
    );
  });
});
