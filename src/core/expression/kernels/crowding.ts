/** WebGPU binds few buffers to a kernel: what reads more is computed in parts. */
import type { Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';

/** Eight storage buffers at most, one of which is written. */
export const mostReads = 7;

/** Names of the arrays that a value is computed from; `arrayOf` knows what lies in an array already. */
function readsOf(root: Expr, arrayOf: (node: Expr) => string | undefined): ReadonlySet<string> {
  const reads = new Set<string>();
  const seen = new Set<Expr>();
  const visit = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const array = node === root ? undefined : arrayOf(node);
    if (array !== undefined) reads.add(array);
    else if (node.kind === 'apply') node.args.forEach(visit);
  };
  const own = root.kind === 'apply' ? undefined : arrayOf(root);
  if (own !== undefined) reads.add(own);
  else visit(root);
  return reads;
}

/**
 * The part of a value that is best put into an array of its own, because the value reads too many; undefined where it
 * does not, or where it has no parts. What is left may first read more: parts may share arrays.
 */
export function crowdedPart(root: Expr, arrayOf: (node: Expr) => string | undefined): Expr | undefined {
  if (readsOf(root, arrayOf).size <= mostReads) return undefined;
  const candidates = partsOf(root, arrayOf).flatMap((part) => {
    const own = readsOf(part, arrayOf).size;
    if (own < 2 || own > mostReads) return [];
    const left = readsOf(root, (node) => (node === part ? ' ' : arrayOf(node))).size;
    return [{ part, own, left }];
  });
  // The fewest reads left, then the smallest array, then what takes in most.
  candidates.sort(
    (x, y) =>
      x.left - y.left || x.part.axes.length - y.part.axes.length || y.own - x.own || y.part.id - x.part.id,
  );
  return candidates[0]?.part;
}

/** Elementwise numbers that are computed within a value. */
function partsOf(root: Expr, arrayOf: (node: Expr) => string | undefined): readonly Expr[] {
  const parts = new Set<Expr>();
  const seen = new Set<Expr>();
  const visit = (node: Expr): void => {
    if (node.kind !== 'apply' || seen.has(node) || (node !== root && arrayOf(node) !== undefined)) return;
    seen.add(node);
    const isPart = node !== root && node.dtype !== 'boolean' && primitive(node.op).kind === 'elementwise';
    if (isPart) parts.add(node);
    node.args.forEach(visit);
  };
  visit(root);
  return [...parts];
}
