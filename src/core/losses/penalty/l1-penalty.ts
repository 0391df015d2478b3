import { abs, mul, sum } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongWeight, modelWeights, weightAt, weights } from '../shared/weights.ts';

/** λ Σ|w| over the weights, one number for the whole model; gradient λ·sign(w), 0 at 0. */
export const loss: Loss = {
  id: 'l1-penalty',
  name: 'L1 penalty',
  synonyms: ['lasso', 'L1 regularisation', 'L1 regularization', 'sparsity penalty'],
  chinese: ['L1 正则化', 'L1 惩罚项', '套索正则化'],
  family: 'penalty',
  common: 2,
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
  expression: withOptions(() => mul(param('strength'), sum(abs(weights()), 'feature'))),
  meaning:
    'The sum of the sizes of the weights: each is pulled towards 0 with the same force, however small it is.',
  useWhen: 'Many inputs, few of which matter: weights of the others should become exactly 0.',
  avoidWhen:
    'Inputs are strongly correlated (one of them is picked at will; the elastic net shares), or weights should only stay small: use L2.',
  pitfalls: [
    'It is summed, not averaged, over the weights, and is added to a mean over the data: reduction="mean" on one side alone changes the balance.',
    'Plain gradient steps jitter around 0 and leave no weight exactly at 0; that takes proximal steps or coordinate descent, as in scikit-learn’s Lasso.',
    'Weights are penalised alike whatever the units of their inputs: standardise the inputs, and leave the bias out.',
    'PyTorch’s optimizers have no L1: weight_decay is L2. Add strength * sum(p.abs().sum() for p in weights) to the loss.',
    'scikit-learn’s Lasso(alpha) halves the mean squared error beside it: alpha = 0.01 balances like strength = 0.02 beside the full mean squared error.',
  ],
  source:
    'Tibshirani 1996, Regression Shrinkage and Selection via the Lasso, Journal of the Royal Statistical Society B 58(1)',
  apis: [
    {
      framework: 'keras',
      name: 'keras.regularizers.L1',
      form: 'class',
      keywords: { l1: { parameter: 'strength', default: 0.01 } },
      gives: 'sum',
      note: 'A regularizer of a layer (kernel_regularizer), not a loss for compile.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.Lasso',
      form: 'class',
      keywords: { alpha: { parameter: 'strength', default: 1 } },
      gives: 'sum',
      note: 'Minimises half the mean squared error plus this penalty.',
    },
    {
      framework: 'tfjs',
      name: 'tf.regularizers.l1',
      form: 'function',
      keywords: { l1: { parameter: 'strength', default: 0.01 } },
      gives: 'sum',
      note: 'A regularizer of a layer (kernelRegularizer); takes its options in an object.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: weightAt(1e5),
    lipschitzGradient: weightAt(-1e-6, 1e-6),
    boundedInfluence: ({ feature = 0 }) => 0.01 * Math.sqrt(feature),
  },
  plot: alongWeight,
};
