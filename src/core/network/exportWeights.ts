import { strToU8, zipSync } from 'fflate';
import type { Network, Parameters } from './network.ts';

/** What an export may be stored as. */
export type Precision = 'float64' | 'float32';

/**
 * The parameters as JSON text: `{"format": "loss-lab-weights", "version": 1, "parameters": {name: {shape, values}}}`.
 * Values are flat and row-major. A weight is [inputs, outputs], so that a layer is `x @ W + b`; PyTorch's
 * `nn.Linear.weight` is its transpose.
 */
export function weightsJson(network: Network, parameters: Parameters): string {
  return JSON.stringify({
    format: 'loss-lab-weights',
    version: 1,
    parameters: Object.fromEntries(
      network.parameters.map(({ name, shape }) => [name, { shape, values: [...parameters[name]!] }]),
    ),
  });
}

/**
 * The parameters as a NumPy `.npz`: a zip with one `.npy` per parameter, read by `numpy.load(file)["layers.0.weight"]`.
 * A weight is [inputs, outputs], so that a layer is `x @ W + b`. Equal parameters give equal bytes.
 */
export function weightsNpz(
  network: Network,
  parameters: Parameters,
  precision: Precision = 'float64',
): Uint8Array {
  const files = Object.fromEntries(
    network.parameters.map(({ name, shape }) => [`${name}.npy`, npy(shape, parameters[name]!, precision)]),
  );
  // Stored, as numpy.savez does; the earliest date a zip can hold, so that no clock is needed.
  return zipSync(files, { level: 0, mtime: '1980-01-01T00:00:00' });
}

/** One array as `.npy` format 1.0: magic, version, a header padded to a multiple of 64, then little-endian values (numpy.lib.format). */
export function npy(shape: readonly number[], values: Float64Array, precision: Precision): Uint8Array {
  const size = precision === 'float64' ? 8 : 4;
  const extent = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f${size}', 'fortran_order': False, 'shape': ${extent}, }`;
  const preamble = 10;
  const start = Math.ceil((preamble + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + size * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...strToU8('NUMPY'), 1, 0]);
  view.setUint16(8, start - preamble, true);
  bytes.set(strToU8(`${text.padEnd(start - preamble - 1)}\n`), preamble);
  values.forEach((value, i) => {
    if (precision === 'float64') view.setFloat64(start + 8 * i, value, true);
    else view.setFloat32(start + 4 * i, value, true);
  });
  return bytes;
}
