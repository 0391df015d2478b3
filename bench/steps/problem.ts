import fs from 'node:fs';
import * as v from 'valibot';
import { randomStream } from '../../src/core/data/random.ts';
import { taskSchema, type Task } from './tasks.ts';

/** A task with its numbers, all of them exact in float32. */
export interface Problem {
  readonly task: Task;
  /**
   * Starting values in the order of the layers, weight before bias: dense weights inputs × outputs, filters height ×
   * width × channels × filters, the last axis fastest.
   */
  readonly parameters: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[];
  /** batches × batch × inputs. */
  readonly features: Float32Array;
  /** batches × batch: a number, or the class. */
  readonly targets: Float32Array;
}

/** Chosen so that the line begins above zero: brain.js, whose output is rectified, computes nothing else. */
const seed = 2;

/** Draws starting values (uniform, ±1/√fan-in) and data: the first feature decides the target, and noise is added. */
export function drawProblem(task: Task): Problem {
  const rows = task.batch * task.batches;
  const width = product(task.inputs);
  const random = randomStream(seed, 'rows');
  const features = Float32Array.from({ length: rows * width }, () => random.next());
  const targets = Float32Array.from({ length: rows }, (_, row) =>
    task.loss === 'softmax'
      ? Math.min(task.outputs - 1, Math.floor(features[row * width]! * task.outputs))
      : 2 * features[row * width]! + random.next(),
  );
  const parameters = parameterShapes(task).flatMap(({ weight, bias }, i) => {
    const bound = 1 / Math.sqrt(product(weight.slice(0, -1)));
    return [weight, bias].map((shape, j) => {
      const stream = randomStream(seed, `parameter/${i}/${j}`);
      const values = Float32Array.from({ length: product(shape) }, () => bound * (2 * stream.next() - 1));
      return { shape, values };
    });
  });
  return { task, parameters, features, targets };
}

/** Shapes of weight and bias of each layer that has them. */
function parameterShapes(task: Task): { weight: number[]; bias: number[] }[] {
  const shapes: { weight: number[]; bias: number[] }[] = [];
  let shape = [...task.inputs];
  for (const layer of task.layers) {
    const [height = 1, width = 1, channels = 1] = shape;
    if (layer.type === 'dense') {
      shapes.push({ weight: [product(shape), layer.units], bias: [layer.units] });
      shape = [layer.units];
    } else if (layer.type === 'convolution') {
      shapes.push({ weight: [layer.size, layer.size, channels, layer.filters], bias: [layer.filters] });
      shape = [height - layer.size + 1, width - layer.size + 1, layer.filters];
    } else if (layer.type === 'max-pool') {
      shape = [Math.floor(height / layer.size), Math.floor(width / layer.size), channels];
    } else shape = [product(shape)];
  }
  return shapes;
}

export function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

const encode = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

/** Writes a problem as JSON, numbers as base64 of little-endian float32, for contenders in any language. */
export function writeProblem(file: string, problem: Problem): void {
  const { task, parameters, features, targets } = problem;
  const json = {
    task,
    parameters: parameters.map(({ shape, values }) => ({ shape, values: encode(values) })),
    features: encode(features),
    targets: encode(targets),
  };
  fs.writeFileSync(file, JSON.stringify(json));
}

const decode = (text: string): Float32Array => {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

const fileSchema = v.object({
  task: taskSchema,
  parameters: v.array(v.object({ shape: v.array(v.number()), values: v.string() })),
  features: v.string(),
  targets: v.string(),
});

/** Reads what {@link writeProblem} wrote. */
export function readProblem(file: string): Problem {
  const { task, parameters, features, targets } = v.parse(
    fileSchema,
    JSON.parse(fs.readFileSync(file, 'utf8')),
  );
  return {
    task,
    parameters: parameters.map(({ shape, values }) => ({ shape, values: decode(values) })),
    features: decode(features),
    targets: decode(targets),
  };
}
