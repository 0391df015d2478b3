// Written by npm run generate from the files of the families; do not edit.
import type { Loss } from './loss.ts';
import { loss as meanSquaredError } from './regression/mean-squared-error.ts';
import { loss as meanAbsoluteError } from './regression/mean-absolute-error.ts';
import { loss as huber } from './regression/huber.ts';
import { loss as binaryCrossEntropyLogits } from './classification/binary-cross-entropy-logits.ts';
import { loss as softmaxCrossEntropy } from './classification/softmax-cross-entropy.ts';

/** All losses, in the order in which they are offered. */
export const all: readonly Loss[] = [
  meanSquaredError,
  meanAbsoluteError,
  huber,
  binaryCrossEntropyLogits,
  softmaxCrossEntropy,
];
