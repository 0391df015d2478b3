import { describe, expect, it } from 'vitest';
import { buildNetwork, type Network } from '../../../src/core/network/network.ts';
import { checkWholeNumbers } from '../../../src/core/network/wholeNumbers.ts';
import { sizeOf } from '../../../src/core/network/rowShape.ts';
import { parseExperiment, type Experiment } from '../../../src/core/training/experiment.ts';
import { words } from '../../words.ts';

function modelOf(layers: readonly object[]): Experiment['model'] {
  const parsed = parseExperiment({
    version: 1,
    data: { source: 'builtin', name: 'iris' },
    model: { type: 'layers', layers },
    loss: { id: 'mean-squared-error' },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value.model;
}

const build = (layers: readonly object[], shape: readonly number[], outputs = 2) =>
  buildNetwork({ model: modelOf(layers), inputs: sizeOf(shape), shape, outputs });

function built(layers: readonly object[], shape: readonly number[], outputs = 2): Network {
  const result = build(layers, shape, outputs);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function refusal(layers: readonly object[], shape: readonly number[]): { path: string; text: string } {
  const result = build(layers, shape);
  if (result.ok) throw new Error('expected a problem');
  const [problem] = result.problems;
  return { path: problem!.where!.path!, text: words(problem!.message) };
}

const flatten = { type: 'flatten' };
const conv = (options: object) => ({ type: 'conv2d', filters: 5, size: 3, ...options });

describe('shapes from layer to layer', () => {
  // Sizes as PyTorch's documentation gives them: ⌊(n − size) / stride⌋ + 1, for `same` ⌈n / stride⌉.
  it.each([
    [[conv({})], [28, 28, 1], [26, 26, 5]],
    [[conv({ padding: 'same' })], [28, 20, 1], [28, 20, 5]],
    [[conv({ stride: 2 })], [28, 27, 3], [13, 13, 5]],
    [[conv({ stride: [2, 3], padding: 'same' })], [28, 28, 1], [14, 10, 5]],
    [[conv({ size: [1, 5] })], [28, 28, 1], [28, 24, 5]],
    [[{ type: 'maxPool', size: 2 }], [13, 12, 3], [6, 6, 3]],
    [[{ type: 'averagePool', size: 3, stride: 2 }], [13, 12, 3], [6, 5, 3]],
    [[{ type: 'conv1d', filters: 7, size: 4 }], [20, 3], [17, 7]],
    [[{ type: 'maxPool', size: 3 }], [20, 3], [6, 3]],
    [[flatten], [4, 5, 3], [60]],
    [[{ type: 'embedding', count: 10, units: 6 }], [4], [4, 6]],
    [
      [{ type: 'dropout' }, { type: 'batchNorm' }, { type: 'layerNorm' }],
      [4, 5, 3],
      [4, 5, 3],
    ],
  ])('%j makes of %j', (layers, shape, expected) => {
    const network = built([...layers, flatten], shape);
    expect(network.layers[layers.length - 1]!.output.shape).toEqual(expected);
  });

  it('end in a dense layer to the outputs', () => {
    const network = built([flatten, { type: 'dense', units: 4 }], [2, 3, 1], 7);
    expect(network.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['layers.1.weight', [6, 4]],
      ['layers.1.bias', [4]],
      ['layers.2.weight', [4, 7]],
      ['layers.2.bias', [7]],
    ]);
  });
});

describe('parameters', () => {
  it('have the name of their layer and their role', () => {
    const { parameters } = built(
      [{ type: 'residual', layers: [conv({ filters: 2, padding: 'same' }), { type: 'batchNorm' }] }, flatten],
      [6, 6, 2],
    );
    expect(
      parameters.map(({ name, layer, role, shape, trained }) => [name, layer, role, shape, trained]),
    ).toEqual([
      ['layers.0.0.weight', 'layers.0.0', 'weight', [3, 3, 2, 2], true],
      ['layers.0.0.bias', 'layers.0.0', 'bias', [2], true],
      ['layers.0.1.gain', 'layers.0.1', 'gain', [2], true],
      ['layers.0.1.shift', 'layers.0.1', 'shift', [2], true],
      ['layers.0.1.mean', 'layers.0.1', 'mean', [2], false],
      ['layers.0.1.variance', 'layers.0.1', 'variance', [2], false],
      ['layers.2.weight', 'layers.2', 'weight', [72, 2], true],
      ['layers.2.bias', 'layers.2', 'bias', [2], true],
    ]);
  });

  it('are counted without running statistics', () => {
    // 3·3·1·4 + 4, 2·4, 16·2 + 2
    const layers = [conv({ filters: 4 }), { type: 'batchNorm' }, flatten];
    expect(built(layers, [4, 4, 1]).parameterCount).toBe(40 + 8 + 34);
  });
});

describe('layers that do not fit', () => {
  it.each([
    [
      [{ type: 'dense', units: 3 }],
      [4, 4, 1],
      'model.layers.0',
      'A dense layer takes flat rows, but here rows are 4 × 4 × 1. Put a flatten layer before it.',
    ],
    [
      [conv({})],
      [4, 4, 1],
      'model.layers',
      'A dense layer takes flat rows, but here rows are 2 × 2 × 5. Put a flatten layer before it.',
    ],
    [
      [conv({}), conv({})],
      [4, 4, 1],
      'model.layers.1',
      'A window of 3 × 3 is larger than what it moves over: rows are 2 × 2 × 5 here.',
    ],
    [
      [flatten, conv({})],
      [4, 4, 1],
      'model.layers.1',
      'A 2-D convolution takes images (height × width × channels), but here rows are 16. Use data with a shape, or conv1d for series.',
    ],
    [
      [{ type: 'conv1d', filters: 2, size: 2 }],
      [4, 4, 1],
      'model.layers.0',
      'A 1-D convolution takes series (time × channels), but here rows are 4 × 4 × 1. Use data with a shape, or conv2d for images.',
    ],
    [
      [{ type: 'maxPool', size: 2 }],
      [4],
      'model.layers.0',
      'This layer takes images (height × width × channels) or series (time × channels), but here rows are 4.',
    ],
    [
      [{ type: 'maxPool', size: [2, 1] }],
      [4, 1],
      'model.layers.0',
      'A series has one axis, so size and stride are one number each.',
    ],
    [
      [
        { type: 'dense', units: 3 },
        { type: 'embedding', count: 3, units: 2 },
      ],
      [4],
      'model.layers.1',
      'An embedding turns the numbers of the data into vectors, so it can only come first.',
    ],
    [
      [{ type: 'embedding', count: 3, units: 2 }],
      [4, 4, 1],
      'model.layers.0',
      'An embedding takes rows of whole numbers, but here rows are 4 × 4 × 1.',
    ],
    [
      [{ type: 'residual', layers: [{ type: 'dense', units: 3 }] }],
      [4],
      'model.layers.0',
      'The input of a residual block is added to its output, but its rows are 4 going in and 3 coming out. Make both the same.',
    ],
    [
      [{ type: 'residual', layers: [flatten, conv({})] }],
      [4, 4, 1],
      'model.layers.0.layers.1',
      'A 2-D convolution takes images (height × width × channels), but here rows are 16. Use data with a shape, or conv1d for series.',
    ],
  ])('%j on rows of %j', (layers, shape, path, text) => {
    expect(refusal(layers, shape)).toEqual({ path, text });
  });

  it('has data of its shape', () => {
    const result = buildNetwork({ model: modelOf([flatten]), inputs: 5, shape: [2, 3, 1], outputs: 1 });
    expect(result.ok ? [] : result.problems.map((p) => words(p.message))).toEqual([
      'Rows of 5 values cannot have the shape 2 × 3 × 1.',
    ]);
  });
});

describe('an embedding', () => {
  const network = built([{ type: 'embedding', count: 3, units: 2 }, flatten], [2]);
  const check = (training: number[], validation: number[]) => {
    const part = (values: number[]) => ({
      rows: values.length / 2,
      features: Float64Array.from(values),
      targets: new Float64Array(values.length / 2),
    });
    const result = checkWholeNumbers(network, { training: part(training), validation: part(validation) });
    return result.ok ? [] : result.problems.map(({ message, where }) => [where?.path, words(message)]);
  };

  it('takes whole numbers below its count', () => {
    expect(check([0, 1, 2, 0], [1, 1])).toEqual([]);
    for (const [training, validation, found] of [
      [[0, 3], [0, 0], '3'],
      [[0, -1], [0, 0], '-1'],
      [[0, 0], [0, 0.5], '0.5'],
    ] as const) {
      expect(check([...training], [...validation])).toEqual([
        [
          'model.layers.0',
          `The embedding takes whole numbers from 0 to 2, but the data has ${found}. Raise its count, or turn the scaling of features off.`,
        ],
      ]);
    }
  });
});

describe('what the experiment says of a model', () => {
  const problems = (model: unknown) => {
    const parsed = parseExperiment({
      version: 1,
      data: { source: 'builtin', name: 'iris' },
      model,
      loss: { id: 'mean-squared-error' },
    });
    return parsed.ok ? [] : parsed.problems.map((problem) => problem.where?.path);
  };

  it('is checked with the path', () => {
    const layers = (...given: object[]) => ({ type: 'layers', layers: given });
    expect(problems({ type: 'forest' })).toEqual(['model.type']);
    expect(problems(layers({ type: 'dense' }))).toEqual(['model.layers.0.units']);
    expect(problems(layers(flatten, conv({ size: 0 })))).toEqual(['model.layers.1.size']);
    expect(problems(layers({ type: 'dropout', rate: 1 }))).toEqual(['model.layers.0.rate']);
    expect(problems(layers({ type: 'residual', layers: [] }))).toEqual(['model.layers.0.layers']);
    expect(problems(layers({ type: 'dense', units: 2, initialiser: 'zero' }))).toEqual([
      'model.layers.0.initialiser',
    ]);
    expect(problems(layers({ type: 'dense', units: 2, initialiser: { constant: 0.5 } }))).toEqual([]);
  });
});
