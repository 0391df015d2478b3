import * as v from 'valibot';
import { title } from '../fields.ts';

/** Predict several labels of a row at once, each of which may hold or not. */
export const labelsSchema = v.strictObject({
  type: v.literal('labels'),
  targets: v.pipe(
    v.array(v.pipe(v.string(), v.minLength(1))),
    v.minLength(1),
    title(
      'Columns of 0 and 1 (or false and true, no and yes), a label each; a column of arrays has a label in each place.',
    ),
  ),
});
