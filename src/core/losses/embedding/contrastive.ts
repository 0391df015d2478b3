import { add, mul, norm, relu, square, sub, type Operand } from '../../expression/build.ts';
import { input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput, Plot } from '../loss.ts';
import { pred, predictedValues, target, trueValues } from '../shared/elements.ts';
import { embeddings, vectors } from '../shared/embeddings.ts';

const distance = () => norm(sub(vectors('x1'), vectors('x2')), 'feature');

const label: LossInput = {
  id: 'target',
  symbol: 'y',
  kind: 'binary-label',
  role: 'target',
  axes: ['sample'],
  meaning: '0 for a pair that belongs together, 1 for one that does not.',
};

const pairLoss = (isApart: Operand, isTogether: Operand, d: Expr): Expr =>
  add(mul(isTogether, square(d)), mul(isApart, square(relu(sub(param('margin'), d)))));

const distances = predictedValues({
  symbol: 'D',
  kind: 'nonnegative',
  meaning: 'Distances of pairs, made by the model.',
});

/** Against the distance of a pair; the curve that falls to 0 at the margin is that of pairs of the label `apart`. */
const alongDistance = (apart: 0 | 1): Plot => ({
  label: 'distance D',
  inWords: 'the distance of the pair, for pairs that belong together and for pairs that do not',
  from: 0,
  to: 2,
  sizes: { sample: 1, output: 1 },
  curves: [
    { note: { text: `y = ${1 - apart}`, side: 'left' }, at: (x) => ({ pred: [x], target: [1 - apart] }) },
    { note: { text: `y = ${apart}`, side: 'right' }, at: (x) => ({ pred: [x], target: [apart] }) },
  ],
});

/** ½(1 − y)D² + ½y·max(0, m − D)² for the distance D = ‖a − b‖ of a pair; y = 1 says that the two are different. */
export const loss: Loss = {
  id: 'contrastive',
  name: 'Contrastive loss',
  synonyms: ['pairwise contrastive loss', 'siamese loss', 'Hadsell loss'],
  chinese: ['对比损失'],
  family: 'embedding',
  common: 3,
  inputs: [
    embeddings('x1', 'a', 'The first vector of each pair.'),
    embeddings('x2', 'b', 'The second vector of each pair.'),
    label,
  ],
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 1,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning: 'The distance from which pairs that do not belong together cost nothing.',
    },
  ],
  expression: withOptions(() => {
    const y = input('target', ['sample']);
    return pairLoss(mul(0.5, y), mul(0.5, sub(1, y)), distance());
  }),
  named: () => [
    { name: 'distance', symbol: 'D', expr: distance(), meaning: 'the distance between the two vectors' },
  ],
  convention: 'Hadsell et al. 2006',
  conventions: [
    {
      id: 'distances',
      users: 'Hadsell et al. 2006, on distances',
      differs: 'Takes the distances of the pairs instead of their vectors.',
      inputs: [distances, trueValues({ kind: 'binary-label', meaning: label.meaning })],
      expression: withOptions(() => pairLoss(mul(0.5, target()), mul(0.5, sub(1, target())), pred())),
      plot: alongDistance(1),
    },
    {
      id: 'tutorial',
      users: 'TensorFlow Addons and tutorials on siamese networks',
      differs: 'Takes distances; label 1 says that a pair belongs together, and there is no factor ½.',
      inputs: [
        distances,
        trueValues({
          kind: 'binary-label',
          meaning: '1 for a pair that belongs together, 0 for one that does not.',
        }),
      ],
      expression: withOptions(() => pairLoss(sub(1, target()), target(), pred())),
      plot: alongDistance(0),
    },
  ],
  meaning:
    'Pulls the vectors of a pair together as a spring where they belong together, and pushes them apart to a margin where they do not.',
  useWhen:
    'You have labelled pairs and will compare by distance later, as in verification of signatures, faces or near-duplicates.',
  avoidWhen:
    'Pairs are scarce but batches are large: InfoNCE uses every other sample as a negative. Only order matters: the triplet loss asks for less.',
  pitfalls: [
    'The label is turned around in half of what is published: in the paper 1 means different, in most tutorials 1 means the same. The wrong way round, the loss falls while the embedding is destroyed.',
    'The paper has a factor ½ that tutorials drop: the same learning rate then steps twice as far.',
    'Written as sqrt(sum of squares), its gradient is NaN in PyTorch for two equal vectors (0/0); torch.linalg.vector_norm gives 0 there.',
    'Without normalised vectors the margin has no fixed meaning, and the network can meet it by growing all its outputs.',
  ],
  source: 'Hadsell, Chopra, LeCun 2006, Dimensionality Reduction by Learning an Invariant Mapping, CVPR',
  apis: [],
  properties: {
    // Of different things, the nearest place is the worst: a peak.
    convex: {
      at: { sizes: { sample: 1, feature: 1 }, inputs: { x1: [-0.5], x2: [0], target: [1] } },
      and: { x1: [0.5] },
    },
    boundedBelow: 0,
    boundedAbove: { at: { sizes: { sample: 1, feature: 1 }, inputs: { x1: [100], x2: [0], target: [0] } } },
    lipschitzGradient: {
      at: { sizes: { sample: 1, feature: 1 }, inputs: { x1: [-1e-6], x2: [0], target: [1] } },
      and: { x1: [1e-6] },
    },
    boundedInfluence: {
      at: { sizes: { sample: 1, feature: 1 }, inputs: { x1: [2000], x2: [0], target: [0] } },
    },
  },
  plot: {
    label: 'distance D',
    inWords: 'the distance of the pair, for pairs that belong together and for pairs that do not',
    from: 0,
    to: 2,
    sizes: { sample: 1, feature: 1 },
    curves: [
      { note: { text: 'y = 0', side: 'left' }, at: (x) => ({ x1: [x], x2: [0], target: [0] }) },
      { note: { text: 'y = 1', side: 'right' }, at: (x) => ({ x1: [x], x2: [0], target: [1] }) },
    ],
  },
};
