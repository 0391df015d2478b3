import * as v from 'valibot';
import { count, nonNegative, positive, title } from '../fields.ts';
import { modelSchema } from '../model.ts';

/** A generator, which is the experiment's model, learns to draw rows that a discriminator takes for real. */
export const ganSchema = v.strictObject({
  type: v.literal('gan'),
  latent: v.optional(
    v.pipe(count, v.maxValue(4096), title('Normal random numbers that the generator makes a row from.')),
    8,
  ),
  discriminator: v.optional(
    v.pipe(modelSchema, title('The discriminator, or critic: a model with one output.')),
    { type: 'mlp', hidden: [64, 64], activation: 'leakyRelu' },
  ),
  discriminatorSteps: v.optional(
    v.pipe(
      count,
      v.maxValue(32),
      title('Updates of the discriminator, each with a batch of its own, for one of the generator.'),
    ),
    1,
  ),
  discriminatorRate: v.optional(
    v.pipe(positive, title('Learning rate of the discriminator. Default: that of the optimizer.')),
  ),
  gradientPenalty: v.optional(
    v.pipe(
      v.strictObject({
        weight: v.optional(v.pipe(nonNegative, title('Factor of the penalty.')), 10),
        sided: v.optional(
          v.pipe(
            v.picklist(['two', 'one']),
            title('two keeps the slope of the discriminator near 1; one only stops it from being steeper.'),
          ),
          'two',
        ),
      }),
      title(
        'Keeps the slope of the discriminator near 1 at points between real and generated rows (WGAN-GP). For dense layers with ReLU, leaky ReLU or no activation.',
      ),
    ),
  ),
});
