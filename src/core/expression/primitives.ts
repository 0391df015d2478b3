/**
 * The operations of the expression language. One row says all of an operation: value, derivative, axes, dtype, what
 * happens at a kink, and how each language writes it. A new operation is one entry in a file of `primitives/`.
 *
 * Printing: a row turns the fragments of its arguments into a fragment. Text for NumPy uses the alias `np`, for
 * PyTorch `torch` and `F` (`torch.nn.functional`), for TypeScript `Math`; a printer imports what it finds used.
 * Axis operations have no TypeScript text: loop languages write them from the schedule (`schedule.ts`).
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
