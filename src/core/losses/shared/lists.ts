/** Inputs of losses that order lists of items, and the sub-expressions that they share. */
import { gt, rename, sub } from '../../expression/build.ts';
import { input, type Expr } from '../../expression/expression.ts';
import type { LossInput, Plot, Sample } from '../loss.ts';

const axes = ['sample', 'item'] as const;

/** Scores and relevance: one list of items a sample, such as the documents of a query. */
export const listInputs: readonly LossInput[] = [
  {
    id: 'pred',
    symbol: 's',
    kind: 'score',
    role: 'prediction',
    axes,
    meaning: 'A score for each item of a list; the higher, the earlier it is shown.',
  },
  {
    id: 'target',
    symbol: 'y',
    kind: 'relevance',
    role: 'target',
    axes,
    meaning: 'How relevant each item is, 0, 1, 2 and so on; more is better.',
  },
];

/** The scores of a list. */
export const scores = (): Expr => input('pred', axes);
/** The relevance of each item of a list. */
export const relevance = (): Expr => input('target', axes);
/** The same array for another item of the list, so that pairs come out. */
export const another = (x: Expr): Expr => rename(x, 'item', 'item′');
/** What an item has more than another of its list. */
export const beyond = (x: Expr): Expr => sub(x, another(x));
/** Pairs of which the first item is the more relevant one. */
export const inOrder = (): Expr => gt(relevance(), another(relevance()));

/** A batch of one list. */
export function list(pred: readonly number[], target: readonly number[]): { readonly at: Sample } {
  return { at: { sizes: { sample: 1, item: pred.length }, inputs: { pred, target } } };
}

/** Against the score of a relevant item, with another, irrelevant one at 0. */
export const alongRelevantScore: Plot = {
  label: 'score of the relevant item',
  inWords: 'the score of the relevant one of two items, the other at 0',
  from: -4,
  to: 4,
  sizes: { sample: 1, item: 2 },
  curves: [{ at: (x) => ({ pred: [x, 0], target: [1, 0] }) }],
};
