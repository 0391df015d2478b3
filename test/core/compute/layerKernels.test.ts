import { describe, expect, it } from 'vitest';
import type { Executable } from '../../../src/core/compute/device.ts';
import { readOutputs, readParameters, writeParameters } from '../../../src/core/compute/feed.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { padded } from '../../../src/core/compute/kernelText.ts';
import {
  deltaName,
  layerBackward,
  layerForward,
  layerGradients,
  outputName,
  paddedWeight,
  transposed,
} from '../../../src/core/compute/layerKernels.ts';
import type { Buffer, Plan } from '../../../src/core/compute/plan.ts';
import type { RowsPlan } from '../../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { biasName, buildNetwork, weightName, type Parameters } from '../../../src/core/network/network.ts';
import { initialParameters } from '../../../src/core/network/initial.ts';
import { forward } from '../../../src/core/network/predict.ts';

const inputs = 3;
const outputs = 2;

/** Forward and backward of a whole network from given features and given gradients in its outputs. */
function plan(network: ReturnType<typeof buildNetwork>, batch: number): Plan {
  const input = (i: number) => (i === 0 ? 'features' : outputName(network.layers[i - 1]!));
  const last = network.layers.at(-1)!;
  const pieces = [
    ...network.layers.flatMap((layer, i) => layerForward(layer, input(i), batch)),
    ...network.layers.toReversed().flatMap((layer) => {
      const i = network.layers.indexOf(layer);
      return [
        ...layerGradients(layer, input(i), batch),
        ...(i > 0 ? [transposed(layer), ...layerBackward(layer, network.layers[i - 1]!, batch)] : []),
      ];
    }),
  ];
  const state = network.layers.flatMap((layer): Buffer[] => [
    { name: weightName(layer), size: paddedWeight(layer)[0] * paddedWeight(layer)[1], role: 'state' },
    { name: biasName(layer), size: padded(layer.outputs), role: 'state' },
  ]);
  return {
    buffers: [
      { name: 'features', size: batch * padded(inputs), role: 'data' },
      { name: deltaName(last), size: batch * padded(outputs), role: 'data' },
      ...state,
      ...pieces.map((p) => p.buffer),
    ],
    kernels: pieces.map((p) => p.kernel),
    carry: [],
    report: outputName(last),
  };
}

/** A parameter-shaped buffer without its padding. */
async function unpadded(
  executable: Executable,
  network: ReturnType<typeof buildNetwork>,
  suffix: string,
): Promise<Parameters> {
  return readParameters({ ...executable, read: (name) => executable.read(`${name}${suffix}`) }, network);
}

// The larger batch is beyond the size from which products are kernels of their own.
describe.each(
  (['relu', 'tanh', 'sigmoid'] as const).flatMap((activation) =>
    [5, 60].map((batch) => ({ activation, batch })),
  ),
)('dense layers with $activation, batch $batch', ({ activation, batch }) => {
  // Widths that are no multiples of 4, so that padding is at work, and one beyond the unrolling.
  const model = { type: 'mlp', hidden: [18, 5], activation } as const;
  const network = buildNetwork({ ...model, hidden: [18, 5] }, inputs, outputs);
  const drawn = initialParameters(network, 11);
  if (!drawn.ok) throw new Error('expected values');
  const parameters = drawn.value;
  const random = randomStream(5, 'test');
  const features = Float64Array.from({ length: batch * inputs }, () => random.normal());
  const delta = Float64Array.from({ length: batch * outputs }, () => random.normal());
  const rows = (values: Float64Array, width: number) => {
    const result = new Float64Array(batch * padded(width));
    for (let i = 0; i < values.length; i++)
      result[Math.floor(i / width) * padded(width) + (i % width)] = values[i]!;
    return result;
  };
  const run = async () => {
    const executable = await float64Device().compile(plan(network, batch));
    executable.write('features', rows(features, inputs));
    executable.write(deltaName(network.layers.at(-1)!), rows(delta, outputs));
    writeParameters(executable, network, parameters);
    await executable.run(1);
    return executable;
  };

  it('give the outputs of the plain forward pass', async () => {
    const last = network.layers.at(-1)!;
    const rowsPlan = { output: outputName(last), outputStride: padded(outputs) } as RowsPlan;
    const actual = await readOutputs(await run(), rowsPlan, batch, outputs);
    const expected = forward({ ...model, hidden: [18, 5] }, parameters, features, batch, inputs);
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 13));
  });

  it('give the gradients that central differences give', async () => {
    const gradients = await unpadded(await run(), network, '.gradient');
    const value = (changed: Parameters) => {
      const out = forward({ ...model, hidden: [18, 5] }, changed, features, batch, inputs);
      return out.reduce((sum, o, i) => sum + o * delta[i]!, 0);
    };
    const h = 1e-5;
    for (const { name, size } of network.parameters) {
      for (let i = 0; i < size; i++) {
        const moved = (by: number) => {
          const values = parameters[name]!.slice();
          values[i]! += by;
          return value({ ...parameters, [name]: values });
        };
        expect(gradients[name]![i]!, `${name}[${i}]`).toBeCloseTo((moved(h) - moved(-h)) / (2 * h), 7);
      }
    }
  });

  it('say which products they compute', () => {
    const { kernels } = plan(network, batch);
    const products = kernels.filter((kernel) => kernel.operation?.kind === 'matrix-product');
    expect(products.map((kernel) => kernel.writes)).toEqual(
      expect.arrayContaining([outputName(network.layers.at(-1)!), 'layers.0.weight.gradient']),
    );
    expect(kernels.some((kernel) => kernel.name === 'layers.0.sum')).toBe(
      activation !== 'relu' && batch === 60,
    );
  });

  it('leave padding at zero', async () => {
    const executable = await run();
    for (const layer of network.layers) {
      for (const name of [
        outputName(layer),
        `${weightName(layer)}.gradient`,
        `${biasName(layer)}.gradient`,
      ]) {
        const stride = padded(layer.outputs);
        const values = await executable.read(name);
        const columns = values.filter((_, i) => i % stride >= layer.outputs);
        expect(
          columns.every((x) => x === 0),
          name,
        ).toBe(true);
      }
    }
    const weight = network.layers[0]!;
    const gradient = await executable.read(`${weightName(weight)}.gradient`);
    expect(gradient.subarray(inputs * padded(weight.outputs)).every((x) => x === 0)).toBe(true);
  });
});

describe('activations at extremes', () => {
  it.each([
    ['relu', [0, 0, 1000]],
    ['tanh', [-1, 0, 1]],
    ['sigmoid', [0, 0.5, 1]],
  ] as const)('%s of −1000, 0 and 1000', async (activation, expected) => {
    const network = buildNetwork({ type: 'mlp', hidden: [3], activation }, 1, 1);
    const [hidden] = network.layers;
    const [piece] = layerForward(hidden!, 'features', 1);
    if (piece === undefined) throw new Error('expected a kernel');
    const executable = await float64Device().compile({
      buffers: [
        { name: 'features', size: 4, role: 'data' },
        { name: 'layers.0.weight', size: 16, role: 'state' },
        { name: 'layers.0.bias', size: 4, role: 'state' },
        piece.buffer,
      ],
      kernels: [piece.kernel],
      carry: [],
      report: piece.buffer.name,
    });
    executable.write('layers.0.bias', Float64Array.of(-1000, 0, 1000, 0));
    await executable.run(1);
    expect([...(await executable.read(piece.buffer.name))].slice(0, 3)).toEqual(expected);
  });
});
