import * as v from 'valibot';
import { count, seed, title } from './fields.ts';

/** How long, in which steps and from which seed. */
export const trainingSchema = v.strictObject({
  epochs: v.optional(v.pipe(count, v.maxValue(10_000_000), title('Passes over the training part.')), 100),
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
