import { expect } from 'vitest';
import type { Plan } from '../../../src/core/compute/plan.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { Gpu, type Mode } from '../../../src/trainer/device/gpuJs.ts';
import { webAssemblyDevice } from '../../../src/trainer/device/webAssembly.ts';
import {
  installWebAssemblyFixes,
  removeWebAssemblyFixes,
} from '../../../src/trainer/device/webAssemblyFixes/install.ts';
import { randomKernel, type RandomKernel } from './webAssemblyFixesKernels.ts';

export type AnyKernel = Pick<RandomKernel, 'output' | 'body' | 'inputs'>;

/** What kernels compute on a backend of GPU.js, rows after rows. */
export async function computeAll(mode: Mode, kernels: readonly AnyKernel[]): Promise<number[][]> {
  const results: number[][] = [];
  // Few at a time: each holds a memory of its own until its context ends.
  for (let first = 0; first < kernels.length; first += 40) {
    const gpu = new Gpu(mode);
    for (const { output, body, inputs } of kernels.slice(first, first + 40)) {
      const reads = [...inputs.keys()].map((name) => ({ parameter: name, buffer: name }));
      results.push(flat(gpu.createKernel({ output, reads, body }, { pipeline: false })(...inputs.values())));
    }
    await gpu.destroy();
  }
  return results;
}

/** The same kernels as GPU.js translates them, and with the fixes. */
export async function shippedAndFixed(
  kernels: readonly AnyKernel[],
): Promise<{ shipped: number[][]; fixed: number[][] }> {
  removeWebAssemblyFixes();
  const shipped = await computeAll('webasm', kernels);
  if (!(await installWebAssemblyFixes())) throw new Error('the fixes are not in place');
  return { shipped, fixed: await computeAll('webasm', kernels) };
}

/**
 * What is wrong about the fixed code on random kernels: it must compute the shipped code's bits, and GPU.js's
 * JavaScript backend's numbers: exactly where float32 holds every intermediate result, else within the error that
 * rounding can make.
 */
export async function mistakesOnRandomKernels(from: number, count: number): Promise<string[]> {
  const kernels = Array.from({ length: count }, (_, i) => randomKernel(randomStream(from + i, 'kernel')));
  const expected = await computeAll('cpu', kernels);
  const { shipped, fixed } = await shippedAndFixed(kernels);
  return kernels.flatMap(({ body, output, error }, k) => {
    const found = fixed[k]!;
    const isSame = found.length === shipped[k]!.length && found.every((x, i) => Object.is(x, shipped[k]![i]));
    const isRight = found.every((x, i) => x === expected[k]![i] || Math.abs(x - expected[k]![i]!) <= error);
    if (isSame && isRight) return [];
    return [
      `seed ${from + k}, ${output.join(' × ')}: ${isSame ? 'not JavaScript’s' : 'not the shipped'} numbers\n${body}`,
    ];
  });
}

function flat(result: unknown): number[] {
  if (result instanceof Float32Array) return [...result];
  if (Array.isArray(result)) return result.flatMap(flat);
  throw new TypeError('no array');
}

/** Every number of a plan after a few steps. */
async function trace(
  plan: Plan,
  values: ReadonlyMap<string, Float64Array>,
  isFixed: boolean,
): Promise<number[]> {
  const device = await webAssemblyDevice('stepped');
  if (!isFixed) removeWebAssemblyFixes();
  const executable = await device.compile(plan);
  for (const [name, given] of values) executable.write(name, given);
  const seen = [...(await executable.run(3))];
  for (const { name } of plan.buffers) seen.push(...(await executable.read(name)));
  await device.dispose();
  return seen;
}
/** Whether a plan computes the same bits in every buffer with and without the fixes. */
export async function expectSameWithAndWithoutFixes(
  plan: Plan,
  values: ReadonlyMap<string, Float64Array>,
): Promise<void> {
  const shipped = await trace(plan, values, false);
  expect(await trace(plan, values, true)).toEqual(shipped);
  expect(shipped.some((value) => value !== 0 && Number.isFinite(value))).toBe(true);
}
