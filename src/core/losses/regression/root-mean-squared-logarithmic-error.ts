import { mean as average, sqrt, square } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { logResidual, logResidualName, predictedAmounts, trueAmounts } from '../shared/amounts.ts';
import { at, between } from '../shared/examples.ts';
import { alongPrediction } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const bestConstant: BestConstant = {
  words: 'expm1 of the mean of log1p of the targets',
  of: (targets) => [Math.expm1(mean(targets.map(Math.log1p)))],
};

/**
 * √(mean (log(1 + ŷ) − log(1 + y))²) over the whole batch, a single number. Its gradient is 0/0 at a perfect fit, as
 * that of the root mean squared error.
 */
export const loss: Loss = {
  id: 'root-mean-squared-logarithmic-error',
  name: 'Root mean squared logarithmic error',
  short: 'rmsle',
  synonyms: ['RMSLE', 'root mean squared log error'],
  chinese: ['均方根对数误差'],
  family: 'regression',
  inputs: [predictedAmounts(), trueAmounts()],
  parameters: [],
  expression: withOptions(() => sqrt(average(average(square(logResidual()), 'output'), 'sample'))),
  named: logResidualName,
  conventions: [
    {
      id: 'sklearn',
      users: 'scikit-learn',
      differs:
        'Each output column has its own root, and the mean of these is taken; the same for one column.',
      expression: withOptions(() => sqrt(average(square(logResidual()), 'sample'))),
      named: logResidualName,
      bestConstant,
    },
  ],
  meaning:
    'The typical ratio error over the whole batch: 0.1 means that predictions are off by a factor of about e^0.1, some 10 %.',
  useWhen: 'A score of relative errors is reported, as for prices and demand in competitions.',
  avoidWhen:
    'Training: the mean squared logarithmic error, or squared error on log1p of the target, has the same optimum and no 0/0.',
  pitfalls: [
    'At a perfect fit the gradient is 0/0, NaN in every framework. Add 1e-8 inside the root, or leave the root out.',
    'The mean of the roots of mini-batches is not the root over all rows; it is smaller or equal.',
    'The 1 in log(1 + y) matters for small amounts: in other units (cents instead of euros) the value changes.',
    'scikit-learn takes the root for each output column and averages those, and raises for values of −1 or less.',
  ],
  source: 'Kaggle competitions since 2012, after the log-normal model; no first paper',
  apis: [
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.root_mean_squared_log_error',
      form: 'function',
      convention: 'sklearn',
      targetFirst: true,
      note: 'The root for each output column, then their mean.',
    },
  ],
  properties: {
    convex: between(at([10], [0]), [100]),
    boundedBelow: 0,
    boundedAbove: at([1e50], [0]),
    symmetric: true,
    lipschitzGradient: between(at([1 - 1e-6], [1]), [1 + 1e-6]),
    boundedInfluence: 1,
  },
  bestConstant,
  plot: alongPrediction({ label: 'ŷ', inWords: 'the prediction, the target at 2' }, 0, 8, 2),
};
