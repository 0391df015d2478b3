import { nodesOf, type Expr, type Named } from '../expression.ts';

/** Names that an operation suggests for its result. */
const suggested: Readonly<Record<string, string>> = {
  logsumexp: 'lse',
  softmax: 'probability',
  sigmoid: 'probability',
  logsoftmax: 'log_probability',
  logsigmoid: 'log_probability',
  gather: 'picked',
  abs: 'magnitude',
  sign: 'direction',
  sub: 'difference',
  exp: 'power',
  amax: 'top',
  sum: 'total',
  mean: 'average',
  norm: 'length',
  square: 'squared',
  where: 'chosen',
  neg: 'negated',
  mul: 'product',
};

/** A name in snake_case for a sub-expression without one of its own. */
export function suggestName(node: Expr): string {
  if (node.kind !== 'apply') return 'term';
  const condition = node.op === 'where' ? node.args[0] : undefined;
  const bracket =
    condition?.kind === 'apply' && condition.op === 'eq' && condition.args.some((a) => a.kind === 'index');
  return bracket ? 'one_hot' : (suggested[node.op] ?? 'term');
}

/** Whether a node is as short as a name: nothing is won by giving it one. */
export function isTrivial(node: Expr): boolean {
  if (node.kind !== 'apply') return true;
  // Scalars of parameters (½δ), and a sign or a label change of something trivial.
  if (node.axes.length === 0 && !nodesOf(node).some((n) => n.kind === 'input' || n.kind === 'size'))
    return true;
  return ['neg', 'rename', 'stop'].includes(node.op) && node.args.every(isTrivial);
}

/** For each node below a root the nodes that use it, once for each place where they do; `rename` passes its uses on. */
export function usesOf(root: Expr): ReadonlyMap<Expr, readonly Expr[]> {
  const uses = new Map<Expr, Expr[]>();
  for (const user of [...nodesOf(root)].reverse()) {
    if (user.kind !== 'apply') continue;
    for (const arg of user.args) {
      const through = user.op === 'rename' ? (uses.get(user) ?? []) : [user];
      uses.set(arg, [...(uses.get(arg) ?? []), ...through]);
    }
  }
  return uses;
}

/**
 * The sub-expressions that get a line of their own, arguments first: what the definition names, and what is used
 * twice without being trivial. A name of the definition that is used only inside another line still gets its own.
 */
export function chooseLets(root: Expr, named: readonly Named[]): readonly Expr[] {
  const uses = usesOf(root);
  const own = new Set(named.map((n) => n.expr));
  return nodesOf(root).filter(
    (node) => node !== root && !isTrivial(node) && (own.has(node) || (uses.get(node)?.length ?? 0) > 1),
  );
}
