import { strToU8, zipSync } from 'fflate';
import type { FeatureEncoding, Preprocessing } from '../data/dataset.ts';
import { widthOf } from '../data/encode.ts';
import { buildNetwork, type Network } from '../network/network.ts';
import type { ParameterShape } from '../network/parameterShape.ts';
import type { Checkpoint } from '../training/checkpoint.ts';

/** An array by name, flat and row-major, with its shape. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/**
 * The arrays of a trained model: its parameters by name, as a layer's `weight` [inputs × outputs] and `bias` [outputs], and what turns a row into
 * inputs and an output into an answer: `input.mean` and `input.scale` [inputs] (0 and 1 for one-hot columns), for a
 * numeric target `target.mean` and `target.scale` [1], applied after the link where there is one: `target.link` [1] is 1
 * for exp, 2 for softplus. A generator has no `input.` arrays, and `output.mean` and `output.scale` [outputs] likewise.
 */
export function modelArrays(checkpoint: Checkpoint): NamedArray[] {
  const network = networkOf(checkpoint);
  const arrays = network.parameters.map(({ name, shape }): NamedArray => ({
    name,
    shape,
    values: checkpoint.parameters[name]!,
  }));
  const { features, target, forecast } = checkpoint.preprocessing;
  // The features of a forecast are those of each moment of its window.
  const inputs = Array.from({ length: forecast?.window ?? 1 }, () => features).flat();
  const spread = (
    columns: readonly FeatureEncoding[],
    number: (feature: { mean: number; scale: number }) => number,
    other: number,
  ): Float64Array =>
    Float64Array.from(
      columns.flatMap((feature) =>
        feature.kind === 'number' ? [number(feature)] : new Array<number>(widthOf(feature)).fill(other),
      ),
    );
  const vector = (name: string, values: Float64Array): NamedArray => ({
    name,
    shape: [values.length],
    values,
  });
  const scaling = (side: 'input' | 'output', columns: readonly FeatureEncoding[]): NamedArray[] => [
    vector(
      `${side}.mean`,
      spread(columns, ({ mean }) => mean, 0),
    ),
    vector(
      `${side}.scale`,
      spread(columns, ({ scale }) => scale, 1),
    ),
  ];
  arrays.push(...(target.kind === 'rows' ? scaling('output', target.columns) : scaling('input', inputs)));
  if (target.kind === 'number') {
    arrays.push(
      vector('target.mean', Float64Array.of(target.mean)),
      vector('target.scale', Float64Array.of(target.scale)),
    );
    const link = ['identity', 'exp', 'softplus'].indexOf(target.link ?? 'identity');
    if (link > 0) arrays.push(vector('target.link', Float64Array.of(link)));
  }
  return arrays;
}

/** The network of a checkpoint, which fits: it was checked when it was read. */
function networkOf(model: Checkpoint): Network {
  const built = buildNetwork(model);
  if (!built.ok) throw new RangeError('The model does not fit its inputs.');
  return built.value;
}

/**
 * A trained model as JSON with the preprocessing by column: of a multilayer perceptron its layers with nested arrays and
 * activation (version 1), of any other model its description and its parameters by name (version 2).
 */
export function weightsJson(checkpoint: Checkpoint): string {
  const { position, best, preprocessing } = checkpoint;
  const document = {
    format: 'loss-lab-weights',
    ...describedModel(checkpoint),
    position,
    ...(best === undefined ? {} : { best }),
    preprocessing: preprocessing satisfies Preprocessing,
  };
  return `${JSON.stringify(document, (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value), 2)}\n`;
}

function describedModel(checkpoint: Checkpoint): object {
  const { model, shape, inputs, outputs } = checkpoint;
  const { layers, parameters } = networkOf(checkpoint);
  const values = ({ name, shape: extents }: ParameterShape): unknown =>
    nested(checkpoint.parameters[name]!, extents);
  if (model.type === 'mlp') {
    return {
      version: 1,
      compute: 'output = inputs; for each layer: output = activation(output · weight + bias)',
      layers: layers.map((layer, i) => ({
        activation: i < layers.length - 1 ? model.activation : 'none',
        ...Object.fromEntries(layer.parameters.map((parameter) => [parameter.role, values(parameter)])),
      })),
    };
  }
  return {
    version: 2,
    compute:
      model.type === 'factorisation'
        ? 'score of an item for a user = users.weight[user] · items.weight[item] + items.bias[item]; users and items in the order of the preprocessing'
        : 'output = inputs in their shape, the channels last; then layer after layer of the model, and a dense layer to the outputs',
    model,
    inputs: shape ?? [inputs],
    outputs,
    parameters: Object.fromEntries(parameters.map((parameter) => [parameter.name, values(parameter)])),
  };
}

/** A trained model as a NumPy archive: one float64 `.npy` for each of {@link modelArrays}. `numpy.load` reads it without pickle. */
export function weightsNpz(checkpoint: Checkpoint): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  for (const array of modelArrays(checkpoint)) files[`${array.name}.npy`] = npy(array);
  // A fixed date: the same model gives the same bytes.
  return zipSync(files, { level: 6, mtime: '1980-01-01T00:00:00' });
}

/** One array in NumPy's format, version 1.0 (numpy.lib.format): magic, header padded to 64 bytes, little-endian float64. */
export function npy({ shape, values }: NamedArray): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]!},)` : `(${shape.join(', ')})`;
  const start = `{'descr': '<f8', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefix = 10;
  const header = strToU8(`${start.padEnd(Math.ceil((prefix + start.length + 1) / 64) * 64 - prefix - 1)}\n`);
  const file = new Uint8Array(prefix + header.length + values.length * 8);
  const view = new DataView(file.buffer);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  view.setUint16(8, header.length, true);
  file.set(header, prefix);
  values.forEach((value, i) => view.setFloat64(prefix + header.length + 8 * i, value, true));
  return file;
}

function nested(values: Float64Array, [extent = 1, ...rest]: readonly number[]): unknown {
  if (rest.length === 0) return [...values];
  const size = values.length / extent;
  return Array.from({ length: extent }, (_, i) => nested(values.subarray(i * size, (i + 1) * size), rest));
}
