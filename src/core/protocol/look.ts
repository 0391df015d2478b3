import * as v from 'valibot';
import type { Look } from '../data/look.ts';
import { messageSchema } from '../messages/schema.ts';

/** The shape of a {@link Look} that comes from a trainer process. */
export const lookSchema: v.GenericSchema<Look> = v.object({
  source: v.picklist(['file', 'images']),
  columns: v.array(
    v.object({
      name: v.string(),
      kind: v.picklist(['number', 'text', 'empty', 'array']),
      samples: v.array(v.string()),
      distinct: v.number(),
      whole: v.boolean(),
      shape: v.exactOptional(v.array(v.number())),
      bytes: v.exactOptional(v.boolean()),
    }),
  ),
  rows: v.number(),
  totalRows: v.number(),
  exact: v.boolean(),
  layout: v.exactOptional(messageSchema),
});
