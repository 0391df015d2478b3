import { square } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { broadcasting, weightedMeans } from '../shared/pitfalls.ts';
import { alongResidual } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** (ŷ − y)². Stable as written; its gradient 2(ŷ − y) grows with the error. Elicits the conditional mean. */
export const loss: Loss = {
  id: 'mean-squared-error',
  name: 'Mean squared error',
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
  meaning: 'The average squared distance between prediction and target.',
  useWhen:
    'Errors are roughly normal and large ones should count far more than small ones; the prediction becomes the conditional mean.',
  avoidWhen: 'The target has outliers or heavy tails: one error of 100 weighs as much as 10,000 errors of 1.',
  pitfalls: [
    broadcasting('mean'),
    'Some definitions carry a factor ½ (optax.l2_loss, scikit-learn’s squared_error solvers, many courses): the same minimum, half the value and half the gradient, so the learning rate means something else.',
    'The value is in squared units of the target. Standardise a target with large numbers, or the first gradients are huge.',
    weightedMeans,
    'As a loss for classification behind a sigmoid or softmax its gradient vanishes where the model is confidently wrong; use cross-entropy.',
  ],
  source:
    'Legendre 1805, Nouvelles méthodes pour la détermination des orbites des comètes; Gauss 1809, Theoria motus',
  apis: [
    { framework: 'torch', name: 'torch.nn.MSELoss', form: 'class' },
    { framework: 'torch', name: 'torch.nn.functional.mse_loss', form: 'function' },
    { framework: 'keras', name: 'keras.losses.MeanSquaredError', form: 'class', targetFirst: true },
    {
      framework: 'keras',
      name: 'keras.losses.mean_squared_error',
      form: 'function',
      targetFirst: true,
      note: 'Averages over the last axis only: one value a row.',
    },
    { framework: 'keras', name: 'mse', form: 'string' },
    { framework: 'keras', name: 'MSE', form: 'string' },
    { framework: 'keras', name: 'mean_squared_error', form: 'string' },
    { framework: 'keras', name: 'MeanSquaredError', form: 'string' },
    {
      framework: 'optax',
      name: 'optax.losses.squared_error',
      form: 'function',
      note: 'Elementwise: reduce it yourself.',
    },
    {
      framework: 'optax',
      name: 'optax.squared_error',
      form: 'function',
      note: 'Elementwise: reduce it yourself.',
    },
    {
      framework: 'optax',
      name: 'optax.losses.l2_loss',
      form: 'function',
      scale: 0.5,
      note: 'Half the squared error, elementwise.',
    },
    {
      framework: 'optax',
      name: 'optax.l2_loss',
      form: 'function',
      scale: 0.5,
      note: 'Half the squared error, elementwise.',
    },
    { framework: 'sklearn', name: 'sklearn.metrics.mean_squared_error', form: 'function', targetFirst: true },
    {
      framework: 'sklearn',
      name: 'squared_error',
      form: 'string',
      scale: 0.5,
      note: 'SGDRegressor minimises half the squared error.',
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
      note: 'compile() knows only the long names; ‘mse’ throws.',
    },
    {
      framework: 'xgboost',
      name: 'reg:squarederror',
      form: 'string',
      scale: 0.5,
      note: 'The gradient is ŷ − y, that of half the squared error.',
    },
    {
      framework: 'lightgbm',
      name: 'regression',
      form: 'string',
      scale: 0.5,
      note: 'The gradient is ŷ − y, that of half the squared error.',
    },
    { framework: 'lightgbm', name: 'l2', form: 'string', scale: 0.5, note: 'Another name of regression.' },
    { framework: 'lightgbm', name: 'mse', form: 'string', scale: 0.5, note: 'Another name of regression.' },
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
