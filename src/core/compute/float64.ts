import type { Device, Executable } from './device.ts';
import type { Kernel, Plan } from './plan.ts';

/**
 * The reference device: the same kernel bodies as on every other device, run as JavaScript in float64. Other devices
 * are judged against it, and it is judged against golden values. Exact, single-threaded, slow on large models.
 */
export function float64Device(): Device {
  return {
    id: 'float64',
    label: 'JavaScript, double precision (reference)',
    compile: (plan) => Promise.resolve(float64Executable(plan)),
    dispose: () => Promise.resolve(),
  };
}

/** An executable that can also run and read without waiting. */
export interface ImmediateExecutable extends Executable {
  runNow(steps: number): Float64Array;
  readNow(buffer: string): Float64Array;
}

/** A plan compiled for the reference device. */
export function float64Executable(plan: Plan): ImmediateExecutable {
  const buffers = new Map(plan.buffers.map((buffer) => [buffer.name, new Float64Array(buffer.size)]));
  const roles = new Map(plan.buffers.map((buffer) => [buffer.name, buffer.role]));
  const memory = (name: string): Float64Array => {
    const found = buffers.get(name);
    if (found === undefined) throw new RangeError(`float64 device: the plan has no buffer "${name}"`);
    return found;
  };
  const steps = plan.kernels.map((kernel) => bind(kernel, memory));
  const carries = plan.carry.map(({ from, to }) => ({ from: memory(from), to: memory(to) }));
  const reported = memory(plan.report);
  const runNow = (count: number): Float64Array => {
    const reports = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      for (const step of steps) step();
      for (const { from, to } of carries) to.set(from);
      reports[i] = reported[0]!;
    }
    return reports;
  };
  const readNow = (name: string): Float64Array => memory(name).slice();
  return {
    runNow,
    readNow,
    write(name, values) {
      const to = memory(name);
      if (roles.get(name) === 'temporary') {
        throw new RangeError(
          `float64 device: buffer "${name}" is temporary; only data and state are written`,
        );
      }
      if (values.length !== to.length) {
        throw new RangeError(
          `float64 device: buffer "${name}" holds ${to.length} values, received ${values.length}`,
        );
      }
      to.set(values);
    },
    run: (count) => Promise.resolve(runNow(count)),
    read: (name) => Promise.resolve(readNow(name)),
    dispose: () => Promise.resolve(),
  };
}

type Loops = (output: Float64Array, ...inputs: Float64Array[]) => void;

/** A kernel as a function without arguments over its buffers. */
function bind(kernel: Kernel, memory: (name: string) => Float64Array): () => void {
  const [width, height = 1] = kernel.output;
  const output = memory(kernel.writes);
  if (output.length < width * height) {
    throw new RangeError(
      `float64 device: kernel "${kernel.name}" writes ${width * height} values into ${output.length}`,
    );
  }
  const body = kernel.body.replaceAll('this.thread.x', '$x').replaceAll('this.thread.y', '$y');
  // The text comes from our own kernel builders, never from a user; it has to be a function to be compiled by V8.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const loops = new Function(
    // Dollar signs keep these names apart from those of a kernel's parameters.
    '$output',
    ...kernel.reads.map((read) => read.parameter),
    `'use strict';
     const $element = ($x, $y) => { ${body} };
     for (let $y = 0; $y < ${height}; $y++) {
       for (let $x = 0; $x < ${width}; $x++) $output[$y * ${width} + $x] = $element($x, $y);
     }`,
  ) as Loops;
  const inputs = kernel.reads.map((read) => memory(read.buffer));
  return () => loops(output, ...inputs);
}
