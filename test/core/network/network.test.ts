import { describe, expect, it } from 'vitest';
import { initialParameters } from '../../../src/core/network/initial.ts';
import { buildNetwork, type Model, type Network } from '../../../src/core/network/network.ts';
import { predictor } from '../../../src/core/network/predict.ts';

const model: Mlp = { type: 'mlp', hidden: [3, 2], activation: 'tanh' };

type Mlp = Extract<Model, { type: 'mlp' }>;

function built(...given: Parameters<typeof buildNetwork>): Network {
  const network = buildNetwork(...given);
  if (!network.ok) throw new Error('expected a network');
  return network.value;
}

describe('the network of a model', () => {
  it('has one dense layer more than hidden layers', () => {
    const network = built({ model, inputs: 4, outputs: 1 });
    expect(network.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['layers.0.weight', [4, 3]],
      ['layers.0.bias', [3]],
      ['layers.1.weight', [3, 2]],
      ['layers.1.bias', [2]],
      ['layers.2.weight', [2, 1]],
      ['layers.2.bias', [1]],
    ]);
    // (4·3 + 3) + (3·2 + 2) + (2·1 + 1)
    expect(network.parameterCount).toBe(26);
  });
});

describe('starting values', () => {
  const network = built({ model: { ...model, hidden: [64] }, inputs: 100, outputs: 3 });

  it('are uniform in ±1/√fan-in, as those of nn.Linear', () => {
    const drawn = initialParameters(network, 7);
    if (!drawn.ok) throw new Error('expected values');
    const values = drawn.value['layers.0.weight']!;
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.1);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    // Uniform on ±b has variance b²/3; 6,400 draws: five standard errors of mean and variance.
    expect(Math.abs(mean)).toBeLessThan(5 * (0.1 / Math.sqrt(3) / 80));
    expect(Math.abs(variance - 0.01 / 3)).toBeLessThan((5 * 0.01 * Math.sqrt(4 / 45)) / 80);
    expect(Math.max(...drawn.value['layers.1.bias']!.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
  });

  it('depend on the seed only', () => {
    expect(initialParameters(network, 3)).toEqual(initialParameters(network, 3));
    expect(initialParameters(network, 3)).not.toEqual(initialParameters(network, 4));
  });

  it('are taken from the model where it gives them, and leave the others as drawn', () => {
    const given = initialParameters(network, 3, { 'layers.1.bias': [1, 2, 3] });
    const drawn = initialParameters(network, 3);
    if (!given.ok || !drawn.ok) throw new Error('expected values');
    expect(given.value['layers.1.bias']).toEqual(Float64Array.of(1, 2, 3));
    expect(given.value['layers.0.weight']).toEqual(drawn.value['layers.0.weight']);
  });

  it('are refused where names or sizes do not fit, with the path', () => {
    const result = initialParameters(network, 3, { 'layers.1.bias': [1], 'layer.0.weight': [1] });
    if (result.ok) throw new Error('expected problems');
    expect(result.problems.map((p) => p.where?.path)).toEqual([
      'model.initial.layer.0.weight',
      'model.initial.layers.1.bias',
    ]);
    expect(result.problems[1]!.message.args).toMatchObject({ expected: 3, found: 1 });
  });
});

describe('predicting', () => {
  it('is activation(x W + b), layer after layer', () => {
    const parameters = {
      'layers.0.weight': Float64Array.of(1, -1, 2, 0.5), // [2 × 2]
      'layers.0.bias': Float64Array.of(0.25, -0.5),
      'layers.1.weight': Float64Array.of(3, -2), // [2 × 1]
      'layers.1.bias': Float64Array.of(1),
    };
    const features = Float64Array.of(1, 2, -1, 0.5);
    const hidden = [
      [1 * 1 + 2 * 2 + 0.25, 1 * -1 + 2 * 0.5 - 0.5],
      [-1 * 1 + 0.5 * 2 + 0.25, -1 * -1 + 0.5 * 0.5 - 0.5],
    ];
    const of = (f: (z: number) => number) => hidden.map(([a, b]) => 3 * f(a!) - 2 * f(b!) + 1);
    const run = (activation: 'relu' | 'tanh' | 'sigmoid') => [
      ...predictor({ model: { type: 'mlp', hidden: [2], activation }, inputs: 2, outputs: 1, parameters })(
        features,
        2,
      ),
    ];
    expect(run('relu')).toEqual(of((z) => Math.max(0, z)));
    expect(run('tanh')).toEqual(of(Math.tanh));
    const sigmoid = of((z) => 1 / (1 + Math.exp(-z)));
    run('sigmoid').forEach((value, i) => expect(value).toBeCloseTo(sigmoid[i]!, 14));
  });

  it('refuses features and parameters of a wrong size', () => {
    const parameters = { 'layers.0.weight': Float64Array.of(1, 2), 'layers.0.bias': Float64Array.of(0) };
    const linear: Model = { type: 'mlp', hidden: [], activation: 'relu' };
    const run = (inputs: number) =>
      predictor({ model: linear, inputs, outputs: 1, parameters })(new Float64Array(6), 2);
    expect(() => run(2)).toThrow('expected 2 × 2 features');
    expect(() => run(3)).toThrow('layers.0.weight does not have 3 × 1 values');
  });
});
