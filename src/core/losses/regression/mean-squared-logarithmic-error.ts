import { log1p, clampMin, square, sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasApis } from '../shared/apis.ts';
import { at, between } from '../shared/examples.ts';
import { pred, target } from '../shared/elements.ts';
import { logResidual, logResidualName, predictedAmounts, trueAmounts } from '../shared/amounts.ts';
import { alongPrediction } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** (log(1 + ŷ) − log(1 + y))² by log1p, which keeps the digits of small amounts. Gradient 2(…)/(1 + ŷ). */
export const loss: Loss = {
  id: 'mean-squared-logarithmic-error',
  name: 'Mean squared logarithmic error',
  short: 'msle',
  synonyms: ['MSLE', 'squared log error', 'mean squared log error'],
  chinese: ['均方对数误差'],
  family: 'regression',
  inputs: [predictedAmounts(), trueAmounts()],
  parameters: [],
  expression: withOptions(() => square(logResidual())),
  named: logResidualName,
  averaging: { weightedBy: 'weights' },
  convention: 'scikit-learn',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'Predictions and targets below 1e-7 count as 1e-7, so that the gradient there is 0, and the mean over the last axis comes first.',
      expression: withOptions(() =>
        square(sub(log1p(clampMin(pred(), 1e-7)), log1p(clampMin(target(), 1e-7)))),
      ),
      averaging: { rowsFirst: true },
      bestConstant: {
        words: 'expm1 of the mean of log1p of the targets, of which none counts below 1e-7',
        of: (targets) => [Math.expm1(mean(targets.map((y) => Math.log1p(Math.max(y, 1e-7)))))],
      },
    },
  ],
  meaning:
    'The squared difference of the logarithms of prediction and target, each plus 1: an error of ratios.',
  useWhen:
    'Amounts or counts that spread over several powers of ten, where being off by 10 % should cost the same for small and large ones.',
  avoidWhen:
    'Predictions can be −1 or less (the logarithm ends there), or errors should be counted in the target’s own units.',
  pitfalls: [
    'In the target’s own units too little costs more than too much: for a target of 10, predicting 5 costs 0.37 and predicting 15 costs 0.14.',
    'The model learns expm1 of the mean logarithm, which is below the mean: predictions do not add up to the expected total.',
    'Below 0 the definitions part: Keras and TensorFlow.js clip at 1e-7 and stop learning there, scikit-learn raises from −1 on, the plain formula is NaN below −1.',
    'It is not convex: an overshoot far above the target has a gradient that falls to 0, so that a bad start recovers slowly. Training log1p of the target with squared error avoids that.',
    'XGBoost’s reg:squaredlogerror minimises half of it and wants labels above −1.',
  ],
  source: 'Kaggle competitions since 2012, after the log-normal model; no first paper',
  apis: [
    ...kerasApis('MeanSquaredLogarithmicError', 'mean_squared_logarithmic_error', {
      aliases: ['msle', 'MSLE'],
    }),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_squared_log_error',
      form: 'function',
      targetFirst: true,
      note: 'Raises for values of −1 or less.',
    },
    { framework: 'tfjs', name: 'meanSquaredLogarithmicError', form: 'string', convention: 'keras' },
    {
      framework: 'xgboost',
      name: 'reg:squaredlogerror',
      form: 'string',
      scale: 0.5,
      note: 'Minimises half of it; labels must be above −1.',
    },
  ],
  properties: {
    convex: between(at([10], [0]), [100]),
    boundedBelow: 0,
    boundedAbove: at([1e6], [0]),
    symmetric: true,
    lipschitzGradient: between(at([0], [1e300]), [1e-3]),
    boundedInfluence: at([0], [1e300]),
  },
  bestConstant: {
    words: 'expm1 of the mean of log1p of the targets',
    of: (targets) => [Math.expm1(mean(targets.map(Math.log1p)))],
  },
  plot: alongPrediction({ label: 'ŷ', inWords: 'the prediction, the target at 2' }, 0, 8, 2),
};
