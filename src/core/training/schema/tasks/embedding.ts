import * as v from 'valibot';
import { count, title } from '../fields.ts';

/** Turn rows into vectors that lie close together where the rows are of one class. */
export const embeddingSchema = v.strictObject({
  type: v.literal('embedding'),
  dimensions: v.optional(
    v.pipe(count, v.maxValue(4096), title('Numbers of a vector: the outputs of the model.')),
    16,
  ),
  perClass: v.optional(
    v.pipe(
      count,
      v.minValue(2),
      title(
        'Rows of a class in a batch, for losses that compare all rows of a batch by their class; more where there are too few classes for that.',
      ),
    ),
    4,
  ),
});
