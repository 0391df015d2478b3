import { abs, relu, square, sub } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { tube } from '../shared/tube.ts';

/** max(|r| − ε, 0)²: nothing inside a tube of half-width ε, the squared distance from it beyond. */
export const loss: Loss = {
  id: 'squared-epsilon-insensitive',
  name: 'Squared ε-insensitive loss',
  synonyms: ['squared epsilon-insensitive loss', 'L2 SVR loss', 'dead-zone squared error'],
  chinese: ['平方 ε-不敏感损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [tube],
  expression: withOptions(() => square(relu(sub(abs(residual()), param('epsilon'))))),
  named: residualName,
  convention: 'scikit-learn',
  meaning: 'Errors up to ε are free; beyond that the distance from the tube is squared.',
  useWhen:
    'Small deviations do not matter, and the loss should have a gradient without jumps, which LinearSVR’s primal solver needs.',
  avoidWhen:
    'There are outliers: it grows like the squared error. The plain ε-insensitive loss bounds their pull.',
  pitfalls: [
    'ε is in units of the target; inside the tube there is no gradient.',
    'There is no factor ½: its gradient is 2(|r| − ε)·sign(r), twice what derivations with ½ have.',
    'At ε = 0 it is the squared error: LinearSVR(loss="squared_epsilon_insensitive") is then ridge regression, up to its intercept.',
  ],
  source:
    'Vapnik 1995, The Nature of Statistical Learning Theory; Ho, Lin 2012, Large-scale Linear Support Vector Regression, JMLR 13',
  apis: [
    {
      framework: 'sklearn',
      name: 'squared_epsilon_insensitive',
      form: 'string',
      note: 'SGDRegressor (epsilon 0.1 by default), LinearSVR (0 by default).',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 2,
    boundedInfluence: at([1e3], [0]),
  },
  plot: alongResidual(-1, 1),
};
