import { float64Executable } from '../compute/float64.ts';
import { writeParameters } from '../compute/feed.ts';
import { padded } from '../compute/kernelText.ts';
import { chain, passStep } from '../compute/layers/layer.ts';
import { parameterBuffers, passBatch } from '../compute/planBuilder.ts';
import { buildNetwork, type ModelOnData, type Parameters } from './network.ts';
import { sizeOf } from './rowShape.ts';

/** A model with what it takes to run it. */
export interface Trained extends ModelOnData {
  readonly parameters: Parameters;
}

/** Raw outputs, rows × outputs, of `rows` × inputs encoded features, both row-major. */
export type Predictor = (features: Float32Array | Float64Array, rows: number) => Float64Array;

/**
 * The network in float64: the same kernels as in training, on the reference device. Throws a RangeError when a parameter
 * is missing or its size does not fit: parameters come from a checkpoint that was checked when it was read.
 */
export function predictor(trained: Trained): Predictor {
  const { inputs, outputs, parameters } = trained;
  const built = buildNetwork(trained);
  if (!built.ok) throw new RangeError('predictor: the model does not fit its inputs');
  const network = built.value;
  for (const { name, shape, size } of network.parameters) {
    if (parameters[name]?.length !== size) {
      throw new RangeError(`predictor: ${name} does not have ${shape.join(' × ')} values`);
    }
  }
  const columns = sizeOf(network.input.stored);
  const stride = padded(outputs);
  const compile = (batch: number) => {
    const forward = chain(network.layers, 'features', passStep(batch));
    const executable = float64Executable({
      buffers: [
        { name: 'features', size: batch * columns, role: 'data' },
        ...parameterBuffers(network.parameters),
        ...forward.part.buffers,
      ],
      kernels: forward.part.kernels,
      carry: [],
      report: forward.output,
    });
    writeParameters(executable, network, parameters);
    return { batch, executable, output: forward.output };
  };
  const most = passBatch(network);
  let compiled: ReturnType<typeof compile> | undefined;

  return (features, rows) => {
    if (features.length !== rows * inputs) {
      throw new RangeError(`predictor: expected ${rows} × ${inputs} features, received ${features.length}`);
    }
    const results = new Float64Array(rows * outputs);
    if (rows === 0) return results;
    if (compiled === undefined || compiled.batch < Math.min(rows, most))
      compiled = compile(Math.min(rows, most));
    const { batch, executable, output } = compiled;
    for (let first = 0; first < rows; first += batch) {
      const count = Math.min(batch, rows - first);
      const block = new Float64Array(batch * columns);
      for (let row = 0; row < count; row++) {
        const from = (first + row) * inputs;
        block.set(features.subarray(from, from + inputs), row * columns);
      }
      executable.write('features', block);
      executable.runNow(1);
      const values = executable.readNow(output);
      for (let row = 0; row < count; row++) {
        results.set(values.subarray(row * stride, row * stride + outputs), (first + row) * outputs);
      }
    }
    return results;
  };
}
