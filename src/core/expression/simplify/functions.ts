/** Rules for functions, comparisons, what moves elements and sums along an axis. */
import * as b from '../build.ts';
import { baseAxis, index, inputsOf, type Apply, type Axis, type Expr } from '../expression.ts';
import { withArgs } from '../rewrite.ts';
import { arg, is, isFixed, isSum, isZero, multiply, one, product, without } from './products.ts';
import type { Simplifier } from './simplifier.ts';

type Rule = (s: Simplifier, node: Apply) => Expr | undefined;

/** A simpler form of an operation that is neither a sum, a product nor a choice; undefined where there is none. */
export const simplerFunction: Rule = (s, node) => rules[node.op]?.(s, node);

const axisOf = (node: Apply): Axis => node.attributes['axis']!;

/**
 * e^(k·log x) → x^k, e^(k·log1p x) → (1 + x)^k, where k does not vary with the data. The second only for a number k: a
 * parameter may be so large that the digits which x loses beside the 1 count.
 */
const powerOf: Rule = (s, node) => {
  const p = s.factors(arg(node));
  const found = [...p.factors].find(([base, e]) => e === 1 && (is(base, 'log') || is(base, 'log1p')));
  if (found === undefined || s.isWhole(found[0])) return undefined;
  const logarithm = found[0] as Apply;
  const k = s.writeProduct(without(p, logarithm));
  if (k.axes.length > 0 || inputsOf(k).length > 0) return undefined;
  if (logarithm.op === 'log1p' && k.kind !== 'const') return undefined;
  const x = arg(logarithm);
  const base = logarithm.op === 'log' ? x : s.node(b.add(1, x));
  return s.node(k.kind === 'const' && k.value === 0.5 ? b.sqrt(base) : b.pow(base, k));
};

const exp: Rule = (s, node) => {
  const x = arg(node);
  if (is(x, 'log')) return arg(x);
  if (is(x, 'logsigmoid')) return b.sigmoid(arg(x));
  if (is(x, 'logsoftmax')) return b.softmax(arg(x), axisOf(x));
  // e^(z − lse(z))
  if (!is(x, 'sub')) return powerOf(s, node);
  const [z, total] = [arg(x), arg(x, 1)];
  return is(total, 'logsumexp') && arg(total) === z ? b.softmax(z, axisOf(total)) : undefined;
};

const log: Rule = (_, node) => {
  const x = arg(node);
  if (is(x, 'exp')) return arg(x);
  if (is(x, 'sigmoid')) return b.logsigmoid(arg(x));
  if (is(x, 'softmax')) return b.logsoftmax(arg(x), axisOf(x));
  return undefined;
};

/** Never negative. */
const positive: ReadonlySet<string> = new Set(['abs', 'square', 'exp', 'sigmoid', 'softmax', 'sqrt', 'norm']);

/** f(k·x) → g(k)·f(x) for a function that a factor leaves. */
function scaled(s: Simplifier, node: Apply, scale: (k: number) => number, make: (x: Expr) => Expr) {
  const p = s.factors(arg(node));
  if (p.coefficient === 1 || p.coefficient === 0) return undefined;
  const inner = make(s.writeProduct(product(1, p.factors)));
  return s.product(multiply(product(scale(p.coefficient)), product(1, [[inner, 1]])));
}

const sqrt: Rule = (s, node) => {
  const x = arg(node);
  return is(x, 'square') ? s.node(b.abs(arg(x))) : undefined;
};

/** An odd function loses the minus sign of its argument. */
const odd =
  (make: (x: Expr) => Expr): Rule =>
  (s, node) => {
    const { coefficient, factors } = s.factors(arg(node));
    if (coefficient >= 0) return undefined;
    const inner = make(s.writeProduct({ coefficient: -coefficient, factors }));
    return s.product(multiply(product(-1), product(1, [[inner, 1]])));
  };

const swapped: Readonly<Record<string, string>> = {
  lt: 'gt',
  gt: 'lt',
  le: 'ge',
  ge: 'le',
  eq: 'eq',
  ne: 'ne',
};

/**
 * x − y > 0 → x > y, which is exact in floating point, infinities apart: ∞ − ∞ ≥ 0 is false and ∞ ≥ ∞ true, so one side
 * must be fixed where equality counts. What is fixed stands on the right: 1 > m → m < 1.
 */
const comparison: Rule = (s, node) => {
  const [left, right] = [arg(node), arg(node, 1)];
  if (isZero(right) && isSum(left) && !s.isWhole(left)) {
    const [x, y] = [arg(left), left.op === 'sub' ? arg(left, 1) : s.node(b.neg(arg(left, 1)))];
    const isStrict = node.op === 'lt' || node.op === 'gt';
    const isTwoTerms = [x, arg(left, 1)].every((term) => !isSum(term) || s.isWhole(term));
    if (isTwoTerms && (isStrict || isFixed(x) || isFixed(y))) return s.node(b.apply(node.op, [x, y]));
  }
  if (is(left, 'neg') && !s.isWhole(left) && isFixed(right))
    return s.node(b.apply(swapped[node.op]!, [arg(left), s.node(b.neg(right))]));
  if (isFixed(left) && !isFixed(right)) return s.node(b.apply(swapped[node.op]!, [right, left]));
  return undefined;
};

/** Whether a limit to a value says that it is not equal to a number. */
function saysUnequal(limit: Expr, unequal: Expr): boolean {
  if (!(is(limit, 'ge') || is(limit, 'gt')) || !is(unequal, 'ne') || arg(limit) !== arg(unequal))
    return false;
  const [least, number] = [arg(limit, 1), arg(unequal, 1)];
  if (least.kind !== 'const' || number.kind !== 'const') return false;
  return least.value > number.value || (is(limit, 'gt') && least.value === number.value);
}

const logical: Rule = (_, node) => {
  const absorbing = node.op === 'and' ? 0 : 1;
  for (const [known, other] of [
    [arg(node), arg(node, 1)],
    [arg(node, 1), arg(node)],
  ] as const) {
    if (known.kind === 'const') return known.value === absorbing ? known : other;
    // x ≥ c says x ≠ a where c > a.
    if (node.op === 'and' && saysUnequal(known, other)) return known;
  }
  return arg(node) === arg(node, 1) ? arg(node) : undefined;
};

const sum: Rule = (s, node) => {
  const axis = axisOf(node);
  const x = arg(node);
  const outside = freed(s, node, axis);
  if (outside !== undefined) return outside;
  if (is(x, 'softmax') && axisOf(x) === axis) return one;
  if (s.facts.isDistribution(x, axis)) return one;
  // At every time that counts an alignment is in some class.
  if (is(x, 'ctcPosterior') && x.attributes['class'] === axis)
    return b.indicator(b.lt(index(x.attributes['time']!), arg(x, 2)));
  if (is(x, 'rename') && x.attributes['to'] === axis) {
    const from = x.attributes['from']!;
    if (arg(x).axes.includes(from)) return s.node(b.sum(arg(x), from));
  }
  return selected(s, x, axis);
};

/** Σ_c where(c = y, a, 0) → a at y. A position outside the axis would select nothing, so y must be known to be valid. */
function selected(s: Simplifier, x: Expr, axis: Axis): Expr | undefined {
  const guard = s.guarded(x);
  if (guard === undefined || !isZero(guard.otherwise) || !is(guard.condition, 'eq')) return undefined;
  const [left, right] = [arg(guard.condition), arg(guard.condition, 1)];
  const isRunning = (e: Expr) => e.kind === 'index' && e.axis === axis;
  const other = isRunning(left) ? right : isRunning(right) ? left : undefined;
  if (other === undefined || other.axes.includes(axis) || !s.facts.isValid(other, axis)) return undefined;
  return guard.then.axes.includes(axis) ? s.node(b.gather(guard.then, axis, other)) : guard.then;
}

/** Factors that lack an axis leave what acts along it alone. */
function freed(s: Simplifier, node: Apply, axis: Axis): Expr | undefined {
  const p = s.factors(arg(node));
  const bound = [...p.factors].filter(([base]) => base.axes.includes(axis));
  if (bound.length === 0 || (bound.length === p.factors.size && p.coefficient === 1)) return undefined;
  const free = [...p.factors].filter(([base]) => !base.axes.includes(axis));
  const inner = withArgs(node, [s.writeProduct(product(1, bound)), ...node.args.slice(1)]);
  return s.product(multiply(product(p.coefficient, free), s.factors(s.node(inner))));
}

const gather: Rule = (s, node) => {
  const [x, at] = [arg(node), arg(node, 1)];
  const axis = axisOf(node);
  if (x.kind === 'index') return at;
  if (at.kind === 'index') {
    if (at.axis === axis) return x;
    const isCopy = baseAxis(at.axis) === baseAxis(axis);
    if (isCopy && !x.axes.includes(at.axis)) return s.node(b.rename(x, axis, at.axis));
  }
  return freed(s, node, axis);
};

const rename: Rule = (s, node) => {
  const x = arg(node);
  const { from, to } = node.attributes;
  if (!x.axes.includes(from!)) return x;
  if (is(x, 'rename') && x.attributes['to'] === from && x.attributes['from'] === to) return arg(x);
  return freed(s, node, from!);
};

const rules: Readonly<Record<string, Rule>> = {
  exp,
  log,
  sqrt,
  abs: (s, node) => {
    const x = arg(node);
    if (x.kind === 'apply' && positive.has(x.op)) return x;
    return scaled(s, node, Math.abs, (inner) => s.node(b.abs(inner)));
  },
  sign: (s, node) => scaled(s, node, Math.sign, (inner) => s.node(b.sign(inner))),
  tanh: odd(b.tanh),
  not: (_, node) => {
    const x = arg(node);
    if (is(x, 'not')) return arg(x);
    // The other comparisons have no opposite: both are false where a side is NaN.
    if (is(x, 'eq')) return b.ne(arg(x), arg(x, 1));
    return is(x, 'ne') ? b.eq(arg(x), arg(x, 1)) : undefined;
  },
  and: logical,
  or: logical,
  lt: comparison,
  le: comparison,
  gt: comparison,
  ge: comparison,
  eq: comparison,
  ne: comparison,
  sum,
  gather,
  rename,
};
