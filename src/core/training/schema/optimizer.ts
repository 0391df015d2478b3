import * as v from 'valibot';
import { count, nonNegative, positive, share, title } from './fields.ts';
import { scheduleSchema, warmupSchema } from './schedule.ts';

// Options without a default change nothing where they are absent.

const clipSchema = v.variant('by', [
  v.strictObject({
    by: v.literal('norm'),
    max: v.pipe(positive, title('Largest norm of all gradients together.')),
    order: v.optional(v.pipe(v.picklist([1, 2, 'infinity']), title('Order of the norm.')), 2),
  }),
  v.strictObject({
    by: v.literal('value'),
    max: v.pipe(positive, title('Largest absolute value of each element of a gradient.')),
  }),
]);

const penaltySchema = v.strictObject({
  on: v.optional(
    v.pipe(
      v.string(),
      v.minLength(1),
      title(
        'Parameters it acts on: weights, biases, all, or the beginning of their names such as layers.0. One that several entries name gets all of them.',
      ),
    ),
    'weights',
  ),
  l1: v.optional(v.pipe(nonNegative, title('Adds l1 · Σ|w| to the loss.')), 0),
  l2: v.optional(v.pipe(nonNegative, title('Adds l2 · Σw² to the loss.')), 0),
  decay: v.optional(
    v.pipe(
      nonNegative,
      title('Decoupled weight decay: takes rate · decay · w off w, beside the gradient’s step.'),
    ),
    0,
  ),
});

/** What all optimizers share, with the usual rate of one. */
const common = (rate: number) => ({
  rate: v.optional(v.pipe(positive, title('Learning rate.')), rate),
  schedule: v.optional(v.pipe(scheduleSchema, title('How the rate changes. Default: not at all.'))),
  warmup: v.optional(v.pipe(warmupSchema, title('A linear rise of the rate before the schedule begins.'))),
  clip: v.optional(v.pipe(clipSchema, title('Limits the gradients. Default: no limit.'))),
  penalties: v.optional(
    v.pipe(
      v.array(penaltySchema),
      title('Penalties of large parameters, by layer; l1 and l2 are part of the reported training loss.'),
    ),
  ),
  accumulate: v.optional(
    v.pipe(
      count,
      v.maxValue(1_000_000),
      title('Batches whose mean gradient makes one step of the optimizer. Default: 1.'),
    ),
  ),
});

const coupled = {
  weightDecay: v.optional(
    v.pipe(nonNegative, title('L2 penalty, added to the gradient as weightDecay · parameter.')),
    0,
  ),
};
const decoupled = (usual: number) => ({
  weightDecay: v.optional(
    v.pipe(nonNegative, title('Decoupled decay: takes rate · weightDecay · parameter off the parameter.')),
    usual,
  ),
});
const betas = (usual1: number, usual2: number) => ({
  beta1: v.optional(v.pipe(share, title('Decay of the first moment.')), usual1),
  beta2: v.optional(v.pipe(share, title('Decay of the second moment.')), usual2),
});
const epsilon = (text: string, usual: number) => ({
  epsilon: v.optional(v.pipe(positive, title(text)), usual),
});
const amsgrad = {
  amsgrad: v.optional(
    v.pipe(v.boolean(), title('AMSGrad: divides by the largest second moment so far. Default: false.')),
  ),
};
const besideRoot = 'Added to the root of the second moment.';
const insideRoot = 'Added to the mean square under the root.';
const torch = {
  convention: v.optional(v.pipe(v.literal('torch'), title('Definition of PyTorch (default) or Keras.'))),
};
const keras = { convention: v.pipe(v.literal('keras'), title('Definition of Keras.')) };

const rmsprop = {
  type: v.literal('rmsprop'),
  ...common(0.01),
  momentum: v.optional(v.pipe(share, title('Momentum of the scaled gradients.')), 0),
  centered: v.optional(
    v.pipe(
      v.boolean(),
      title('Divides by the standard deviation of the gradient instead of its root mean square.'),
    ),
    false,
  ),
};
const smoothing = (usual: number) => ({
  smoothing: v.optional(v.pipe(share, title('Decay of the mean square.')), usual),
});
const accumulator = (usual: number) => ({
  accumulator: v.optional(v.pipe(nonNegative, title('Sum of squares at the start.')), usual),
});

/** How parameters follow the gradient. */
export const optimizerSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('sgd'),
    ...common(0.01),
    momentum: v.optional(v.pipe(share, title('Momentum.')), 0),
    dampening: v.optional(
      v.pipe(v.number(), v.minValue(0), v.maxValue(1), title('Dampening of the momentum.')),
      0,
    ),
    nesterov: v.optional(v.pipe(v.boolean(), title('Nesterov momentum.')), false),
    ...coupled,
  }),
  v.variant('convention', [
    v.strictObject({
      ...rmsprop,
      ...torch,
      ...smoothing(0.99),
      ...epsilon('Added to the root of the mean square.', 1e-8),
      ...coupled,
    }),
    v.strictObject({
      ...rmsprop,
      ...keras,
      ...smoothing(0.9),
      ...epsilon(insideRoot, 1e-7),
      ...decoupled(0),
    }),
  ]),
  v.variant('convention', [
    v.strictObject({
      type: v.literal('adagrad'),
      ...common(0.01),
      ...torch,
      rateDecay: v.optional(v.pipe(nonNegative, title('Divides the rate by 1 + steps · rateDecay.')), 0),
      ...accumulator(0),
      ...epsilon('Added to the root of the sum of squares.', 1e-10),
      ...coupled,
    }),
    v.strictObject({
      type: v.literal('adagrad'),
      ...common(0.01),
      ...keras,
      ...accumulator(0.1),
      ...epsilon('Added to the sum of squares under the root.', 1e-7),
      ...decoupled(0),
    }),
  ]),
  v.strictObject({
    type: v.literal('adadelta'),
    ...common(1),
    ...smoothing(0.9),
    ...epsilon('Added to both mean squares under their roots.', 1e-6),
    ...coupled,
  }),
  v.variant('convention', [
    v.strictObject({
      type: v.literal('adam'),
      ...common(0.01),
      ...torch,
      ...betas(0.9, 0.999),
      ...epsilon(besideRoot, 1e-8),
      ...amsgrad,
      ...coupled,
    }),
    v.strictObject({
      type: v.literal('adam'),
      ...common(0.01),
      ...keras,
      ...betas(0.9, 0.999),
      ...epsilon(besideRoot, 1e-7),
      ...amsgrad,
      ...decoupled(0),
    }),
  ]),
  v.variant('convention', [
    v.strictObject({
      type: v.literal('adamax'),
      ...common(0.002),
      ...torch,
      ...betas(0.9, 0.999),
      ...epsilon('Added to the absolute value of the gradient.', 1e-8),
      ...coupled,
    }),
    v.strictObject({
      type: v.literal('adamax'),
      ...common(0.002),
      ...keras,
      ...betas(0.9, 0.999),
      ...epsilon('Added to the largest gradient.', 1e-7),
      ...decoupled(0),
    }),
  ]),
  v.variant('convention', [
    v.strictObject({
      type: v.literal('adamw'),
      ...common(0.001),
      ...torch,
      ...betas(0.9, 0.999),
      ...epsilon(besideRoot, 1e-8),
      ...amsgrad,
      ...decoupled(0.01),
    }),
    v.strictObject({
      type: v.literal('adamw'),
      ...common(0.001),
      ...keras,
      ...betas(0.9, 0.999),
      ...epsilon(besideRoot, 1e-7),
      ...amsgrad,
      ...decoupled(0.004),
    }),
  ]),
  v.strictObject({
    type: v.literal('nadam'),
    ...common(0.002),
    ...betas(0.9, 0.999),
    ...epsilon(besideRoot, 1e-8),
    momentumDecay: v.optional(
      v.pipe(
        nonNegative,
        title('How fast the momentum approaches beta1: 0.96 to the power of step · momentumDecay.'),
      ),
      0.004,
    ),
    ...coupled,
  }),
  v.strictObject({
    type: v.literal('lion'),
    ...common(0.0001),
    ...betas(0.9, 0.99),
    ...decoupled(0.001),
  }),
]);
