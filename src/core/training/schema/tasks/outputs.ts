import * as v from 'valibot';
import { positive, title } from '../fields.ts';
import { lossSchema } from '../loss.ts';

/** Predict several columns at once, numbers and classes, each by a loss of its own. */
export const outputsSchema = v.strictObject({
  type: v.literal('outputs'),
  targets: v.pipe(
    v.array(
      v.strictObject({
        column: v.pipe(v.string(), v.minLength(1), title('Column to predict.')),
        loss: v.optional(
          v.pipe(
            v.strictObject(v.pick(lossSchema, ['id', 'convention', 'parameters']).entries),
            title('Loss of this column. Default: that of the experiment.'),
          ),
        ),
        weight: v.optional(v.pipe(positive, title('Factor of this column’s loss in the sum.')), 1),
      }),
    ),
    v.minLength(1),
    title('The columns, each with its loss and weight.'),
  ),
  weighting: v.optional(
    v.pipe(
      v.picklist(['fixed', 'uncertainty']),
      title(
        'fixed adds up the weighted losses; uncertainty multiplies each by a precision that is trained along, so that a target that is hard to predict counts less.',
      ),
    ),
    'fixed',
  ),
});
