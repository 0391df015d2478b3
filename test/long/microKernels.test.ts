import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/core/compute/plan.ts';
import { randomStream } from '../../src/core/data/random.ts';
import {
  expectedOf,
  firstBeyond,
  instructionSets,
  randomContents,
  randomExtent,
  randomGather,
  randomProduct,
  runRoutine,
} from '../trainer/device/microKernelRuns.ts';

function check(operation: Operation, relaxed: boolean, seed: number): void {
  const contents = randomContents(operation, randomStream(seed, 'contents'));
  const problem = firstBeyond(runRoutine(operation, contents, relaxed), expectedOf(operation, contents));
  expect(problem, JSON.stringify(operation)).toBeUndefined();
}

describe.each(instructionSets)('micro-kernels, multiply-add in one instruction: %s', (relaxed) => {
  it('multiply matrices of thousands of sizes and layouts', () => {
    const draw = randomStream(17, 'products');
    for (let i = 0; i < 3000; i++) check(randomProduct(draw, 160), relaxed, i);
  });

  it.each([
    [2048, 64, 300],
    [64, 2048, 300],
    [33, 65, 60_000],
    [1, 2048, 2048],
    [500, 500, 500],
  ])('multiply matrices of %i × %i over %i', (rows, columns, depth) => {
    const sizes = { kind: 'matrix-product', rows, columns, depth } as const;
    const byRows = (buffer: string, width: number) => ({ buffer, rowStride: width, columnStride: 1 });
    const byColumns = (buffer: string, height: number) => ({ buffer, rowStride: 1, columnStride: height });
    check({ ...sizes, left: byRows('left', depth), right: byRows('right', columns) }, relaxed, 1);
    check({ ...sizes, left: byColumns('left', rows), right: byColumns('right', depth) }, relaxed, 2);
  });

  it('convolve images of a thousand extents, and find the gradients of their filters', () => {
    const draw = randomStream(18, 'extents');
    for (let i = 0; i < 1000; i++) {
      const extent = randomExtent(draw, 20);
      const more = { ...(i % 2 === 0 ? { bias: 'bias' } : {}), relu: i % 3 === 0 };
      check({ kind: 'convolution', extent, image: 'image', filter: 'filter', ...more }, relaxed, i);
      check({ kind: 'filter-gradient', extent, image: 'image', delta: 'delta' }, relaxed, i);
    }
  });

  it('gather rows of a thousand tables', () => {
    const draw = randomStream(19, 'tables');
    for (let i = 0; i < 1000; i++) check(randomGather(draw), relaxed, i);
  });
});
