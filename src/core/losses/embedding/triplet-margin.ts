import {
  abs,
  add,
  clampMin,
  eq,
  maximum,
  minimum,
  norm,
  relu,
  sqrt,
  square,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { param, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Parameter } from '../loss.ts';
import { torchApis } from '../shared/apis.ts';
import { embeddings, vectors } from '../shared/embeddings.ts';

type Distance = (from: Expr, to: Expr) => Expr;

/** PyTorch adds ε to each difference, so that the distance of equal vectors has a derivative. */
const torchDistance: Distance = (from, to) => {
  const difference = add(sub(from, to), param('eps'));
  return where(eq(param('p'), 1), sum(abs(difference), 'feature'), norm(difference, 'feature'));
};
/** Optax adds ε to the sum of squares. */
const optaxDistance: Distance = (from, to) => sqrt(add(sum(square(sub(from, to)), 'feature'), param('eps')));
const squaredDistance: Distance = (from, to) => sum(square(sub(from, to)), 'feature');

const toPositive = (distance: Distance) => distance(vectors('anchor'), vectors('positive'));
const toNegative = (distance: Distance) => distance(vectors('anchor'), vectors('negative'));
const swapped = () => torchDistance(vectors('positive'), vectors('negative'));
/** How much farther the positive is than the negative, plus the margin. */
const excess = (near: Expr, far: Expr) => add(sub(near, far), param('margin'));

const names = (distance: Distance): readonly Named[] => [
  {
    name: 'd_positive',
    symbol: 'D^{+}',
    expr: toPositive(distance),
    meaning: 'how far the anchor is from the positive',
  },
  {
    name: 'd_negative',
    symbol: 'D^{-}',
    expr: toNegative(distance),
    meaning: 'how far the anchor is from the negative',
  },
];

const margin: Parameter = {
  id: 'margin',
  symbol: 'm',
  default: 1,
  min: 0,
  max: 1e6,
  meaning: 'How much farther than the positive the negative should be, in units of the distance.',
};
const eps: Parameter = {
  id: 'eps',
  symbol: '\\varepsilon',
  default: 1e-6,
  min: 0,
  max: 1,
  meaning: 'A small number that keeps the derivative of the distance finite for equal vectors.',
};
const torchKeywords = {
  margin: { parameter: 'margin', default: 1 },
  p: { parameter: 'p', default: 2 },
  eps: { parameter: 'eps', default: 1e-6 },
  swap: { parameter: 'swap', default: 0 },
};
const distanceKeywords = {
  margin: { parameter: 'margin', default: 1 },
  swap: { parameter: 'swap', default: 0 },
};
const anyDistance = 'Takes any distance function; without one it is the Euclidean distance with its small ε.';

/** max(0, D(a, a⁺) − D(a, a⁻) + m): the negative a⁻ should be farther from the anchor a than the positive a⁺, by m. */
export const loss: Loss = {
  id: 'triplet-margin',
  name: 'Triplet margin loss',
  short: 'triplet',
  synonyms: ['triplet loss', 'triplet', 'FaceNet loss', 'large margin nearest neighbour'],
  chinese: ['三元组损失', '三元组边际损失'],
  family: 'embedding',
  common: 1,
  inputs: [
    embeddings('anchor', 'a', 'The vectors from which distances are taken.'),
    embeddings('positive', 'a^{+}', 'For each anchor a vector of the same class.'),
    embeddings('negative', 'a^{-}', 'For each anchor a vector of another class.'),
  ],
  parameters: [
    margin,
    {
      id: 'p',
      symbol: 'q',
      default: 2,
      min: 1,
      max: 2,
      choices: [
        { value: 2, name: 'Euclidean' },
        { value: 1, name: 'Manhattan' },
      ],
      meaning: 'Which distance: the length of the difference (2), or the sum of its absolute values (1).',
    },
    {
      id: 'swap',
      symbol: 's',
      default: 0,
      min: 0,
      max: 1,
      choices: [
        { value: 0, name: 'no' },
        { value: 1, name: 'yes' },
      ],
      meaning:
        'Whether the distance from the positive to the negative counts instead where it is the smaller one.',
    },
    eps,
  ],
  expression: withOptions(() => {
    const far = toNegative(torchDistance);
    const nearest = where(eq(param('swap'), 1), minimum(far, swapped()), far);
    return clampMin(excess(toPositive(torchDistance), nearest), 0);
  }),
  named: () => [
    ...names(torchDistance),
    {
      name: 'd_swapped',
      symbol: 'D^{\\pm}',
      expr: swapped(),
      meaning: 'how far the positive is from the negative',
    },
  ],
  convention: 'PyTorch',
  conventions: [
    {
      id: 'optax',
      users: 'optax',
      differs: 'ε is added to the sum of squares under the root, and there is no swap.',
      parameters: [margin, eps],
      expression: withOptions(() => maximum(excess(toPositive(optaxDistance), toNegative(optaxDistance)), 0)),
      named: () => names(optaxDistance),
    },
    {
      id: 'facenet',
      users: 'FaceNet (Schroff et al. 2015)',
      differs: 'Squared Euclidean distances; there is no swap.',
      parameters: [{ ...margin, default: 0.2 }],
      expression: withOptions(() => relu(excess(toPositive(squaredDistance), toNegative(squaredDistance)))),
      named: () => names(squaredDistance),
    },
  ],
  meaning:
    'Asks of each anchor that its positive be closer than its negative, by a margin. Only the order of distances counts, not the distances themselves.',
  useWhen:
    'You know which of two things is more like a third, and will search by nearest neighbour: faces, products, sentences.',
  avoidWhen:
    'Most triplets are already in order and you do not mine hard ones: their loss is 0 and training stalls. InfoNCE compares each anchor with many negatives at once.',
  pitfalls: [
    'A loss that stays at the margin means a collapse: all embeddings are equal, both distances 0. Lower the learning rate, or mine semi-hard negatives.',
    'FaceNet squares the distances, PyTorch does not: a margin of 0.2 on squared distances of unit vectors is another margin.',
    'PyTorch adds eps to the difference of the vectors, optax adds it under the root: for equal vectors of D features the distance is 1e-6·√D in the one and 1e-3 in the other.',
    'optax.losses.triplet_margin_loss with norm_degree=1 adds up signed differences without absolute values: it is no distance.',
    'The mean counts triplets whose loss is 0: as training goes on, the few that are left weigh ever less.',
  ],
  source:
    'Weinberger, Saul 2009, Distance Metric Learning for Large Margin Nearest Neighbor Classification, JMLR 10; Schroff et al. 2015, arXiv 1503.03832; swap: Balntas et al. 2016, BMVC',
  apis: [
    ...torchApis('TripletMarginLoss', 'triplet_margin_loss', { keywords: torchKeywords }),
    ...torchApis('TripletMarginWithDistanceLoss', 'triplet_margin_with_distance_loss', {
      keywords: distanceKeywords,
      positional: [],
      fixed: { p: 2, eps: 1e-6 },
      note: anyDistance,
    }),
    {
      framework: 'optax',
      name: 'optax.losses.triplet_margin_loss',
      form: 'function',
      convention: 'optax',
      keywords: {
        margin: { parameter: 'margin', default: 1 },
        eps: { parameter: 'eps', default: 1e-6 },
      },
      positional: ['axis', 'norm_degree', 'margin', 'eps'],
      note: 'One value a triplet: reduce it yourself.',
    },
  ],
  properties: {
    // The negative passes through the anchor: at its nearest it costs most.
    convex: {
      at: { sizes: { sample: 1, feature: 1 }, inputs: { anchor: [0], positive: [0], negative: [-0.9] } },
      and: { negative: [0.9] },
    },
    boundedBelow: 0,
    boundedAbove: {
      at: { sizes: { sample: 1, feature: 1 }, inputs: { anchor: [0], positive: [1e3], negative: [0] } },
    },
    lipschitzGradient: {
      at: { sizes: { sample: 1, feature: 1 }, inputs: { anchor: [0], positive: [-1e-4], negative: [0] } },
      and: { positive: [1e-4] },
    },
    // The anchor is moved by both distances, the others by one each: 2² + 1² + 1².
    boundedInfluence: Math.sqrt(6),
  },
  plot: {
    label: 'distance to the positive',
    inWords: 'the distance of anchor and positive, the negative at distance 1',
    from: 0,
    to: 2,
    sizes: { sample: 1, feature: 1 },
    curves: [{ at: (x) => ({ anchor: [0], positive: [-x], negative: [1] }) }],
  },
};
