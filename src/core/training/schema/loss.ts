import * as v from 'valibot';
import { positive, title } from './fields.ts';

/** What training minimises. */
export const lossSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/), title('Id of a loss of the catalogue, such as huber.')),
  convention: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[a-z0-9-]+$/),
      title('Another definition of the loss, such as keras. Default: the loss’s own.'),
    ),
  ),
  parameters: v.optional(
    v.pipe(
      v.record(v.string(), v.pipe(v.number(), v.finite())),
      title('Parameters of the loss, such as {"delta": 1}.'),
    ),
    {},
  ),
  trained: v.optional(
    v.pipe(
      v.array(v.string()),
      title(
        'Parameters of the loss that are trained with the model, from where "parameters" has them: alpha and c of barron, tau of quantile. What is minimised is then the negative log-likelihood.',
      ),
    ),
  ),
  classWeights: v.optional(
    v.pipe(
      v.union([v.literal('balanced'), v.record(v.string(), positive)]),
      title(
        'Factor of each class in the loss, such as {"rare": 5}; classes that are not named have 1. Or balanced: rows / (classes · rows of the class). A batch’s loss is the weighted mean.',
      ),
    ),
  ),
  weightColumn: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      title(
        'Column with the weight of each row in the loss. It is no feature; rows without a weight above 0 are left out.',
      ),
    ),
  ),
});
