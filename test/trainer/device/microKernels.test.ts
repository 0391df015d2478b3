import { describe, expect, it } from 'vitest';
import type { ConvolutionExtent, MatrixProduct, Operation } from '../../../src/core/compute/plan.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { microKernelsAgree } from '../../../src/trainer/device/microKernels/selfTest.ts';
import {
  expectedOf,
  firstBeyond,
  instructionSets,
  randomContents,
  randomExtent,
  randomGather,
  randomPool,
  randomProduct,
  runRoutine,
} from './microKernelRuns.ts';

/** Compares with the definition in float64 on random numbers. */
function check(operation: Operation, relaxed: boolean, seed: number): void {
  const contents = randomContents(operation, randomStream(seed, 'contents'));
  const problem = firstBeyond(runRoutine(operation, contents, relaxed), expectedOf(operation, contents));
  expect(problem, JSON.stringify(operation)).toBeUndefined();
}

function product(
  rows: number,
  columns: number,
  depth: number,
  more: Partial<MatrixProduct> = {},
): MatrixProduct {
  return {
    kind: 'matrix-product',
    rows,
    columns,
    depth,
    left: { buffer: 'left', rowStride: depth, columnStride: 1 },
    right: { buffer: 'right', rowStride: columns, columnStride: 1 },
    ...more,
  };
}

const square: ConvolutionExtent = {
  batch: 3,
  height: 9,
  width: 8,
  channels: 4,
  filterHeight: 3,
  filterWidth: 3,
  outputHeight: 9,
  outputWidth: 8,
  filters: 8,
  strideHeight: 1,
  strideWidth: 1,
  padTop: 1,
  padLeft: 1,
};

describe('the self-test of micro-kernels', () => {
  it('finds that they agree with their definition', () => {
    expect(microKernelsAgree()).toBe(true);
  });
});

describe.each(instructionSets)('micro-kernels, multiply-add in one instruction: %s', (relaxed) => {
  it.each([
    [1, 1, 1],
    [1, 37, 5],
    [2, 16, 400],
    [3, 4, 1000],
    [64, 1, 64],
    [13, 20, 7],
    [128, 12, 128],
    [50, 264, 800],
    [7, 2048, 33],
    [2048, 5, 3],
  ])('multiply matrices of %i × %i over %i', (rows, columns, depth) => {
    check(product(rows, columns, depth, { bias: 'bias', relu: true }), relaxed, 1);
    check(
      product(rows, columns, depth, { left: { buffer: 'left', rowStride: 1, columnStride: rows } }),
      relaxed,
      2,
    );
    check(
      product(rows, columns, depth, { right: { buffer: 'right', rowStride: 1, columnStride: depth } }),
      relaxed,
      3,
    );
  });

  it('multiply matrices of random sizes and layouts', () => {
    const draw = randomStream(7, 'products');
    for (let i = 0; i < 150; i++) check(randomProduct(draw, 90), relaxed, i);
  });

  it('convolve images of random extents, and find the gradients of their filters', () => {
    const draw = randomStream(8, 'extents');
    for (let i = 0; i < 120; i++) {
      const extent = randomExtent(draw, 12);
      const more = { ...(i % 2 === 0 ? { bias: 'bias' } : {}), relu: i % 3 === 0 };
      check({ kind: 'convolution', extent, image: 'image', filter: 'filter', ...more }, relaxed, i);
      check({ kind: 'filter-gradient', extent, image: 'image', delta: 'delta' }, relaxed, i);
    }
  });

  it('convolve where places are taken in groups', () => {
    // Of images, with one that is left over; of rows; and more filters than are packed at once.
    const large: ConvolutionExtent = {
      ...square,
      batch: 2,
      height: 31,
      width: 40,
      outputHeight: 31,
      outputWidth: 40,
    };
    const many: ConvolutionExtent = {
      ...square,
      batch: 1,
      channels: 64,
      filters: 150,
      height: 4,
      width: 4,
      outputHeight: 4,
      outputWidth: 4,
    };
    for (const extent of [{ ...square, batch: 17 }, large, many]) {
      check({ kind: 'convolution', extent, image: 'image', filter: 'filter', bias: 'bias' }, relaxed, 4);
      check({ kind: 'filter-gradient', extent, image: 'image', delta: 'delta' }, relaxed, 5);
    }
  });

  it('find the largest of windows, the first where several are, and carry gradients back there', () => {
    const draw = randomStream(11, 'pools');
    for (let i = 0; i < 100; i++) {
      const extent = randomPool(draw, false);
      check({ kind: 'max-pool', extent, image: 'image', of: 'value' }, relaxed, i);
      check({ kind: 'max-pool', extent, image: 'image', of: 'place' }, relaxed, i);
      const apart = randomPool(draw, true);
      check({ kind: 'max-pool-gradient', extent: apart, delta: 'delta', winner: 'winner' }, relaxed, i);
    }
  });

  it('take NaN for the largest value, and for its place only where it comes first', () => {
    const extent = {
      ...square,
      batch: 1,
      channels: 5,
      filterHeight: 2,
      filterWidth: 2,
      strideHeight: 2,
      strideWidth: 2,
    };
    const places = { ...extent, outputHeight: 4, outputWidth: 4 };
    const op: Operation = { kind: 'max-pool', extent: places, image: 'image', of: 'value' };
    const contents = randomContents(op, randomStream(5, 'contents'));
    const image = contents.get('image')!;
    for (let i = 0; i < image.length; i += 3) image[i] = NaN;
    const [value, place] = (['value', 'place'] as const).map((of) =>
      runRoutine({ ...op, of }, contents, relaxed),
    );
    for (let at = 0; at < value!.length; at++) {
      const [y, x, c] = [Math.floor(at / 20), Math.floor(at / 5) % 4, at % 5];
      const window = [0, 1, 8, 9].map((offset) => image[(y * 16 + x * 2 + offset) * 5 + c]!);
      let winner = 0;
      window.forEach((each, k) => (winner = each > window[winner]! ? k : winner));
      expect(value![at]).toBe(Math.max(...window));
      expect(place![at]).toBe(winner);
    }
  });

  it('compute the same bits in any number of parts', () => {
    const draw = randomStream(10, 'parts');
    for (let i = 0; i < 60; i++) {
      const extent = randomExtent(draw, 12);
      const operations: Operation[] = [
        randomProduct(draw, 90),
        { kind: 'convolution', extent, image: 'image', filter: 'filter', bias: 'bias' },
        { kind: 'filter-gradient', extent, image: 'image', delta: 'delta' },
        { kind: 'max-pool', extent: randomPool(draw, false), image: 'image', of: 'place' },
        { kind: 'max-pool-gradient', extent: randomPool(draw, true), delta: 'delta', winner: 'winner' },
      ];
      for (const operation of operations) {
        const contents = randomContents(operation, randomStream(i, 'contents'));
        const whole = runRoutine(operation, contents, relaxed);
        for (const most of [2, 3, 16])
          expect(runRoutine(operation, contents, relaxed, most), JSON.stringify(operation)).toEqual(whole);
      }
    }
  });

  it('gather rows of tables', () => {
    const draw = randomStream(9, 'tables');
    for (let i = 0; i < 150; i++) check(randomGather(draw), relaxed, i);
  });

  it('let NaN and infinities through, and to no other row', () => {
    const op = product(9, 10, 11, { bias: 'bias', relu: true });
    const contents = randomContents(op, randomStream(3, 'contents'));
    contents.get('left')![2 * 11 + 4] = NaN;
    contents.get('left')![5 * 11] = Infinity;
    const result = runRoutine(op, contents, relaxed);
    const expected = expectedOf(op, contents).value;
    result.forEach((value, i) => {
      const row = Math.floor(i / 10);
      expect(Number.isNaN(value), `row ${row}`).toBe(row === 2);
      if (row === 5) expect(value).toBe(expected[i]);
      else if (row !== 2) expect(Number.isFinite(value)).toBe(true);
    });
  });

  it('multiply what is zero with what is not finite', () => {
    const extent = { ...square, batch: 1 };
    const op: Operation = { kind: 'convolution', extent, image: 'image', filter: 'filter' };
    const contents = randomContents(op, randomStream(4, 'contents'));
    contents.get('image')!.fill(0);
    contents.get('filter')![0] = Infinity;
    const result = runRoutine(op, contents, relaxed);
    // The first filter's first weight lies over the margin at the places of the first row and the first column.
    result.forEach((value, i) => {
      const place = Math.floor(i / 8);
      const isInside = place >= 8 && place % 8 > 0;
      if (i % 8 === 0 && isInside) expect(value).toBeNaN();
      else if (i % 8 > 0) expect(value).toBe(0);
    });
  });
});
