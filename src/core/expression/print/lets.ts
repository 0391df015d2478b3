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
  add: 'combined',
  sub: 'difference',
  mul: 'product',
  div: 'ratio',
  exp: 'power',
  log: 'logarithm',
  log1p: 'logarithm',
  amax: 'top',
  sum: 'total',
  mean: 'average',
  norm: 'length',
  square: 'squared',
  sqrt: 'root',
  where: 'chosen',
  neg: 'negated',
  relu: 'excess',
  clampMin: 'limited',
  clamp: 'clipped',
  maximum: 'larger',
  minimum: 'smaller',
  argsort: 'order',
  rank: 'rank',
  cumsum: 'cumulative',
  softplus: 'softplus',
  and: 'mask',
  or: 'mask',
  not: 'mask',
  eq: 'equal',
  ne: 'different',
  lt: 'below',
  le: 'below',
  gt: 'above',
  ge: 'above',
};

/** A name in snake_case for a sub-expression without one of its own. */
export function suggestName(node: Expr): string {
  if (node.kind === 'index') return 'position';
  if (node.kind !== 'apply') return 'term';
  const isIndicator = node.op === 'where' && isConst(node.args[1], 1) && isConst(node.args[2], 0);
  const condition = isIndicator ? node.args[0] : node;
  const bracket =
    condition?.kind === 'apply' &&
    condition.op === 'eq' &&
    condition.args.some((a) => a.kind === 'index') &&
    condition.args.every((a) => a.kind !== 'const');
  if (bracket) return condition.args.every((a) => a.kind === 'index') ? 'itself' : 'one_hot';
  return suggested[node.op] ?? 'term';
}

function isConst(expr: Expr | undefined, value: number): boolean {
  return expr?.kind === 'const' && expr.value === value;
}

/** Whether a node is as short as a name: nothing is won by giving it one. */
export function isTrivial(node: Expr): boolean {
  if (node.kind !== 'apply') return true;
  // Scalars of parameters (½δ), and a sign or a label change of something trivial.
  if (node.axes.length === 0 && !nodesOf(node).some((n) => n.kind === 'input' || n.kind === 'size'))
    return true;
  return ['neg', 'rename', 'stop'].includes(node.op) && node.args.every(isTrivial);
}

/** For each node below the roots the nodes that use it, once for each place where they do; `rename` passes its uses on. */
export function usesOf(...roots: readonly Expr[]): ReadonlyMap<Expr, readonly Expr[]> {
  const uses = new Map<Expr, Expr[]>();
  for (const user of [...nodesOf(...roots)].reverse()) {
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
export function chooseLets(root: Expr | readonly Expr[], named: readonly Named[]): readonly Expr[] {
  const roots: readonly Expr[] = 'kind' in root ? [root] : root;
  const uses = usesOf(...roots);
  const own = new Set(named.map((n) => n.expr));
  const times = (node: Expr) => (uses.get(node)?.length ?? 0) + roots.filter((r) => r === node).length;
  return nodesOf(...roots).filter(
    (node) =>
      !isTrivial(node) &&
      !(node.kind === 'apply' && node.op === 'rename') &&
      ((own.has(node) && !roots.includes(node)) || times(node) > 1),
  );
}
