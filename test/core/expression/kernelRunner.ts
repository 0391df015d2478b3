/** Runs kernels as JavaScript, in float64 or with every operation rounded to float32 as a device does it. */
import { parser } from '@lezer/javascript';
import { compileKernels, type KernelRequest } from '../../../src/core/expression/kernels.ts';

const arithmetic = new Set(['+', '-', '*', '/']);
const rounded = new Set([
  'Math.exp',
  'Math.log',
  'Math.tanh',
  'Math.sqrt',
  'Math.pow',
  'Math.cos',
  'Math.sin',
]);

/** The same body with `Math.fround` around every operation that a device rounds. */
export function inFloat32(body: string): string {
  const edits: { at: number; text: string }[] = [];
  parser
    .configure({ top: 'Script' })
    .parse(body)
    .iterate({
      enter(node) {
        const text = (from: number, to: number) => body.slice(from, to);
        const around = (from: number, to: number) => {
          edits.push({ at: from, text: 'Math.fround(' }, { at: to, text: ')' });
        };
        if (node.name === 'Number' && text(node.from, node.to).includes('.')) around(node.from, node.to);
        if (node.name === 'BinaryExpression') {
          const operator = node.node.getChild('ArithOp');
          if (operator !== null && arithmetic.has(text(operator.from, operator.to)))
            around(node.from, node.to);
        }
        if (node.name === 'CallExpression') {
          const callee = node.node.firstChild!;
          if (rounded.has(text(callee.from, callee.to))) around(node.from, node.to);
        }
        if (node.name === 'AssignmentExpression' && text(node.from, node.to).includes('+=')) {
          const target = node.node.firstChild!;
          const value = node.node.lastChild!;
          const name = text(target.from, target.to);
          edits.push({ at: value.from, text: `Math.fround(${name} + (` }, { at: value.to, text: '))' });
          const operator = body.indexOf('+=', target.to);
          edits.push({ at: operator, text: ' ' });
          deleted.push(operator);
        }
      },
    });
  let result = '';
  for (let i = 0; i <= body.length; i++) {
    // What ends here is closed, innermost first, before anything opens; an outer opening comes before an inner one.
    const here = edits.filter((edit) => edit.at === i);
    result += here
      .filter((e) => e.text.startsWith(')'))
      .map((e) => e.text)
      .join('');
    result += here
      .filter((e) => !e.text.startsWith(')'))
      .map((e) => e.text)
      .join('');
    if (i < body.length && !(body[i] === '+' && deleted.includes(i))) result += body.charAt(i);
  }
  deleted.length = 0;
  return result;
}
const deleted: number[] = [];

export interface Run {
  /** Contents of every buffer afterwards. */
  readonly buffers: Readonly<Record<string, Float64Array | Float32Array>>;
  readonly kernels: readonly string[];
}

/** Compiles and runs a request on given buffers. */
export function runKernels(
  request: KernelRequest,
  data: Readonly<Record<string, ArrayLike<number>>>,
  precision: 'float64' | 'float32',
): Run {
  const { buffers, kernels } = compileKernels(request);
  const array = (values: ArrayLike<number> | number) =>
    precision === 'float64'
      ? new Float64Array(values as ArrayLike<number>)
      : new Float32Array(values as ArrayLike<number>);
  const memory: Record<string, Float64Array | Float32Array> = {};
  for (const [name, values] of Object.entries(data)) memory[name] = array(values);
  for (const { name, size } of buffers) {
    if (memory[name] !== undefined) throw new Error(`buffer ${name} is made twice`);
    memory[name] = array(size).fill(NaN);
  }
  for (const kernel of kernels) {
    const text = precision === 'float64' ? kernel.body : inFloat32(kernel.body);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const element = new Function(...kernel.reads.map((read) => read.parameter), text) as (
      this: { thread: { x: number; y: number } },
      ...inputs: unknown[]
    ) => number;
    const inputs = kernel.reads.map((read) => memory[read.buffer]);
    const [width, height = 1] = kernel.output;
    const output = memory[kernel.writes]!;
    if (output.length !== width * height) throw new Error(`kernel ${kernel.name} does not fill its buffer`);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) output[y * width + x] = element.call({ thread: { x, y } }, ...inputs);
    }
  }
  return { buffers: memory, kernels: kernels.map((kernel) => kernel.body) };
}
