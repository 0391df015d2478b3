import { add, amax, eq, exp, log, ne, sub, sum, where } from '../build.ts';
import { constant, type Apply, type Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { rewrite, withArgs } from '../rewrite.ts';
import { suggestName } from './lets.ts';
import { axisOf } from './symbols.ts';

/** What lowering learnt of values that used to be one operation. */
export interface Former {
  /** What a value could be called. */
  readonly names: Map<Expr, string>;
  /** Values that summarise a line: worth a name of their own. */
  readonly summaries: Set<Expr>;
}

/** Operations that are written for a whole line at once, with a sort or a running total. */
const wholeLines: ReadonlySet<string> = new Set(['argsort', 'rank', 'cumsum']);

/** The same value from elementwise operations, sums, maxima and what is written for whole lines. */
export function loweredForLoops(root: Expr, former: Former): Expr {
  const step = (expr: Expr) =>
    rewrite(expr, (node) => {
      if (node.kind !== 'apply' || wholeLines.has(node.op)) return node;
      // The printed gradient is a function of its own: nothing is differentiated any more.
      if (node.op === 'stop') return node.args[0]!;
      if (node.op === 'where') return withoutRepeatedTest(node);
      const simpler = node.op === 'logsumexp' ? shifted(node) : primitive(node.op).lower?.(node);
      if (simpler === undefined) return node;
      former.names.set(simpler, suggestName(node));
      if (node.op === 'logsumexp' || node.op === 'norm') former.summaries.add(simpler);
      return simpler;
    });
  let [before, after] = [root, step(root)];
  while (after !== before) [before, after] = [after, step(after)];
  return after;
}

/**
 * A log-sum-exp with the largest exponent taken out, so that nothing overflows. What a mask excludes (−∞) is left out
 * of the sum, so that a sum of nothing is −∞ and never NaN.
 */
function shifted(node: Apply): Expr {
  const [x, axis] = [node.args[0]!, axisOf(node)];
  const top = amax(x, axis);
  const [condition, value] = guarded(x, -Infinity);
  const powers = exp(sub(value, top));
  return add(top, log(sum(condition === undefined ? powers : where(condition, powers, 0), axis)));
}

/** A choice in whose first branch the same condition is not asked again. */
function withoutRepeatedTest(node: Apply): Expr {
  const [condition, then, otherwise] = node.args as readonly [Expr, Expr, Expr];
  const known = new Set(conjuncts(condition));
  const settled = (part: Expr): Expr => {
    if (part.kind !== 'apply' || primitive(part.op).kind !== 'elementwise') return part;
    if (part.op === 'where' && known.has(part.args[0]!)) return settled(part.args[1]!);
    return withArgs(part, part.args.map(settled));
  };
  return where(condition, settled(then), otherwise);
}

/** The conditions that must hold together for a condition to hold. */
function conjuncts(condition: Expr): readonly Expr[] {
  const isBoth = condition.kind === 'apply' && condition.op === 'and';
  return [condition, ...(isBoth ? condition.args.flatMap(conjuncts) : [])];
}

/** A value that counts only under a condition: `where(c, x, otherwise)` as c and x. */
export function guarded(x: Expr, otherwise: number): readonly [condition: Expr | undefined, value: Expr] {
  if (x.kind !== 'apply' || x.op !== 'where') return [undefined, x];
  const [condition, then, other] = x.args as readonly [Expr, Expr, Expr];
  if (other === constant(otherwise)) return [condition, then];
  const opposite = then === constant(otherwise) ? negationOf(condition) : undefined;
  return opposite === undefined ? [undefined, x] : [opposite, other];
}

/** The opposite of a condition, where it is as short; that of an order is not, because of NaN. */
function negationOf(condition: Expr): Expr | undefined {
  if (condition.kind !== 'apply') return undefined;
  const [x, y] = condition.args as readonly [Expr, Expr];
  if (condition.op === 'eq') return ne(x, y);
  if (condition.op === 'ne') return eq(x, y);
  return condition.op === 'not' ? x : undefined;
}
