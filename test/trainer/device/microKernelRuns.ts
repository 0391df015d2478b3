import type {
  Convolution,
  ConvolutionExtent,
  FilterGradient,
  MatrixProduct,
  MaxPool,
  MaxPoolGradient,
  Operation,
  PoolExtent,
  RowGather,
} from '../../../src/core/compute/plan.ts';
import type { RandomStream } from '../../../src/core/data/random.ts';
import { hasRelaxedMultiplyAdd } from '../../../src/trainer/device/microKernels/engine.ts';
import { aligned } from '../../../src/trainer/device/microKernels/routine.ts';
import { routinesOf } from '../../../src/trainer/device/microKernels/routines.ts';
import { scratchOfParts } from '../../../src/trainer/device/microKernels/stepModule.ts';
import { Tiles } from '../../../src/trainer/device/microKernels/tile.ts';
import { ModuleBuilder } from '../../../src/trainer/device/microKernels/wasm/module.ts';

/** Multiply-adds as one instruction and as two, as far as this engine has them. */
export const instructionSets: readonly boolean[] = hasRelaxedMultiplyAdd() ? [true, false] : [false];

export type Draw = RandomStream;

/** Contents of an operation's buffers by name. */
export type Contents = ReadonlyMap<string, Float32Array>;

/** Steps that the order of a gathering is for. */
const steps = 3;

/** Elements of each buffer that an operation reads, and of its result. */
function sizesOf(operation: Operation): { reads: Map<string, number>; written: number } {
  if (operation.kind === 'matrix-product') {
    const { rows, columns, depth, left, right, bias } = operation;
    const span = (m: typeof left, height: number, width: number) =>
      (height - 1) * m.rowStride + (width - 1) * m.columnStride + 1;
    return {
      reads: new Map([
        [left.buffer, span(left, rows, depth)],
        [right.buffer, span(right, depth, columns)],
        ...(bias === undefined ? [] : [[bias, columns] as const]),
      ]),
      written: rows * columns,
    };
  }
  if (operation.kind === 'row-gather') {
    const { rows, columns, width, table, order, clock } = operation;
    return {
      reads: new Map([
        ...table.map((part) => [part.buffer, part.rows * width] as const),
        [order, rows * steps],
        [clock, 4],
      ]),
      written: rows * columns,
    };
  }
  if (operation.kind === 'max-pool' || operation.kind === 'max-pool-gradient') {
    const { batch, height, width, channels, outputHeight, outputWidth } = operation.extent;
    const image = batch * height * width * channels;
    const result = batch * outputHeight * outputWidth * channels;
    return operation.kind === 'max-pool'
      ? { reads: new Map([[operation.image, image]]), written: result }
      : { reads: new Map([operation.delta, operation.winner].map((name) => [name, result])), written: image };
  }
  const e = operation.extent;
  const image = e.batch * e.height * e.width * e.channels;
  const filter = e.filterHeight * e.filterWidth * e.channels * e.filters;
  const result = e.batch * e.outputHeight * e.outputWidth * e.filters;
  if (operation.kind === 'filter-gradient') {
    return {
      reads: new Map([
        [operation.image, image],
        [operation.delta, result],
      ]),
      written: filter,
    };
  }
  return {
    reads: new Map([
      [operation.image, image],
      [operation.filter, filter],
      ...(operation.bias === undefined ? [] : [[operation.bias, e.filters] as const]),
    ]),
    written: result,
  };
}

export function randomContents(operation: Operation, draw: Draw): Map<string, Float32Array> {
  const contents = new Map(
    [...sizesOf(operation).reads].map(([name, size]) => [
      name,
      Float32Array.from({ length: size }, () => draw.normal()),
    ]),
  );
  if (operation.kind === 'max-pool')
    // Few values, so that many windows have several largest ones.
    contents.set(
      operation.image,
      contents.get(operation.image)!.map(() => draw.below(5) - 2),
    );
  if (operation.kind === 'max-pool-gradient') {
    const { filterHeight, filterWidth } = operation.extent;
    contents.set(
      operation.winner,
      contents.get(operation.winner)!.map(() => draw.below(filterHeight * filterWidth)),
    );
  }
  if (operation.kind === 'row-gather') {
    const rows = operation.table.reduce((sum, part) => sum + part.rows, 0);
    contents.set(
      operation.order,
      contents.get(operation.order)!.map(() => draw.below(rows)),
    );
    contents.set(operation.clock, new Float32Array(4).fill(draw.below(steps)));
  }
  return contents;
}

const guard = 12345.5;
const guardFloats = 16;

/**
 * Runs a micro-kernel twice in a memory of its own, where guard zones lie around every buffer; fails where a zone or an
 * operand changed. The scratch starts as NaN, so that nothing may be taken from there that was not put there. With `most`
 * the kernel is cut into up to so many parts, the last of which runs first.
 */
export function runRoutine(
  operation: Operation,
  contents: Contents,
  relaxed: boolean,
  most = 1,
): Float32Array {
  const { reads, written } = sizesOf(operation);
  const routines = routinesOf(operation, most);
  const places = new Map<string, number>();
  let end = guardFloats;
  for (const [name, size] of [...reads, ['written', written] as const]) {
    places.set(name, end);
    end = Math.ceil((end + size + guardFloats) / 4) * 4;
  }
  const scratchFloats = Math.ceil(scratchOfParts(routines) / 4);
  const module = new ModuleBuilder();
  const tiles = new Tiles(module, { relaxed });
  let scratch = end * 4;
  const parts = routines.map((routine) => {
    const index = routine.define(module, tiles, {
      address: (name) => places.get(name)! * 4,
      written: places.get('written')! * 4,
      scratch,
    });
    scratch += aligned(routine.scratch);
    return index;
  });
  const all = module.define([], (body) => {
    for (const part of parts.toReversed()) body.call(part);
  });
  module.export('run', all);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(((end + scratchFloats) * 4 + 64) / 65536) });
  const floats = new Float32Array(memory.buffer);
  floats.fill(guard, 0, end);
  floats.fill(NaN, end, end + scratchFloats);
  floats.fill(guard, end + scratchFloats);
  for (const [name, values] of contents) floats.set(values, places.get(name));
  const result = floats.subarray(places.get('written'), places.get('written')! + written);
  const before = floats.slice();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
  const run = exports['run'] as () => void;
  run();
  const first = result.slice();
  run();
  for (let i = 0; i < first.length; i++)
    if (!Object.is(first[i], result[i])) throw new Error(`the second run differs in ${i}`);
  const from = places.get('written')!;
  for (let i = 0; i < floats.length; i++) {
    const isFree = (i >= from && i < from + written) || (i >= end && i < end + scratchFloats);
    if (!isFree && !Object.is(floats[i], before[i])) throw new Error(`float ${i} was overwritten`);
  }
  return first;
}

/** The value by its definition in float64, and the sum of the absolute terms, which bounds the error. */
export interface Expected {
  readonly value: Float64Array;
  readonly magnitude: Float64Array;
  /** Terms of a sum. */
  readonly terms: number;
}

export function expectedOf(operation: Operation, contents: Contents): Expected {
  switch (operation.kind) {
    case 'matrix-product':
      return expectedProduct(operation, contents);
    case 'convolution':
      return expectedConvolution(operation, contents);
    case 'filter-gradient':
      return expectedGradient(operation, contents);
    case 'max-pool':
      return expectedPool(operation, contents);
    case 'max-pool-gradient':
      return expectedPoolGradient(operation, contents);
    case 'row-gather':
      return expectedRows(operation, contents);
  }
}

class Sums {
  readonly value: Float64Array;
  readonly magnitude: Float64Array;

  constructor(size: number) {
    this.value = new Float64Array(size);
    this.magnitude = new Float64Array(size);
  }

  add(at: number, term: number): void {
    this.value[at]! += term;
    this.magnitude[at]! += Math.abs(term);
  }

  finish(columns: number, bias: Float32Array | undefined, relu: boolean | undefined): void {
    this.value.forEach((_, i) => {
      if (bias !== undefined) this.add(i, bias[i % columns]!);
      if (relu === true) this.value[i] = Math.max(this.value[i]!, 0);
    });
  }
}

function expectedProduct(op: MatrixProduct, contents: Contents): Expected {
  const sums = new Sums(op.rows * op.columns);
  const [left, right] = [contents.get(op.left.buffer)!, contents.get(op.right.buffer)!];
  for (let i = 0; i < op.rows; i++)
    for (let j = 0; j < op.columns; j++)
      for (let k = 0; k < op.depth; k++)
        sums.add(
          i * op.columns + j,
          left[i * op.left.rowStride + k * op.left.columnStride]! *
            right[k * op.right.rowStride + j * op.right.columnStride]!,
        );
  sums.finish(op.columns, op.bias === undefined ? undefined : contents.get(op.bias), op.relu);
  return { value: sums.value, magnitude: sums.magnitude, terms: op.depth + 1 };
}

/** Calls for every pair of a place of the result and a place of the image that the filter connects. */
function connections(
  e: ConvolutionExtent,
  visit: (image: number, filter: number, result: number) => void,
): void {
  for (let n = 0; n < e.batch; n++)
    for (let y = 0; y < e.outputHeight; y++)
      for (let x = 0; x < e.outputWidth; x++)
        for (let i = 0; i < e.filterHeight; i++)
          for (let j = 0; j < e.filterWidth; j++) {
            const row = y * e.strideHeight + i - e.padTop;
            const column = x * e.strideWidth + j - e.padLeft;
            if (row < 0 || row >= e.height || column < 0 || column >= e.width) continue;
            for (let c = 0; c < e.channels; c++)
              for (let f = 0; f < e.filters; f++)
                visit(
                  ((n * e.height + row) * e.width + column) * e.channels + c,
                  ((i * e.filterWidth + j) * e.channels + c) * e.filters + f,
                  ((n * e.outputHeight + y) * e.outputWidth + x) * e.filters + f,
                );
          }
}

function expectedConvolution(op: Convolution, contents: Contents): Expected {
  const e = op.extent;
  const [image, filter] = [contents.get(op.image)!, contents.get(op.filter)!];
  const sums = new Sums(e.batch * e.outputHeight * e.outputWidth * e.filters);
  connections(e, (a, b, c) => sums.add(c, image[a]! * filter[b]!));
  sums.finish(e.filters, op.bias === undefined ? undefined : contents.get(op.bias), op.relu);
  return {
    value: sums.value,
    magnitude: sums.magnitude,
    terms: e.filterHeight * e.filterWidth * e.channels + 1,
  };
}

function expectedGradient(op: FilterGradient, contents: Contents): Expected {
  const e = op.extent;
  const [image, delta] = [contents.get(op.image)!, contents.get(op.delta)!];
  const sums = new Sums(e.filterHeight * e.filterWidth * e.channels * e.filters);
  connections(e, (a, b, c) => sums.add(b, image[a]! * delta[c]!));
  return {
    value: sums.value,
    magnitude: sums.magnitude,
    terms: e.batch * e.outputHeight * e.outputWidth + 1,
  };
}

function expectedRows(op: RowGather, contents: Contents): Expected {
  const table = op.table.flatMap(({ buffer }) => [...contents.get(buffer)!]);
  const order = contents.get(op.order)!.subarray(contents.get(op.clock)![0]! * op.rows);
  const value = new Float64Array(op.rows * op.columns);
  for (let n = 0; n < op.rows; n++)
    for (let c = 0; c < op.width; c++) value[n * op.columns + c] = table[order[n]! * op.width + c]!;
  return exactly(value);
}

/** Calls for every place of the result with the values of its window in the image, row by row. */
function windows(e: PoolExtent, visit: (result: number, images: readonly number[]) => void): void {
  for (let n = 0; n < e.batch; n++)
    for (let y = 0; y < e.outputHeight; y++)
      for (let x = 0; x < e.outputWidth; x++)
        for (let c = 0; c < e.channels; c++) {
          const images: number[] = [];
          for (let i = 0; i < e.filterHeight; i++)
            for (let j = 0; j < e.filterWidth; j++) {
              const row = n * e.height + y * e.strideHeight + i;
              images.push((row * e.width + x * e.strideWidth + j) * e.channels + c);
            }
          visit(((n * e.outputHeight + y) * e.outputWidth + x) * e.channels + c, images);
        }
}

/** Where nothing is rounded. */
function exactly(value: Float64Array): Expected {
  return { value, magnitude: new Float64Array(value.length), terms: 0 };
}

function expectedPool(op: MaxPool, contents: Contents): Expected {
  const image = contents.get(op.image)!;
  const { batch, outputHeight, outputWidth, channels } = op.extent;
  const value = new Float64Array(batch * outputHeight * outputWidth * channels);
  windows(op.extent, (result, places) => {
    const found = places.map((place) => image[place]!);
    const most = Math.max(...found);
    value[result] = op.of === 'value' ? most : found.indexOf(most);
  });
  return exactly(value);
}

function expectedPoolGradient(op: MaxPoolGradient, contents: Contents): Expected {
  const { batch, height, width, channels } = op.extent;
  const value = new Float64Array(batch * height * width * channels);
  windows(op.extent, (result, places) => {
    value[places[contents.get(op.winner)![result]!]!] = contents.get(op.delta)![result]!;
  });
  return exactly(value);
}

/** A random extent of a pooling; with `apart`, of windows that do not overlap. */
export function randomPool(draw: Draw, apart: boolean): PoolExtent {
  const upTo = (n: number) => 1 + draw.below(n);
  const axis = () => {
    const filter = upTo(3);
    const size = filter + draw.below(9);
    const stride = apart ? filter + draw.below(2) : upTo(3);
    return { filter, size, stride, output: Math.floor((size - filter) / stride) + 1 };
  };
  const [vertical, horizontal] = [axis(), axis()];
  return {
    batch: upTo(4),
    height: vertical.size,
    width: horizontal.size,
    channels: upTo(draw.next() < 0.5 ? 9 : 70),
    filterHeight: vertical.filter,
    filterWidth: horizontal.filter,
    outputHeight: vertical.output,
    outputWidth: horizontal.output,
    strideHeight: vertical.stride,
    strideWidth: horizontal.stride,
  };
}

/** The place where a result leaves its bound, k·ε of the sum of absolute terms (Higham, Accuracy and stability, 3.1). */
export function firstBeyond(actual: Float32Array, expected: Expected): string | undefined {
  const epsilon = 2 ** -24;
  for (let i = 0; i < actual.length; i++) {
    const bound = (expected.terms + 2) * epsilon * expected.magnitude[i]! + 2 ** -140;
    if (!(Math.abs(actual[i]! - expected.value[i]!) <= bound))
      return `element ${i}: ${actual[i]!} instead of ${expected.value[i]!} ± ${bound}`;
  }
  return undefined;
}

/** A random product: sizes from 1, any layout of the operands, gaps between rows. */
export function randomProduct(draw: Draw, most: number): MatrixProduct {
  const upTo = (n: number) => 1 + draw.below(n);
  // Small sizes as often as large ones.
  const size = () => upTo(upTo(most));
  const [rows, columns, depth] = [size(), size(), size()];
  const layout = (buffer: string, height: number, width: number) => {
    const gap = draw.next() < 0.3 ? upTo(3) : 0;
    const kind = draw.next();
    if (kind < 0.45) return { buffer, rowStride: width + gap, columnStride: 1 };
    if (kind < 0.9) return { buffer, rowStride: 1, columnStride: height + gap };
    return { buffer, rowStride: 2 * width + gap, columnStride: 2 };
  };
  return {
    kind: 'matrix-product',
    rows,
    columns,
    depth,
    left: layout('left', rows, depth),
    right: layout('right', depth, columns),
    ...(draw.next() < 0.5 ? { bias: 'bias' } : {}),
    ...(draw.next() < 0.5 ? { relu: true } : {}),
  };
}

/** A random table in one to three parts. */
export function randomGather(draw: Draw): RowGather {
  const width = 1 + draw.below(draw.next() < 0.5 ? 8 : 100);
  let first = 0;
  const table = Array.from({ length: 1 + draw.below(3) }, (_, i) => {
    const part = { buffer: `table${i}`, first, rows: 1 + draw.below(20) };
    first += part.rows;
    return part;
  });
  const columns = draw.next() < 0.5 ? Math.ceil(width / 4) * 4 : width + draw.below(7);
  return {
    kind: 'row-gather',
    rows: 1 + draw.below(12),
    columns,
    width,
    table,
    order: 'order',
    clock: 'clock',
  };
}

/** A random extent of a convolution: any stride, any padding up to the filter's size. */
export function randomExtent(draw: Draw, most: number): ConvolutionExtent {
  const upTo = (n: number) => 1 + draw.below(n);
  const axis = () => {
    const filter = upTo(4);
    const size = upTo(most);
    const pad = draw.next() < 0.5 ? 0 : draw.below(filter);
    const after = draw.next() < 0.5 ? pad : 0;
    const stride = upTo(3);
    const output = Math.floor((size + pad + after - filter) / stride) + 1;
    return output >= 1
      ? { filter, size, pad, stride, output }
      : { filter: 1, size, pad: 0, stride: 1, output: size };
  };
  const [vertical, horizontal] = [axis(), axis()];
  return {
    batch: upTo(4),
    height: vertical.size,
    width: horizontal.size,
    channels: upTo(upTo(12)),
    filterHeight: vertical.filter,
    filterWidth: horizontal.filter,
    outputHeight: vertical.output,
    outputWidth: horizontal.output,
    filters: upTo(upTo(24)),
    strideHeight: vertical.stride,
    strideWidth: horizontal.stride,
    padTop: vertical.pad,
    padLeft: horizontal.pad,
  };
}
