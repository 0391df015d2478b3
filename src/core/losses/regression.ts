/** Losses whose prediction and target are numbers. Elementwise; a reduction is added by `reduce.ts`. */
import { abs, le, mul, square, sub, where } from '../expression/build.ts';
import { input, param, type Named } from '../expression/expression.ts';
import { withOptions } from './define.ts';
import type { Loss, LossInput } from './loss.ts';

const inputs: { readonly prediction: LossInput; readonly target: LossInput } = {
  prediction: {
    id: 'pred',
    symbol: '\\hat{y}',
    kind: 'value',
    axes: ['sample', 'output'],
    meaning: 'Predicted values.',
  },
  target: { id: 'target', symbol: 'y', kind: 'value', axes: ['sample', 'output'], meaning: 'True values.' },
};

const pred = () => input('pred', ['sample', 'output']);
const target = () => input('target', ['sample', 'output']);
const residual = () => sub(pred(), target());
const residualName = (): readonly Named[] => [
  {
    name: 'residual',
    symbol: 'r',
    expr: residual(),
    meaning: 'how far the prediction is off, with its sign',
  },
];

const broadcasting = (learned: string): string =>
  `A prediction of shape (N, 1) against a target of shape (N,) broadcasts to N × N pairs: PyTorch only warns, NumPy and jax.numpy say nothing, and the model learns the ${learned} of the target.`;

/** (ŷ − y)². Stable as written; its gradient 2(ŷ − y) grows with the error. Elicits the conditional mean. */
export const meanSquaredError: Loss = {
  id: 'mean-squared-error',
  name: 'Mean squared error',
  synonyms: ['MSE', 'L2 loss', 'squared error', 'quadratic loss', 'least squares'],
  family: 'regression',
  task: 'regression',
  inputs,
  parameters: [],
  expression: withOptions(() => square(residual())),
  named: residualName,
  meaning: 'The average squared distance between prediction and target.',
  useWhen:
    'Errors are roughly normal and large ones should count far more than small ones; the prediction becomes the conditional mean.',
  avoidWhen: 'The target has outliers or heavy tails: one error of 100 weighs as much as 10,000 errors of 1.',
  pitfalls: [
    broadcasting('mean'),
    'Some definitions carry a factor ½ (optax.l2_loss, scikit-learn’s squared_error solvers, many courses): the same minimum, half the value and half the gradient, so the learning rate means something else.',
    'The value is in squared units of the target. Standardise a target with large numbers, or the first gradients are huge.',
    'With weights, PyTorch’s mean divides by the sum of the weights, Keras’s sample_weight by the number of samples.',
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
  plot: { along: 'residual', from: -3, to: 3 },
};

/** |ŷ − y|, gradient sign(ŷ − y), 0 at a perfect prediction. Elicits the conditional median. */
export const meanAbsoluteError: Loss = {
  id: 'mean-absolute-error',
  name: 'Mean absolute error',
  synonyms: ['MAE', 'L1 loss', 'absolute error', 'least absolute deviations'],
  family: 'regression',
  task: 'regression',
  inputs,
  parameters: [],
  expression: withOptions(() => abs(residual())),
  named: residualName,
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
    'With weights, PyTorch’s mean divides by the sum of the weights, Keras’s sample_weight by the number of samples.',
  ],
  source: 'Boscovich 1757, De litteraria expeditione; Laplace 1793',
  apis: [
    { framework: 'torch', name: 'torch.nn.L1Loss', form: 'class' },
    { framework: 'torch', name: 'torch.nn.functional.l1_loss', form: 'function' },
    { framework: 'keras', name: 'keras.losses.MeanAbsoluteError', form: 'class', targetFirst: true },
    {
      framework: 'keras',
      name: 'keras.losses.mean_absolute_error',
      form: 'function',
      targetFirst: true,
      note: 'Averages over the last axis only: one value a row.',
    },
    { framework: 'keras', name: 'mae', form: 'string' },
    { framework: 'keras', name: 'MAE', form: 'string' },
    { framework: 'keras', name: 'mean_absolute_error', form: 'string' },
    { framework: 'keras', name: 'MeanAbsoluteError', form: 'string' },
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
      note: 'compile() knows only the long names; ‘mae’ throws.',
    },
    { framework: 'xgboost', name: 'reg:absoluteerror', form: 'string' },
    { framework: 'lightgbm', name: 'regression_l1', form: 'string' },
    { framework: 'lightgbm', name: 'l1', form: 'string', note: 'Another name of regression_l1.' },
    { framework: 'lightgbm', name: 'mae', form: 'string', note: 'Another name of regression_l1.' },
  ],
  plot: { along: 'residual', from: -3, to: 3 },
};

/**
 * ½r² where |r| ≤ δ, δ(|r| − ½δ) beyond, for the residual r = ŷ − y and δ > 0: quadratic near zero, linear in the
 * tails. The two pieces meet with equal value and slope, so that the gradient clip(r, −δ, δ) has no jump.
 */
export const huber: Loss = {
  id: 'huber',
  name: 'Huber loss',
  synonyms: ['Huber', 'robust squared error'],
  family: 'regression',
  task: 'regression',
  inputs,
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
      keywords: { delta: { parameter: 'delta', default: 1 } },
    },
    {
      framework: 'torch',
      name: 'torch.nn.functional.huber_loss',
      form: 'function',
      keywords: { delta: { parameter: 'delta', default: 1 } },
    },
    {
      framework: 'keras',
      name: 'keras.losses.Huber',
      form: 'class',
      targetFirst: true,
      keywords: { delta: { parameter: 'delta', default: 1 } },
    },
    {
      framework: 'keras',
      name: 'keras.losses.huber',
      form: 'function',
      targetFirst: true,
      keywords: { delta: { parameter: 'delta', default: 1 } },
      note: 'Averages over the last axis only: one value a row.',
    },
    { framework: 'keras', name: 'huber', form: 'string' },
    { framework: 'keras', name: 'Huber', form: 'string' },
    {
      framework: 'optax',
      name: 'optax.losses.huber_loss',
      form: 'function',
      keywords: { delta: { parameter: 'delta', default: 1 } },
      note: 'Elementwise: reduce it yourself.',
    },
    {
      framework: 'optax',
      name: 'optax.huber_loss',
      form: 'function',
      keywords: { delta: { parameter: 'delta', default: 1 } },
      note: 'Elementwise: reduce it yourself.',
    },
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
      keywords: { delta: { parameter: 'delta', default: 1 } },
    },
    {
      framework: 'lightgbm',
      name: 'huber',
      form: 'string',
      note: 'The threshold is the parameter alpha, 0.9 by default.',
    },
  ],
  plot: { along: 'residual', from: -3, to: 3 },
};
