import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crc32,
  decodeCheckpoint,
  encodeCheckpoint,
  keepsLine,
  samePreprocessing,
  type Checkpoint,
} from '../../../src/core/training/checkpoint.ts';

const checkpoint: Checkpoint = {
  position: { step: 12, epoch: 3 },
  model: { type: 'mlp', hidden: [2], activation: 'relu' },
  inputs: 3,
  outputs: 1,
  preprocessing: {
    task: 'regression',
    features: [
      { kind: 'number', name: 'größe', mean: 0.1, scale: 1e-17, fill: null },
      { kind: 'one-hot', name: 'colour', categories: ['红', 'blue'] },
    ],
    target: { kind: 'number', name: 'y', mean: 3, scale: 2 },
  },
  parameters: {
    'layers.0.weight': Float64Array.of(1, 2, 3, 4, 5, 6),
    'layers.0.bias': Float64Array.of(NaN, -Infinity),
    'layers.1.weight': Float64Array.of(5e-324, -0),
    'layers.1.bias': Float64Array.of(0.1),
  },
  best: { step: 8, epoch: 2, loss: 0.1, validationLoss: 0.1, metrics: { rmse: 1.5, r2: NaN } },
  resume: {
    optimizer: 'sgd',
    state: { 'layers.1.weight.velocity': Float64Array.of(7, 8) },
    bestParameters: {
      'layers.0.weight': Float64Array.of(6, 5, 4, 3, 2, 1),
      'layers.0.bias': Float64Array.of(1, 2),
      'layers.1.weight': Float64Array.of(3, 4),
      'layers.1.bias': Float64Array.of(5),
    },
    rows: { training: 10, validation: 2 },
    epochLoss: { sum: 0.30000000000000004, rows: 4 },
    pending: { steps: [{ type: 'step', step: 11, loss: Infinity }], epochs: [] },
    written: { step: 10, epoch: 3 },
    seconds: 1.25,
    stop: { patience: { loss: Infinity, waited: 3 }, end: 'patience' },
  },
};

const decoded = (bytes: Uint8Array) => {
  const result = decodeCheckpoint(bytes);
  if (!result.ok) throw new Error(result.problems[0]!.message.template);
  return result.value;
};

describe('a checkpoint', () => {
  it('survives its file bit for bit', () => {
    const read = decoded(encodeCheckpoint(checkpoint));
    expect(read).toEqual(checkpoint);
    // toEqual takes −0 for 0 in typed arrays.
    expect(Object.is(read.parameters['layers.1.weight']![1], -0)).toBe(true);
  });

  it('may lack everything that only resuming needs', () => {
    const { position, model: layers, inputs, outputs, preprocessing, parameters } = checkpoint;
    const model = { position, model: layers, inputs, outputs, preprocessing, parameters };
    expect(decoded(encodeCheckpoint(model))).toEqual(model);
  });

  it('is read from the middle of a larger buffer', () => {
    const bytes = encodeCheckpoint(checkpoint);
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 3);
    expect(decoded(larger.subarray(3, 3 + bytes.length))).toEqual(checkpoint);
  });

  it('is refused when any byte is changed', () => {
    const bytes = encodeCheckpoint(checkpoint);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        expect(decodeCheckpoint(changed).ok).toBe(false);
      }),
    );
  });

  it('is refused when cut short', () => {
    const bytes = encodeCheckpoint(checkpoint);
    for (const length of [0, 7, 8, 19, 100, bytes.length - 8, bytes.length - 1]) {
      expect(decodeCheckpoint(bytes.subarray(0, length)).ok).toBe(false);
    }
  });

  it('is refused when it is of another version, and says so', () => {
    const bytes = encodeCheckpoint(checkpoint);
    bytes[8] = 2;
    const result = decodeCheckpoint(bytes);
    expect(result.ok ? undefined : result.problems[0]!.message.args).toEqual({ found: 2, expected: 1 });
  });

  it('is refused when parameters do not fit its model, though the checksum is right', () => {
    const parameters = { ...checkpoint.parameters, 'layers.1.bias': Float64Array.of(1, 2) };
    expect(decodeCheckpoint(encodeCheckpoint({ ...checkpoint, parameters })).ok).toBe(false);
  });
});

describe('the checksum', () => {
  it('is the CRC-32 of zlib', () => {
    // The check value of the CRC catalogue (CRC-32/ISO-HDLC) and of the empty message.
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });
});

describe('the record and a checkpoint', () => {
  it('keeps the lines that were written before it', () => {
    expect(keepsLine(checkpoint, { type: 'step', step: 10, loss: 1 })).toBe(true);
    expect(keepsLine(checkpoint, { type: 'step', step: 11, loss: 1 })).toBe(false);
    expect(keepsLine(checkpoint, { type: 'epoch', step: 12, epoch: 3, loss: 1, seconds: 0 })).toBe(true);
    expect(keepsLine(checkpoint, { type: 'epoch', step: 16, epoch: 4, loss: 1, seconds: 0 })).toBe(false);
  });
});

describe('the encoding of data', () => {
  it('is compared whatever the order of its keys', () => {
    const { task, features, target } = checkpoint.preprocessing;
    expect(samePreprocessing(checkpoint.preprocessing, { target, features, task })).toBe(true);
    expect(samePreprocessing(checkpoint.preprocessing, { target, task, features: features.slice(1) })).toBe(
      false,
    );
  });
});
