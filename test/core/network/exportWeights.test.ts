import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { npy, weightsJson, weightsNpz } from '../../../src/core/network/exportWeights.ts';
import { buildNetwork } from '../../../src/core/network/network.ts';

const network = buildNetwork({ type: 'mlp', hidden: [3], activation: 'relu' }, 2, 1);
const parameters = {
  'layers.0.weight': Float64Array.of(1, -2, 3.5, 0.1, 1e-300, -0),
  'layers.0.bias': Float64Array.of(1, 2, 3),
  'layers.1.weight': Float64Array.of(4, 5, 6),
  'layers.1.bias': Float64Array.of(7),
};

/** Reads `.npy` 1.0 by the description in numpy.lib.format. */
function readNpy(bytes: Uint8Array): { header: string; values: number[]; dataStart: number } {
  // \x93NUMPY, version 1.0
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dataStart = 10 + view.getUint16(8, true);
  const header = String.fromCharCode(...bytes.subarray(10, dataStart));
  const size = header.includes('<f8') ? 8 : 4;
  const values: number[] = [];
  for (let at = dataStart; at < bytes.length; at += size) {
    values.push(size === 8 ? view.getFloat64(at, true) : view.getFloat32(at, true));
  }
  return { header, values, dataStart };
}

describe('.npy', () => {
  it('has the header of the format, padded to 64 bytes and ended by a newline', () => {
    const { header, dataStart, values } = readNpy(npy([2, 3], parameters['layers.0.weight'], 'float64'));
    expect(header.trimEnd()).toBe("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }");
    expect(header.endsWith('\n')).toBe(true);
    expect(dataStart % 64).toBe(0);
    expect(values).toEqual([...parameters['layers.0.weight']]);
  });

  it('writes one-dimensional shapes as Python tuples, and float32', () => {
    const { header, values } = readNpy(npy([1], Float64Array.of(0.1), 'float32'));
    expect(header.trimEnd()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }");
    expect(values).toEqual([Math.fround(0.1)]);
  });
});

describe('weights', () => {
  it('go into a .npz by name', () => {
    const files = unzipSync(weightsNpz(network, parameters));
    expect(Object.keys(files)).toEqual(network.parameters.map((p) => `${p.name}.npy`));
    for (const { name } of network.parameters) {
      expect(readNpy(files[`${name}.npy`]!).values).toEqual([...parameters[name as keyof typeof parameters]]);
    }
  });

  it('give the same bytes every time', () => {
    expect(weightsNpz(network, parameters)).toEqual(weightsNpz(network, parameters));
  });

  it('go into JSON with their shapes', () => {
    expect(JSON.parse(weightsJson(network, parameters))).toMatchObject({
      version: 1,
      parameters: { 'layers.0.weight': { shape: [2, 3], values: [1, -2, 3.5, 0.1, 1e-300, 0] } },
    });
  });
});
