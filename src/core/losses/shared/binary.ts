/** Inputs and options of losses of two classes, and the sub-expressions that they share. */
import { add, mul, softplus, neg, sub } from '../../expression/build.ts';
import { param, type Expr, type Named } from '../../expression/expression.ts';
import type { LossInput, Option } from '../loss.ts';
import { pred, predictedValues, target, trueValues } from './elements.ts';

/** Raw scores whose sign decides. */
export function signScores(changes: Partial<LossInput> = {}): LossInput {
  return predictedValues({
    symbol: 'f',
    kind: 'score',
    meaning: 'Raw scores: above 0 for the positive class.',
    ...changes,
  });
}

/** Logits of the positive class. */
export function binaryLogits(): LossInput {
  return predictedValues({ symbol: 'z', kind: 'logit', meaning: 'Logits: raw scores before any sigmoid.' });
}

/** Probabilities of the positive class. */
export function binaryProbabilities(): LossInput {
  return predictedValues({
    symbol: 'p',
    kind: 'probability',
    meaning: 'Predicted probabilities of label 1, after the sigmoid.',
  });
}

/** Labels −1 and +1. */
export function signLabels(): LossInput {
  return trueValues({ kind: 'sign-label', meaning: 'Labels −1 or +1.' });
}

/** Labels 0 and 1. */
export function binaryLabels(meaning = 'Labels 0 or 1, or probabilities in between.'): LossInput {
  return trueValues({ kind: 'binary-label', meaning });
}

/** y·f: above 0 where the sign is right. */
export const margin = (): Expr => mul(target(), pred());
/** The margin of labels 0 and 1: (2y − 1)·f. */
export const margin01 = (): Expr => mul(sub(mul(2, target()), 1), pred());

/** The margin as a name for formulas and code. */
export const marginName =
  (of: () => Expr = margin) =>
  (): readonly Named[] => [
    { name: 'margin', symbol: 'm', expr: of(), meaning: 'above 0 where the sign is right' },
  ];

/** Label smoothing over the two classes. */
export const binarySmoothing: Option = {
  id: 'labelSmoothing',
  symbol: '\\varepsilon',
  axes: [],
  neutral: 0,
  range: { min: 0, max: 1, maxExclusive: true },
  meaning: 'Share of the target that is spread evenly over both labels: 1 becomes 1 − ε/2, 0 becomes ε/2.',
};

/** (1 − ε)y + ε/2. */
export const smoothedTarget = (): Expr => {
  const epsilon = param(binarySmoothing.id);
  return add(mul(sub(1, epsilon), target()), mul(0.5, epsilon));
};

/** y·softplus(−z) + (1 − y)·softplus(z): binary cross-entropy on the logit z. */
export const logitCrossEntropy = (y: Expr = target()): Expr =>
  add(mul(y, softplus(neg(pred()))), mul(sub(1, y), softplus(pred())));
