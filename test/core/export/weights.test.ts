import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { modelArrays, npy, weightsJson, weightsNpz } from '../../../src/core/export/weights.ts';
import { predictor } from '../../../src/core/network/predict.ts';
import type { Checkpoint } from '../../../src/core/training/checkpoint.ts';

const checkpoint: Checkpoint = {
  position: { step: 10, epoch: 2 },
  model: { type: 'mlp', hidden: [2], activation: 'tanh' },
  inputs: 3,
  outputs: 1,
  preprocessing: {
    task: 'regression',
    features: [
      { kind: 'number', name: 'x', mean: 5, scale: 2, fill: null },
      { kind: 'one-hot', name: 'colour', categories: ['red', 'blue'] },
    ],
    target: { kind: 'number', name: 'y', mean: 100, scale: 10 },
  },
  parameters: {
    'layers.0.weight': Float64Array.of(0.1, -0.2, 0.3, 0.4, -0.5, 0.6),
    'layers.0.bias': Float64Array.of(0.01, -0.02),
    'layers.1.weight': Float64Array.of(1.5, -2.5),
    'layers.1.bias': Float64Array.of(1 / 3),
  },
};

/** Reads a version 1.0 file by the description of numpy.lib.format. */
function readNpy(bytes: Uint8Array): { header: string; data: number[] } {
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint16(8, true);
  expect((10 + length) % 64).toBe(0);
  const header = Buffer.from(bytes.subarray(10, 10 + length)).toString('latin1');
  expect(header.endsWith('\n')).toBe(true);
  const data: number[] = [];
  for (let at = 10 + length; at < bytes.length; at += 8) data.push(view.getFloat64(at, true));
  return { header: header.trim(), data };
}

describe('a NumPy archive', () => {
  it('holds every array bit by bit with its shape', () => {
    const files = unzipSync(weightsNpz(checkpoint));
    expect(Object.keys(files).sort()).toEqual(
      modelArrays(checkpoint)
        .map(({ name }) => `${name}.npy`)
        .sort(),
    );
    const weight = readNpy(files['layers.0.weight.npy']!);
    expect(weight.header).toBe("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }");
    expect(weight.data).toEqual([0.1, -0.2, 0.3, 0.4, -0.5, 0.6]);
    expect(readNpy(files['layers.1.bias.npy']!)).toEqual({
      header: "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
      data: [1 / 3],
    });
    expect(readNpy(files['input.mean.npy']!).data).toEqual([5, 0, 0]);
    expect(readNpy(files['input.scale.npy']!).data).toEqual([2, 1, 1]);
    expect(readNpy(files['target.mean.npy']!).data).toEqual([100]);
  });

  it('is the same bytes each time', () => {
    expect(weightsNpz(checkpoint)).toEqual(weightsNpz(checkpoint));
  });

  it('keeps NaN and infinities', () => {
    const values = Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0);
    expect(readNpy(npy({ name: 'x', shape: [3], values })).data).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -0,
    ]);
  });
});

describe('JSON', () => {
  it('says enough to compute the same outputs by its own instruction', () => {
    const { layers } = JSON.parse(weightsJson(checkpoint)) as {
      layers: { activation: string; weight: number[][]; bias: number[] }[];
    };
    const row = [0.7, 1, 0];
    let values = row;
    for (const { activation, weight, bias } of layers) {
      const sums = bias.map((b, column) =>
        values.reduce((sum, value, i) => sum + value * weight[i]![column]!, b),
      );
      values = activation === 'tanh' ? sums.map((sum) => Math.tanh(sum)) : sums;
    }
    const expected = predictor(checkpoint)(Float64Array.from(row), 1);
    expect(values[0]).toBeCloseTo(expected[0]!, 12);
  });
});
