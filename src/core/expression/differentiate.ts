/** Reverse-mode differentiation: the gradient of a scalar expression is again an expression. */
import { add, mul, stop, sum, where } from './build.ts';
import {
  constant,
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
import { withArgs } from './rewrite.ts';
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
 * The Hessian of the sum of an expression by an input, times a direction (an expression over the input's axes),
 * simplified. Throws a RangeError where an operation has no second derivative.
 */
export function hessianTimes(
  expr: Expr,
  inputName: string,
  direction: Expr,
  options: GradientOptions = {},
): Expr {
  // The direction is held while the slope along it is differentiated.
  const moves = inputsOf(direction).some(({ name }) => name === inputName);
  const slope = mul(differentiate(expr, inputName), moves ? stop(direction) : direction);
  return readable(differentiate(slope, inputName), expr, options);
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
