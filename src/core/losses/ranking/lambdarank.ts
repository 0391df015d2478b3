import {
  abs,
  add,
  div,
  eq,
  log,
  mul,
  neg,
  pow,
  rank,
  softplus,
  stop,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongRelevantScore, beyond, inOrder, list, listInputs, relevance, scores } from '../shared/lists.ts';

/** 2^y − 1. */
const gain = () => sub(pow(2, relevance()), 1);
/** 1/log(1 + place) of an array sorted from the largest on, places counted from 1; the base of the logarithm cancels. */
const discount = (x: Expr): Expr => div(1, log(add(rank(neg(x), 'item'), 2)));
const discounts = () => stop(discount(scores()));
const ideal = () => sum(mul(gain(), discount(relevance())), 'item');
/** |ΔNDCG| if two items exchanged places; in a list without a relevant item nothing changes. */
const change = (): Expr => {
  const best = ideal();
  return div(abs(mul(beyond(gain()), beyond(discounts()))), where(eq(best, 0), 1, best));
};

/**
 * The norm of the gradient for one relevant item among others: last and far below all of them, or first with the same
 * score as all of them. From 6 items on the second is the larger one.
 */
function largestNorm(items: number): number {
  const discountAt = (place: number) => 1 / Math.log2(1 + place);
  const others = Array.from({ length: items - 1 }, (_, k) => k);
  const norms = [
    others.map((k) => discountAt(k + 1) - discountAt(items)),
    others.map((k) => (1 - discountAt(k + 2)) / 2),
  ].map((changes) =>
    Math.hypot(
      changes.reduce((total, x) => total + x, 0),
      ...changes,
    ),
  );
  return Math.max(...norms);
}

/**
 * Σ over pairs with y_j > y_k of |ΔNDCG_jk|·log(1 + exp(−κ(s_j − s_k))), a sum for each list. The weights, by how much
 * NDCG would change if the two exchanged places, are constants to the gradient.
 */
export const loss: Loss = {
  id: 'lambdarank',
  name: 'LambdaRank loss',
  synonyms: ['LambdaRank', 'LambdaLoss', 'NDCG loss', 'LambdaMART objective'],
  chinese: ['LambdaRank 损失'],
  family: 'ranking',
  common: 5,
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
    const cost = mul(change(), softplus(neg(mul(param('sigma'), beyond(scores())))));
    return sum(sum(where(inOrder(), cost, 0), 'item′'), 'item');
  }),
  named: () => [
    { name: 'gain', symbol: 'g', expr: gain(), meaning: 'what an item is worth at the first place' },
    {
      name: 'discount',
      symbol: 'd',
      expr: discounts(),
      meaning: 'how much of it remains at the item’s place by score, up to a constant factor',
    },
    {
      name: 'ideal',
      symbol: 'D',
      expr: ideal(),
      meaning: 'the discounted sum of gains of the best order',
    },
    {
      name: 'ndcg_change',
      symbol: '\\Delta N',
      expr: change(),
      meaning: 'by how much NDCG would change if the two items exchanged places',
    },
    {
      name: 'lead',
      symbol: '\\Delta',
      expr: beyond(scores()),
      meaning: 'by how much the score of one item leads that of another',
    },
  ],
  convention: 'Burges 2010',
  meaning:
    'A logistic loss for every pair, weighted by what exchanging its two items would change in NDCG: mistakes at the top count most.',
  useWhen: 'Search and recommendation judged by NDCG, with graded labels; the standard of boosted trees.',
  avoidWhen:
    'You need a convex or smooth objective, or a likelihood: the weights jump when two items exchange places. Without grades, BPR or RankNet is simpler.',
  pitfalls: [
    'The weights must be constants: differentiating through them (or through a soft rank) is another loss. In PyTorch, detach them.',
    'Gains are 2^y − 1: grades of 0 to 4 are worth 0, 1, 3, 7, 15, and a grade of 30 a billion. LightGBM’s default table of gains ends at grade 30.',
    'LightGBM truncates at 30 places (lambdarank_truncation_level) and normalises each list (lambdarank_norm), both by default: its gradients are not these.',
    'Ties in score are broken by position here; when a model starts with all scores equal, the order of the file decides the weights.',
    'The loss is not comparable between steps: its weights change with the order. Watch NDCG itself.',
  ],
  source:
    'Burges, Ragno, Le 2006, Learning to Rank with Nonsmooth Cost Functions, NeurIPS; Burges 2010, From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82',
  apis: [
    {
      framework: 'xgboost',
      name: 'rank:ndcg',
      form: 'string',
      note: 'LambdaMART: by default pairs with the top 32 items of each list, normalised by their number.',
    },
    {
      framework: 'xgboost',
      name: 'rank:map',
      form: 'string',
      note: 'Weights pairs by the change of mean average precision instead of NDCG; labels 0 and 1.',
    },
    {
      framework: 'lightgbm',
      name: 'lambdarank',
      form: 'string',
      note: 'Truncates at 30 places and normalises each list by default; labels are whole numbers.',
    },
  ],
  properties: {
    // Halfway the best item stands at the last place, where its weights are largest.
    convex: { ...list([-3, 3, 3], [2, 1, 0]), and: { pred: [-3, -3, 3] } },
    boundedBelow: 0,
    boundedAbove: list([-1e3, 0], [1, 0]),
    lipschitzGradient: { ...list([0, 1e-6, 1], [2, 1, 0]), and: { pred: [1e-6, 0, 1] } },
    boundedInfluence: ({ item = 1 }) => largestNorm(item),
  },
  plot: alongRelevantScore,
};
