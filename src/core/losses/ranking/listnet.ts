import { logsoftmax, mul, neg, softmax, sum } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongRelevantScore, list, listInputs, relevance, scores } from '../shared/lists.ts';

const logs = () => logsoftmax(scores(), 'item');

/** −Σ_j p_j log q_j, where p is the softmax of the labels of a list and q that of its scores. */
export const loss: Loss = {
  id: 'listnet',
  name: 'ListNet loss',
  synonyms: ['ListNet', 'listwise softmax cross-entropy', 'ranking softmax loss', 'softmax loss for ranking'],
  chinese: ['ListNet 损失', '列表级交叉熵'],
  family: 'ranking',
  common: 4,
  inputs: listInputs,
  parameters: [],
  expression: withOptions(() => neg(sum(mul(softmax(relevance(), 'item'), logs()), 'item'))),
  named: () => [
    {
      name: 'top_1',
      symbol: 'p',
      expr: softmax(relevance(), 'item'),
      meaning: 'how likely each item is to come first, by its label',
    },
    {
      name: 'log_top_1',
      symbol: '\\log q',
      expr: logs(),
      meaning: 'how likely each item is to come first, by its score, as a logarithm',
    },
  ],
  convention: 'Cao et al. 2007, top one',
  conventions: [
    {
      id: 'optax',
      users: 'optax',
      differs: 'Weights the logarithms with the labels themselves, not with their softmax.',
      expression: withOptions(() => neg(sum(mul(relevance(), logs()), 'item'))),
      named: () => [
        {
          name: 'log_top_1',
          symbol: '\\log q',
          expr: logs(),
          meaning: 'how likely each item is to come first, by its score, as a logarithm',
        },
      ],
    },
  ],
  meaning:
    'Compares the whole list at once: the probability that each item comes first, by the scores, with the same by the labels.',
  useWhen: 'Lists with graded labels, also long ones: its cost is linear in the number of items.',
  avoidWhen:
    'Grades mean gains at given places, as in NDCG: LambdaRank looks at places. For one right item in a list it is plain softmax cross-entropy.',
  pitfalls: [
    'It does not fall to 0: its least value is the entropy of the softmax of the labels, ln n for n equal labels.',
    'The softmax of labels depends on their scale: labels 0 to 4 give the best of five items 64 %, the same labels divided by 4 only 31 %.',
    'optax.losses.ranking_softmax_loss uses raw labels: all labels 0 give a loss of 0 and no gradient, and grades act as weights.',
    'Padding must be masked with −∞ in the scores: a padded score of 0 takes a share of the softmax.',
  ],
  source: 'Cao, Qin, Liu, Tsai, Li 2007, Learning to Rank: From Pairwise Approach to Listwise Approach, ICML',
  apis: [
    {
      framework: 'optax',
      name: 'optax.losses.ranking_softmax_loss',
      form: 'function',
      convention: 'optax',
      gives: 'mean',
      note: 'Labels are not put through a softmax; reduce_fn=None gives one value a list.',
    },
    {
      framework: 'lightgbm',
      name: 'rank_xendcg',
      form: 'string',
      note: 'A cross-entropy between scores and randomly perturbed gains: the same idea, other numbers.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: list([-300, 0], [1, 0]),
    lipschitzGradient: 0.5,
    boundedInfluence: Math.SQRT2,
  },
  plot: alongRelevantScore,
};
