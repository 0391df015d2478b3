/**
 * Simplification for gradients, display and specialised code. Sums and products are kept as maps (term → coefficient,
 * base → exponent), the order of writing is kept for display, conditions are merged, and a handful of identities of
 * softmax and the sigmoid are known. The rules lie in `simplify/`.
 *
 * The value stays what it was wherever that is finite. x/x → 1 and 0·x → 0 change NaN into a number, and rounding may
 * change in the last digits: never simplify on the path that computes a user's value or a reference value.
 */
import { baseAxis, nodesOf, type Axis, type Expr } from './expression.ts';
import { Simplifier } from './simplify/simplifier.ts';

export interface SimplifyOptions {
  /** Sub-expressions with a name of their own: they stay as they are, and nothing is merged through them. */
  readonly whole?: Iterable<Expr>;
  /** Expressions that are evaluated besides: a position that one of them looks up lies on its axis. */
  readonly besides?: readonly Expr[];
  /** Arrays whose elements along an axis sum to one. */
  readonly distributions?: readonly { readonly expr: Expr; readonly axis: Axis }[];
}

/** A simpler expression of the same value wherever the given one is finite. */
export function simplify(expr: Expr, options: SimplifyOptions = {}): Expr {
  const { whole = [], besides = [], distributions = [] } = options;
  const looked = nodesOf(expr, ...besides).flatMap((node) =>
    node.kind === 'apply' && node.op === 'gather'
      ? [{ at: node.args[1]!, axis: node.attributes['axis']! }]
      : [],
  );
  const simplifier = new Simplifier({
    whole: new Set(whole),
    isValid: (position, axis) =>
      position.kind === 'index'
        ? baseAxis(position.axis) === baseAxis(axis)
        : looked.some(({ at, axis: along }) => at === position && baseAxis(along) === baseAxis(axis)),
    isDistribution: (e, axis) => distributions.some((known) => known.expr === e && known.axis === axis),
  });
  let result = expr;
  // Three passes reach the fixed point of everything seen so far; the bound only guards against an oscillation.
  for (let pass = 0; pass < 6; pass++) {
    const next = simplifier.visit(result);
    if (next === result) break;
    result = next;
  }
  return result;
}
