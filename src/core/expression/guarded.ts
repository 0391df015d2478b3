import { mul, where } from './build.ts';
import { constant, type Expr } from './expression.ts';

function isZero(e: Expr): boolean {
  return e.kind === 'const' && e.value === 0;
}
function isOne(e: Expr): boolean {
  return e.kind === 'const' && e.dtype === 'real' && e.value === 1;
}

/**
 * The product of an adjoint and a local derivative. What a guard has set to zero stays zero, whatever it meets:
 * `times(where(c, a, 0), h) = where(c, a·h, 0)`. Multiplying instead gives 0 · ∞ = NaN where `h` is not finite.
 */
export function times(a: Expr, b: Expr): Expr {
  if (isZero(a) || isZero(b)) return constant(0);
  if (isOne(a)) return b;
  if (isOne(b)) return a;
  for (const [guard, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (guard.kind !== 'apply' || guard.op !== 'where') continue;
    const [condition, then, otherwise] = guard.args as readonly [Expr, Expr, Expr];
    if (isZero(otherwise)) return where(condition, times(then, other), 0);
    if (isZero(then)) return where(condition, 0, times(otherwise, other));
  }
  return mul(a, b);
}
