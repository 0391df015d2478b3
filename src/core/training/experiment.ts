import * as v from 'valibot';
import { bad, message, ok, type Message, type Problem, type Result } from '../messages/message.ts';
import { builtins } from '../data/builtin.ts';
import { builtinIds, generatedIds } from '../data/catalogue.ts';

/** Version of the experiment format; a file of another version is refused, never guessed at. */
export const experimentVersion = 1;

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const nonNegative = v.pipe(v.number(), v.finite(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const seed = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const title = <T>(text: string) => v.description<T, string>(text);

const target = v.optional(
  v.pipe(
    v.string(),
    v.minLength(1),
    title('Column to predict. Default: the data set’s own target, or the last column of a file.'),
  ),
);
const exclude = v.optional(v.pipe(v.array(v.string()), title('Columns that are not used as features.')), []);

const dataSchema = v.variant('source', [
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

const modelSchema = v.strictObject({
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

const lossSchema = v.strictObject({
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

const optimizerSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('sgd'),
    rate: v.optional(v.pipe(positive, title('Learning rate.')), 0.01),
    momentum: v.optional(v.pipe(share, title('Momentum.')), 0),
    dampening: v.optional(
      v.pipe(v.number(), v.minValue(0), v.maxValue(1), title('Dampening of the momentum.')),
      0,
    ),
    nesterov: v.optional(v.pipe(v.boolean(), title('Nesterov momentum.')), false),
    weightDecay: v.optional(
      v.pipe(nonNegative, title('L2 penalty, added to the gradient as weightDecay · parameter.')),
      0,
    ),
  }),
  v.strictObject({
    type: v.literal('adam'),
    rate: v.optional(v.pipe(positive, title('Learning rate.')), 0.01),
    beta1: v.optional(v.pipe(share, title('Decay of the first moment.')), 0.9),
    beta2: v.optional(v.pipe(share, title('Decay of the second moment.')), 0.999),
    epsilon: v.optional(v.pipe(positive, title('Added to the root of the second moment.')), 1e-8),
    weightDecay: v.optional(
      v.pipe(nonNegative, title('L2 penalty, added to the gradient as weightDecay · parameter.')),
      0,
    ),
  }),
]);

/** The experiment: what to train, as plain versioned JSON. The contributed JSON schema is generated from this. */
export const experimentSchema = v.strictObject({
  $schema: v.optional(v.string()),
  version: v.pipe(v.literal(experimentVersion), title('Version of this format.')),
  name: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      v.maxLength(200),
      title('Name of the run. Default: data set and loss.'),
    ),
  ),
  data: v.pipe(dataSchema, title('What to learn from: a shipped or generated data set, or a file.')),
  split: v.optional(
    v.pipe(
      v.strictObject({
        validation: v.optional(
          v.pipe(share, title('Share of the rows held out for validation; 0 for none.')),
          0.2,
        ),
        stratify: v.optional(
          v.pipe(v.boolean(), title('Keep the share of each class equal in both parts (classification).')),
          true,
        ),
      }),
      title('How the rows are divided into a training and a validation part.'),
    ),
    {},
  ),
  scaling: v.optional(
    v.pipe(
      v.strictObject({
        features: v.optional(
          v.pipe(
            v.picklist(['standard', 'none']),
            title('Standardise numeric features by mean and standard deviation of the training part.'),
          ),
          'standard',
        ),
        target: v.optional(
          v.pipe(
            v.picklist(['standard', 'none']),
            title('Standardise a numeric target likewise; metrics are reported in original units.'),
          ),
          'standard',
        ),
      }),
      title('What is standardised before training.'),
    ),
    {},
  ),
  model: v.optional(v.pipe(modelSchema, title('The model: a multilayer perceptron.')), { type: 'mlp' }),
  loss: v.pipe(lossSchema, title('What training minimises.')),
  optimizer: v.optional(v.pipe(optimizerSchema, title('How parameters follow the gradient.')), {
    type: 'adam',
  }),
  training: v.optional(
    v.pipe(
      v.strictObject({
        epochs: v.optional(
          v.pipe(count, v.maxValue(10_000_000), title('Passes over the training part.')),
          100,
        ),
        batch: v.optional(
          v.pipe(
            v.union([v.pipe(count, v.maxValue(1_000_000)), v.literal('full')]),
            title('Rows of one step, or full for all of them.'),
          ),
          32,
        ),
        shuffle: v.optional(v.pipe(v.boolean(), title('Draw a new order of the rows every epoch.')), true),
        seed: v.optional(
          v.pipe(
            seed,
            title('Seed of split, starting values and order. Same seed, same device: same numbers.'),
          ),
          0,
        ),
      }),
      title('How long, in which steps and from which seed.'),
    ),
    {},
  ),
});

/** An experiment as people write it: everything with a default may be absent. */
export type ExperimentInput = v.InferInput<typeof experimentSchema>;
/** An experiment with every default filled in. */
export type Experiment = v.InferOutput<typeof experimentSchema>;

/**
 * Parses an experiment from a JSON value and fills in the defaults. Problems carry the path within the document
 * (`optimizer.rate`). Whether the loss exists and fits the data is checked when the data is known.
 */
export function parseExperiment(value: unknown): Result<Experiment> {
  if (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version !== experimentVersion
  ) {
    return bad(
      message(
        'This experiment has version {found}; this Loss Lab reads version {expected}. Update Loss Lab, or set "version": {expected} if the file was written by hand.',
        {
          found: JSON.stringify(value.version),
          expected: experimentVersion,
        },
      ),
      { path: 'version' },
    );
  }
  const result = v.safeParse(experimentSchema, withOwnDefaults(value));
  if (result.success) return ok(result.output);
  return { ok: false, problems: result.issues.flatMap(problems) };
}

/**
 * Fills in the split and scaling that a shipped data set has of its own (the three-point line has neither) where the
 * document does not say otherwise; leaves everything else to the schema.
 */
function withOwnDefaults(value: unknown): unknown {
  if (!isObject(value) || !isObject(value['data']) || value['data']['source'] !== 'builtin') return value;
  const id = builtinIds.find((name) => isObject(value['data']) && value['data']['name'] === name);
  if (id === undefined) return value;
  const { validation, scaling } = builtins[id];
  const merged = (given: unknown, own: object): unknown =>
    given === undefined || isObject(given) ? { ...own, ...given } : given;
  return {
    ...value,
    split: merged(value['split'], { validation }),
    scaling: merged(value['scaling'], { features: scaling, target: scaling }),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problems(issue: v.BaseIssue<unknown>): Problem[] {
  const path = v.getDotPath(issue) ?? '';
  return [{ message: sentence(issue, path), where: { path } }];
}

/** What is wrong at a path, and what would be right. */
function sentence({ type, expected, received, requirement }: v.BaseIssue<unknown>, path: string): Message {
  const args = { path, found: received, expected: expected ?? message('another value') };
  if (type === 'strict_object' && expected === 'never')
    return message('Unknown key "{path}". Remove it, or check its spelling.', args);
  if (path === '') return message('The document: expected {expected}, found {found}.', args);
  if (type === 'strict_object' && received === 'undefined')
    return message('The key "{path}" is missing.', args);
  const bounded = { path, found: received, bound: String(requirement) };
  switch (type) {
    case 'gt_value':
      return message('"{path}" must be greater than {bound}, but is {found}.', bounded);
    case 'min_value':
      return message('"{path}" must be at least {bound}, but is {found}.', bounded);
    case 'lt_value':
      return message('"{path}" must be less than {bound}, but is {found}.', bounded);
    case 'max_value':
      return message('"{path}" must be at most {bound}, but is {found}.', bounded);
    case 'safe_integer':
      return message('"{path}" must be a whole number, but is {found}.', args);
    case 'finite':
      return message('"{path}" must be a finite number, but is {found}.', args);
    default:
      return message('At "{path}": expected {expected}, found {found}.', args);
  }
}
