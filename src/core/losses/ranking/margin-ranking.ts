import { clampMin, mul, sub } from '../../expression/build.ts';
import { input, param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput, Sample } from '../loss.ts';
import { torchApis } from '../shared/apis.ts';
import { target, trueValues } from '../shared/elements.ts';

const axes = ['sample', 'output'] as const;
const score = (id: string, symbol: string, meaning: string): LossInput => ({
  id,
  symbol,
  kind: 'score',
  role: 'prediction',
  axes,
  meaning,
});
const pair = (x1: number, x2: number, label: 1 | -1): { readonly at: Sample } => ({
  at: { sizes: { sample: 1, output: 1 }, inputs: { x1: [x1], x2: [x2], target: [label] } },
});

/** max(0, m − y(a − b)): the first score should be the larger one by m where y = 1, the smaller one where y = −1. */
export const loss: Loss = {
  id: 'margin-ranking',
  name: 'Margin ranking loss',
  synonyms: ['margin ranking', 'pairwise hinge loss', 'ranking SVM loss', 'pairwise ranking loss'],
  chinese: ['边际排序损失', '成对合页损失'],
  family: 'ranking',
  common: 1,
  inputs: [
    score('x1', 'a', 'The scores of the first things.'),
    score('x2', 'b', 'The scores of the second things.'),
    trueValues({
      kind: 'sign-label',
      meaning: '+1 where the first should be ranked above the second, −1 where below.',
    }),
  ],
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 0,
      min: 0,
      max: 1e6,
      meaning: 'By how much the scores should differ, in units of the scores.',
    },
  ],
  expression: withOptions(() => {
    const difference = sub(input('x1', axes), input('x2', axes));
    return clampMin(sub(param('margin'), mul(target(), difference)), 0);
  }),
  convention: 'PyTorch',
  meaning:
    'A hinge on the difference of two scores: it costs nothing once the right one leads by the margin.',
  useWhen: 'You know of pairs which should come first, and pairs in the right order should be left alone.',
  avoidWhen:
    'You want a probability that one beats the other, or smooth gradients: use RankNet or BPR. Whole lists with grades: use ListNet or LambdaRank.',
  pitfalls: [
    'The default margin is 0: equal scores for everything then have loss 0, and the model may collapse to a constant. Give a margin.',
    'Labels are +1 and −1: with a label of 0 the loss is the margin, whatever the scores.',
    'The margin is in units of the scores: a model that scales its scores up meets any margin; regularise it.',
    'PyTorch’s derivative where the hinge bends is −y, that of max(x, 0) in JAX half of it, and that of relu 0: with margin 0 and equal scores this decides the first step.',
  ],
  source:
    'Herbrich, Graepel, Obermayer 1999, Support Vector Learning for Ordinal Regression, ICANN; Joachims 2002, KDD',
  apis: torchApis('MarginRankingLoss', 'margin_ranking_loss', {
    keywords: { margin: { parameter: 'margin', default: 0 } },
  }),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: pair(-1e3, 0, 1),
    lipschitzGradient: { ...pair(-1e-6, 0, 1), and: { x1: [1e-6] } },
    boundedInfluence: Math.SQRT2,
  },
  plot: {
    label: 'a − b',
    inWords: 'the difference of the two scores, for label 1 and for label minus 1',
    from: -3,
    to: 3,
    sizes: { sample: 1, output: 1 },
    curves: [
      { note: { text: 'y = 1', side: 'right' }, at: (x) => ({ x1: [x], x2: [0], target: [1] }) },
      { note: { text: 'y = −1', side: 'left' }, at: (x) => ({ x1: [x], x2: [0], target: [-1] }) },
    ],
  },
};
