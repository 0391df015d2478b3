import * as v from 'valibot';
import { bad, message, ok, type Message, type Problem, type Result } from '../messages/message.ts';
import { builtins } from '../data/builtin.ts';
import { builtinIds } from '../data/catalogue.ts';
import { dataSchema } from './schema/data.ts';
import { share, title } from './schema/fields.ts';
import { lossSchema } from './schema/loss.ts';
import { modelSchema } from './schema/model.ts';
import { optimizerSchema } from './schema/optimizer.ts';
import { taskSchema } from './schema/task.ts';
import { trainingSchema } from './schema/training.ts';

/** Version of the experiment format; a file of another version is refused, never guessed at. */
export const experimentVersion = 1;

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
  task: v.optional(
    v.pipe(taskSchema, title('What the model is to do. Default: predict a column of a table.')),
    { type: 'column' },
  ),
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
            v.picklist(['standard', 'minmax', 'none']),
            title(
              'Scale numeric features by the training part: standard to mean 0 and standard deviation 1, minmax to 0 … 1; of images and series each channel as a whole.',
            ),
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
  model: v.optional(v.pipe(modelSchema, title('The model.')), { type: 'mlp' }),
  loss: v.pipe(lossSchema, title('What training minimises.')),
  optimizer: v.optional(v.pipe(optimizerSchema, title('How parameters follow the gradient.')), {
    type: 'adam',
  }),
  training: v.optional(v.pipe(trainingSchema, title('How long, in which steps and from which seed.')), {}),
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
  const result = v.safeParse(experimentSchema, withOwnDefaults(withTaskModel(value)));
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

/** The model that a task has where the document names none. */
function withTaskModel(value: unknown): unknown {
  if (!isObject(value) || !isObject(value['task']) || value['model'] !== undefined) return value;
  return value['task']['type'] === 'recommendation' ? { ...value, model: { type: 'factorisation' } } : value;
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
