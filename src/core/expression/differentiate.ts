/** Reverse-mode differentiation: the gradient of a scalar expression is again an expression. */
import { add, sum, where } from './build.ts';
import { constant, inputsOf, nodesOf, size, type Apply, type Axis, type Expr } from './expression.ts';
import { times } from './guarded.ts';
import { primitive } from './primitives.ts';
import { withArgs } from './rewrite.ts';
import { simplify } from './simplify.ts';

/**
 * The gradient of the sum of an expression over all its axes by an input, simplified; has at most the input's axes
 * (an axis that it lacks repeats). At kinks it follows the conventions of `primitives.ts`.
 */
export function gradient(expr: Expr, inputName: string): Expr {
  return simplify(differentiate(expr, inputName));
}

/** As {@link gradient}, as it comes out of the chain rule. */
export function differentiate(expr: Expr, inputName: string): Expr {
  return byCases(total(expr), (branch) => backward(branch, inputName));
}

function total(expr: Expr): Expr {
  return expr.axes.reduce((inner, axis) => sum(inner, axis), expr);
}

/**
 * Moves conditions on parameters alone to the outside, so that each branch is differentiated on its own: in a limit
 * such as α = 2 the other branch may divide by zero.
 */
function byCases(expr: Expr, differentiated: (branch: Expr) => Expr): Expr {
  const condition = nodesOf(expr)
    .filter((node): node is Apply => node.kind === 'apply' && node.op === 'where')
    .map((node) => node.args[0]!)
    .find((c) => c.kind !== 'const' && nodesOf(c).every((n) => n.kind !== 'input' && n.kind !== 'index'));
  if (condition === undefined) return differentiated(expr);
  const branch = (decided: boolean) => byCases(decide(expr, condition, decided), differentiated);
  return where(condition, branch(true), branch(false));
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
