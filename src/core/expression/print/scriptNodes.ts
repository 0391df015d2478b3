/** What decides how the nodes of an expression are written in loops. */
import { nodesOf, type Apply, type Axis, type Expr, type Named } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { isTrivial, suggestName, usesOf } from './lets.ts';
import { axisOf } from './symbols.ts';

/** Whether an operation collapses an axis. */
export function isReduction(node: Apply): boolean {
  return primitive(node.op).kind === 'reduction';
}

/** The axes of a value that is only known for a whole line at once. */
export function lineAxes(node: Apply): readonly Axis[] {
  const row = primitive(node.op);
  if (row.kind === 'mapping') return [axisOf(node)];
  return row.kind === 'programme' ? row.inner(node.attributes) : [];
}

/** Whether a value is not the same everywhere and for all data. */
export function dependsOnData(node: Expr): boolean {
  return nodesOf(node).some((n) => n.kind === 'input' || n.kind === 'index');
}

/** Whether a node is computed on the way to another. */
export function isPart(node: Expr, of: Expr): boolean {
  return nodesOf(of).includes(node);
}

/** The nodes whose computation takes a loop. */
export function loopingIn(roots: readonly Expr[]): ReadonlySet<Expr> {
  const looping = new Set<Expr>();
  for (const node of nodesOf(...roots)) {
    if (node.kind !== 'apply') continue;
    const loops = primitive(node.op).kind !== 'elementwise' && node.op !== 'rename' && node.op !== 'gather';
    if (loops || node.args.some((arg) => looping.has(arg))) looping.add(node);
  }
  return looping;
}

/** Too slow to be computed again for every element of a larger array. */
export const transcendental: ReadonlySet<string> = new Set([
  'exp',
  'log',
  'log1p',
  'expm1',
  'tanh',
  'sqrt',
  'pow',
]);

/** What gets a name: what the definition names, and what is used more than once without being as short as a name. */
export function chosenFrom(roots: readonly Expr[], named: ReadonlyMap<Expr, Named>): readonly Expr[] {
  const uses = usesOf(...roots);
  const times = (node: Expr) => (uses.get(node)?.length ?? 0) + roots.filter((root) => root === node).length;
  return nodesOf(...roots).filter(
    (node) =>
      !isTrivial(node) &&
      node.dtype !== 'boolean' &&
      !(node.kind === 'apply' && node.op === 'rename') &&
      (named.has(node) || times(node) > 1),
  );
}

/** Inputs whose element is read more than once, where there is one loop only. */
export function repeatedInputs(roots: readonly Expr[]): readonly Expr[] {
  const nodes = nodesOf(...roots);
  if (nodes.some((n) => n.kind === 'apply' && primitive(n.op).kind !== 'elementwise')) return [];
  const uses = usesOf(...roots);
  const count = (node: Expr) => uses.get(node)?.length ?? 0;
  return nodes.filter((n) => n.kind === 'input' && count(n) > 1);
}

/** A word for a value that nothing names. */
export function wordFor(node: Expr): string {
  if (node.kind === 'apply' && primitive(node.op).kind === 'programme')
    return node.op === 'ctcPosterior' ? 'posterior' : 'log_likelihood';
  const product = node.kind === 'apply' && node.op === 'sum' ? node.args[0] : undefined;
  const isDot =
    product?.kind === 'apply' && product.op === 'mul' && product.args.every((a) => a.axes.length > 0);
  return isDot ? 'dot' : suggestName(node);
}
