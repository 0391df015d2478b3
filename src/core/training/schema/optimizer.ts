import * as v from 'valibot';
import { nonNegative, positive, share, title } from './fields.ts';

/** How parameters follow the gradient. */
export const optimizerSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('sgd'),
    rate: v.optional(v.pipe(positive, title('Learning rate.')), 0.01),
    momentum: v.optional(v.pipe(share, title('Momentum.')), 0),
    dampening: v.optional(
      v.pipe(v.number(), v.minValue(0), v.maxValue(1), title('Dampening of the momentum.')),
      0,
    ),
    nesterov: v.optional(v.pipe(v.boolean(), title('Nesterov momentum.')), false),
    weightDecay: v.optional(
      v.pipe(nonNegative, title('L2 penalty, added to the gradient as weightDecay · parameter.')),
      0,
    ),
  }),
  v.strictObject({
    type: v.literal('adam'),
    rate: v.optional(v.pipe(positive, title('Learning rate.')), 0.01),
    beta1: v.optional(v.pipe(share, title('Decay of the first moment.')), 0.9),
    beta2: v.optional(v.pipe(share, title('Decay of the second moment.')), 0.999),
    epsilon: v.optional(v.pipe(positive, title('Added to the root of the second moment.')), 1e-8),
    weightDecay: v.optional(
      v.pipe(nonNegative, title('L2 penalty, added to the gradient as weightDecay · parameter.')),
      0,
    ),
  }),
]);
