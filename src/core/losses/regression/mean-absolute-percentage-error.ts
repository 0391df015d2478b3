import { abs, add, div, eq, clampMin, mul, where, type Operand } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasApis, lightgbmApis } from '../shared/apis.ts';
import { at, between } from '../shared/examples.ts';
import { pred, predictedValues, residual, residualName, target, trueValues } from '../shared/elements.ts';
import { alongPrediction } from '../shared/plots.ts';
import { weightedQuantile } from '../shared/statistics.ts';

/** |r| over the size of the target, which counts as at least `low`. */
const relative = (low: Operand): Expr => div(abs(residual()), clampMin(abs(target()), low));

/** The median of the targets, each weighted by the reciprocal of its size, which counts as at least `least`. */
const weightedMedian = (targets: readonly number[], least: number): readonly number[] => {
  const weights = targets.map((y) => 1 / Math.max(Math.abs(y), least));
  return [weightedQuantile(targets, weights, 0.5)];
};
const words = 'the median of the targets, each weighted by 1/|y|';

/**
 * |ŷ − y|/max(|y|, ε) as a fraction: 0.1 is an error of 10 %. Elicits the median of the targets weighted by 1/|y|,
 * which lies below the median of positive targets.
 */
export const loss: Loss = {
  id: 'mean-absolute-percentage-error',
  name: 'Mean absolute percentage error',
  short: 'mape',
  synonyms: ['MAPE', 'mean absolute percentage deviation', 'relative absolute error', 'sMAPE'],
  chinese: ['平均绝对百分比误差'],
  family: 'regression',
  inputs: [predictedValues(), trueValues({ meaning: 'True values, away from 0.' })],
  parameters: [
    {
      id: 'eps',
      symbol: '\\varepsilon',
      default: 2 ** -52,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning:
        'The least size of a target to divide by: errors on smaller targets are taken relative to this.',
    },
  ],
  expression: withOptions(() => relative(param('eps'))),
  named: residualName,
  averaging: { weightedBy: 'weights' },
  convention: 'scikit-learn',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs: 'In percent, with ε = 1e-7, and the mean over the last axis first.',
      parameters: [],
      expression: withOptions(() => mul(100, relative(1e-7))),
      named: residualName,
      averaging: { rowsFirst: true },
      bestConstant: { words, of: (targets) => weightedMedian(targets, 1e-7) },
    },
    {
      id: 'plain',
      users: 'textbooks',
      differs: 'Without ε: infinite where the target is 0.',
      parameters: [],
      expression: withOptions(() => div(abs(residual()), abs(target()))),
      named: residualName,
      bestConstant: { words, of: (targets) => weightedMedian(targets, 0) },
    },
    {
      id: 'smape',
      users: 'forecasting competitions',
      differs:
        'Symmetric: the error relative to the mean of |ŷ| and |y|, between 0 and 2; 0 where both are 0.',
      parameters: [],
      expression: withOptions(() => {
        const total = add(abs(target()), abs(pred()));
        return where(eq(total, 0), 0, div(mul(2, abs(residual())), total));
      }),
      named: residualName,
    },
  ],
  meaning: 'The average error as a share of the true value.',
  useWhen:
    'Targets are positive, far from 0 and of very different sizes, and a relative error is what counts, as in reports of forecasts.',
  avoidWhen:
    'Targets come near 0 or change sign: single rows then decide everything. For relative errors of positive targets the squared logarithmic error is better behaved.',
  pitfalls: [
    'It favours low predictions: for a positive target, anything between 0 and the target costs 100 % at most, while too much costs without limit.',
    'Keras and TensorFlow.js give percent, scikit-learn a fraction: a factor of 100 in value and gradient.',
    'A target of 0 does not raise: scikit-learn divides by 2.2e-16, so that one such row gives values around 1e15; Keras divides by 1e-7.',
    'LightGBM’s objective mape divides by max(1, |y|): for targets below 1 it is the absolute error.',
    'The gradient is ±1/|y|, whatever the size of the error: rows with small targets get the largest steps.',
  ],
  source:
    'Makridakis 1993, Accuracy measures: theoretical and practical concerns; critique: Hyndman, Koehler 2006, Another look at measures of forecast accuracy, International Journal of Forecasting 22(4)',
  apis: [
    ...kerasApis('MeanAbsolutePercentageError', 'mean_absolute_percentage_error', {
      aliases: ['mape', 'MAPE'],
      note: 'In percent.',
    }),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_absolute_percentage_error',
      form: 'function',
      targetFirst: true,
      fixed: { eps: 2 ** -52 },
      note: 'A fraction, not percent.',
    },
    {
      framework: 'tfjs',
      name: 'meanAbsolutePercentageError',
      form: 'string',
      convention: 'keras',
      note: 'In percent.',
    },
    ...lightgbmApis('mape', {
      aliases: ['mean_absolute_percentage_error'],
      fixed: { eps: 1 },
      note: 'Divides by max(1, |y|).',
    }),
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [1]),
    symmetric: at([1], [2]),
    lipschitzGradient: between(at([1 - 1e-6], [1]), [1 + 1e-6]),
    boundedInfluence: at([1], [1e-4]),
  },
  bestConstant: { words, of: (targets, { eps }) => weightedMedian(targets, eps ?? 2 ** -52) },
  plot: alongPrediction({ label: 'ŷ', inWords: 'the prediction, the target at 1' }, -1, 3, 1),
};
