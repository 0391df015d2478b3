import * as v from 'valibot';
import { title } from './fields.ts';

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
});
