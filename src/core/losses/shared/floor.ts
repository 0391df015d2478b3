import { add, relu, stop, sub, type Operand } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';

/**
 * x, but at least `low`, with the derivative of x itself on both sides: what PyTorch computes where it clamps a value
 * in place without recording it.
 */
export function floored(x: Operand, low: Operand): Expr {
  return add(x, stop(relu(sub(low, x))));
}
