import { add, mul, stop, sub } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';

/**
 * A value whose derivative by `x` is taken as `slope`, whatever the value itself says: what a framework does that
 * computes its gradient by a formula of its own.
 */
export function withSlope(value: Expr, x: Expr, slope: Expr): Expr {
  return add(stop(value), mul(stop(slope), sub(x, stop(x))));
}
