import * as v from 'valibot';
import { count, title } from '../fields.ts';

const column = (text: string) => v.pipe(v.string(), v.minLength(1), title(text));

/** Recommend items to users, from what they have chosen. */
export const recommendationSchema = v.strictObject({
  type: v.literal('recommendation'),
  user: column('Column of the users, numbers or text; each row is an interaction of a user with an item.'),
  item: column('Column of the items, numbers or text.'),
  rating: v.optional(
    v.pipe(
      v.strictObject({
        column: column('Column of numbers, such as stars.'),
        least: v.pipe(
          v.number(),
          v.finite(),
          title('Lowest rating of what was liked; rows below it are left out.'),
        ),
      }),
      title('Which rows count, where users have rated items. Default: all.'),
    ),
  ),
  negatives: v.optional(
    v.pipe(
      count,
      v.maxValue(1000),
      title(
        'Items drawn for each interaction among those that the user has not. WARP looks through them in turn, so give it 10 or more.',
      ),
    ),
    1,
  ),
  at: v.optional(
    v.pipe(
      count,
      v.maxValue(1000),
      title('How many items are recommended: NDCG and recall are taken at this place.'),
    ),
    10,
  ),
});
