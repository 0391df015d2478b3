/** Inputs of losses that compare matching elements, and the sub-expressions that they share. */
import { sub } from '../../expression/build.ts';
import { input, type Expr, type Named } from '../../expression/expression.ts';
import type { LossInput } from '../loss.ts';

const axes = ['sample', 'output'] as const;

/** Predicted values: any real number unless another kind is given. */
export function predictedValues(changes: Partial<LossInput> = {}): LossInput {
  return {
    id: 'pred',
    symbol: '\\hat{y}',
    kind: 'value',
    role: 'prediction',
    axes,
    meaning: 'Predicted values.',
    ...changes,
  };
}

/** True values: any real number unless another kind is given. */
export function trueValues(changes: Partial<LossInput> = {}): LossInput {
  return {
    id: 'target',
    symbol: 'y',
    kind: 'value',
    role: 'target',
    axes,
    meaning: 'True values.',
    ...changes,
  };
}

/** The input `pred`, one number an element. */
export const pred = (): Expr => input('pred', axes);
/** The input `target`, one number an element. */
export const target = (): Expr => input('target', axes);
/** ŷ − y. */
export const residual = (): Expr => sub(pred(), target());

/** The residual as a name for formulas and code. */
export const residualName = (): readonly Named[] => [
  {
    name: 'residual',
    symbol: 'r',
    expr: residual(),
    meaning: 'how far the prediction is off, with its sign',
  },
];
