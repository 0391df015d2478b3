import * as v from 'valibot';
import { builtinIds, generatedIds } from '../../data/catalogue.ts';
import { dataFormats } from '../../data/formats.ts';
import { count, nonNegative, seed, share, title } from './fields.ts';

const name = v.pipe(v.string(), v.minLength(1));
const target = v.optional(
  v.pipe(name, title('Column to predict. Default: the data set’s own target, or the last column of a file.')),
);
const exclude = v.optional(v.pipe(v.array(v.string()), title('Columns that are not used as features.')), []);
/** A name without folders: companions of a data file lie where it lies. */
const beside = v.pipe(name, v.regex(/^(?!\.{1,2}$)[^\\/:]+$/));
const rows = v.optional(
  v.pipe(count, title('Rows that are read, at most; a larger file is read in part. Default: all.')),
);
const sample = v.optional(
  v.pipe(
    v.picklist(['first', 'random']),
    title('Which rows are read where "rows" leaves some out: the first, or a random sample by the seed.'),
  ),
  'first',
);

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
    path: v.pipe(
      name,
      title(
        'A file of rows, relative to this experiment file: CSV, TSV, JSON, JSONL, Parquet, NumPy (.npy, .npz) or IDX; text, .npy and IDX also compressed with gzip.',
      ),
    ),
    format: v.optional(
      v.pipe(
        v.picklist(['auto', ...dataFormats]),
        title('Format of the file; auto detects it by content and name.'),
      ),
      'auto',
    ),
    labels: v.optional(
      v.pipe(
        beside,
        title(
          'File of the labels for an .npy or IDX file, in the same folder. Default: labels beside images named as MNIST’s.',
        ),
      ),
    ),
    validation: v.optional(
      v.pipe(beside, title('A file of rows for validation, in the same folder; "split" is then not used.')),
    ),
    validationLabels: v.optional(
      v.pipe(beside, title('File of the labels of "validation", in the same folder.')),
    ),
    shape: v.optional(
      v.pipe(
        v.array(count),
        v.minLength(1),
        v.maxLength(4),
        title(
          'How the features of a row lie: [height, width, channels] of an image, [time, channels] of a series. Default: as the file says.',
        ),
      ),
    ),
    rows,
    sample,
    target,
    features: v.optional(
      v.pipe(
        v.array(name),
        v.minLength(1),
        title('Columns, or arrays of an .npz file, to learn from. Default: all others.'),
      ),
    ),
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
  v.strictObject({
    source: v.literal('images'),
    path: v.pipe(
      name,
      title('A folder, relative to this experiment file, with one folder of PNG images for each class.'),
    ),
    validation: v.optional(
      v.pipe(beside, title('A folder of the same kind beside it, for validation; "split" is then not used.')),
    ),
    rows,
    sample,
  }),
]);
