import { add, div, eq, exp, log, mul, neg, pow, square, sub, where, xlogy } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, LossInput } from '../loss.ts';
import { predictedLogMeans, predictedMeans, trueAmounts } from '../shared/amounts.ts';
import { lightgbmApis } from '../shared/apis.ts';
import { at, between } from '../shared/examples.ts';
import { pred, residual, target } from '../shared/elements.ts';
import { alongPrediction } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const power = (): Expr => param('power');

/** One expression for powers 0, 1 and 2, where the general one divides by 0, and one for all others. */
const byPower = (normal: Expr, poisson: Expr, gamma: Expr, general: Expr): Expr =>
  where(eq(power(), 0), normal, where(eq(power(), 1), poisson, where(eq(power(), 2), gamma, general)));

function deviance(): Expr {
  const [mu, y, p] = [pred(), target(), power()];
  const [one, two] = [sub(1, p), sub(2, p)];
  const ratio = div(y, mu);
  const constant = div(pow(y, two), mul(one, two));
  const terms = add(sub(constant, div(mul(y, pow(mu, one)), one)), div(pow(mu, two), two));
  return byPower(
    square(residual()),
    mul(2, add(sub(xlogy(y, ratio), y), mu)),
    mul(2, sub(sub(ratio, 1), log(ratio))),
    mul(2, terms),
  );
}

function halfOnLogarithm(): Expr {
  const [z, y, p] = [pred(), target(), power()];
  const [one, two] = [sub(1, p), sub(2, p)];
  return byPower(
    mul(0.5, square(sub(exp(z), y))),
    sub(exp(z), mul(y, z)),
    add(z, mul(y, exp(neg(z)))),
    sub(div(exp(mul(two, z)), two), div(mul(y, exp(mul(one, z))), one)),
  );
}

const amounts: LossInput = {
  ...trueAmounts(),
  kindFrom: { parameter: 'power', value: 2, kind: 'positive' },
  meaning: 'True amounts, 0 or more; from power 2 on above 0.',
};

/**
 * 2(y^(2−p)/((1 − p)(2 − p)) − y·μ̂^(1−p)/(1 − p) + μ̂^(2−p)/(2 − p)) for the power p of the variance μ^p, with the
 * squared error (0), the Poisson (1) and the gamma deviance (2) as cases of the parameter. Gradient 2(μ̂ − y)/μ̂^p.
 * Elicits the mean.
 */
export const loss: Loss = {
  id: 'tweedie',
  name: 'Tweedie deviance',
  synonyms: ['Tweedie loss', 'compound Poisson–gamma deviance', 'HalfTweedieLoss', 'Tweedie regression'],
  chinese: ['Tweedie 偏差', 'Tweedie 损失'],
  family: 'regression',
  inputs: [predictedMeans(), amounts],
  parameters: [
    {
      id: 'power',
      symbol: 'p',
      default: 1.5,
      min: -10,
      max: 10,
      gap: [0, 1],
      meaning:
        'The variance grows as the mean to this power: 0 normal, 1 Poisson, between 1 and 2 amounts with exact zeros, 2 gamma, 3 inverse Gaussian. There is no such distribution between 0 and 1.',
    },
  ],
  expression: withOptions(deviance),
  averaging: { weightedBy: 'weights' },
  convention: 'scikit-learn',
  conventions: [
    {
      id: 'log-link',
      users: 'scikit-learn’s HalfTweedieLoss, XGBoost, LightGBM',
      differs:
        'Half the deviance of the exponential of the prediction, without the terms of the target alone (at power 0 with them).',
      inputs: [predictedLogMeans(), amounts],
      expression: withOptions(halfOnLogarithm),
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
    'How unlikely an amount is when its variance is a power of its mean; between 1 and 2 it takes exact zeros and positive amounts together.',
  useWhen:
    'Most targets are exactly 0 and the rest positive and skewed: insurance claims per policy, rain per day, sales per shop.',
  avoidWhen: 'Targets are negative, or there are no zeros and the gamma deviance fits.',
  pitfalls: [
    'From power 2 on a target of 0 costs infinitely much; scikit-learn raises there, and for powers between 0 and 1.',
    'Defaults differ: scikit-learn’s mean_tweedie_deviance and TweedieRegressor have power 0, the squared error; XGBoost and LightGBM (tweedie_variance_power) 1.5.',
    'Values of different powers cannot be compared: the power changes the unit. Choose it by the likelihood or by another metric.',
    'Predictions must be above 0: predict the logarithm of the mean. XGBoost and LightGBM do so by themselves.',
    'Not to be confused with Tversky, a loss of segmentation.',
  ],
  source:
    'Tweedie 1984, An index which distinguishes between some important exponential families; Jørgensen 1987, Exponential Dispersion Models',
  apis: [
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_tweedie_deviance',
      form: 'function',
      targetFirst: true,
      keywords: { power: { parameter: 'power', default: 0 } },
      positional: [],
      note: 'One output column only.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_poisson_deviance',
      form: 'function',
      targetFirst: true,
      fixed: { power: 1 },
      note: 'One output column only; twice the Poisson negative log-likelihood, up to a constant.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.TweedieRegressor',
      form: 'class',
      convention: 'log-link',
      keywords: { power: { parameter: 'power', default: 0 } },
      note: 'At its default power 0 the prediction itself is linear, not its logarithm.',
    },
    {
      framework: 'xgboost',
      name: 'reg:tweedie',
      form: 'string',
      convention: 'log-link',
      note: 'The power is tweedie_variance_power, 1.5 by default; trees add up to the logarithm of the mean.',
    },
    ...lightgbmApis('tweedie', {
      convention: 'log-link',
      note: 'The power is tweedie_variance_power, 1.5 by default; trees add up to the logarithm of the mean.',
    }),
  ],
  properties: {
    convex: between(at([1], [0]), [9]),
    boundedBelow: 0,
    boundedAbove: at([1e4], [0]),
    lipschitzGradient: between(at([0.01], [1]), [0.02]),
    boundedInfluence: at([1e-3], [1]),
  },
  bestConstant: { words: 'the mean of the targets', of: (targets) => [mean(targets)] },
  plot: alongPrediction({ label: 'μ̂', inWords: 'the predicted mean, the target at 1' }, 0.1, 5, 1),
};
