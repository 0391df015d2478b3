import {
  add,
  div,
  logaddexp,
  logsumexp,
  mul,
  ne,
  softplus,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import {
  classLabels,
  dot,
  embeddings,
  negativePairs,
  others,
  positivePairs,
  unit,
  vectors,
} from '../shared/embeddings.ts';
import { alongLabelledAngle, alongPairAngle } from '../shared/anglePlots.ts';

const similarities = (from: string, to: string): Expr =>
  div(dot(unit(vectors(from)), others(unit(vectors(to)))), param('temperature'));

/** The similarity of each vector with its partner. */
const own = (): Expr => div(dot(unit(vectors('z1')), unit(vectors('z2'))), param('temperature'));

/** Similarities of a view with itself, without those of a vector with itself. */
const within = (view: string): Expr =>
  where(ne(index('sample'), index('sample′')), similarities(view, view), -Infinity);

/** The log-sum-exp of the similarities of a view with both views. */
const all = (view: string, partner: string): Expr =>
  logaddexp(logsumexp(similarities(view, partner), 'sample′'), logsumexp(within(view), 'sample′'));

/** Cross-entropy of one view: the partner among all vectors of both views but itself. */
function ofView(view: string, partner: string): Expr {
  return sub(all(view, partner), own());
}

/** All vectors in one array, with labels that say which belong together. */
const pairwise = () => similarities('pred', 'pred');
/** −log(e^s/(e^s + Σ over negatives e^s)) for each pair of samples of one label. */
const ofPair = (): Expr => {
  const s = pairwise();
  const negatives = logsumexp(where(negativePairs(), s, -Infinity), 'sample′');
  return where(positivePairs(), softplus(sub(negatives, s)), 0);
};
const overPairs = (x: Expr) => sum(sum(x, 'sample′'), 'sample');

/**
 * The mean over both views of softmax cross-entropies: for each of 2N vectors, its partner among the 2N − 1 others, by
 * cosine over a temperature. Element i is the mean of the two vectors of sample i.
 */
export const loss: Loss = {
  id: 'nt-xent',
  name: 'NT-Xent loss',
  synonyms: ['NT-Xent', 'SimCLR loss', 'normalised temperature-scaled cross-entropy'],
  chinese: ['NT-Xent 损失', '归一化温度交叉熵损失'],
  family: 'embedding',
  inputs: [
    embeddings('z1', 'z', 'The vectors of one view of each sample.'),
    embeddings('z2', 'w', 'The vectors of another view of the same samples, in the same order.'),
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
        'Divides the cosines: the smaller, the more the hardest negatives count. SimCLR uses 0.1 to 0.5.',
    },
  ],
  expression: withOptions(() => mul(0.5, add(ofView('z1', 'z2'), ofView('z2', 'z1')))),
  named: () => [
    { name: 'unit_1', symbol: '\\hat{z}', expr: unit(vectors('z1')), meaning: 'the first views at length 1' },
    {
      name: 'unit_2',
      symbol: '\\hat{w}',
      expr: unit(vectors('z2')),
      meaning: 'the second views at length 1',
    },
    { name: 'own', symbol: 's^{+}', expr: own(), meaning: 'the similarity of each with its partner' },
    {
      name: 'across_1',
      symbol: 's',
      expr: similarities('z1', 'z2'),
      meaning: 'cosines of the first views with the second, over the temperature',
    },
    {
      name: 'across_2',
      symbol: "s'",
      expr: similarities('z2', 'z1'),
      meaning: 'cosines of the second views with the first, over the temperature',
    },
    {
      name: 'lse_1',
      symbol: 'l',
      expr: all('z1', 'z2'),
      meaning: 'the log-sum-exp of the similarities of a first view with all others',
    },
    {
      name: 'lse_2',
      symbol: "l'",
      expr: all('z2', 'z1'),
      meaning: 'the log-sum-exp of the similarities of a second view with all others',
    },
    {
      name: 'within_1',
      symbol: 't',
      expr: within('z1'),
      meaning: 'cosines within the first views, over the temperature, none with itself',
    },
    {
      name: 'within_2',
      symbol: "t'",
      expr: within('z2'),
      meaning: 'cosines within the second views, over the temperature, none with itself',
    },
  ],
  convention: 'SimCLR (Chen et al. 2020)',
  conventions: [
    {
      id: 'optax',
      users: 'optax',
      differs:
        'Takes all vectors in one array with labels that say which belong together, and averages over all pairs of one label.',
      inputs: [embeddings('pred', 'z', 'The vectors of all views.'), classLabels],
      expression: withOptions(() => {
        const count = overPairs(where(positivePairs(), 1, 0));
        return div(overPairs(ofPair()), count);
      }),
      named: () => [
        { name: 'unit', symbol: '\\hat{z}', expr: unit(vectors('pred')), meaning: 'the vectors at length 1' },
        {
          name: 'similarity',
          symbol: 's',
          expr: pairwise(),
          meaning: 'cosines of all vectors, over the temperature',
        },
      ],
      plot: alongLabelledAngle,
    },
  ],
  meaning:
    'Two views of each sample look for each other among all vectors of the batch: InfoNCE with both views as negatives.',
  useWhen:
    'Self-supervised learning on two augmentations of each sample, with large batches, as SimCLR does.',
  avoidWhen:
    'Batches are below a few hundred (there are too few negatives), or views come from two different encoders: then CLIP’s InfoNCE is the usual choice.',
  pitfalls: [
    'The similarity of a vector with itself must be left out: it is always 1/τ, the largest there is, and keeps the loss from falling.',
    'optax.losses.ntxent wants one array and labels: jnp.concatenate([z1, z2]) with labels [0…N−1, 0…N−1]. Three vectors of one label make six pairs.',
    'Its value for random vectors is about ln(2N − 1), so that it depends on the batch size.',
    'Temperatures of different papers are not comparable: SimCLR’s best was 0.1 for long training, optax and pytorch-metric-learning default to 0.07.',
  ],
  source:
    'Chen, Kornblith, Norouzi, Hinton 2020, A Simple Framework for Contrastive Learning of Visual Representations, arXiv 2002.05709',
  apis: (['optax.losses.ntxent', 'optax.ntxent'] as const).map((name) => ({
    framework: 'optax',
    name,
    form: 'function',
    convention: 'optax',
    keywords: { temperature: { parameter: 'temperature', default: 0.07 } },
    gives: 'mean',
    note: 'Takes all vectors in one array, and labels that say which belong together.',
  })),
  properties: {
    convex: {
      at: { sizes: { sample: 2, feature: 1 }, inputs: { z1: [1, -1], z2: [1, -1] } },
      and: { z1: [-3, 1], z2: [-3, 1] },
    },
    boundedBelow: 0,
    // The partner opposite, the others in equal parts with either.
    boundedAbove: ({ sample = 1 }) => Math.log1p((sample - 1) * (Math.exp(2 / 0.07) + 1)),
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
