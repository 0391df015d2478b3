import type { PrintableLoss } from './printable.ts';
import type { Manner, Snippet } from './snippet.ts';

/** The value in JAX. */
export function jaxLoss(loss: PrintableLoss, manner: Manner): Snippet {
  throw new RangeError(`${loss.id} is not written in JAX in the ${manner} manner yet`);
}
