import * as v from 'valibot';
import { builtinIds, generatedIds } from '../../data/catalogue.ts';
import { count, nonNegative, seed, share, title } from './fields.ts';

const target = v.optional(
  v.pipe(
    v.string(),
    v.minLength(1),
    title('Column to predict. Default: the data set’s own target, or the last column of a file.'),
  ),
);
const exclude = v.optional(v.pipe(v.array(v.string()), title('Columns that are not used as features.')), []);

/** What to learn from. */
export const dataSchema = v.variant('source', [
  v.strictObject({
    source: v.literal('builtin'),
    name: v.pipe(v.picklist(builtinIds), title('A data set that ships with Loss Lab.')),
    target,
    exclude,
  }),
  v.strictObject({
    source: v.literal('generated'),
    name: v.pipe(v.picklist(generatedIds), title('A data set that is generated from a seed.')),
    samples: v.optional(v.pipe(count, v.maxValue(1_000_000), title('Number of rows.')), 400),
    noise: v.optional(v.pipe(nonNegative, title('Standard deviation of the noise.')), 0.1),
    outliers: v.optional(v.pipe(share, title('Share of rows that are outliers (noisy line only).')), 0.1),
    seed: v.optional(v.pipe(seed, title('Seed of the generator.')), 0),
  }),
  v.strictObject({
    source: v.literal('file'),
    path: v.pipe(v.string(), v.minLength(1), title('A CSV or TSV file, relative to this experiment file.')),
    target,
    exclude,
    delimiter: v.optional(
      v.pipe(v.picklist(['auto', ',', ';', '\t', '|', ' ']), title('Field delimiter; auto detects it.')),
      'auto',
    ),
    decimal: v.optional(
      v.pipe(v.picklist(['auto', '.', ',']), title('Decimal mark; auto detects it.')),
      'auto',
    ),
    header: v.optional(
      v.pipe(v.picklist(['auto', 'yes', 'no']), title('Whether the first row holds column names.')),
      'auto',
    ),
    missing: v.optional(
      v.pipe(
        v.picklist(['drop', 'mean']),
        title(
          'Rows with missing feature cells are dropped, or numbers are filled with the training mean (text gets no category). Rows without a target are always dropped.',
        ),
      ),
      'drop',
    ),
  }),
]);
