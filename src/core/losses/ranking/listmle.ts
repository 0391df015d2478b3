import { and, eq, ge, logsumexp, lt, or, sub, sum, where } from '../../expression/build.ts';
import { index, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongRelevantScore, another, list, listInputs, relevance, scores } from '../shared/lists.ts';

/** Pairs of which the second item is placed after the first by the labels, or is the first itself; ties by position. */
function notYetPlaced(): Expr {
  const [first, second] = [relevance(), another(relevance())];
  return or(lt(second, first), and(eq(second, first), ge(index('item′'), index('item'))));
}

const remaining = () => logsumexp(where(notYetPlaced(), another(scores()), -Infinity), 'item′');

/**
 * Σ_j (log Σ over items not yet placed of exp s − s_j), the items taken in the order of their labels: minus the
 * log-likelihood of that order when items are drawn one by one with probabilities by softmax (Plackett–Luce).
 */
export const loss: Loss = {
  id: 'listmle',
  name: 'ListMLE loss',
  synonyms: ['ListMLE', 'Plackett–Luce negative log-likelihood', 'Plackett-Luce loss'],
  chinese: ['ListMLE 损失', '列表级最大似然损失'],
  family: 'ranking',
  inputs: listInputs,
  parameters: [],
  expression: withOptions(() => sum(sub(remaining(), scores()), 'item')),
  named: () => [
    {
      name: 'remaining',
      symbol: '\\operatorname{lse}',
      expr: remaining(),
      meaning: 'the log-sum-exp of the scores that are not yet placed',
    },
  ],
  convention: 'Xia et al. 2008, ties in the order of the list',
  meaning:
    'How unlikely the right order of a list is, if items are drawn one after another by the softmax of their scores.',
  useWhen: 'You have complete orders, such as rankings by people, and want a likelihood of them.',
  avoidWhen:
    'Labels have few grades: within a grade it enforces the order in which the items happen to stand. Use ListNet or RankNet.',
  pitfalls: [
    'Ties have no order, but the loss needs one. Here the position decides; shuffle tied items in each epoch, or use a loss that leaves ties alone.',
    'Every place weighs the same: an exchange at the bottom costs as much as one at the top. Position-aware ListMLE weights the terms.',
    'Sum over the items: a list of twice the length has about twice the loss.',
    'Written as log(cumsum(exp(s))) it overflows from scores of about 88 on in float32; use a cumulative log-sum-exp.',
  ],
  source: 'Xia, Liu, Wang, Zhang, Li 2008, Listwise Approach to Learning to Rank: Theory and Algorithm, ICML',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: list([-300, 0], [1, 0]),
    // The two items that are placed last take part in n − 1 softmaxes, each with a Hessian of norm at most ½.
    lipschitzGradient: ({ item = 1 }) => (item - 1) / 2,
    // The item that comes last by label leads every softmax.
    boundedInfluence: ({ item = 1 }) => Math.sqrt(item * (item - 1)),
  },
  plot: alongRelevantScore,
};
