/** Inputs of losses of amounts, rates and counts, which are not negative. */
import { log1p, sub } from '../../expression/build.ts';
import type { Expr, Named } from '../../expression/expression.ts';
import type { LossInput } from '../loss.ts';
import { pred, predictedValues, target, trueValues } from './elements.ts';

/** Predicted amounts, 0 or more. */
export const predictedAmounts = (): LossInput =>
  predictedValues({ kind: 'nonnegative', meaning: 'Predicted amounts, 0 or more.' });

/** True amounts, 0 or more. */
export const trueAmounts = (): LossInput =>
  trueValues({ kind: 'nonnegative', meaning: 'True amounts, 0 or more.' });

/** Predicted means, above 0. */
export const predictedMeans = (): LossInput =>
  predictedValues({ symbol: '\\hat{\\mu}', kind: 'positive', meaning: 'Predicted means, above 0.' });

/** Logarithms of predicted means. */
export const predictedLogMeans = (): LossInput =>
  predictedValues({ symbol: '\\hat{\\eta}', meaning: 'Logarithms of the predicted means.' });

/** log(1 + ŷ) − log(1 + y). */
export const logResidual = (): Expr => sub(log1p(pred()), log1p(target()));

/** The difference of the logarithms as a name for formulas and code. */
export const logResidualName = (): readonly Named[] => [
  {
    name: 'log_residual',
    symbol: 'r',
    expr: logResidual(),
    meaning: 'how far the logarithm is off, with its sign',
  },
];
