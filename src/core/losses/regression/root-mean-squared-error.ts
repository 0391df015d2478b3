import { mean as average, sqrt, square } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const bestConstant: BestConstant = { words: 'the mean of the targets', of: (targets) => [mean(targets)] };

/**
 * √(mean (ŷ − y)²) over the whole batch, a single number: the root of a mean is not a mean of roots. Its gradient
 * (ŷ − y)/(n·RMSE) is 0/0 at a perfect fit, here as in every framework.
 */
export const loss: Loss = {
  id: 'root-mean-squared-error',
  name: 'Root mean squared error',
  short: 'rmse',
  synonyms: ['RMSE', 'root mean square error', 'RMS error', 'root mean square deviation'],
  chinese: ['均方根误差'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [],
  expression: withOptions(() => sqrt(average(average(square(residual()), 'output'), 'sample'))),
  named: residualName,
  convention: 'the root of PyTorch’s MSELoss',
  conventions: [
    {
      id: 'sklearn',
      users: 'scikit-learn',
      differs:
        'Each output column has its own root, and the mean of these is taken; the same for one column.',
      expression: withOptions(() => sqrt(average(square(residual()), 'sample'))),
      named: residualName,
      bestConstant,
    },
  ],
  meaning:
    'The typical size of an error in the target’s own units: the root of the mean squared error over the whole batch.',
  useWhen: 'The number that is reported should read in the target’s units, as for a leaderboard metric.',
  avoidWhen:
    'Training: the mean squared error has the same optimum, a gradient that shrinks near it, and batches that add up.',
  pitfalls: [
    'At a perfect fit the gradient is 0/0: torch.sqrt(F.mse_loss(p, y)) gives NaN for every prediction, and one such step ruins the weights. Add 1e-8 inside the root, or train on the mean squared error.',
    'The mean of the roots of mini-batches is not the root over all rows; it is smaller or equal. Average the squared errors, then take the root once.',
    'It is a loss of the whole batch: each row’s gradient depends on all other rows, and there is no value per row to weight or to mask afterwards.',
    'LightGBM’s objective rmse trains the plain squared error, and keras.metrics.RootMeanSquaredError is a metric, not a loss.',
    'scikit-learn takes the root for each output column and averages those; on several columns that differs from the root over all values.',
  ],
  source: 'Gauss 1823, Theoria combinationis observationum (there the mean error)',
  apis: [
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.root_mean_squared_error',
      form: 'function',
      convention: 'sklearn',
      targetFirst: true,
      note: 'The root for each output column, then their mean.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: between(at([-1e-6], [0]), [1e-6]),
    boundedInfluence: 1,
  },
  bestConstant,
  plot: alongResidual(),
};
