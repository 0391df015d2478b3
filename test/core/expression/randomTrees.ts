/** Seeded random expressions with data, for properties that must hold for every expression. */
import * as b from '../../../src/core/expression/build.ts';
import { evaluateAll, type Environment } from '../../../src/core/expression/evaluate.ts';
import {
  constant,
  index,
  input,
  nodesOf,
  param,
  size,
  type Axis,
  type Expr,
} from '../../../src/core/expression/expression.ts';

/** mulberry32: numbers in [0, 1) from a seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sizes = { sample: 3, class: 4, time: 3, label: 2 };
const matrix = input('x', ['sample', 'class']);
const row = input('y', ['sample']);
const weights = input('w', ['class']);
const label = input('k', ['sample'], 'index');
const labels = input('l', ['label'], 'index');
const leaves: readonly Expr[] = [
  matrix,
  row,
  weights,
  param('delta'),
  constant(0.5),
  constant(2),
  constant(-1.5),
  constant(1),
  constant(0),
  size('sample'),
  size('class'),
];

export interface RandomTree {
  readonly expr: Expr;
  readonly environment: Environment;
  /** Largest absolute value met on the way. */
  readonly scale: number;
}

/** Draws until an expression is finite, moderate in size and away from kinks by `margin`. */
export function randomTree(next: () => number, margin: number, depth = 4): RandomTree {
  for (;;) {
    const expr = draw(next, depth);
    if (!nodesOf(expr).some((node) => node.kind === 'input' && node.name === 'x')) continue;
    const environment = randomEnvironment(next);
    const scale = scaleOf(expr, environment, margin);
    if (scale !== undefined) return { expr, environment, scale };
  }
}

/** Draws until an expression on extreme data (±200, 1e-30, 0) is finite and moderate, and away from kinks. */
export function extremeTree(next: () => number, margin: number, depth = 4): RandomTree {
  const values = [200, -200, 30, -30, 1e-30, -1e-30, 0, 1, -1, 0.5];
  for (;;) {
    const expr = draw(next, depth);
    if (!nodesOf(expr).some((node) => node.kind === 'input' && node.name === 'x')) continue;
    const environment = randomEnvironment(next, () => values[Math.floor(next() * values.length)]!);
    const scale = scaleOf(expr, environment, margin, true);
    if (scale !== undefined) return { expr, environment, scale };
  }
}

function randomEnvironment(next: () => number, value = () => 4 * next() - 2): Environment {
  const draws = (n: number) => Float64Array.from({ length: n }, value);
  return {
    sizes,
    inputs: {
      x: draws(12),
      y: draws(3),
      w: draws(4),
      k: Float64Array.from({ length: 3 }, () => Math.floor(4 * next())),
      l: Float64Array.from({ length: 2 }, () => 1 + Math.floor(3 * next())),
    },
    parameters: { delta: 0.2 + next() },
  };
}

function draw(next: () => number, depth: number): Expr {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  if (depth === 0 || next() < 0.1) return pick(leaves);
  const sub = () => draw(next, depth - 1);
  const along = (make: (x: Expr, axis: Axis) => Expr): Expr => {
    const x = sub();
    return x.axes.length === 0 ? x : make(x, pick(x.axes));
  };
  const condition = (): Expr => {
    const compare = pick([b.lt, b.le, b.gt, b.ge]);
    const simple = next() < 0.25 ? b.eq(index('class'), label) : compare(sub(), sub());
    return next() < 0.2 ? b.not(simple) : simple;
  };
  const makers: readonly (() => Expr)[] = [
    () => b.add(sub(), sub()),
    () => b.add(sub(), sub()),
    () => b.sub(sub(), sub()),
    () => b.sub(sub(), sub()),
    () => b.mul(sub(), sub()),
    () => b.mul(sub(), sub()),
    () => b.mul(pick([2, 0.5, -1, 3]), sub()),
    () => b.div(sub(), sub()),
    () => b.div(sub(), pick([size('sample'), size('class'), constant(4)])),
    () => b.neg(sub()),
    () => b.square(sub()),
    () => b.pow(sub(), pick([1, 2, 3])),
    () => b.sqrt(b.add(0.3, b.square(sub()))),
    () => b.abs(sub()),
    () => b.sign(sub()),
    () => b.exp(b.tanh(sub())),
    () => b.log(b.add(0.5, b.square(sub()))),
    () => b.log1p(b.square(sub())),
    () => b.expm1(b.tanh(sub())),
    () => b.tanh(sub()),
    () => b.sigmoid(sub()),
    () => b.sub(1, b.sigmoid(sub())),
    () => b.log(b.sigmoid(sub())),
    () => b.softplus(sub()),
    () => b.logsigmoid(sub()),
    () => b.relu(sub()),
    () => b.maximum(sub(), sub()),
    () => b.minimum(sub(), sub()),
    () => b.clamp(sub(), -0.7, 0.9),
    () => b.clampMin(sub(), -0.4),
    () => b.logaddexp(sub(), sub()),
    () => b.logndtr(sub()),
    () => b.inverseMills(sub()),
    () => b.cos(sub()),
    () => b.sin(sub()),
    () => b.xlogy(b.square(sub()), b.add(0.4, b.square(sub()))),
    () => b.pow(b.add(0.5, b.square(sub())), pick([param('delta'), constant(-0.5), b.tanh(sub())])),
    () => b.where(condition(), sub(), sub()),
    () => b.where(condition(), sub(), 0),
    () => b.mul(b.indicator(condition()), sub()),
    () => {
      const c = condition();
      return b.add(b.where(c, sub(), 0), b.where(c, 0, sub()));
    },
    () => {
      const [y, u] = [sub(), sub()];
      return b.sub(b.mul(b.sub(1, y), b.sigmoid(u)), b.mul(y, b.sigmoid(b.neg(u))));
    },
    () => along(b.sum),
    () => along(b.mean),
    () => along(b.amax),
    () => along(b.norm),
    () => along(b.logsumexp),
    () => along((x, axis) => b.logsumexp(b.where(condition(), x, -Infinity), axis)),
    () => along(b.cumsum),
    () => along((x, axis) => b.mul(b.rank(x, axis), x)),
    () => along((x, axis) => b.gather(x, axis, b.argsort(x, axis))),
    () => along((x, axis) => b.gather(sub(), axis, b.argsort(x, axis))),
    () => along(b.softmax),
    () => along(b.logsoftmax),
    () => along((x, axis) => b.exp(b.sub(x, b.logsumexp(x, axis)))),
    () => {
      const x = sub();
      return x.axes.includes('class') ? b.gather(x, 'class', label) : x;
    },
    () => {
      const x = sub();
      return x.axes.includes('sample') ? b.sum(b.sub(x, b.rename(x, 'sample', 'sample′')), 'sample′') : x;
    },
    () => {
      const x = sub();
      if (x.axes.join() !== 'sample,class') return x;
      const other = b.rename(x, 'sample', 'sample′');
      const closeness = b.sum(b.mul(x, other), 'class');
      return pick([
        b.mean(closeness, 'sample′'),
        b.amax(closeness, 'sample′'),
        b.logsumexp(closeness, 'sample′'),
      ]);
    },
    () => {
      const x = sub();
      if (x.axes.join() !== 'sample,class') return x;
      const frames = b.logsoftmax(b.rename(x, 'sample', 'time'), 'class');
      return b.ctc(frames, labels, size('time'), pick([constant(0), constant(1), constant(2)]));
    },
  ];
  return pick(makers)();
}

const kinked: Readonly<Record<string, (args: readonly number[]) => number>> = {
  abs: ([x]) => x!,
  sign: ([x]) => x!,
  relu: ([x]) => x!,
  maximum: ([x, y]) => x! - y!,
  minimum: ([x, y]) => x! - y!,
  lt: ([x, y]) => x! - y!,
  le: ([x, y]) => x! - y!,
  gt: ([x, y]) => x! - y!,
  ge: ([x, y]) => x! - y!,
  clampMin: ([x, low]) => x! - low!,
  clamp: ([x, low, high]) => Math.min(Math.abs(x! - low!), Math.abs(x! - high!)),
};

/**
 * The largest intermediate, or undefined where something is not finite, too large, a near 0/0 or near a kink. With
 * extreme data only the result must be finite.
 */
function scaleOf(
  expr: Expr,
  environment: Environment,
  margin: number,
  isExtreme = false,
): number | undefined {
  const nodes = nodesOf(expr);
  const values = evaluateAll(nodes, environment);
  const at = new Map(nodes.map((node, i) => [node, values[i]!]));
  let scale = 1;
  for (const node of nodes) {
    const isMask = (x: Expr) => x.kind === 'const' && x.value === -Infinity;
    if (isMask(node) || (node.kind === 'apply' && node.op === 'where' && node.args.some(isMask))) continue;
    for (const x of at.get(node)!.data) {
      // What overflows on the way may be switched off by a condition; NaN may become a number (x/x, 0·∞).
      if (isExtreme && node !== expr && Math.abs(x) === Infinity) continue;
      if (!Number.isFinite(x) || Math.abs(x) > (isExtreme ? 1e8 : 1e3)) return undefined;
      scale = Math.max(scale, Math.abs(x));
    }
    if (node.kind !== 'apply') continue;
    const args = node.args.map((arg) => at.get(arg)!);
    const least = isExtreme ? Number.MIN_VALUE : 0.05;
    if (node.op === 'div' && args[1]!.data.some((x) => Math.abs(x) < least)) return undefined;
    if (!isExtreme && node.op === 'norm' && at.get(node)!.data.some((x) => x < 0.05)) return undefined;
    if (node.op === 'amax' && hasTie(node.args[0]!, node.attributes['axis']!, environment, margin))
      return undefined;
    if ((node.op === 'rank' || node.op === 'argsort') && isClose(args[0]!.data, margin)) return undefined;
    const gap = kinked[node.op];
    if (gap === undefined) continue;
    // Every pair of values that could meet by broadcasting is at least as far apart as those that do.
    for (const x of args[0]!.data) {
      for (const y of args[1]?.data ?? [0]) {
        if (Math.abs(gap([x, y, args[2]?.data[0] ?? 0])) <= margin) return undefined;
      }
    }
  }
  return scale;
}

function hasTie(x: Expr, axis: Axis, environment: Environment, margin: number): boolean {
  const top = b.amax(x, axis);
  const close = b.sum(b.indicator(b.gt(x, b.sub(top, margin))), axis);
  return evaluateAll([close], environment)[0]!.data.some((n) => n > 1);
}

/** Whether any two values are closer than the margin, on one line or not. */
function isClose(values: Float64Array, margin: number): boolean {
  const sorted = values.toSorted();
  return sorted.some((x, i) => i > 0 && x - sorted[i - 1]! <= margin);
}
