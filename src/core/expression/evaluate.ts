/** The interpreter: plain, slow, and the oracle for everything that is compiled or printed. */
import { baseAxis, nodesOf, type Apply, type Axis, type Expr } from './expression.ts';
import { primitive } from './primitives.ts';
import type { Programme } from './primitives/row.ts';

/** What an expression is evaluated with. */
export interface Environment {
  /** Extent of every axis that occurs; a renamed copy has that of its original. */
  readonly sizes: Readonly<Record<Axis, number>>;
  /** Data of every input, row-major over the input's axes in their canonical order. */
  readonly inputs: Readonly<Record<string, ArrayLike<number>>>;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** Values over axes in canonical order, row-major; truth values are 1 and 0. */
export interface Tensor {
  readonly axes: readonly Axis[];
  readonly data: Float64Array;
}

/** The extent of an axis; throws a RangeError when the environment does not give it. */
export function extent(sizes: Readonly<Record<Axis, number>>, axis: Axis): number {
  const size = sizes[axis] ?? sizes[baseAxis(axis)];
  if (size === undefined) throw new RangeError(`the size of axis ${axis} is not given`);
  return size;
}

/** Row-major element strides of axes. */
function stridesOf(axes: readonly Axis[], sizes: Readonly<Record<Axis, number>>): number[] {
  const strides = new Array<number>(axes.length);
  let stride = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= extent(sizes, axes[i]!);
  }
  return strides;
}

/**
 * For each element of an array over `axes`, the position of its counterpart in an array over `source`; axes that
 * `axes` lacks are held at 0, those that `source` lacks repeat.
 */
function positions(
  axes: readonly Axis[],
  source: readonly Axis[],
  sizes: Readonly<Record<Axis, number>>,
): Int32Array {
  const own = stridesOf(source, sizes);
  const steps = axes.map((axis) => own[source.indexOf(axis)] ?? 0);
  const extents = axes.map((axis) => extent(sizes, axis));
  const result = new Int32Array(extents.reduce((a, b) => a * b, 1));
  const counter = extents.map(() => 0);
  let at = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = at;
    for (let d = axes.length - 1; d >= 0; d--) {
      at += steps[d]!;
      if (++counter[d]! < extents[d]!) break;
      at -= steps[d]! * extents[d]!;
      counter[d] = 0;
    }
  }
  return result;
}

/**
 * The value of an expression. Throws a RangeError for an input, parameter or size that is not given, for data of the
 * wrong length, and for a `gather` outside its axis.
 */
export function evaluate(expr: Expr, environment: Environment): Tensor {
  return evaluateAll([expr], environment)[0]!;
}

/** A value repeated along the axes that it lacks; row-major over `axes`, which must contain its own. */
export function broadcast(
  value: Tensor,
  axes: readonly Axis[],
  sizes: Readonly<Record<Axis, number>>,
): Float64Array {
  return Float64Array.from(positions(axes, value.axes, sizes), (at) => value.data[at]!);
}

/** The values of several expressions, what they share computed once. */
export function evaluateAll(roots: readonly Expr[], environment: Environment): readonly Tensor[] {
  const values = new Map<Expr, Tensor>();
  for (const node of nodesOf(...roots))
    values.set(
      node,
      valueOf(node, environment, (e) => values.get(e)!),
    );
  return roots.map((root) => values.get(root)!);
}

function valueOf(node: Expr, { sizes, inputs, parameters }: Environment, of: (e: Expr) => Tensor): Tensor {
  const { axes } = node;
  switch (node.kind) {
    case 'const':
      return { axes, data: Float64Array.of(node.value) };
    case 'param': {
      const value = parameters?.[node.name];
      if (value === undefined) throw new RangeError(`parameter ${node.name} is not given`);
      return { axes, data: Float64Array.of(value) };
    }
    case 'size':
      return { axes, data: Float64Array.of(extent(sizes, node.axis)) };
    case 'index':
      return { axes, data: Float64Array.from({ length: extent(sizes, node.axis) }, (_, i) => i) };
    case 'input': {
      const data = inputs[node.name];
      if (data === undefined) throw new RangeError(`input ${node.name} is not given`);
      const length = axes.reduce((product, axis) => product * extent(sizes, axis), 1);
      if (data.length !== length) {
        throw new RangeError(
          `input ${node.name}[${axes.join(', ')}] needs ${length} values, received ${data.length}`,
        );
      }
      return { axes, data: Float64Array.from(data) };
    }
    case 'apply':
      return appliedValue(node, sizes, of);
  }
}

function appliedValue(node: Apply, sizes: Readonly<Record<Axis, number>>, of: (e: Expr) => Tensor): Tensor {
  const row = primitive(node.op);
  const args = node.args.map(of);
  switch (row.kind) {
    case 'elementwise': {
      const maps = args.map((a) => positions(node.axes, a.axes, sizes));
      const at = (arg: number, i: number) => args[arg]?.data[maps[arg]![i]!] ?? NaN;
      const data = new Float64Array(maps[0]!.length);
      for (let i = 0; i < data.length; i++) data[i] = row.value(at(0, i), at(1, i), at(2, i));
      return { axes: node.axes, data };
    }
    case 'reduction':
    case 'mapping': {
      const [x] = args as [Tensor];
      const axis = node.attributes['axis']!;
      const outer = x.axes.filter((a) => a !== axis);
      const starts = positions(outer, x.axes, sizes);
      const stride = stridesOf(x.axes, sizes)[x.axes.indexOf(axis)]!;
      const line = new Float64Array(extent(sizes, axis));
      const data = new Float64Array(row.kind === 'reduction' ? starts.length : x.data.length);
      starts.forEach((start, i) => {
        for (let k = 0; k < line.length; k++) line[k] = x.data[start + k * stride]!;
        if (row.kind === 'reduction') data[i] = row.value(line);
        else row.value(line).forEach((y, k) => (data[start + k * stride] = y));
      });
      return { axes: node.axes, data };
    }
    case 'structural':
      return node.op === 'gather'
        ? gathered(node, args as [Tensor, Tensor], sizes)
        : renamed(node, args[0]!, sizes);
    case 'programme':
      return programmed(node, row, args, sizes);
  }
}

/** The value of a dynamic programme from those of its arguments. */
export function programmed(
  node: Apply,
  row: Programme,
  args: readonly Tensor[],
  sizes: Readonly<Record<Axis, number>>,
): Tensor {
  const inner = row.inner(node.attributes);
  const outer = node.axes.filter((axis) => !inner.includes(axis));
  const own = row.own(node.attributes);
  const length = (axes: readonly Axis[]) => axes.reduce((product, axis) => product * extent(sizes, axis), 1);
  const items = args.map((arg, i) => ({
    data: broadcast(arg, [...outer, ...own[i]!], sizes),
    step: length(own[i]!),
  }));
  const extents = Object.fromEntries(
    Object.entries(node.attributes).map(([name, axis]) => [name, extent(sizes, axis)]),
  );
  const step = length(inner);
  const data = new Float64Array(length(outer) * step);
  for (let i = 0; i < length(outer); i++) {
    const at = items.map((item) => item.data.subarray(i * item.step, (i + 1) * item.step));
    data.set(row.value({ args: at, extents }), i * step);
  }
  // The outer axes lead here, in the result they lie in canonical order.
  return { axes: node.axes, data: broadcast({ axes: [...outer, ...inner], data }, node.axes, sizes) };
}

function gathered(node: Apply, [x, at]: [Tensor, Tensor], sizes: Readonly<Record<Axis, number>>): Tensor {
  const axis = node.attributes['axis']!;
  const along = x.axes.indexOf(axis);
  const stride = along < 0 ? 0 : stridesOf(x.axes, sizes)[along]!;
  const length = extent(sizes, axis);
  const from = positions(
    node.axes,
    x.axes.map((a) => (a === axis ? ' ' : a)),
    { ...sizes, ' ': length },
  );
  const where = positions(node.axes, at.axes, sizes);
  const data = new Float64Array(from.length);
  for (let i = 0; i < data.length; i++) {
    const k = at.data[where[i]!]!;
    if (!Number.isInteger(k) || k < 0 || k >= length) {
      throw new RangeError(`gather: ${k} is outside axis ${axis} of size ${length}`);
    }
    data[i] = x.data[from[i]! + k * stride]!;
  }
  return { axes: node.axes, data };
}

function renamed(node: Apply, x: Tensor, sizes: Readonly<Record<Axis, number>>): Tensor {
  const { from, to } = node.attributes;
  const source = x.axes.map((a) => (a === from ? to! : a));
  const map = positions(node.axes, source, sizes);
  return { axes: node.axes, data: Float64Array.from(map, (k) => x.data[k]!) };
}
