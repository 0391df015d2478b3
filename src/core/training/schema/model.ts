import * as v from 'valibot';
import { count, title } from './fields.ts';

/** The model. */
export const modelSchema = v.strictObject({
  type: v.literal('mlp'),
  hidden: v.optional(
    v.pipe(
      v.array(v.pipe(count, v.maxValue(4096))),
      v.maxLength(8),
      title('Units of each hidden layer; empty for a linear model.'),
    ),
    [16],
  ),
  activation: v.optional(
    v.pipe(v.picklist(['relu', 'tanh', 'sigmoid']), title('Activation of the hidden layers.')),
    'relu',
  ),
  initial: v.optional(
    v.pipe(
      v.record(v.string(), v.array(v.pipe(v.number(), v.finite()))),
      title(
        'Starting values by parameter name, flat: `layers.0.weight` is [inputs × outputs] row-major, `layers.0.bias` [outputs]. Default: drawn from the seed.',
      ),
    ),
  ),
});
