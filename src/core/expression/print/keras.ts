import type { PrintableLoss } from './printable.ts';
import type { Manner, Snippet } from './snippet.ts';

/** The value in Keras 3. */
export function kerasLoss(loss: PrintableLoss, manner: Manner): Snippet {
  throw new RangeError(`${loss.id} is not written in Keras 3 in the ${manner} manner yet`);
}
