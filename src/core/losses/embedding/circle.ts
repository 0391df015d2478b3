import {
  add,
  and,
  eq,
  gt,
  indicator,
  logsumexp,
  maximum,
  mul,
  ne,
  neg,
  or,
  relu,
  softplus,
  stop,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Parameter } from '../loss.ts';
import {
  classLabels,
  counted,
  dot,
  embeddings,
  labels,
  negativePairs,
  others,
  positivePairs,
  unit,
  vectors,
} from '../shared/embeddings.ts';
import { alongLabelledAngle } from '../shared/anglePlots.ts';

const margin = () => param('margin');
const gamma = () => param('gamma');

const cosines = () => dot(unit(vectors('pred')), others(unit(vectors('pred'))));
/** The farther a similarity is from where it should be, the more it counts; these weights are constants. */
const positiveLogits = (): Expr =>
  mul(neg(mul(gamma(), stop(relu(sub(add(1, margin()), cosines()))))), sub(cosines(), sub(1, margin())));
const negativeLogits = (): Expr =>
  mul(mul(gamma(), stop(relu(add(cosines(), margin())))), sub(cosines(), margin()));

/** Keras: cosines from vectors taken as normalised, distances at least 0, and weights that are differentiated. */
const distances = () => maximum(sub(1, dot(vectors('pred'), others(vectors('pred')))), 0);
const kerasPositives = () =>
  and(
    eq(labels(), others(labels())),
    or(eq(param('removeDiagonal'), 0), ne(index('sample'), index('sample′'))),
  );
const kerasPositiveLogits = (): Expr =>
  mul(neg(mul(gamma(), maximum(add(margin(), distances()), 0))), sub(margin(), distances()));
const kerasNegativeLogits = (): Expr =>
  mul(mul(gamma(), maximum(sub(add(1, margin()), distances()), 0)), sub(sub(1, margin()), distances()));

const over = (pairs: Expr, logits: Expr) => logsumexp(where(pairs, logits, -Infinity), 'sample′');
const some = (pairs: Expr) => gt(sum(indicator(pairs), 'sample′'), 0);

const parameters: readonly Parameter[] = [
  {
    id: 'gamma',
    symbol: '\\gamma',
    default: 80,
    min: 0,
    max: 1e6,
    minExclusive: true,
    meaning: 'The scale: the larger, the more the hardest pairs count. 80 for retrieval, 256 for faces.',
  },
  {
    id: 'margin',
    symbol: 'm',
    default: 0.4,
    min: 0,
    max: 1,
    meaning:
      'How much is forgiven: cosines of one class should pass 1 − m, those of different classes stay below m.',
  },
];

/**
 * log(1 + Σ_n exp(γα_n(s_n − m)) · Σ_p exp(−γα_p(s_p − (1 − m)))) for the cosines s_p of an anchor with its class and
 * s_n with others, with the weights α_p = max(0, 1 + m − s_p) and α_n = max(0, s_n + m) as constants. An anchor without a
 * positive or a negative is 0 and does not count in the mean.
 */
export const loss: Loss = {
  id: 'circle',
  name: 'Circle loss',
  synonyms: ['circle'],
  chinese: ['圆损失', 'Circle 损失'],
  family: 'embedding',
  inputs: [embeddings('pred', 'z', 'One vector a sample.'), classLabels],
  parameters,
  expression: withOptions(() =>
    softplus(add(over(negativePairs(), negativeLogits()), over(positivePairs(), positiveLogits()))),
  ),
  divisor: withOptions(() => counted(and(some(positivePairs()), some(negativePairs())))),
  named: () => [
    { name: 'unit', symbol: '\\hat{z}', expr: unit(vectors('pred')), meaning: 'the vectors at length 1' },
    {
      name: 'negative_lse',
      symbol: 'A^-',
      expr: over(negativePairs(), negativeLogits()),
      meaning: 'the log-sum-exp over the vectors of other classes',
    },
    {
      name: 'positive_lse',
      symbol: 'A^+',
      expr: over(positivePairs(), positiveLogits()),
      meaning: 'the log-sum-exp over the vectors of the same class',
    },
    { name: 'cosine', symbol: 's', expr: cosines(), meaning: 'cosines of all pairs' },
    {
      name: 'negative_logit',
      symbol: 'q^{-}',
      expr: negativeLogits(),
      meaning: 'how far a pair of different classes is too close, weighted and scaled',
    },
    {
      name: 'positive_logit',
      symbol: 'q^{+}',
      expr: positiveLogits(),
      meaning: 'how far a pair of one class is too far, weighted and scaled',
    },
  ],
  convention: 'Sun et al. 2020',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'Takes vectors that are normalised already, does not let distances fall below 0, and differentiates the weights too.',
      parameters: [
        ...parameters,
        {
          id: 'removeDiagonal',
          symbol: 'r',
          default: 1,
          min: 0,
          max: 1,
          choices: [
            { value: 1, name: 'yes' },
            { value: 0, name: 'no' },
          ],
          meaning: 'Whether a sample is no positive of itself.',
        },
      ],
      expression: withOptions(() =>
        softplus(
          add(over(kerasPositives(), kerasPositiveLogits()), over(negativePairs(), kerasNegativeLogits())),
        ),
      ),
      divisor: withOptions(() => counted(and(some(kerasPositives()), some(negativePairs())))),
      named: () => [
        { name: 'distance', symbol: 'D', expr: distances(), meaning: 'one minus the cosine, of all pairs' },
        {
          name: 'positive_logit',
          symbol: 'q^{+}',
          expr: kerasPositiveLogits(),
          meaning: 'how far a pair of one class is too far, weighted and scaled',
        },
        {
          name: 'negative_logit',
          symbol: 'q^{-}',
          expr: kerasNegativeLogits(),
          meaning: 'how far a pair of different classes is too close, weighted and scaled',
        },
      ],
    },
  ],
  meaning:
    'Pulls and pushes every pair by how far its cosine is from where it should be, so that the hardest pairs lead; its decision boundary is a circle.',
  useWhen:
    'Fine-grained retrieval or re-identification with class labels, several samples of a class in each batch.',
  avoidWhen:
    'Labels are noisy: it looks at the hardest pairs, which are then the wrong ones. With few samples per class and batch use ArcFace.',
  pitfalls: [
    'keras.losses.Circle expects vectors of length 1 and does not normalise: end the model with UnitNormalization.',
    'The weights are constants in the paper and in pytorch-metric-learning, but are differentiated in Keras: the value is the same, the gradient is not.',
    'Without two samples of one class in the batch every anchor is without a positive, the loss is 0, and nothing is learned.',
    'γ and m are set by task: pytorch-metric-learning and Keras default to 80 and 0.4, the paper uses 256 and 0.25 for faces.',
  ],
  source:
    'Sun et al. 2020, Circle Loss: A Unified Perspective of Pair Similarity Optimization, arXiv 2002.10857',
  apis: [
    ...(
      [
        ['keras.losses.Circle', 'class'],
        ['keras.losses.circle', 'function'],
      ] as const
    ).map(([name, form]) => ({
      framework: 'keras' as const,
      name,
      form,
      convention: 'keras',
      targetFirst: true as const,
      keywords: {
        gamma: { parameter: 'gamma', default: 80 },
        margin: { parameter: 'margin', default: 0.4 },
        remove_diagonal: { parameter: 'removeDiagonal', default: 1 },
      },
      ...(form === 'function'
        ? {
            gives: 'elements' as const,
            positional: ['ref_labels', 'ref_embeddings', 'remove_diagonal', 'gamma', 'margin'],
          }
        : {}),
      note: 'Expects vectors of length 1; the mean is over anchors whose loss is not 0.',
    })),
    ...(['circle', 'Circle'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      convention: 'keras',
      note: 'Expects vectors of length 1; the mean is over anchors whose loss is not 0.',
    })),
  ],
  properties: {
    convex: {
      at: { sizes: { sample: 3, feature: 1 }, inputs: { pred: [1, 1, -1], target: [0, 0, 1] } },
      and: { pred: [-3, -0.5, 0.5] },
    },
    boundedBelow: 0,
    // The positive opposite, the negative the same.
    boundedAbove: {
      at: { sizes: { sample: 3, feature: 1 }, inputs: { pred: [1, -1, 1], target: [0, 0, 1] } },
    },
    lipschitzGradient: {
      at: {
        sizes: { sample: 3, feature: 2 },
        inputs: { pred: [0, 1e-3, 1, 0, -1, 0], target: [0, 0, 1] },
      },
      and: { pred: [1e-5, 1e-3, 1, 0, -1, 0] },
    },
    boundedInfluence: {
      at: {
        sizes: { sample: 3, feature: 2 },
        inputs: { pred: [0, 1e-3, 1, 0, -1, 0], target: [0, 0, 1] },
      },
    },
  },
  plot: alongLabelledAngle,
};
