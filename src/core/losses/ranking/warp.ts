import {
  add,
  amax,
  div,
  eq,
  gt,
  indicator,
  le,
  maximum,
  mul,
  neg,
  relu,
  stop,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, input, param, size, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Sample } from '../loss.ts';

const negatives = () => input('neg', ['sample', 'negative']);
/** By how much each negative is above the positive less the margin. */
const excess = () => add(sub(param('margin'), input('pos', ['sample'])), negatives());
const violates = () => gt(excess(), 0);

/** The place of each negative in the order of visits, from 1. */
const place = () => add(index('negative'), 1);
/** How many negatives are looked at until one violates, counted from 1; ∞ where none does. */
const trials = (): Expr => neg(amax(where(violates(), neg(place()), -Infinity), 'negative'));
/** 1 + ½ + … up to a rank: Σ of 1/k over the numbers k up to it. */
function harmonic(isWithin: (k: Expr) => Expr): Expr {
  return stop(sum(where(isWithin(place()), div(1, place()), 0), 'negative'));
}
/** The rank is estimated as ⌊N/T⌋ after T trials of N negatives: k is within it where k·T ≤ N. */
const sampledWeight = () => harmonic((k) => le(mul(k, trials()), size('negative')));
/** The hinge of the first violator; 0 where none violates. */
const firstHinge = () => sum(where(eq(place(), trials()), relu(excess()), 0), 'negative');

const violators = () => sum(indicator(violates()), 'negative');
const exactWeight = () => harmonic((k) => le(k, violators()));

const excessName = (): Named => ({
  name: 'excess',
  symbol: 'h',
  expr: excess(),
  meaning: 'by how much a negative is above the positive less the margin',
});

const placeName = (): Named => ({
  name: 'place',
  symbol: 'k',
  expr: place(),
  meaning: 'the place of a negative in the order of visits, from 1',
});

const one = (pos: readonly number[], neg: readonly number[]): { readonly at: Sample } => ({
  at: { sizes: { sample: 1, negative: neg.length }, inputs: { pos, neg } },
});

const harmonicNumber = (count: number) =>
  Array.from({ length: count }, (_, k) => 1 / (k + 1)).reduce((total, x) => total + x, 0);

/**
 * Φ(⌊N/T⌋)·max(0, m − s⁺ + s⁻_T): the N negatives are visited in the given order until the T-th is above the positive less
 * the margin; Φ(k) = 1 + ½ + … + 1/k is a constant to the gradient. The sampling is done by whoever orders the negatives.
 */
export const loss: Loss = {
  id: 'warp',
  name: 'WARP loss',
  synonyms: ['WARP', 'weighted approximate-rank pairwise loss', 'WSABIE loss'],
  chinese: ['WARP 损失', '加权近似排序成对损失'],
  family: 'ranking',
  inputs: [
    {
      id: 'pos',
      symbol: 's^{+}',
      kind: 'score',
      role: 'prediction',
      axes: ['sample'],
      meaning: 'The score of a right item for each sample.',
    },
    {
      id: 'neg',
      symbol: 's^{-}',
      kind: 'score',
      role: 'prediction',
      axes: ['sample', 'negative'],
      meaning: 'Scores of wrong items, in the (random) order in which they are visited.',
    },
  ],
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 1,
      min: 0,
      max: 1e6,
      meaning: 'By how much the right item should lead, in units of the scores.',
    },
  ],
  expression: withOptions(() => mul(sampledWeight(), firstHinge())),
  named: () => [
    excessName(),
    placeName(),
    {
      name: 'trials',
      symbol: 'T',
      expr: trials(),
      meaning: 'how many negatives are looked at until one violates',
    },
    {
      name: 'rank_weight',
      symbol: '\\Phi',
      expr: sampledWeight(),
      meaning: 'the weight of the estimated rank, a constant to the gradient',
    },
  ],
  convention: 'Weston et al. 2011',
  conventions: [
    {
      id: 'exact',
      users: 'Weston et al. 2011, without sampling',
      differs: 'Counts all violating negatives instead of estimating their number, and averages over them.',
      expression: withOptions(() => {
        const total = sum(relu(excess()), 'negative');
        return mul(div(exactWeight(), maximum(violators(), 1)), total);
      }),
      named: () => [
        excessName(),
        placeName(),
        { name: 'violators', symbol: 'V', expr: violators(), meaning: 'how many negatives violate' },
        {
          name: 'rank_weight',
          symbol: '\\Phi',
          expr: exactWeight(),
          meaning: 'the weight of the rank, a constant to the gradient',
        },
      ],
    },
  ],
  meaning:
    'Looks for a wrong item that is scored too high; the sooner one is found, the worse the rank must be, and the more it counts.',
  useWhen: 'Recommendation and annotation with many items, judged by the top of the list.',
  avoidWhen:
    'Everything is scored in one pass on a device: then a softmax over all items is simpler. Gradients should be smooth: use BPR.',
  pitfalls: [
    'The order of the negatives is part of the input: draw it anew for each step, or the same few items are always visited first.',
    'The rank weight is a constant: the loss jumps where another negative becomes the first to violate.',
    'LightFM weights by log(rank) instead of 1 + ½ + …: close for large ranks, but 0 at rank 1.',
    'As training goes on more trials are needed to find a violator; implementations cap their number, and then skip the sample.',
  ],
  source: 'Weston, Bengio, Usunier 2011, WSABIE: Scaling Up to Large Vocabulary Image Annotation, IJCAI',
  apis: [],
  properties: {
    // Just before the first negative ceases to violate, it hides the second, which is far worse.
    convex: { ...one([0], [-3, 10]), and: { neg: [-0.9, 10] } },
    boundedBelow: 0,
    boundedAbove: one([-1e3], [0]),
    lipschitzGradient: { ...one([1e-6], [-1]), and: { pos: [-1e-6] } },
    // Every negative violates: the first one does.
    boundedInfluence: ({ negative = 1 }) => Math.SQRT2 * harmonicNumber(negative),
  },
  plot: {
    label: 'score of the right item',
    inWords: 'the score of the right item, with wrong ones at 0 and 1',
    from: -2,
    to: 3,
    sizes: { sample: 1, negative: 2 },
    curves: [{ at: (x) => ({ pos: [x], neg: [0, 1] }) }],
  },
};
