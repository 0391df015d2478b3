import { abs } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasApis, lightgbmApis } from '../shared/apis.ts';
import { kerasRows } from '../shared/conventions.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { broadcasting, weightedMeans } from '../shared/pitfalls.ts';
import { alongResidual } from '../shared/plots.ts';
import { quantile } from '../shared/statistics.ts';

/** |ŷ − y|, gradient sign(ŷ − y), 0 at a perfect prediction. Elicits the conditional median. */
export const loss: Loss = {
  id: 'mean-absolute-error',
  name: 'Mean absolute error',
  short: 'mae',
  synonyms: ['MAE', 'L1 loss', 'absolute error', 'least absolute deviations'],
  chinese: ['平均绝对误差', '绝对误差', 'L1 损失'],
  family: 'regression',
  common: 2,
  inputs: [predictedValues(), trueValues()],
  parameters: [],
  expression: withOptions(() => abs(residual())),
  named: residualName,
  averaging: { weightedBy: 'weights' },
  convention: 'PyTorch',
  conventions: [kerasRows],
  meaning: 'The average distance between prediction and target.',
  useWhen:
    'The target has outliers, or the error should read in the target’s own units; the prediction becomes the conditional median.',
  avoidWhen:
    'The conditional mean is wanted (expected demand, cost), or training should settle by itself close to the optimum.',
  pitfalls: [
    'The gradient is ±1 however small the error: with a constant learning rate the steps never shrink and the loss jitters at the end. Decay the rate, or use Huber.',
    'At a residual of exactly 0 the gradient is 0 in PyTorch and TensorFlow; jax.grad of jnp.abs gives 1.',
    broadcasting('median'),
    'On a skewed target the prediction is the median: its sum over many rows is not the expected sum.',
    weightedMeans,
  ],
  source: 'Boscovich 1757, De litteraria expeditione; Laplace 1793',
  apis: [
    { framework: 'torch', name: 'torch.nn.L1Loss', form: 'class' },
    { framework: 'torch', name: 'torch.nn.functional.l1_loss', form: 'function' },
    ...kerasApis('MeanAbsoluteError', 'mean_absolute_error', { aliases: ['mae', 'MAE'] }),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.mean_absolute_error',
      form: 'function',
      targetFirst: true,
    },
    {
      framework: 'sklearn',
      name: 'absolute_error',
      form: 'string',
      note: 'GradientBoostingRegressor, HistGradientBoostingRegressor.',
    },
    {
      framework: 'tfjs',
      name: 'tf.losses.absoluteDifference',
      form: 'function',
      targetFirst: true,
      note: 'With weights it divides by the number of non-zero weights.',
    },
    {
      framework: 'tfjs',
      name: 'meanAbsoluteError',
      form: 'string',
      convention: 'keras',
      note: 'compile() knows only the long names; ‘mae’ throws.',
    },
    { framework: 'xgboost', name: 'reg:absoluteerror', form: 'string' },
    ...lightgbmApis('regression_l1', { aliases: ['l1', 'mean_absolute_error', 'mae'] }),
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: between(at([-1e-6], [0]), [1e-6]),
    boundedInfluence: 1,
  },
  bestConstant: { words: 'the median of the targets', of: (targets) => [quantile(targets, 0.5)] },
  plot: alongResidual(),
};
