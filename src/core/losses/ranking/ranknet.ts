import { mul, neg, softplus, sum, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongRelevantScore, beyond, inOrder, list, listInputs, scores } from '../shared/lists.ts';

/** Σ over pairs with y_j > y_k of log(1 + exp(−κ(s_j − s_k))), a sum for each list. */
export const loss: Loss = {
  id: 'ranknet',
  name: 'RankNet loss',
  synonyms: ['RankNet', 'pairwise logistic loss', 'pairwise cross-entropy'],
  chinese: ['RankNet 损失', '成对逻辑损失'],
  family: 'ranking',
  common: 2,
  inputs: listInputs,
  parameters: [
    {
      id: 'sigma',
      symbol: '\\kappa',
      default: 1,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning:
        'How fast the probability that one item beats another grows with the difference of their scores.',
    },
  ],
  expression: withOptions(() => {
    const cost = where(inOrder(), softplus(neg(mul(param('sigma'), beyond(scores())))), 0);
    return sum(sum(cost, 'item′'), 'item');
  }),
  named: () => [
    {
      name: 'lead',
      symbol: '\\Delta',
      expr: beyond(scores()),
      meaning: 'by how much the score of one item leads that of another',
    },
  ],
  convention: 'Burges et al. 2005',
  meaning:
    'A logistic loss for every pair of items of different relevance: the better one should have the higher score.',
  useWhen: 'You have lists with graded labels, and every pair in the wrong order is equally bad.',
  avoidWhen:
    'Only the top of the list is looked at: LambdaRank weights pairs by what they change there. Lists of thousands: the pairs are their square.',
  pitfalls: [
    'A list of n items has up to n(n − 1)/2 pairs: averaged over lists, long lists rule. Divide by the number of pairs if lists differ in length.',
    'Items of equal relevance make no pair: a list whose labels are all the same contributes 0.',
    'XGBoost’s rank:pairwise and LightGBM’s lambdarank train on weighted pairs and truncated lists: their values are not this number.',
    'Padding of short lists must not take part: a padded item with label 0 is ranked below all relevant ones.',
  ],
  source: 'Burges et al. 2005, Learning to Rank using Gradient Descent, ICML',
  apis: [
    {
      framework: 'xgboost',
      name: 'rank:pairwise',
      form: 'string',
      note: 'LambdaMART on these pairs: by default it draws pairs with the top items of each list only and normalises by their number.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: list([-200, 0], [1, 0]),
    // A quarter of the Laplacian of the graph of pairs, which is largest where one item is compared with all others.
    lipschitzGradient: ({ item = 1 }) => item / 4,
    // All in reverse order: each item is pushed by those above it and by those below.
    boundedInfluence: ({ item = 1 }) => Math.sqrt((item * (item ** 2 - 1)) / 3),
  },
  plot: alongRelevantScore,
};
