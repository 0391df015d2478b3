/** How the arrays of a golden file lie on our named axes. */
import { axisOrder, type Axis } from '../../src/core/expression/expression.ts';
import type { GoldenArray } from './types.ts';

/** Number of elements of a shape; 1 for a scalar. */
export function extentOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** An array in our order, with the way back. */
export interface Placed {
  readonly axes: readonly Axis[];
  readonly sizes: Readonly<Record<Axis, number>>;
  /** Row-major over `axes`. */
  readonly data: readonly number[];
  /** Values over `axes` in the file's order. */
  readonly toFile: (values: ArrayLike<number>) => Float64Array;
  /** The way there. */
  readonly fromFile: (values: readonly number[]) => readonly number[];
}

/**
 * Lays an array on axes: `dims` names the axis of each dimension. Several dimensions may make up one axis, leading
 * first; an axis without a dimension has the extent 1.
 */
export function place({ shape, data }: GoldenArray, axes: readonly Axis[], dims: readonly Axis[]): Placed {
  const ordered = axisOrder(axes);
  // Dimensions in the order in which we keep them; those of one axis stay in the file's order.
  const order = dims.map((_, d) => d).sort((a, b) => ordered.indexOf(dims[a]!) - ordered.indexOf(dims[b]!));
  const sizes: Record<Axis, number> = Object.fromEntries(ordered.map((axis) => [axis, 1]));
  dims.forEach((axis, d) => (sizes[axis] = (sizes[axis] ?? 1) * shape[d]!));
  const strides = shape.map((_, d) => extentOf(shape.slice(d + 1)));
  const positions = new Int32Array(data.length);
  for (let i = 0; i < positions.length; i++) {
    let rest = i;
    for (const d of order.toReversed()) {
      positions[i]! += (rest % shape[d]!) * strides[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
  }
  return {
    axes: ordered,
    sizes,
    data: Array.from(positions, (at) => data[at]!),
    fromFile: (values) => Array.from(positions, (at) => values[at]!),
    toFile: (values) => {
      const result = new Float64Array(values.length);
      positions.forEach((at, i) => (result[at] = values[i]!));
      return result;
    },
  };
}

/** As {@link place} of an array that is repeated to a shape first; on the way back what it was repeated to is summed. */
export function placeRepeated(
  array: GoldenArray,
  to: readonly number[],
  axes: readonly Axis[],
  dims: readonly Axis[],
): Placed {
  // Each element of the file's array under the elements that it is repeated to.
  const numbered = { shape: array.shape, data: array.data.map((_, i) => i) };
  const leads = array.shape.length < to.length && array.shape.every((n, d) => n === to[d]);
  const origin = repeated(numbered, to, leads).data;
  const placed = place({ shape: [...to], data: origin.map((i) => array.data[i]!) }, axes, dims);
  return {
    ...placed,
    fromFile: (values) => placed.fromFile(origin.map((i) => values[i]!)),
    toFile: (values) => {
      const sums = new Float64Array(array.data.length);
      placed.toFile(values).forEach((value, i) => (sums[origin[i]!]! += value));
      return sums;
    },
  };
}

/**
 * An array repeated to a shape: lengths of 1 stretch. Missing dimensions are added in front, as NumPy and PyTorch do,
 * or with `leading` behind, as Keras does with sample weights. Throws a RangeError where the shapes do not go together.
 */
export function repeated({ shape, data }: GoldenArray, to: readonly number[], leading = false): GoldenArray {
  const missing = Array<number>(Math.max(0, to.length - shape.length)).fill(1);
  const own = leading ? [...shape, ...missing] : [...missing, ...shape];
  if (own.length !== to.length || own.some((n, i) => n !== 1 && n !== to[i])) {
    throw new RangeError(`[${shape.join()}] does not broadcast to [${to.join()}]`);
  }
  const result = Array.from({ length: extentOf(to) }, (_, flat) => {
    let rest = flat;
    let at = 0;
    let stride = 1;
    for (let d = to.length - 1; d >= 0; d--) {
      if (own[d]! > 1) at += (rest % to[d]!) * stride;
      rest = Math.floor(rest / to[d]!);
      stride *= own[d]!;
    }
    return data[at]!;
  });
  return { shape: [...to], data: result };
}
