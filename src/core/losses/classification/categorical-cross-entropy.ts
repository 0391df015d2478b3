import { clamp, div, log, mul, neg, sum, xlogy } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { kerasRowApis } from '../shared/apiPairs.ts';
import {
  classProbabilities,
  classShares,
  labelSmoothing,
  perClass,
  smoothedShares,
} from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueProbability } from '../shared/plots.ts';
import { meanRow } from '../shared/statistics.ts';

const options = [labelSmoothing];

const normalised = (): Expr => div(perClass(), sum(perClass(), 'class'));
const clipped = (): Expr => clamp(normalised(), 1e-7, 1 - 1e-7);

/** The distance from 1 to the next number in double precision. */
const machineEpsilon = 2 ** -52;

const bestConstant: BestConstant = {
  words: 'the mean share of each class',
  of: (targets, _, classes) => meanRow(targets, classes),
};

/**
 * −Σ_c y_c log p_c for probabilities p, as Keras computes it: every row is divided by its sum, then clipped to
 * [1e-7, 1 − 1e-7]. The division adds Σ_c y_c / Σ_c p_c to the textbook’s gradient −y/p.
 */
export const loss: Loss = {
  id: 'categorical-cross-entropy',
  name: 'Categorical cross-entropy',
  synonyms: ['cross-entropy on probabilities', 'multi-class log loss', 'CCE'],
  chinese: ['分类交叉熵', '多类交叉熵（概率）', '类别交叉熵'],
  family: 'classification',
  common: 6,
  inputs: [classProbabilities(), classShares()],
  parameters: [],
  options,
  expression: withOptions(() => neg(sum(mul(smoothedShares(), log(clipped())), 'class')), options),
  named: () => [
    {
      name: 'clipped',
      symbol: '\\tilde{p}',
      expr: clipped(),
      meaning: 'the probabilities, away from 0 and 1',
    },
  ],
  convention: 'Keras',
  conventions: [
    {
      id: 'plain',
      users: 'textbooks',
      differs: 'No division and no clipping: ∞ where a class that occurs has probability 0.',
      expression: withOptions(() => neg(sum(xlogy(smoothedShares(), perClass()), 'class')), options),
      bestConstant,
    },
    {
      id: 'sklearn',
      users: 'scikit-learn',
      differs:
        'No division; probabilities are clipped by the machine epsilon, 2.2e-16, so the loss is at most 36.04.',
      expression: withOptions(
        () =>
          neg(sum(xlogy(smoothedShares(), clamp(perClass(), machineEpsilon, 1 - machineEpsilon)), 'class')),
        options,
      ),
      averaging: { weightedBy: 'weights' },
      bestConstant,
    },
  ],
  meaning:
    'The surprise, in nats, at one-hot labels (or shares of classes) when the model states its probabilities. The model ends in a softmax.',
  useWhen: 'A Keras or TensorFlow.js model ends in a softmax and the labels are one-hot.',
  avoidWhen: 'The last layer can be left linear: cross-entropy on logits is the same loss and more exact.',
  pitfalls: [
    'The model must end in a softmax. Raw scores are divided by their sum and clipped without an error, and what is learned is arbitrary.',
    'Labels are one-hot. For class indices take sparse_categorical_crossentropy; Keras raises where the shapes do not fit.',
    'Rows are divided by their sum: probabilities (0.5, 0.25, 0.5) are read as (0.4, 0.2, 0.4). A sigmoid in place of the softmax goes unnoticed.',
    'Probabilities are clipped at 1e-7: the loss is at most 16.118, and where it is clipped the gradient is 0, so that a confident mistake teaches nothing.',
    'scikit-learn’s log_loss clips at 2.2e-16 instead, and does not divide: the same mistake costs up to 36.04.',
  ],
  source: 'Good 1952, Rational Decisions, Journal of the Royal Statistical Society B 14(1)',
  apis: [
    ...kerasRowApis('CategoricalCrossentropy', 'categorical_crossentropy', {
      requires: { from_logits: false },
      positional: ['from_logits', 'label_smoothing'],
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      note: 'With from_logits=True it takes logits: another loss under the same name.',
    }),
    ...(['categorical_crossentropy', 'CategoricalCrossentropy'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      note: 'The string expects probabilities, so the model must end in a softmax; on logits write CategoricalCrossentropy(from_logits=True).',
    })),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.log_loss',
      form: 'function',
      convention: 'sklearn',
      targetFirst: true,
      note: 'A matrix of probabilities means several classes; labels are one-hot or class indices.',
    },
    {
      framework: 'tfjs',
      name: 'categoricalCrossentropy',
      form: 'string',
      note: 'Expects probabilities: the model must end in a softmax.',
    },
  ],
  properties: {
    // Convex where every probability is above 1e-7; the clip bends the loss below it.
    convex: between(classesAt(2, [0, 1], [1, 0]), [2.5e-7, 1 - 2.5e-7]),
    boundedBelow: -Math.log(1 - 1e-7),
    boundedAbove: -Math.log(1e-7),
    symmetric: classesAt(2, [0.5, 0.5], [1, 0]),
    lipschitzGradient: between(classesAt(2, [1e-3, 0.999], [1, 0]), [2e-3, 0.998]),
    boundedInfluence: classesAt(2, [1e-6, 1 - 1e-6], [1, 0]),
    strictlyProper: true,
  },
  bestConstant,
  plot: alongTrueProbability('one-hot'),
};
