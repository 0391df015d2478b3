import { square } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasApis, lightgbmApis, optaxApis } from '../shared/apis.ts';
import { kerasRows } from '../shared/conventions.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { broadcasting, weightedMeans } from '../shared/pitfalls.ts';
import { alongResidual } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** (ŷ − y)². Stable as written; its gradient 2(ŷ − y) grows with the error. Elicits the conditional mean. */
export const loss: Loss = {
  id: 'mean-squared-error',
  name: 'Mean squared error',
  short: 'mse',
  synonyms: ['MSE', 'L2 loss', 'squared error', 'quadratic loss', 'least squares'],
  chinese: ['均方误差', '平方误差', 'L2 损失'],
  family: 'regression',
  common: 1,
  inputs: [predictedValues(), trueValues()],
  parameters: [],
  expression: withOptions(() => square(residual())),
  named: residualName,
  averaging: { weightedBy: 'weights' },
  convention: 'PyTorch',
  conventions: [kerasRows],
  meaning: 'The average squared distance between prediction and target.',
  useWhen:
    'Errors are roughly normal and large ones should count far more than small ones; the prediction becomes the conditional mean.',
  avoidWhen: 'The target has outliers or heavy tails: one error of 100 weighs as much as 10,000 errors of 1.',
  pitfalls: [
    broadcasting('mean'),
    'Some definitions carry a factor ½ (optax.l2_loss, scikit-learn’s squared_error solvers, many courses; here half-squared-error): the same minimum, half the value and half the gradient, so the learning rate means something else.',
    'The value is in squared units of the target. Standardise a target with large numbers, or the first gradients are huge.',
    weightedMeans,
    'As a loss for classification behind a sigmoid or softmax its gradient vanishes where the model is confidently wrong; use cross-entropy.',
  ],
  source:
    'Legendre 1805, Nouvelles méthodes pour la détermination des orbites des comètes; Gauss 1809, Theoria motus',
  apis: [
    { framework: 'torch', name: 'torch.nn.MSELoss', form: 'class' },
    { framework: 'torch', name: 'torch.nn.functional.mse_loss', form: 'function' },
    ...kerasApis('MeanSquaredError', 'mean_squared_error', { aliases: ['mse', 'MSE'] }),
    ...optaxApis('squared_error'),
    { framework: 'sklearn', name: 'sklearn.metrics.mean_squared_error', form: 'function', targetFirst: true },
    {
      framework: 'sklearn',
      name: 'squared_error',
      form: 'string',
      scale: 0.5,
      note: 'SGDRegressor and the boosting models minimise half the squared error.',
    },
    {
      framework: 'tfjs',
      name: 'tf.losses.meanSquaredError',
      form: 'function',
      targetFirst: true,
      note: 'With weights it divides by the number of non-zero weights.',
    },
    {
      framework: 'tfjs',
      name: 'meanSquaredError',
      form: 'string',
      convention: 'keras',
      note: 'compile() knows only the long names; ‘mse’ throws.',
    },
    {
      framework: 'xgboost',
      name: 'reg:squarederror',
      form: 'string',
      scale: 0.5,
      note: 'The gradient is ŷ − y, that of half the squared error.',
    },
    ...lightgbmApis('regression', {
      aliases: [
        'regression_l2',
        'l2',
        'mean_squared_error',
        'mse',
        'l2_root',
        'root_mean_squared_error',
        'rmse',
      ],
      scale: 0.5,
      note: 'The gradient is ŷ − y, that of half the squared error.',
    }),
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 2,
    boundedInfluence: at([1e3], [0]),
  },
  bestConstant: { words: 'the mean of the targets', of: (targets) => [mean(targets)] },
  plot: alongResidual(),
};
