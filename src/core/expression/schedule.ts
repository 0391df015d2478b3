/**
 * From expressions to steps for languages of loops: compiled JavaScript, printed TypeScript, kernels. Composites are
 * lowered first, so that softmax and log-sum-exp share their row sums. Then every reduction that more than one step
 * needs, or that has other axes than its only user, becomes a step with an array of its own; all else is inlined.
 */
import { nodesOf, type Apply, type Axis, type Expr } from './expression.ts';
import { primitive } from './primitives.ts';
import { rewrite } from './rewrite.ts';

/** One array to fill: a reduction kept for later, or a result. */
export interface Step {
  readonly expr: Expr;
  /** The loops around it, outermost first. */
  readonly axes: readonly Axis[];
  /** Position among the results; undefined for an intermediate. */
  readonly root: number | undefined;
}

/** Means, norms, softmax and log-softmax from sums and log-sum-exps; for devices also what float32 lacks. */
export function lower(expr: Expr, target: 'host' | 'device'): Expr {
  return rewrite(expr, (node) => {
    if (node.kind !== 'apply') return node;
    const row = primitive(node.op);
    const simpler = row.lower ?? (target === 'device' ? row.lowerOnDevice : undefined);
    return simpler === undefined ? node : lower(simpler(node), target);
  });
}

/** Whether a node collapses an axis. */
export function isReduction(node: Expr): boolean {
  return node.kind === 'apply' && primitive(node.op).kind === 'reduction';
}

/**
 * The steps of lowered expressions in an order in which each finds what it reads. `axes` are the loops of each
 * result; `isTrivial` names axes of length one, which make no loop.
 */
export function schedule(
  roots: readonly { readonly expr: Expr; readonly axes: readonly Axis[] }[],
  isTrivial: (axis: Axis) => boolean = () => false,
): readonly Step[] {
  const results = roots.map(({ expr, axes }, root): Step => ({ expr, axes, root }));
  const reductions = nodesOf(...roots.map((root) => root.expr)).filter(
    (node): node is Apply =>
      node.kind === 'apply' && isReduction(node) && !isTrivial(node.attributes['axis']!),
  );
  const candidates: Step[] = [
    ...reductions.map((expr): Step => ({ expr, axes: expr.axes, root: undefined })),
    ...results,
  ];
  const users = new Map<Expr, { readonly host: Step; readonly relabelled: boolean }[]>();
  for (const host of candidates) {
    for (const [used, relabelled] of directReductions(host, isTrivial)) {
      users.set(used, [...(users.get(used) ?? []), { host, relabelled }]);
    }
  }
  const loops = (axes: readonly Axis[]) => axes.filter((axis) => !isTrivial(axis)).join();
  const isInlined = ({ expr, root }: Step) => {
    if (root !== undefined) return false;
    const [only, ...more] = users.get(expr) ?? [];
    return (
      more.length === 0 &&
      only !== undefined &&
      !only.relabelled &&
      loops(only.host.axes) === loops(expr.axes)
    );
  };
  return candidates.filter((step) => !isInlined(step));
}

/** The reductions in a step's body, not those inside them; true where an axis has another name or index there. */
function directReductions(
  { expr, root }: Step,
  isTrivial: (axis: Axis) => boolean,
): ReadonlyMap<Expr, boolean> {
  const found = new Map<Expr, boolean>();
  const seen = new Set<string>();
  const visit = (node: Expr, relabelled: boolean): void => {
    const key = `${node.id}:${relabelled}`;
    if (node.kind !== 'apply' || seen.has(key)) return;
    seen.add(key);
    const isRoot = node === expr && root === undefined;
    if (isReduction(node) && !isRoot && !isTrivial(node.attributes['axis']!)) {
      found.set(node, relabelled || (found.get(node) ?? false));
      return;
    }
    const moves = primitive(node.op).kind === 'structural';
    node.args.forEach((arg, i) => {
      visit(arg, relabelled || (moves && i === 0));
    });
  };
  visit(expr, false);
  return found;
}
