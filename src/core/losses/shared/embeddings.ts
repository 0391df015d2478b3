/** Inputs of losses that compare vectors, and the sub-expressions that they share. */
import {
  and,
  clampMin,
  div,
  eq,
  gt,
  indicator,
  mul,
  ne,
  norm,
  rename,
  sum,
  where,
} from '../../expression/build.ts';
import { index, input, type Expr } from '../../expression/expression.ts';
import type { LossInput } from '../loss.ts';

const axes = ['sample', 'feature'] as const;

/** An input of one vector a sample. */
export function embeddings(id: string, symbol: string, meaning: string): LossInput {
  return { id, symbol, kind: 'embedding', role: 'prediction', axes, meaning };
}

/** The class of each sample, as given with the data. */
export const classLabels: LossInput = {
  id: 'target',
  symbol: 'y',
  kind: 'class-index',
  role: 'target',
  axes: ['sample'],
  meaning: 'The class of each sample, as a number from 0.',
};

/** The expression of an input of one vector a sample. */
export const vectors = (id: string): Expr => input(id, axes);

/** The label of each sample: an index. */
export const labels = (): Expr => input('target', ['sample'], 'index');

/** What is asked of the other samples of the batch: the same array along `sample′`. */
export const others = (x: Expr): Expr => rename(x, 'sample', 'sample′');

/** Inner products Σ x·y along the features. */
export const dot = (x: Expr, y: Expr): Expr => sum(mul(x, y), 'feature');

/** Vectors of length 1, as PyTorch’s F.normalize makes them: a length below 1e-12 counts as 1e-12. */
export const unit = (x: Expr): Expr => div(x, clampMin(norm(x, 'feature'), 1e-12));

/** Pairs of different samples of one class: positives. */
export const positivePairs = (): Expr =>
  and(eq(labels(), others(labels())), ne(index('sample'), index('sample′')));

/** Pairs of samples of different classes: negatives. */
export const negativePairs = (): Expr => ne(labels(), others(labels()));

/** What each sample adds to the divisor of the mean: 1 where it counts. Where none does all do: the mean is 0, not 0/0. */
export function counted(counts: Expr): Expr {
  const some = gt(sum(indicator(others(counts)), 'sample′'), 0);
  return where(some, indicator(counts), 1);
}
