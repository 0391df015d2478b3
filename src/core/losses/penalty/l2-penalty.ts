import { div, mul, square, sum } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongWeight, modelWeights, weightAt, weights } from '../shared/weights.ts';

const squares = () => sum(square(weights()), 'feature');

/**
 * λ Σw² over the weights, one number for the whole model; gradient 2λw. With the half, ½λ Σw², the gradient is λw:
 * PyTorch’s `weight_decay`.
 */
export const loss: Loss = {
  id: 'l2-penalty',
  name: 'L2 penalty',
  synonyms: ['ridge', 'weight decay', 'L2 regularisation', 'L2 regularization', 'Tikhonov regularisation'],
  chinese: ['L2 正则化', 'L2 惩罚项', '权重衰减', '岭回归正则化'],
  family: 'penalty',
  common: 1,
  inputs: [modelWeights],
  parameters: [
    {
      id: 'strength',
      symbol: '\\lambda',
      default: 0.01,
      min: 0,
      max: 1e6,
      meaning: 'Factor of the penalty beside the loss of the data.',
    },
  ],
  expression: withOptions(() => mul(param('strength'), squares())),
  convention: 'Keras',
  conventions: [
    {
      id: 'half',
      users: 'PyTorch’s weight_decay',
      differs: 'The squares are halved, so that the gradient is λw: what weight_decay=λ adds to it.',
      expression: withOptions(() => mul(div(param('strength'), 2), squares())),
    },
  ],
  meaning:
    'The sum of the squared weights: each is pulled towards 0 in proportion to its size, which keeps the model smooth.',
  useWhen: 'A model with many weights overfits, or inputs are correlated; the usual first choice.',
  avoidWhen:
    'Weights should become exactly 0 (use L1), or the optimizer is Adam: there decoupled weight decay (AdamW) shrinks all weights alike.',
  pitfalls: [
    'A factor of 2: Keras’s L2(λ) has the gradient 2λw, weight_decay=λ has λw. L2(0.01) is weight_decay=0.02.',
    'With Adam an L2 penalty in the loss (and torch.optim.Adam’s weight_decay) is divided by the root of the mean squared gradient, so that weights with large gradients are hardly decayed. AdamW takes rate · λ · w off the weight itself; then the penalty is no longer the gradient of any loss.',
    'For plain SGD the penalty and decoupled decay are the same step: w − rate · λ · w.',
    'Leave out biases and the scales of normalisation layers; in PyTorch by parameter groups, for weight_decay acts on every parameter that the optimizer has.',
    'It is summed over the weights, not averaged: the value that fits depends on how the loss of the data is reduced. scikit-learn’s Ridge(alpha) stands beside a sum of squared errors.',
  ],
  source:
    'Hoerl, Kennard 1970, Ridge Regression, Technometrics 12(1); decoupled: Loshchilov, Hutter 2019, arXiv 1711.05101',
  apis: [
    {
      framework: 'keras',
      name: 'keras.regularizers.L2',
      form: 'class',
      keywords: { l2: { parameter: 'strength', default: 0.01 } },
      gives: 'sum',
      note: 'A regularizer of a layer (kernel_regularizer), not a loss for compile.',
    },
    {
      framework: 'tf',
      name: 'tensorflow.nn.l2_loss',
      form: 'function',
      convention: 'half',
      fixed: { strength: 1 },
      gives: 'sum',
      note: 'Half the sum of squares, without a factor.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.Ridge',
      form: 'class',
      keywords: { alpha: { parameter: 'strength', default: 1 } },
      gives: 'sum',
      note: 'Minimises the sum of squared errors plus this penalty.',
    },
    {
      framework: 'tfjs',
      name: 'tf.regularizers.l2',
      form: 'function',
      keywords: { l2: { parameter: 'strength', default: 0.01 } },
      gives: 'sum',
      note: 'A regularizer of a layer (kernelRegularizer); takes its options in an object.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: weightAt(1e3),
    lipschitzGradient: 0.02,
    boundedInfluence: weightAt(1e6),
  },
  plot: alongWeight,
};
