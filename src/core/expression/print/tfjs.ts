import type { PrintableLoss } from './printable.ts';
import type { Manner, Snippet } from './snippet.ts';

/** The value in TensorFlow.js, whose `tf.grad` makes the gradient. */
export function tfjsLoss(loss: PrintableLoss, manner: Manner): Snippet {
  throw new RangeError(`${loss.id} is not written in TensorFlow.js in the ${manner} manner yet`);
}
