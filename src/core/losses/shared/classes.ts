/** Inputs and options of losses that compare classes, and the sub-expressions that they share. */
import {
  add,
  div,
  eq,
  gather,
  indicator,
  logsumexp,
  maximum,
  mul,
  ne,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { constant, index, input, param, size, type Expr } from '../../expression/expression.ts';
import type { LossInput, Option } from '../loss.ts';

const rows = ['sample', 'class'] as const;

/** One logit a class. */
export function logits(changes: Partial<LossInput> = {}): LossInput {
  return {
    id: 'pred',
    symbol: 'z',
    kind: 'logit',
    role: 'prediction',
    axes: rows,
    meaning: 'Logits: one raw score a class, before any softmax.',
    ...changes,
  };
}

/** One probability a class. */
export function classProbabilities(changes: Partial<LossInput> = {}): LossInput {
  return {
    id: 'pred',
    symbol: 'p',
    kind: 'distribution',
    role: 'prediction',
    axes: rows,
    meaning: 'Predicted probabilities: one a class; every row sums to 1.',
    ...changes,
  };
}

/** The logarithm of one probability a class. */
export function classLogProbabilities(changes: Partial<LossInput> = {}): LossInput {
  return {
    id: 'pred',
    symbol: 'x',
    kind: 'log-distribution',
    role: 'prediction',
    axes: rows,
    meaning: 'Logarithms of predicted probabilities, as log_softmax gives them.',
    ...changes,
  };
}

/** One score a class, of which the largest decides. */
export function classScores(): LossInput {
  return logits({ kind: 'score', meaning: 'Raw scores: one a class; the largest decides.' });
}

/** The index of the true class. */
export function classIndices(): LossInput {
  return {
    id: 'target',
    symbol: 'y',
    kind: 'class-index',
    role: 'target',
    axes: ['sample'],
    meaning: 'The index of the true class, counted from 0.',
  };
}

/** The true shares of the classes. */
export function classShares(changes: Partial<LossInput> = {}): LossInput {
  return {
    id: 'target',
    symbol: 'y',
    kind: 'distribution',
    role: 'target',
    axes: rows,
    meaning: 'One-hot labels, or the true shares of the classes; every row sums to 1.',
    ...changes,
  };
}

/** The input `pred`, one number a class. */
export const perClass = (): Expr => input('pred', rows);
/** The input `target` as class indices. */
export const label = (): Expr => input('target', ['sample'], 'index');
/** The input `target`, one number a class. */
export const targetShares = (): Expr => input('target', rows);
/** True for the class that the label names. */
export const isTrueClass = (): Expr => eq(index('class'), label());
/** log Σ_c exp z_c. */
export const logNormaliser = (): Expr => logsumexp(perClass(), 'class');
/** log softmax(z)_y for logits z and the label y. */
export const trueLogProbability = (): Expr => sub(gather(perClass(), 'class', label()), logNormaliser());
/** log(1 − softmax(z)_y): the other classes are added up, so that no digit is lost where the true class is certain. */
export const logMiss = (): Expr =>
  sub(logsumexp(where(isTrueClass(), -Infinity, perClass()), 'class'), logNormaliser());
/** Label smoothing over classes. */
export const labelSmoothing: Option = {
  id: 'labelSmoothing',
  symbol: '\\varepsilon',
  axes: [],
  neutral: 0,
  range: { min: 0, max: 1, maxExclusive: true },
  meaning: 'Share of the target that is spread evenly over all classes.',
};

/** (1 − ε)y + ε/C. */
export const smoothedShares = (): Expr => {
  const epsilon = param(labelSmoothing.id);
  return add(mul(sub(1, epsilon), targetShares()), div(epsilon, size('class')));
};

/** A weight for each class. */
export function classWeights(meaning: string, axis: 'class' | 'output' = 'class'): Option {
  return { id: 'classWeight', symbol: 'w', axes: [axis], neutral: 1, meaning };
}

/** The option `classWeight`, one number a class. */
export const weightOfClass = (): Expr => input('classWeight', ['class']);

/** A label that does not count. */
export const ignoreIndex: Option = {
  id: 'ignoreIndex',
  symbol: 'k',
  axes: [],
  neutral: NaN,
  meaning: 'Samples with this label count neither in the sum nor in what the mean divides by.',
};

/** True where the label counts. */
export const counts = (): Expr => ne(label(), param(ignoreIndex.id));
/** The label, or 0 where it is ignored, so that looking it up is always allowed. */
export const safeLabel = (): Expr => where(counts(), label(), 0);
/** The weight of the label's class, 0 where it is ignored: what PyTorch's mean divides by. */
export const weightOfLabel = (): Expr => where(counts(), gather(weightOfClass(), 'class', safeLabel()), 0);
/** The number of labels that count, at least 1: what Keras's mean divides by where a class is ignored. */
export const countedLabels = (keep: readonly string[] = []): Expr =>
  keep.includes(ignoreIndex.id) ? maximum(sum(indicator(counts()), 'sample'), 1) : constant(1);
