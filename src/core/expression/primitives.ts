/**
 * The operations of the expression language. One row says all of an operation: value, derivative, axes, dtype, what
 * happens at a kink, and how each language writes it. A new operation is one entry in a file of `primitives/`.
 *
 * Printing: a row turns the fragments of its arguments into a fragment. Text for NumPy uses the alias `np`, for
 * PyTorch `torch` and `F` (`torch.nn.functional`), for TypeScript `Math`; a printer imports what it finds used.
 * Axis operations have no TypeScript text: loop languages write them from the schedule (`schedule.ts`).
 *
 * Some losses are not made of elementwise operations and reductions. What they need beyond is the smallest set that
 * keeps them readable:
 * - A sort, for what goes by rank (Lovász, ListMLE, LambdaRank). `argsort` alone would do: `rank` is its inverse. Both are
 *   there because each prints as one word; neither has a derivative, since positions do not move.
 * - A cumulative sum, for what goes by running totals of sorted values (Lovász, Cox). It could be a masked sum over
 *   pairs, which is what it becomes in loops and kernels (as ranks do: O(n²), no kernel of their own), but tensor
 *   languages have it in O(n), and that is how it is known.
 * - A dynamic programme, for CTC: its recursion over time is no sum over an axis. It is two opaque rows, the
 *   log-likelihood and the posterior that is its derivative; a general scan with a body of its own would serve no other
 *   loss.
 * Risk sets, masks of pairs and the choice among ordered negatives need nothing: they are comparisons of a value with its
 * renamed copy inside a masked sum, maximum or log-sum-exp.
 */
import { arithmetic } from './primitives/arithmetic.ts';
import { axes } from './primitives/axes.ts';
import { functions } from './primitives/functions.ts';
import { logic } from './primitives/logic.ts';
import { order } from './primitives/order.ts';
import { programmes } from './primitives/programmes.ts';
import type { Primitive } from './primitives/row.ts';
import { structural } from './primitives/structural.ts';

/** Every operation by its key. */
export const primitives: Readonly<Record<string, Primitive>> = {
  ...arithmetic,
  ...functions,
  ...logic,
  ...axes,
  ...structural,
  ...order,
  ...programmes,
};

/** The row of an operation; throws a RangeError that names an unknown one. */
export function primitive(op: string): Primitive {
  const row = primitives[op];
  if (row === undefined) throw new RangeError(`unknown operation ${op}`);
  return row;
}
