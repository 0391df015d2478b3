import { describe, expect, it } from 'vitest';
import { readParameters, writeParameters } from '../../../src/core/compute/feed.ts';
import { float64Executable } from '../../../src/core/compute/float64.ts';
import {
  activationLayer,
  activationNames,
  type ActivationName,
} from '../../../src/core/compute/layers/activation.ts';
import { chain, passStep, type Forward } from '../../../src/core/compute/layers/layer.ts';
import { parameterBuffers } from '../../../src/core/compute/planBuilder.ts';
import type { Plan } from '../../../src/core/compute/plan.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import {
  buildNetwork,
  type Model,
  type Network,
  type Parameters,
} from '../../../src/core/network/network.ts';
import { gradientName } from '../../../src/core/network/parameterShape.ts';
import { predictor } from '../../../src/core/network/predict.ts';
import { paddedShape, sizeOf } from '../../../src/core/network/rowShape.ts';

const inputs = 3;
const outputs = 2;

const value = <T>(result: { ok: true; value: T } | { ok: false; problems: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};

/** Forward and backward of a whole network from given features and given gradients in its outputs. */
function plan(network: Network, batch: number): { plan: Plan; forward: Forward } {
  const forward = chain(network.layers, 'features', {
    ...passStep(batch),
    isTraining: true,
    weight: 'weight',
  });
  const back = forward.backward('delta', false);
  return {
    forward,
    plan: {
      buffers: [
        { name: 'features', size: batch * sizeOf(network.input.stored), role: 'data' },
        { name: 'weight', size: batch, role: 'data' },
        { name: 'delta', size: batch * sizeOf(network.layers.at(-1)!.output.stored), role: 'data' },
        ...parameterBuffers(network.parameters),
        ...forward.part.buffers,
        ...back.part.buffers,
      ],
      kernels: [...forward.part.kernels, ...back.part.kernels],
      carry: [...forward.part.carry, ...back.part.carry],
      report: forward.output,
    },
  };
}

/** Rows with their padding. */
function spread(values: Float64Array, batch: number, width: number): Float64Array {
  const stride = Math.ceil(width / 4) * 4;
  const result = new Float64Array(batch * stride);
  values.forEach((x, i) => (result[Math.floor(i / width) * stride + (i % width)] = x));
  return result;
}

// Batches below and above the size from which a product stands alone, before its activation.
const activations = ['relu', 'tanh', 'sigmoid'] as const;
const cases = activations.flatMap((activation) => [5, 60].map((batch) => [activation, batch] as const));

describe.each(cases)('dense layers with %s in batches of %i', (activation, batch) => {
  // Widths that are no multiples of 4, so that padding is at work, and one beyond the unrolling.
  const model: Model = { type: 'mlp', hidden: [18, 5], activation };
  const network = value(buildNetwork({ model, inputs, outputs }));
  const parameters = value(initialParameters(network, 11));
  const random = randomStream(5, 'test');
  const features = Float64Array.from({ length: batch * inputs }, () => random.normal());
  const delta = Float64Array.from({ length: batch * outputs }, () => random.normal());
  const made = plan(network, batch);
  const run = () => {
    const executable = float64Executable(made.plan);
    executable.write('features', spread(features, batch, inputs));
    executable.write('delta', spread(delta, batch, outputs));
    executable.write('weight', new Float64Array(batch).fill(1));
    writeParameters(executable, network, parameters);
    executable.runNow(1);
    return executable;
  };
  const answers = (changed: Parameters) =>
    predictor({ model, inputs, outputs, parameters: changed })(features, batch);

  it('give the outputs of the forward pass alone', () => {
    const expected = spread(answers(parameters), batch, outputs);
    const actual = run().readNow(made.forward.output);
    actual.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 13));
  });

  it('give the gradients that central differences give', async () => {
    const executable = run();
    const gradients = await readParameters(
      { ...executable, read: (name) => executable.read(gradientName(name)) },
      network,
    );
    const total = (changed: Parameters) =>
      answers(changed).reduce((sum, output, i) => sum + output * delta[i]!, 0);
    const h = 1e-5;
    for (const { name, size } of network.parameters) {
      for (let i = 0; i < size; i += batch > 5 ? 7 : 1) {
        const moved = (by: number) => {
          const values = parameters[name]!.slice();
          values[i]! += by;
          return total({ ...parameters, [name]: values });
        };
        expect(gradients[name]![i]!, `${name}[${i}]`).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 6);
      }
    }
  });

  it('say which products they compute', () => {
    const { kernels } = made.plan;
    const products = kernels.filter((kernel) => kernel.operation?.kind === 'matrix-product');
    expect(products.map((kernel) => kernel.writes)).toEqual(
      expect.arrayContaining([made.forward.output, 'layers.0.weight.gradient', 'layers.1.input.gradient']),
    );
    expect(kernels.some((kernel) => kernel.name === 'layers.0.sum')).toBe(
      activation !== 'relu' && batch === 60,
    );
  });

  it('leave padding at zero', () => {
    const executable = run();
    for (const { name, output, parameters: own } of network.layers) {
      const width = output.shape.at(-1)!;
      const stride = output.stored.at(-1)!;
      for (const buffer of [`${name}.output`, ...own.map((p) => gradientName(p.name))]) {
        const padding = executable.readNow(buffer).filter((_, i) => i % stride >= width);
        expect(
          padding.every((x) => x === 0),
          buffer,
        ).toBe(true);
      }
    }
    const stride = network.layers[0]!.output.stored.at(-1)!;
    const gradient = executable.readNow('layers.0.weight.gradient');
    expect(gradient.subarray(inputs * stride).every((x) => x === 0)).toBe(true);
  });
});

describe('activations at extremes', () => {
  const limits: Readonly<Record<ActivationName, readonly [number, number, number]>> = {
    relu: [0, 0, 1000],
    leakyRelu: [-10, 0, 1000],
    elu: [-1, 0, 1000],
    gelu: [0, 0, 1000],
    geluTanh: [0, 0, 1000],
    silu: [0, 0, 1000],
    tanh: [-1, 0, 1],
    sigmoid: [0, 0.5, 1],
    softplus: [0, Math.LN2, 1000],
  };

  it.each(activationNames)('%s of −1000, 0 and 1000', (activation) => {
    const model: Model = { type: 'mlp', hidden: [3], activation };
    const parameters = {
      'layers.0.weight': new Float64Array(3),
      'layers.0.bias': Float64Array.of(-1000, 0, 1000),
      'layers.1.weight': Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
      'layers.1.bias': new Float64Array(3),
    };
    const answers = predictor({ model, inputs: 1, outputs: 3, parameters })(Float64Array.of(0), 1);
    limits[activation].forEach((limit, i) => expect(answers[i]).toBeCloseTo(limit, 14));
  });

  it('have finite derivatives there', () => {
    for (const activation of activationNames) {
      const layer = activationLayer('layers.0', paddedShape([4]), activation, 'model');
      const forward = layer.forward('features', { ...passStep(1), isTraining: true });
      const back = forward.backward('delta', true);
      const executable = float64Executable({
        buffers: [
          { name: 'features', size: 4, role: 'data' },
          { name: 'delta', size: 4, role: 'data' },
          ...forward.part.buffers,
          ...back.part.buffers,
        ],
        kernels: [...forward.part.kernels, ...back.part.kernels],
        carry: [],
        report: forward.output,
      });
      executable.write('features', Float64Array.of(-1e30, -1000, 1000, 1e30));
      executable.write('delta', Float64Array.of(1, 1, 1, 1));
      executable.runNow(1);
      const slopes = executable.readNow(back.input!);
      const far = activation === 'leakyRelu' ? 0.01 : 0;
      const near = activation === 'tanh' || activation === 'sigmoid' ? 0 : 1;
      [far, far, near, near].forEach((slope, i) =>
        expect(slopes[i], `${activation} ${i}`).toBeCloseTo(slope, 14),
      );
    }
  });
});
