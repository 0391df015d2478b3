import * as v from 'valibot';
import { count, nonNegative, positive, seed, title } from './fields.ts';

/** How long, in which steps and from which seed. */
export const trainingSchema = v.strictObject({
  epochs: v.optional(v.pipe(count, v.maxValue(10_000_000), title('Passes over the training part.')), 100),
  steps: v.optional(
    v.pipe(count, title('The run also ends after this many steps, if that comes before the last epoch.')),
  ),
  seconds: v.optional(
    v.pipe(positive, title('The run also ends after this many seconds of training, pauses excluded.')),
  ),
  target: v.optional(
    v.pipe(
      v.strictObject({
        loss: v.pipe(v.number(), v.finite(), title('The loss to reach.')),
        on: v.optional(
          v.pipe(
            v.picklist(['training', 'validation']),
            title(
              'The mean training loss of an epoch, or the loss on the validation part. Default: validation, where there is such a part.',
            ),
          ),
        ),
      }),
      title('The run also ends after the first epoch whose loss is this or lower.'),
    ),
  ),
  patience: v.optional(
    v.pipe(
      v.strictObject({
        epochs: v.pipe(count, title('Epochs in a row without an improvement.')),
        minDelta: v.optional(
          v.pipe(nonNegative, title('An improvement lowers the loss by more than this.')),
          0,
        ),
      }),
      title(
        'The run also ends when the validation loss (the training loss where there is no validation part) has stopped improving. The best model is kept.',
      ),
    ),
  ),
  batch: v.optional(
    v.pipe(
      v.union([v.pipe(count, v.maxValue(1_000_000)), v.literal('full')]),
      title('Rows of one step, or full for all of them.'),
    ),
    32,
  ),
  shuffle: v.optional(v.pipe(v.boolean(), title('Draw a new order of the rows every epoch.')), true),
  seed: v.optional(
    v.pipe(seed, title('Seed of split, starting values and order. Same seed, same device: same numbers.')),
    0,
  ),
});
