/**
 * Runs networks on the float64 device: reads cases from the standard input as JSON, and prints for each the output, the
 * gradients in its parameters for a given gradient in the output, the statistics that it carries on, and the masks that it
 * drew.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { readParameters, writeParameters } from '../../src/core/compute/feed.ts';
import { float64Executable } from '../../src/core/compute/float64.ts';
import { dropoutKeys, drawKeys } from '../../src/core/compute/layers/dropout.ts';
import { chain, passStep } from '../../src/core/compute/layers/layer.ts';
import { parameterBuffers } from '../../src/core/compute/planBuilder.ts';
import { randomStream } from '../../src/core/data/random.ts';
import { buildNetwork } from '../../src/core/network/network.ts';
import { gradientName } from '../../src/core/network/parameterShape.ts';
import { sizeOf } from '../../src/core/network/rowShape.ts';
import { modelSchema } from '../../src/core/training/schema/model.ts';

const numbers = v.array(v.number());
const casesSchema = v.array(
  v.object({
    model: modelSchema,
    shape: numbers,
    outputs: v.number(),
    batch: v.number(),
    training: v.boolean(),
    features: numbers,
    parameters: v.record(v.string(), numbers),
    /** Gradient in the output, rows × outputs. */
    delta: numbers,
    /** 0 for rows that only fill the batch. */
    weights: numbers,
  }),
);

const cases = v.parse(casesSchema, JSON.parse(readFileSync(0, 'utf8')));
process.stdout.write(JSON.stringify(await Promise.all(cases.map(answer))));

async function answer(given: v.InferOutput<typeof casesSchema>[number]) {
  const { batch, outputs, shape } = given;
  const inputs = sizeOf(shape);
  const built = buildNetwork({ model: given.model, inputs, shape, outputs });
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  const network = built.value;
  const width = network.draws.length * dropoutKeys;
  const step = {
    ...passStep(batch),
    isTraining: given.training,
    weight: 'weight',
    ...(given.training
      ? {
          keysOf: (layer: string) => ({
            reads: { keys: 'keys' },
            first: String(network.draws.indexOf(layer) * dropoutKeys),
          }),
        }
      : {}),
  };
  const forward = chain(network.layers, 'features', step);
  const back = given.training ? forward.backward('delta', false) : undefined;
  const stride = network.layers.at(-1)!.output.stored.at(-1)!;
  const row = sizeOf(network.input.stored);
  const executable = float64Executable({
    buffers: [
      { name: 'features', size: batch * row, role: 'data' },
      { name: 'weight', size: batch, role: 'data' },
      { name: 'delta', size: batch * stride, role: 'data' },
      ...(width === 0 ? [] : [{ name: 'keys', size: width, role: 'data' } as const]),
      ...parameterBuffers(network.parameters),
      ...forward.part.buffers,
      ...(back?.part.buffers ?? []),
    ],
    kernels: [...forward.part.kernels, ...(back?.part.kernels ?? [])],
    carry: forward.part.carry,
    report: forward.output,
  });
  const rows = (values: readonly number[], from: number, to: number) =>
    Float64Array.from({ length: batch * to }, (_, i) =>
      i % to < from ? values[Math.floor(i / to) * from + (i % to)]! : 0,
    );
  executable.write('features', rows(given.features, inputs, row));
  executable.write('delta', rows(given.delta, outputs, stride));
  executable.write('weight', Float64Array.from(given.weights));
  if (width > 0) {
    const random = randomStream(1, 'keys');
    executable.write('keys', Float64Array.from(network.draws.flatMap(() => drawKeys(random))));
  }
  writeParameters(
    executable,
    network,
    Object.fromEntries(
      Object.entries(given.parameters).map(([name, values]) => [name, Float64Array.from(values)]),
    ),
  );
  executable.runNow(1);
  const gradients =
    back === undefined
      ? {}
      : await readParameters(
          { ...executable, read: (name) => executable.read(gradientName(name)) },
          { ...network, parameters: network.parameters.filter(({ trained }) => trained) },
        );
  const output = executable.readNow(forward.output);
  return {
    output: Array.from({ length: batch }, (_, n) => [...output.subarray(n * stride, n * stride + outputs)]),
    gradients: plain(gradients),
    statistics: plain(
      await readParameters(executable, {
        ...network,
        parameters: network.parameters.filter(({ trained }) => !trained),
      }),
    ),
    masks: plain(
      Object.fromEntries(
        (given.training ? network.draws : []).map((name) => [name, executable.readNow(`${name}.mask`)]),
      ),
    ),
  };
}

function plain(values: Readonly<Record<string, Float64Array>>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(values).map(([name, given]) => [name, [...given]]));
}
