import { abs, add, div, mul, square, sub, sum } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { alongWeight, modelWeights, weightAt, weights } from '../shared/weights.ts';

const sizes = () => sum(abs(weights()), 'feature');
const squares = () => sum(square(weights()), 'feature');

/** λ₁ Σ|w| + λ₂ Σw² over the weights, one number for the whole model; gradient λ₁·sign(w) + 2λ₂w. */
export const loss: Loss = {
  id: 'elastic-net',
  name: 'Elastic net penalty',
  synonyms: ['elastic net', 'L1 + L2 regularisation', 'L1 and L2 penalty'],
  chinese: ['弹性网络正则化', '弹性网惩罚项'],
  family: 'penalty',
  common: 3,
  inputs: [modelWeights],
  parameters: [
    {
      id: 'l1',
      symbol: '\\lambda_1',
      default: 0.01,
      min: 0,
      max: 1e6,
      meaning: 'Factor of the sizes of the weights.',
    },
    {
      id: 'l2',
      symbol: '\\lambda_2',
      default: 0.01,
      min: 0,
      max: 1e6,
      meaning: 'Factor of the squares of the weights.',
    },
  ],
  expression: withOptions(() => add(mul(param('l1'), sizes()), mul(param('l2'), squares()))),
  convention: 'Zou and Hastie 2005, Keras',
  conventions: [
    {
      id: 'sklearn',
      users: 'scikit-learn',
      differs:
        'One strength α and the share ρ of L1, the squares halved: α(ρ Σ|w| + ½(1 − ρ) Σw²), so that λ₁ = αρ and λ₂ = ½α(1 − ρ).',
      parameters: [
        {
          id: 'alpha',
          symbol: '\\alpha',
          default: 1,
          min: 0,
          max: 1e6,
          meaning: 'Factor of the whole penalty.',
        },
        {
          id: 'l1Ratio',
          symbol: '\\rho',
          default: 0.5,
          min: 0,
          max: 1,
          meaning: 'Share of L1; the rest is L2.',
        },
      ],
      expression: withOptions(() => {
        const share = param('l1Ratio');
        return mul(param('alpha'), add(mul(share, sizes()), mul(div(sub(1, share), 2), squares())));
      }),
    },
  ],
  meaning:
    'L1 and L2 together: weights that do not matter become 0, and correlated inputs share their weight instead of one taking all.',
  useWhen: 'Many inputs in correlated groups, few groups of which matter.',
  avoidWhen:
    'A sparse model is not wanted (L2 has one parameter fewer), or inputs are hardly correlated (L1).',
  pitfalls: [
    'Two ways to set it: Keras’s L1L2(l1, l2) has two strengths, scikit-learn’s ElasticNet(alpha, l1_ratio) one strength and a share; ElasticNet(1, 0.5) is L1L2(0.5, 0.25).',
    'scikit-learn stands it beside half the mean squared error, glmnet too; in scikit-learn’s LogisticRegression C divides the loss of the data instead.',
    'keras.regularizers.L1L2() without arguments penalises nothing: both default to 0. TensorFlow.js’s tf.regularizers.l1l2() takes 0.01 for both.',
    'As with L1, gradient steps alone leave no weight exactly at 0.',
  ],
  source:
    'Zou, Hastie 2005, Regularization and Variable Selection via the Elastic Net, Journal of the Royal Statistical Society B 67(2)',
  apis: [
    {
      framework: 'keras',
      name: 'keras.regularizers.L1L2',
      form: 'class',
      keywords: { l1: { parameter: 'l1', default: 0 }, l2: { parameter: 'l2', default: 0 } },
      gives: 'sum',
      note: 'A regularizer of a layer (kernel_regularizer), not a loss for compile.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.ElasticNet',
      form: 'class',
      convention: 'sklearn',
      keywords: {
        alpha: { parameter: 'alpha', default: 1 },
        l1_ratio: { parameter: 'l1Ratio', default: 0.5 },
      },
      gives: 'sum',
      note: 'Minimises half the mean squared error plus this penalty.',
    },
    {
      framework: 'tfjs',
      name: 'tf.regularizers.l1l2',
      form: 'function',
      keywords: { l1: { parameter: 'l1', default: 0.01 }, l2: { parameter: 'l2', default: 0.01 } },
      gives: 'sum',
      note: 'A regularizer of a layer (kernelRegularizer); takes its options in an object.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: weightAt(1e3),
    lipschitzGradient: weightAt(-1e-6, 1e-6),
    boundedInfluence: weightAt(1e6),
  },
  plot: alongWeight,
};
