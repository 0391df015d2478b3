import { add, div, exp, log, mul, neg, sub } from '../../expression/build.ts';
import type { Expr, Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput } from '../loss.ts';
import { predictedLogMeans, predictedMeans } from '../shared/amounts.ts';
import { lightgbmApis } from '../shared/apis.ts';
import { at, between } from '../shared/examples.ts';
import { pred, target, trueValues } from '../shared/elements.ts';
import { alongPrediction } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const positiveTargets = (): LossInput => trueValues({ kind: 'positive', meaning: 'True amounts, above 0.' });

const ratio = (): Expr => div(target(), pred());
const ratioName = (): readonly Named[] => [
  { name: 'ratio', symbol: 'q', expr: ratio(), meaning: 'the target as a multiple of the prediction' },
];

/**
 * 2(q − 1 − log q) for the ratio q = y/μ̂: 0 at a perfect prediction, and rounding of q does no harm there because both
 * terms use the same q. Gradient 2(μ̂ − y)/μ̂². Elicits the mean.
 */
export const loss: Loss = {
  id: 'gamma-deviance',
  name: 'Gamma deviance',
  short: 'gamma',
  synonyms: ['gamma loss', 'gamma regression', 'HalfGammaLoss', 'Itakura–Saito distance'],
  chinese: ['伽马偏差', '伽马损失'],
  family: 'regression',
  inputs: [predictedMeans(), positiveTargets()],
  parameters: [],
  expression: withOptions(() => mul(2, sub(sub(ratio(), 1), log(ratio())))),
  named: ratioName,
  averaging: { weightedBy: 'weights' },
  convention: 'scikit-learn',
  conventions: [
    {
      id: 'log-link',
      users: 'scikit-learn’s HalfGammaLoss, XGBoost, LightGBM',
      differs:
        'Half the deviance of the exponential of the prediction, without the terms of the target alone.',
      inputs: [predictedLogMeans(), positiveTargets()],
      expression: withOptions(() => add(pred(), mul(target(), exp(neg(pred()))))),
      bestConstant: {
        words: 'the logarithm of the mean of the targets',
        of: (targets) => [Math.log(mean(targets))],
      },
      plot: alongPrediction(
        { label: 'log μ̂', inWords: 'the predicted logarithm of the mean, the target at 1' },
        -2,
        2,
        1,
      ),
    },
  ],
  meaning:
    'An error of ratios for positive amounts whose spread grows with their mean; only target ÷ prediction counts.',
  useWhen:
    'Targets are positive and skewed, with a standard deviation proportional to the mean: claim sizes, durations, prices.',
  avoidWhen: 'A target can be 0 (use Tweedie with a power between 1 and 2), or absolute errors count.',
  pitfalls: [
    'Targets of 0 or less are not allowed: scikit-learn raises, the formula gives infinity or NaN.',
    'Predicting too little costs far more than too much: half the target 0.61, double the target 0.39.',
    'Not convex in the mean beyond twice the target: predict the logarithm of the mean (log link), in which it is convex.',
    'XGBoost’s reg:gamma and LightGBM’s gamma train on the logarithm and halve it; XGBoost reports the metric gamma-deviance.',
  ],
  source:
    'Nelder, Wedderburn 1972, Generalized Linear Models, Journal of the Royal Statistical Society A 135(3)',
  apis: [
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_gamma_deviance',
      form: 'function',
      targetFirst: true,
      note: 'One output column only.',
    },
    {
      framework: 'sklearn',
      name: 'gamma',
      form: 'string',
      convention: 'log-link',
      note: 'HistGradientBoostingRegressor, on the logarithm of the mean.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.GammaRegressor',
      form: 'class',
      convention: 'log-link',
      note: 'A linear model of the logarithm of the mean, with an L2 penalty of weight alpha.',
    },
    {
      framework: 'xgboost',
      name: 'reg:gamma',
      form: 'string',
      convention: 'log-link',
      note: 'Trees add up to the logarithm of the mean.',
    },
    ...lightgbmApis('gamma', {
      convention: 'log-link',
      note: 'Trees add up to the logarithm of the mean.',
    }),
  ],
  properties: {
    convex: between(at([3], [1]), [9]),
    boundedBelow: 0,
    boundedAbove: at([1e-3], [1]),
    symmetric: at([1], [2]),
    lipschitzGradient: between(at([0.01], [1]), [0.02]),
    boundedInfluence: at([0.01], [1]),
  },
  bestConstant: { words: 'the mean of the targets', of: (targets) => [mean(targets)] },
  plot: alongPrediction({ label: 'μ̂', inWords: 'the predicted mean, the target at 1' }, 0.15, 5, 1),
};
