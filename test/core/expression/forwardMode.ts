/**
 * Forward-mode differentiation: the interpreter on dual numbers, with derivatives written down here once more. An
 * oracle for reverse mode that shares no derivative with it.
 */
import { apply } from '../../../src/core/expression/build.ts';
import {
  broadcast,
  evaluate,
  extent,
  type Environment,
  type Tensor,
} from '../../../src/core/expression/evaluate.ts';
import { input, nodesOf, type Apply, type Axis, type Expr } from '../../../src/core/expression/expression.ts';
import { primitive } from '../../../src/core/expression/primitives.ts';

interface Dual {
  readonly value: Tensor;
  /** The derivative along the direction, over the same axes. */
  readonly slope: Float64Array;
}

type Slope = (values: readonly number[], slopes: readonly number[], result: number) => number;

const sigma = (x: number) => 1 / (1 + Math.exp(-x));
const flat: Slope = () => 0;
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Directional derivative of every elementwise operation. */
const slopes: Readonly<Record<string, Slope>> = {
  add: (_, [u, v]) => u! + v!,
  sub: (_, [u, v]) => u! - v!,
  mul: ([x, y], [u, v]) => x! * v! + y! * u!,
  div: ([x, y], [u, v]) => (u! * y! - x! * v!) / (y! * y!),
  neg: (_, [u]) => -u!,
  pow: ([x, y], [u, v], out) => y! * x! ** (y! - 1) * u! + (v === 0 ? 0 : out * Math.log(x!) * v!),
  square: ([x], [u]) => 2 * x! * u!,
  sqrt: (_, [u], out) => u! / (2 * out),
  abs: ([x], [u]) => (x! < 0 ? -u! : u!),
  sign: flat,
  relu: ([x], [u]) => (x! > 0 ? u! : 0),
  maximum: ([x, y], [u, v]) => (x! > y! ? u! : v!),
  minimum: ([x, y], [u, v]) => (x! < y! ? u! : v!),
  clamp: ([x, low, high], [u, v, w]) => (x! < low! ? v! : x! > high! ? w! : u!),
  clampMin: ([x, low], [u, v]) => (x! < low! ? v! : u!),
  exp: (_, [u], out) => out * u!,
  log: ([x], [u]) => u! / x!,
  log1p: ([x], [u]) => u! / (1 + x!),
  expm1: ([x], [u]) => Math.exp(x!) * u!,
  tanh: ([x], [u]) => u! / Math.cosh(x!) ** 2,
  sigmoid: ([x], [u]) => u! * sigma(x!) * sigma(-x!),
  softplus: ([x], [u]) => u! * sigma(x!),
  logsigmoid: ([x], [u]) => u! * sigma(-x!),
  xlogy: ([x, y], [u, v]) => Math.log(y!) * u! + (x! / y!) * v!,
  logaddexp: ([x, y], [u, v]) => (Math.exp(x! - y!) * u! + v!) / (Math.exp(x! - y!) + 1),
  logndtr: ([x], [u], out) => (density(x!) / Math.exp(out)) * u!,
  inverseMills: ([x], [u], out) => -out * (x! + out) * u!,
  cos: ([x], [u]) => -Math.sin(x!) * u!,
  sin: ([x], [u]) => Math.cos(x!) * u!,
  where: ([c], [, u, v]) => (c !== 0 ? u! : v!),
  stop: flat,
  lt: flat,
  le: flat,
  gt: flat,
  ge: flat,
  eq: flat,
  ne: flat,
  and: flat,
  or: flat,
  not: flat,
};

const total = (line: Float64Array) => line.reduce((sum, x) => sum + x, 0);
const top = (line: Float64Array) => line.reduce((most, x) => Math.max(most, x), -Infinity);
function shares(line: Float64Array): Float64Array {
  const powers = line.map((x) => Math.exp(x - top(line)));
  return powers.map((x) => x / total(powers));
}
const dot = (x: Float64Array, y: Float64Array) => total(x.map((v, i) => v * y[i]!));

/** Derivative of a line along a direction: one number for a reduction, a line for a mapping. */
const lineSlopes: Readonly<Record<string, (x: Float64Array, u: Float64Array) => number | Float64Array>> = {
  sum: (_, u) => total(u),
  mean: (_, u) => total(u) / u.length,
  amax: (x, u) => u[x.indexOf(top(x))]!,
  logsumexp: (x, u) =>
    dot(
      shares(x),
      u.map((v, i) => (x[i] === -Infinity ? 0 : v)),
    ),
  norm: (x, u) => dot(x, u) / Math.sqrt(dot(x, x)),
  softmax: (x, u) => shares(x).map((p, i) => p * (u[i]! - dot(shares(x), u))),
  logsoftmax: (x, u) => u.map((v) => v - dot(shares(x), u)),
  cumsum: (_, u) => u.map((__, i) => total(u.subarray(0, i + 1))),
  argsort: (_, u) => u.map(() => 0),
  rank: (_, u) => u.map(() => 0),
};

/** A node of the same operation on given arrays, evaluated: what only moves elements moves their slopes alike. */
function moved(node: Apply, args: readonly Tensor[], { sizes }: Environment): Float64Array {
  const inputs = args.map(({ axes }, i) => input(`argument${i}`, axes, node.args[i]!.dtype));
  const data = Object.fromEntries(args.map(({ data: values }, i) => [`argument${i}`, values]));
  return evaluate(apply(node.op, inputs, node.attributes), { sizes, inputs: data }).data;
}

/** The value of an expression, and its derivative along a direction of one input. */
export function dual(
  root: Expr,
  environment: Environment,
  inputName: string,
  direction: Float64Array,
): { readonly axes: readonly Axis[]; readonly value: Float64Array; readonly slope: Float64Array } {
  const duals = new Map<Expr, Dual>();
  for (const node of nodesOf(root))
    duals.set(
      node,
      dualOf(node, environment, inputName, direction, (e) => duals.get(e)!),
    );
  const { value, slope } = duals.get(root)!;
  return { axes: value.axes, value: value.data, slope };
}

function dualOf(
  node: Expr,
  environment: Environment,
  inputName: string,
  direction: Float64Array,
  of: (e: Expr) => Dual,
): Dual {
  if (node.kind !== 'apply') {
    const value = evaluate(node, environment);
    const isMoving = node.kind === 'input' && node.name === inputName;
    return { value, slope: isMoving ? direction : new Float64Array(value.data.length) };
  }
  const args = node.args.map(of);
  const value = {
    axes: node.axes,
    data: moved(
      node,
      args.map((arg) => arg.value),
      environment,
    ),
  };
  const spread = (data: Float64Array, axes: readonly Axis[]) =>
    broadcast({ axes, data }, node.axes, environment.sizes);
  switch (primitive(node.op).kind) {
    case 'elementwise': {
      const values = args.map((arg) => spread(arg.value.data, arg.value.axes));
      const directions = args.map((arg) => spread(arg.slope, arg.value.axes));
      const slopeOf = slopes[node.op]!;
      const slope = value.data.map((y, i) =>
        slopeOf(
          values.map((x) => x[i]!),
          directions.map((u) => u[i]!),
          y,
        ),
      );
      return { value, slope };
    }
    case 'reduction':
    case 'mapping':
      return { value, slope: alongLines(node, args[0]!, environment) };
    case 'structural': {
      const [x, ...others] = args;
      const slope = moved(
        node,
        [{ axes: x!.value.axes, data: x!.slope }, ...others.map((other) => other.value)],
        environment,
      );
      return { value, slope };
    }
    case 'programme':
      return { value, slope: numerically(node, args, environment) };
  }
}

/** Lines are brought to the last place, where they lie one behind the other. */
function alongLines(node: Apply, { value, slope }: Dual, { sizes }: Environment): Float64Array {
  const axis = node.attributes['axis']!;
  const outer = value.axes.filter((a) => a !== axis);
  const length = extent(sizes, axis);
  const lines = broadcast(value, [...outer, axis], sizes);
  const directions = broadcast({ axes: value.axes, data: slope }, [...outer, axis], sizes);
  const results: number[] = [];
  for (let at = 0; at < lines.length; at += length) {
    const result = lineSlopes[node.op]!(
      lines.subarray(at, at + length),
      directions.subarray(at, at + length),
    );
    results.push(...(typeof result === 'number' ? [result] : result));
  }
  const axes = node.axes.includes(axis) ? [...outer, axis] : outer;
  return broadcast({ axes, data: Float64Array.from(results) }, node.axes, sizes);
}

/** Dynamic programmes by Richardson's central differences: their own derivative is another programme. */
function numerically(node: Apply, args: readonly Dual[], environment: Environment): Float64Array {
  const [x, ...others] = args;
  const at = (h: number) =>
    moved(
      node,
      [
        { axes: x!.value.axes, data: x!.value.data.map((v, i) => v + h * x!.slope[i]!) },
        ...others.map((other) => other.value),
      ],
      environment,
    );
  const scale = 1e-3 / Math.max(1, top(x!.slope.map(Math.abs)));
  const central = (h: number) => {
    const [after, before] = [at(h), at(-h)];
    return after.map((y, i) => (y - before[i]!) / (2 * h));
  };
  const [coarse, fine] = [central(2 * scale), central(scale)];
  return fine.map((y, i) => y + (y - coarse[i]!) / 3);
}
