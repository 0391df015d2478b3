import { mul, square } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { optaxApis } from '../shared/apis.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { broadcasting } from '../shared/pitfalls.ts';
import { alongResidual } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** ½(ŷ − y)², so that the gradient is the residual itself. */
export const loss: Loss = {
  id: 'half-squared-error',
  name: 'Half squared error',
  synonyms: ['half MSE', 'l2_loss', 'HalfSquaredError', 'one half of the squared error'],
  chinese: ['半平方误差', '二分之一平方误差'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [],
  expression: withOptions(() => mul(0.5, square(residual()))),
  named: residualName,
  averaging: { weightedBy: 'weights' },
  meaning:
    'Half the squared distance between prediction and target: the negative log-likelihood of a normal distribution with variance 1, up to a constant.',
  useWhen:
    'You want the squared error with a gradient that is simply ŷ − y, as in derivations, in boosting and in optax.',
  avoidWhen:
    'Values are compared with someone’s mean squared error: they differ by the factor 2. As with every squared error, outliers dominate.',
  pitfalls: [
    'Against MSELoss the gradient is half as large: a learning rate tuned for one is off by the factor 2 for the other.',
    'torch.nn.HuberLoss tends to this loss for a large delta, and torch.nn.MSELoss is twice it.',
    'tf.nn.l2_loss(t) is sum(t²)/2 of one tensor: give it the difference, and note that it sums where this loss averages.',
    broadcasting('mean'),
  ],
  source:
    'Gauss 1809, Theoria motus; the factor ½ as in Bishop 2006, Pattern Recognition and Machine Learning',
  apis: [...optaxApis('l2_loss', { note: 'Half the squared error.' })],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: at([2e3], [0]),
  },
  bestConstant: { words: 'the mean of the targets', of: (targets) => [mean(targets)] },
  plot: alongResidual(),
};
