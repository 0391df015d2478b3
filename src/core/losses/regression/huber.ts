import { abs, le, mul, square, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Api, Loss } from '../loss.ts';
import { kerasApis, optaxApis } from '../shared/apis.ts';
import { kerasRows } from '../shared/conventions.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';

const keywords: Api['keywords'] = { delta: { parameter: 'delta', default: 1 } };

/**
 * ½r² where |r| ≤ δ, δ(|r| − ½δ) beyond, for the residual r = ŷ − y and δ > 0: quadratic near zero, linear in the
 * tails. The two pieces meet with equal value and slope, so that the gradient clip(r, −δ, δ) has no jump.
 */
export const loss: Loss = {
  id: 'huber',
  name: 'Huber loss',
  synonyms: ['Huber', 'robust squared error'],
  chinese: ['Huber 损失', '胡贝尔损失'],
  family: 'regression',
  common: 3,
  inputs: [predictedValues(), trueValues()],
  parameters: [
    {
      id: 'delta',
      symbol: '\\delta',
      default: 1,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning: 'The residual at which the loss turns from quadratic to linear, in units of the target.',
    },
  ],
  expression: withOptions(() => {
    const r = residual();
    const delta = param('delta');
    const size = abs(r);
    return where(le(size, delta), mul(0.5, square(r)), mul(delta, sub(size, mul(0.5, delta))));
  }),
  named: residualName,
  convention: 'PyTorch',
  conventions: [kerasRows],
  meaning: 'Squared error for small residuals, absolute error for large ones.',
  useWhen:
    'Most errors are well behaved but some targets are outliers: it learns like squared error and is not dragged off by them.',
  avoidWhen:
    'There is no sensible scale for “large” (choose δ after standardising the target), or the exact mean is wanted.',
  pitfalls: [
    'δ is in units of the target: δ = 1 is half the squared error where residuals stay within ±1, and almost the absolute error where they are in the thousands.',
    'PyTorch’s SmoothL1Loss(beta) is Huber(delta=beta)/beta: the same only at 1.',
    'For large δ it tends to half the squared error, not to the squared error: torch.nn.HuberLoss(delta=1e9) is MSELoss / 2.',
    'With weights, torch.nn.functional.huber_loss divides by the number of elements, but mse_loss and l1_loss by the sum of the weights.',
    'In scikit-learn’s GradientBoostingRegressor the threshold is a quantile of the residuals (alpha), and XGBoost has only the pseudo-Huber loss.',
  ],
  source: 'Huber 1964, Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35(1)',
  apis: [
    {
      framework: 'torch',
      name: 'torch.nn.HuberLoss',
      form: 'class',
      keywords,
      positional: ['reduction', 'delta'],
    },
    {
      framework: 'torch',
      name: 'torch.nn.functional.huber_loss',
      form: 'function',
      keywords,
      positional: ['reduction', 'delta'],
    },
    ...kerasApis('Huber', 'huber', { keywords }),
    ...optaxApis('huber_loss', { keywords, positional: [] }),
    {
      framework: 'sklearn',
      name: 'huber',
      form: 'string',
      note: 'SGDRegressor calls the threshold epsilon (0.1 by default); GradientBoostingRegressor takes a quantile of the residuals.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.HuberRegressor',
      form: 'class',
      keywords: { epsilon: { parameter: 'delta', default: 1.35 } },
      note: 'Estimates the scale of the residuals along with the model; epsilon is in units of that scale.',
    },
    {
      framework: 'tfjs',
      name: 'tf.losses.huberLoss',
      form: 'function',
      targetFirst: true,
      keywords,
      positional: ['weights', 'delta'],
    },
    {
      framework: 'lightgbm',
      name: 'huber',
      form: 'string',
      note: 'The threshold is the parameter alpha, 0.9 by default.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: 1,
  },
  plot: alongResidual(),
};
