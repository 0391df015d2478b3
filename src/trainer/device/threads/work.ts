import type { Kernel, Plan } from '../../../core/compute/plan.ts';
import { products } from '../../../core/training/cost.ts';
import { mostParts } from '../microKernels/team.ts';

// Work is counted in the multiplications and additions that a micro-kernel does meanwhile, some forty in a nanosecond.

/** An element of a kernel without products, or a turn of one of its loops. */
const element = 16;
/** A part of a kernel that is worth the meeting of the threads: about 6 µs. */
const smallestPart = 2 ** 18;
/** What a worker takes of the memory: 20 to 30 MB were measured. */
const workerBytes = 32 * 2 ** 20;
/** A step that is worth the threads: about 0.2 ms. */
const smallestStep = 2 ** 23;

/** Roughly the work of a kernel. */
function workOf({ operation, output, body }: Kernel): number {
  const multiplied = operation === undefined ? 0 : products(operation);
  if (multiplied > 0) return 2 * multiplied;
  const elements = output.reduce((a, b) => a * b, 1);
  const turns = [...body.matchAll(/\bfor \(.*?< (\d+);/g)].reduce(
    (product, [, end]) => product * Number(end),
    1,
  );
  return elements * turns * element;
}

/** Into how many parts a kernel is cut where so many threads may take part. */
export function partsOf(kernel: Kernel, threads: number): number {
  return Math.max(1, Math.min(mostParts, threads, Math.floor(workOf(kernel) / smallestPart)));
}

/** Whether a plan's steps are large enough for threads. */
export function isWorthThreads({ kernels }: Plan): boolean {
  return kernels.reduce((sum, kernel) => sum + workOf(kernel), 0) >= smallestStep;
}

/** Bytes that the workers take with which a plan's steps run on so many threads. */
export function memoryOfThreads(plan: Plan, threads: number): number {
  return isWorthThreads(plan) ? (threads - 1) * workerBytes : 0;
}
