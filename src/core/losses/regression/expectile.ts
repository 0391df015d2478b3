import { ge, mul, square, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at } from '../shared/examples.ts';
import { pred, predictedValues, residual, residualName, target, trueValues } from '../shared/elements.ts';
import { level } from '../shared/level.ts';
import { alongResidual } from '../shared/plots.ts';
import { expectile } from '../shared/statistics.ts';

/** The squared error times τ where the prediction is too low, times 1 − τ where it is too high. Elicits the τ-expectile. */
export const loss: Loss = {
  id: 'expectile',
  name: 'Expectile loss',
  synonyms: ['asymmetric squared error', 'asymmetric least squares', 'ALS loss', 'expectile regression'],
  chinese: ['期望分位数损失', '非对称平方误差'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [level('The share of the weight that squared errors of too low predictions have.')],
  expression: withOptions(() => {
    const tau = param('tau');
    const share = where(ge(target(), pred()), tau, sub(1, tau));
    return mul(share, square(residual()));
  }),
  named: residualName,
  meaning:
    'The squared error with different prices for too low and too high: what the quantile loss is to the absolute error.',
  useWhen:
    'Shortage and surplus have different prices and large errors count more than in proportion, as in risk measures and offline reinforcement learning.',
  avoidWhen:
    'The level should have a meaning as a share of rows: that is the quantile loss. Outliers dominate, as with every squared error.',
  pitfalls: [
    'At τ = 0.5 it is half the squared error, and its expectile is the mean, not the median.',
    'The 0.9-expectile is not the 0.9-quantile: for a normal distribution it lies at 0.86 standard deviations, the quantile at 1.28.',
    'Swapping prediction and target turns τ into 1 − τ without any error message.',
    'No loss of PyTorch, Keras or optax, and XGBoost 3.2 does not know reg:expectileerror.',
  ],
  source: 'Newey, Powell 1987, Asymmetric Least Squares Estimation and Testing, Econometrica 55(4)',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([0], [1e3]),
    symmetric: at([1], [0]),
    lipschitzGradient: 1.8,
    boundedInfluence: at([0], [1e3]),
  },
  bestConstant: {
    words: 'the τ-expectile of the targets',
    of: (targets, { tau }) => [expectile(targets, tau ?? 0.9)],
  },
  plot: alongResidual(),
};
