import { abs, relu, sub } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { tube } from '../shared/tube.ts';

/** max(|r| − ε, 0): nothing inside a tube of half-width ε, the absolute error beyond it. At the edge the gradient is 0. */
export const loss: Loss = {
  id: 'epsilon-insensitive',
  name: 'ε-insensitive loss',
  synonyms: [
    'epsilon-insensitive loss',
    'SVR loss',
    'support vector regression',
    'dead-zone absolute error',
    'tube loss',
  ],
  chinese: ['ε-不敏感损失', '支持向量回归损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [tube],
  expression: withOptions(() => relu(sub(abs(residual()), param('epsilon')))),
  named: residualName,
  convention: 'scikit-learn',
  meaning: 'Errors up to ε are free; beyond that it is the absolute error.',
  useWhen:
    'Small deviations do not matter, or the solution should rest on few rows, as in support vector regression.',
  avoidWhen:
    'Predictions inside the tube should still improve: there is no gradient there, and any value within ±ε is as good.',
  pitfalls: [
    'ε is in units of the target. If it is wider than the spread of the targets, every gradient is 0 and nothing is learnt.',
    'Defaults differ: SGDRegressor and SVR use 0.1, LinearSVR uses 0.',
    'Training loss 0 does not mean that the fit is perfect: only that all residuals are within ε.',
    'In SVR the parameter C multiplies the loss, not the penalty: a larger C fits more closely.',
  ],
  source: 'Vapnik 1995, The Nature of Statistical Learning Theory',
  apis: [
    {
      framework: 'sklearn',
      name: 'epsilon_insensitive',
      form: 'string',
      note: 'SGDRegressor (epsilon 0.1 by default), LinearSVR (0 by default).',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.svm.SVR',
      form: 'class',
      keywords: { epsilon: { parameter: 'epsilon', default: 0.1 } },
      note: 'A kernel model with a squared penalty; C multiplies the loss.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: between(at([0.1 - 1e-6], [0]), [0.1 + 1e-6]),
    boundedInfluence: 1,
  },
  plot: alongResidual(-0.5, 0.5),
};
