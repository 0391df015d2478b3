import { add, amax, exp, log, sub, sum, where } from '../build.ts';
import { constant, type Apply, type Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { rewrite } from '../rewrite.ts';
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

/** A value that counts only under a condition: `where(c, x, otherwise)` as c and x. */
export function guarded(x: Expr, otherwise: number): readonly [condition: Expr | undefined, value: Expr] {
  if (x.kind !== 'apply' || x.op !== 'where' || x.args[2] !== constant(otherwise)) return [undefined, x];
  return [x.args[0], x.args[1]!];
}
