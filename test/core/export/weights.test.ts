import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { npy, weightsJson, weightsNpz } from '../../../src/core/export/weights.ts';
import type { Checkpoint } from '../../../src/core/training/checkpoint.ts';

const checkpoint: Checkpoint = {
  position: { step: 12, epoch: 3 },
  model: { type: 'mlp', hidden: [2], activation: 'relu' },
  inputs: 3,
  outputs: 1,
  preprocessing: {
    task: 'regression',
    features: [
      { kind: 'number', name: 'size', mean: 0.5, scale: 4, fill: null },
      { kind: 'one-hot', name: 'colour', categories: ['red', 'blue'] },
    ],
    target: { kind: 'number', name: 'price', mean: 100, scale: 10 },
  },
  parameters: {
    'layers.0.weight': Float64Array.of(1, -2, 3.5, 0.1, 1e-300, -0),
    'layers.0.bias': Float64Array.of(1, 2),
    'layers.1.weight': Float64Array.of(4, 5),
    'layers.1.bias': Float64Array.of(7),
  },
};

/** Reads `.npy` 1.0 by the description in numpy.lib.format. */
function readNpy(bytes: Uint8Array): { header: string; values: number[]; dataStart: number } {
  // \x93NUMPY, version 1.0
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataStart = 10 + view.getUint16(8, true);
  const values: number[] = [];
  for (let at = dataStart; at < bytes.length; at += 8) values.push(view.getFloat64(at, true));
  return { header: String.fromCharCode(...bytes.subarray(10, dataStart)), values, dataStart };
}

describe('.npy', () => {
  it('has the header of the format, padded to 64 bytes and ended by a newline', () => {
    const values = Float64Array.of(1, -2, 3.5, 0.1, 1e-300, -0);
    const read = readNpy(npy({ name: 'w', shape: [3, 2], values }));
    expect(read.header.trimEnd()).toBe("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }");
    expect(read.header.endsWith('\n')).toBe(true);
    expect(read.dataStart % 64).toBe(0);
    expect(read.values).toEqual([...values]);
  });

  it('is aligned at every length of the header', () => {
    for (let digits = 0; digits < 15; digits++) {
      const { header, dataStart } = readNpy(
        npy({ name: 'w', shape: [1, 10 ** digits], values: Float64Array.of(1) }),
      );
      expect(dataStart % 64).toBe(0);
      expect(header).toMatch(/\}\s*\n$/);
    }
  });

  it('writes one-dimensional shapes as Python tuples', () => {
    const { header } = readNpy(npy({ name: 'b', shape: [1], values: Float64Array.of(1) }));
    expect(header).toContain("'shape': (1,)");
  });
});

describe('exported weights', () => {
  it('are a .npz of every parameter by name, with what scales inputs and target', () => {
    const files = unzipSync(weightsNpz(checkpoint));
    const values = Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, readNpy(bytes).values]),
    );
    expect(values).toEqual({
      ...Object.fromEntries(
        Object.entries(checkpoint.parameters).map(([name, p]) => [`${name}.npy`, [...p]]),
      ),
      'input.mean.npy': [0.5, 0, 0],
      'input.scale.npy': [4, 1, 1],
      'target.mean.npy': [100],
      'target.scale.npy': [10],
    });
  });

  it('are the same bytes every time', () => {
    expect(weightsNpz(checkpoint)).toEqual(weightsNpz(checkpoint));
  });

  it('are JSON with nested arrays, weights as [inputs][outputs]', () => {
    expect(JSON.parse(weightsJson(checkpoint))).toMatchObject({
      version: 1,
      layers: [
        {
          activation: 'relu',
          weight: [
            [1, -2],
            [3.5, 0.1],
            [1e-300, 0],
          ],
          bias: [1, 2],
        },
        { activation: 'none', weight: [[4], [5]], bias: [7] },
      ],
      preprocessing: { target: { mean: 100, scale: 10 } },
    });
  });
});
