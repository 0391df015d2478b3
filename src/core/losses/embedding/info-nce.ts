import { add, div, logsumexp, mul, sub } from '../../expression/build.ts';
import { param, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { dot, embeddings, others, unit, vectors } from '../shared/embeddings.ts';
import { alongPairAngle } from '../shared/anglePlots.ts';

/** Cosines over the temperature, of each vector of one set with every vector of the other. */
const similarities = (from: string, to: string): Expr =>
  div(dot(unit(vectors(from)), others(unit(vectors(to)))), param('temperature'));

/** The same of each vector with its partner. */
const own = (): Expr => div(dot(unit(vectors('z1')), unit(vectors('z2'))), param('temperature'));

/** Softmax cross-entropy of each row of similarities, its own partner being the right answer. */
const oneWay = (from: string, to: string): Expr => sub(logsumexp(similarities(from, to), 'sample′'), own());

const names = (): readonly Named[] => [
  { name: 'unit_1', symbol: '\\hat{z}', expr: unit(vectors('z1')), meaning: 'the first views at length 1' },
  { name: 'unit_2', symbol: '\\hat{w}', expr: unit(vectors('z2')), meaning: 'the second views at length 1' },
  {
    name: 'similarity',
    symbol: 's',
    expr: similarities('z1', 'z2'),
    meaning: 'cosines of the first views with the second, over the temperature',
  },
  { name: 'own', symbol: 's^{+}', expr: own(), meaning: 'the similarity of each with its partner' },
];

/** log Σ_j exp s_ij − s_ii for s_ij = cos(z1_i, z2_j)/τ: which of the batch’s second views is the partner of the first? */
export const loss: Loss = {
  id: 'info-nce',
  name: 'InfoNCE loss',
  synonyms: [
    'InfoNCE',
    'CLIP loss',
    'in-batch negatives',
    'multiple negatives ranking loss',
    'contrastive predictive coding',
  ],
  chinese: ['InfoNCE 损失', '信息噪声对比估计损失'],
  family: 'embedding',
  common: 2,
  inputs: [
    embeddings('z1', 'z', 'One vector a sample: the first view, such as the image.'),
    embeddings('z2', 'w', 'The partner of each: the second view, such as its caption.'),
  ],
  parameters: [
    {
      id: 'temperature',
      symbol: '\\tau',
      default: 0.07,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning:
        'Divides the cosines: the smaller, the more the hardest negatives count. 0.05 to 0.5 is usual.',
    },
  ],
  expression: withOptions(() => oneWay('z1', 'z2')),
  named: names,
  convention: 'van den Oord et al. 2018, with cosines',
  conventions: [
    {
      id: 'clip',
      users: 'CLIP (Radford et al. 2021)',
      differs: 'The mean of both directions, from the first views to the second and back.',
      expression: withOptions(() => mul(0.5, add(oneWay('z1', 'z2'), oneWay('z2', 'z1')))),
      named: () => [
        ...names(),
        {
          name: 'similarity_back',
          symbol: "s'",
          expr: similarities('z2', 'z1'),
          meaning: 'cosines of the second views with the first, over the temperature',
        },
      ],
    },
  ],
  meaning:
    'Guessing which of the batch’s vectors is the partner of each: a softmax cross-entropy over cosines, with all other samples as wrong answers.',
  useWhen:
    'You have pairs that belong together (two views, image and text, question and answer) and batches of hundreds or more.',
  avoidWhen:
    'Batches are small or hold several samples of one class: they are pushed apart as if they were different. With labels use the supervised contrastive loss.',
  pitfalls: [
    'Forgetting to normalise the vectors turns cosines into inner products that grow without limit: the temperature then means nothing.',
    'The loss of a batch of N is about ln N while nothing is learned (5.5 for 256), and depends on N: values of different batch sizes cannot be compared.',
    'One-way InfoNCE, CLIP’s mean of both directions and NT-Xent (which also has negatives of the same view) are three different numbers of one batch.',
    'Gradients through all devices: with data-parallel training the negatives are only those of one device unless the vectors are gathered.',
    'torch.nn.functional.cross_entropy(z1 @ z2.T / temperature, torch.arange(N)) is this loss only if z1 and z2 were normalised before.',
  ],
  source:
    'van den Oord, Li, Vinyals 2018, Representation Learning with Contrastive Predictive Coding, arXiv 1807.03748; both directions: Radford et al. 2021, arXiv 2103.00020',
  apis: [],
  properties: {
    convex: {
      at: { sizes: { sample: 2, feature: 1 }, inputs: { z1: [1, -1], z2: [1, -1] } },
      and: { z1: [-3, 3], z2: [-0.5, 0.5] },
    },
    boundedBelow: 0,
    // The partner opposite, all others the same.
    boundedAbove: ({ sample = 1 }) => Math.log1p((sample - 1) * Math.exp(2 / 0.07)),
    lipschitzGradient: {
      at: { sizes: { sample: 2, feature: 2 }, inputs: { z1: [0, 1e-3, 0, 1], z2: [1, 0, -1, 0] } },
      and: { z1: [1e-5, 1e-3, 0, 1] },
    },
    boundedInfluence: {
      at: { sizes: { sample: 2, feature: 2 }, inputs: { z1: [0, 1e-3, 0, 1], z2: [1, 0, -1, 0] } },
    },
  },
  plot: alongPairAngle((vector) => ({ z1: [1, 0, -1, 0], z2: [...vector, -1, 0] })),
};
