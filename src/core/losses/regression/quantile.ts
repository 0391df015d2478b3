import { add, ge, log, log1p, mul, neg, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { pred, predictedValues, target, trueValues } from '../shared/elements.ts';
import { level } from '../shared/level.ts';
import { alongResidual } from '../shared/plots.ts';
import { quantile } from '../shared/statistics.ts';

/**
 * τ(y − ŷ) where the prediction is too low, (1 − τ)(ŷ − y) where it is too high. Gradient −τ and 1 − τ; at ŷ = y it is
 * −τ, as in scikit-learn. Elicits the τ-quantile.
 */
export const loss: Loss = {
  id: 'quantile',
  name: 'Quantile loss',
  synonyms: [
    'pinball loss',
    'quantile regression loss',
    'check loss',
    'tilted absolute error',
    'PinballLoss',
  ],
  chinese: ['分位数损失', 'Pinball 损失', '弹球损失'],
  family: 'regression',
  common: 6,
  inputs: [predictedValues(), trueValues()],
  parameters: [level('The share of targets that should lie below the prediction.')],
  expression: withOptions(() => {
    const [p, y, tau] = [pred(), target(), param('tau')];
    return where(ge(y, p), mul(tau, sub(y, p)), mul(sub(1, tau), sub(p, y)));
  }),
  averaging: { weightedBy: 'weights' },
  convention: 'scikit-learn',
  meaning:
    'The absolute error with different prices for too low and too high: at τ = 0.9 an unforeseen unit costs nine times a superfluous one.',
  useWhen:
    'You want a quantile or a prediction interval (τ = 0.05 and 0.95), or shortage and surplus have different prices.',
  avoidWhen: 'The mean is wanted, or so few rows that the tail beyond τ holds hardly any of them.',
  pitfalls: [
    'At τ = 0.5 it is half the mean absolute error, not the mean absolute error.',
    'τ near 1 gives high predictions. Swapping prediction and target turns τ into 1 − τ without any error message.',
    'Separately trained quantiles may cross: the 0.9-quantile can come out below the 0.5-quantile. Sort them, or predict increments.',
    'The gradient never shrinks: with a constant learning rate the prediction jitters around the quantile. Decay the rate.',
    'Defaults differ: sklearn.metrics.mean_pinball_loss and QuantileRegressor 0.5, GradientBoostingRegressor and LightGBM (alpha) 0.9, XGBoost has none.',
  ],
  source: 'Koenker, Bassett 1978, Regression Quantiles, Econometrica 46(1)',
  apis: [
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_pinball_loss',
      form: 'function',
      targetFirst: true,
      keywords: { alpha: { parameter: 'tau', default: 0.5 } },
      positional: [],
    },
    {
      framework: 'sklearn',
      name: 'quantile',
      form: 'string',
      note: 'The level is alpha in GradientBoostingRegressor (0.9 by default), quantile in HistGradientBoostingRegressor.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.QuantileRegressor',
      form: 'class',
      keywords: { quantile: { parameter: 'tau', default: 0.5 } },
      note: 'A linear model with an L1 penalty of weight alpha.',
    },
    {
      framework: 'xgboost',
      name: 'reg:quantileerror',
      form: 'string',
      note: 'The level is the parameter quantile_alpha, which has no default.',
    },
    {
      framework: 'lightgbm',
      name: 'quantile',
      form: 'string',
      note: 'The level is the parameter alpha, 0.9 by default.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([0], [1e3]),
    symmetric: at([1], [0]),
    lipschitzGradient: between(at([-1e-6], [0]), [1e-6]),
    boundedInfluence: 0.9,
  },
  // The asymmetric Laplace density of scale 1, τ(1 − τ)·exp(−loss): Koenker, Machado 1999.
  trainable: {
    parameters: [{ id: 'tau', from: 0, to: 1, name: 'level' }],
    logNormaliser: () => neg(add(log(param('tau')), log1p(neg(param('tau'))))),
  },
  bestConstant: {
    words: 'the τ-quantile of the targets',
    of: (targets, { tau }) => [quantile(targets, tau ?? 0.9)],
  },
  plot: alongResidual(),
};
