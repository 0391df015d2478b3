import type { Dataset, Part } from '../data/dataset.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import type { Experiment } from './experiment.ts';

/** Factors of the rows' losses by part; absent where all are 1. */
export interface RowWeights {
  readonly training?: Float64Array;
  readonly validation?: Float64Array;
}

/** The rows' own weights. */
export function sampleWeights({ training, validation }: Dataset): RowWeights {
  return {
    ...(training.weights === undefined ? {} : { training: training.weights }),
    ...(validation?.weights === undefined ? {} : { validation: validation.weights }),
  };
}

/**
 * The factor of every row in the loss: its class's weight times its own. A batch's loss is Σ w·ℓ / Σ w, as PyTorch's
 * weighted cross-entropy, so that only the ratios of weights count. Bad when class weights do not fit the target.
 */
export function rowWeights(experiment: Experiment, dataset: Dataset): Result<RowWeights> {
  const classes = classFactors(experiment, dataset);
  if (!classes.ok) return classes;
  const of = (part: Part | undefined): Float64Array | undefined =>
    part === undefined ? undefined : product(part, classes.value);
  const training = of(dataset.training);
  const validation = of(dataset.validation);
  return ok({
    ...(training === undefined ? {} : { training }),
    ...(validation === undefined ? {} : { validation }),
  });
}

function product({ targets, weights }: Part, factors: Float64Array | undefined): Float64Array | undefined {
  if (factors === undefined) return weights;
  return targets.map((target, row) => factors[target]! * (weights?.[row] ?? 1));
}

/** Weights by class index; undefined where none are wanted. */
function classFactors(
  { loss: { classWeights } }: Experiment,
  { preprocessing: { target }, training }: Dataset,
): Result<Float64Array | undefined> {
  if (classWeights === undefined) return ok(undefined);
  const at = { path: 'loss.classWeights' };
  if (target.kind !== 'classes') {
    return bad(
      message('Class weights are for classes, but "{column}" holds numbers. Remove them.', {
        column: target.name,
      }),
      at,
    );
  }
  const { classes } = target;
  if (classWeights === 'balanced') return ok(balanced(training.targets, classes.length));
  const unknown = Object.keys(classWeights).find((name) => !classes.includes(name));
  if (unknown !== undefined) {
    return bad(
      message('There is no class "{name}" in "{column}". The classes are {all}.', {
        name: unknown,
        column: target.name,
        all: classes.map((name) => `"${name}"`).join(', '),
      }),
      { path: `${at.path}.${unknown}` },
    );
  }
  return ok(Float64Array.from(classes, (name) => classWeights[name] ?? 1));
}

/** Rows / (classes · rows of the class), as scikit-learn's `compute_class_weight('balanced', …)`. */
function balanced(targets: Float64Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const target of targets) counts[target]! += 1;
  return counts.map((count) => targets.length / (classes * count));
}
