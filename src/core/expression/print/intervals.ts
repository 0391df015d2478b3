/** Bounds on the values of an expression, from those of its inputs and parameters. */
import type { InputKind } from '../../losses/loss.ts';
import type { Expr } from '../expression.ts';

/** All values lie in [low, high]; `open` where `low` itself is not reached. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly open?: boolean;
}

const anything: Interval = { low: -Infinity, high: Infinity };

const kinds: Partial<Record<InputKind, Interval>> = {
  positive: { low: 0, high: Infinity, open: true },
  nonnegative: { low: 0, high: Infinity },
  probability: { low: 0, high: 1 },
  distribution: { low: 0, high: 1 },
  'log-distribution': { low: -Infinity, high: 0 },
  'binary-label': { low: 0, high: 1 },
  'sign-label': { low: -1, high: 1 },
  relevance: { low: 0, high: Infinity },
  event: { low: 0, high: 1 },
  weight: { low: 0, high: Infinity },
  length: { low: 0, high: Infinity },
  'class-index': { low: 0, high: Infinity },
};

/** What an input of a kind may hold. */
export function intervalOfKind(kind: InputKind): Interval {
  return kinds[kind] ?? anything;
}

/** Bounds on an expression; `known` gives those of inputs and parameters by name, and of any other expression. */
export function intervalOf(
  expr: Expr,
  known: (expr: Expr) => Interval | undefined,
  done: Map<Expr, Interval> = new Map(),
): Interval {
  const before = done.get(expr);
  if (before !== undefined) return before;
  const { low, high, ...rest } = known(expr) ?? derived(expr, (arg) => intervalOf(arg, known, done));
  // ∞ − ∞ and 0 · ∞ bound nothing.
  const result: Interval = {
    low: Number.isNaN(low) ? -Infinity : low,
    high: Number.isNaN(high) ? Infinity : high,
    ...rest,
  };
  done.set(expr, result);
  return result;
}

function derived(expr: Expr, of: (arg: Expr) => Interval): Interval {
  switch (expr.kind) {
    case 'const':
      return { low: expr.value, high: expr.value };
    case 'size':
      return { low: 1, high: Infinity };
    case 'index':
      return { low: 0, high: Infinity };
    case 'param':
    case 'input':
      return anything;
    case 'apply': {
      const rule = rules[expr.op];
      if (expr.op === 'mul' && expr.args[0] === expr.args[1]) return squared(of(expr.args[0]!));
      return rule === undefined ? anything : rule(...(expr.args.map(of) as [Interval, Interval, Interval]));
    }
  }
}

type Rule = (x: Interval, y: Interval, z: Interval) => Interval;

const monotone =
  (f: (x: number) => number): Rule =>
  ({ low, high, open }) => ({ low: f(low), high: f(high), ...(open === true ? { open } : {}) });
const within =
  (low: number, high: number): Rule =>
  () => ({ low, high });
const same: Rule = (x) => x;
const both: Rule = (x, y) => ({
  low: Math.min(x.low, y.low),
  high: Math.max(x.high, y.high),
  ...((x.low < y.low ? x.open : y.low < x.low ? y.open : x.open === true && y.open === true) === true
    ? { open: true }
    : {}),
});

function squared({ low, high, open }: Interval): Interval {
  const [a, b] = [low * low, high * high];
  if (low <= 0 && high >= 0)
    return { low: 0, high: Math.max(a, b), ...(open === true && low === 0 ? { open } : {}) };
  return { low: Math.min(a, b), high: Math.max(a, b) };
}

function product(x: Interval, y: Interval): Interval {
  const ends = [x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high];
  // 0 · ∞ at the end of an interval is 0: the values themselves are finite.
  const corners = ends.map((e) => (Number.isNaN(e) ? 0 : e));
  const open = x.low >= 0 && y.low >= 0 && (x.open === true || x.low > 0) && (y.open === true || y.low > 0);
  return { low: Math.min(...corners), high: Math.max(...corners), ...(open ? { open } : {}) };
}

/** Whether 0 is excluded from below: all values are greater. */
export function isPositive({ low, open }: Interval): boolean {
  return low > 0 || (low === 0 && open === true);
}

const rules: Readonly<Record<string, Rule>> = {
  add: (x, y) => ({
    low: x.low + y.low,
    high: x.high + y.high,
    ...(x.open === true || y.open === true ? { open: true } : {}),
  }),
  sub: (x, y) => ({ low: x.low - y.high, high: x.high - y.low }),
  mul: product,
  div: (x, y) => {
    if (!isPositive(y)) return anything;
    return product(x, { low: 1 / y.high, high: y.low === 0 ? Infinity : 1 / y.low, open: true });
  },
  neg: (x) => ({ low: -x.high, high: -x.low }),
  square: squared,
  pow: (x) => (x.low >= 0 ? { low: 0, high: Infinity, ...(isPositive(x) ? { open: true } : {}) } : anything),
  sqrt: ({ low, high, open }) => ({
    low: Math.sqrt(Math.max(low, 0)),
    high: Math.sqrt(Math.max(high, 0)),
    ...(open === true ? { open } : {}),
  }),
  abs: (x) =>
    x.low >= 0 ? x : { low: x.high < 0 ? -x.high : 0, high: Math.max(Math.abs(x.low), Math.abs(x.high)) },
  sign: within(-1, 1),
  exp: ({ low, high }) => ({ low: Math.exp(low), high: Math.exp(high), open: true }),
  log: (x) => (x.low >= 0 ? { low: Math.log(x.low), high: Math.log(x.high) } : anything),
  log1p: (x) => (x.low >= -1 ? { low: Math.log1p(x.low), high: Math.log1p(x.high) } : anything),
  expm1: monotone(Math.expm1),
  tanh: within(-1, 1),
  cos: within(-1, 1),
  sin: within(-1, 1),
  sigmoid: within(0, 1),
  softplus: within(0, Infinity),
  logsigmoid: within(-Infinity, 0),
  logndtr: within(-Infinity, 0),
  relu: (x) => ({ low: Math.max(x.low, 0), high: Math.max(x.high, 0) }),
  maximum: (x, y) => ({ low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) }),
  clampMin: (x, y) => ({ low: Math.max(x.low, y.low), high: Math.max(x.high, y.high) }),
  minimum: (x, y) => ({ low: Math.min(x.low, y.low), high: Math.min(x.high, y.high) }),
  clamp: (x, low, high) => ({
    low: Math.max(Math.min(x.low, high.high), low.low),
    high: Math.min(Math.max(x.high, low.high), high.high),
  }),
  where: (_, x, y) => both(x, y, x),
  stop: same,
  rename: same,
  gather: same,
  mean: same,
  amax: same,
  sum: (x) => ({
    low: x.low >= 0 ? x.low : -Infinity,
    high: x.high <= 0 ? x.high : Infinity,
    ...(x.open === true && x.low >= 0 ? { open: true } : {}),
  }),
  norm: within(0, Infinity),
  softmax: within(0, 1),
  logsoftmax: within(-Infinity, 0),
  cumsum: (x) => ({ low: x.low >= 0 ? x.low : -Infinity, high: x.high <= 0 ? x.high : Infinity }),
  rank: within(0, Infinity),
  argsort: within(0, Infinity),
};
