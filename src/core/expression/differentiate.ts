/** Reverse-mode differentiation: the gradient of a scalar expression is again an expression. */
import { add, mul, stop, sum, where } from './build.ts';
import {
  constant,
  input,
  inputsOf,
  nodesOf,
  size,
  type Apply,
  type Axis,
  type Expr,
  type Named,
} from './expression.ts';
import { times } from './guarded.ts';
import { primitive } from './primitives.ts';
import { rewrite, withArgs } from './rewrite.ts';
import { simplify, type SimplifyOptions } from './simplify.ts';

/** What a gradient may rest on besides the expression. */
export interface GradientOptions {
  /** Values with a name of their own, which the gradient uses as they are (see `simplify`). */
  readonly named?: readonly Pick<Named, 'expr'>[];
  readonly distributions?: SimplifyOptions['distributions'];
}

/**
 * The gradient of the sum of an expression over all its axes by an input, simplified; has at most the input's axes
 * (an axis that it lacks repeats). At kinks it follows the conventions of `primitives.ts`.
 */
export function gradient(expr: Expr, inputName: string, options: GradientOptions = {}): Expr {
  return readable(differentiate(expr, inputName), expr, options);
}

/** As {@link gradient}, as it comes out of the chain rule. */
export function differentiate(expr: Expr, inputName: string): Expr {
  return byCases(total(expr), (branch) => backward(branch, inputName));
}

/**
 * The derivative of the gradient of the sum of an expression along a direction (an expression over the input's axes),
 * simplified: the Hessian times the direction. What the expression stops is part of the gradient, and so counts here:
 * where a stop copies a framework's gradient this is how that gradient changes, which need not be symmetric. Throws a
 * RangeError where an operation has no second derivative.
 */
export function hessianTimes(
  expr: Expr,
  inputName: string,
  direction: Expr,
  options: GradientOptions = {},
): Expr {
  const target = inputsOf(expr).find(({ name }) => name === inputName);
  if (target === undefined) return constant(0);
  // The direction is held while the slope along it is differentiated.
  const held = inputsOf(direction).includes(target) ? stop(direction) : direction;
  const slope = differentiate(expr, inputName);
  const free = released(slope, target);
  if (free === slope)
    return readable(differentiate(product(slope, held, target.axes), inputName), expr, options);
  // The transposed derivative is linear in what it is applied to; its derivative by that is the derivative itself.
  const applied = input(`${inputName}′`, target.axes);
  const transposed = differentiate(product(free, applied, target.axes), inputName);
  return readable(differentiate(product(transposed, held, target.axes), applied.name), expr, options);
}

/** What differentiation held fixed set free, where it depends on the input. */
function released(expr: Expr, target: Expr): Expr {
  return rewrite(expr, (node) => {
    const [inner] = node.kind === 'apply' && node.op === 'stop' ? node.args : [];
    return inner !== undefined && nodesOf(inner).includes(target) ? inner : node;
  });
}

/** a·b, whose sum over its axes is the sum over the given ones: an axis that both lack counts as often as it is long. */
function product(a: Expr, b: Expr, axes: readonly Axis[]): Expr {
  const both = mul(a, b);
  return axes
    .filter((axis) => !both.axes.includes(axis))
    .reduce<Expr>((result, axis) => times(result, size(axis)), both);
}

function readable(derivative: Expr, expr: Expr, { named = [], distributions = [] }: GradientOptions): Expr {
  const whole = named.map((value) => value.expr);
  return simplify(derivative, { whole, distributions, besides: [expr] });
}

function total(expr: Expr): Expr {
  return expr.axes.reduce((inner, axis) => sum(inner, axis), expr);
}

/**
 * Moves conditions on parameters alone to the outside, so that each branch is differentiated on its own: in a limit
 * such as α = 2 the other branch may divide by zero.
 */
function byCases(expr: Expr, differentiated: (branch: Expr) => Expr): Expr {
  const condition = outermostCase(expr, new Set());
  if (condition === undefined) return differentiated(expr);
  const branch = (decided: boolean) => byCases(decide(expr, condition, decided), differentiated);
  return where(condition, branch(true), branch(false));
}

/** The condition on parameters alone that is met first from the root, so that cases nest as they were written. */
function outermostCase(node: Expr, seen: Set<Expr>): Expr | undefined {
  if (node.kind !== 'apply' || seen.has(node)) return undefined;
  seen.add(node);
  const [condition] = node.args;
  if (node.op === 'where' && condition!.kind !== 'const' && isSettled(condition!)) return condition;
  for (const arg of node.args) {
    const found = outermostCase(arg, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isSettled(condition: Expr): boolean {
  return nodesOf(condition).every((node) => node.kind !== 'input' && node.kind !== 'index');
}

function decide(expr: Expr, condition: Expr, decided: boolean): Expr {
  const done = new Map<Expr, Expr>();
  for (const node of nodesOf(expr)) {
    if (node.kind !== 'apply') continue;
    const args = node.args.map((a) => done.get(a) ?? a);
    if (node.op === 'where' && node.args[0] === condition) done.set(node, args[decided ? 1 : 2]!);
    else done.set(node, withArgs(node, args));
  }
  return done.get(expr) ?? expr;
}

function backward(root: Expr, inputName: string): Expr {
  const targets = new Set<Expr>(inputsOf(root).filter((i) => i.name === inputName));
  const depends = new Set<Expr>(targets);
  const nodes = nodesOf(root);
  for (const node of nodes) {
    if (node.kind === 'apply' && node.args.some((a) => depends.has(a))) depends.add(node);
  }
  const adjoints = new Map<Expr, Expr>([[root, constant(1)]]);
  for (const node of [...nodes].reverse()) {
    const g = adjoints.get(node);
    if (g === undefined || node.kind !== 'apply' || !depends.has(node)) continue;
    contributions(node, g).forEach((contribution, i) => {
      const arg = node.args[i]!;
      if (contribution === undefined || !depends.has(arg)) return;
      const shaped = reduceTo(contribution, arg, node);
      const before = adjoints.get(arg);
      adjoints.set(arg, before === undefined ? shaped : add(before, shaped));
    });
  }
  let result: Expr = constant(0);
  for (const target of targets) result = adjoints.get(target) ?? result;
  return result;
}

function contributions(node: Apply, g: Expr): readonly (Expr | undefined)[] {
  const row = primitive(node.op);
  // Only the first argument of what moves elements or fills a table is a value; the others are positions.
  if (row.kind !== 'elementwise') return [row.vjp(g, node)];
  return row
    .partials(node.args, node)
    .map((partial) => (partial === undefined ? undefined : times(g, partial)));
}

/** Sums a contribution over the axes along which the argument was repeated; one that it lacks counts as often. */
function reduceTo(contribution: Expr, arg: Expr, node: Apply): Expr {
  // The derivative of a renaming has already gone back to the argument's own axes.
  if (node.op === 'rename') return contribution;
  let result = contribution;
  for (const axis of new Set<Axis>([...node.axes, ...contribution.axes])) {
    if (arg.axes.includes(axis)) continue;
    result = result.axes.includes(axis) ? sum(result, axis) : times(result, size(axis));
  }
  return result;
}
