import { div, expm1, log1p, mul, square } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';

/**
 * δ²(√(1 + (r/δ)²) − 1), with the root minus 1 written expm1(½·log1p((r/δ)²)): the difference of two numbers close to 1
 * would lose the digits of small residuals. Gradient r/√(1 + (r/δ)²).
 */
export const loss: Loss = {
  id: 'pseudo-huber',
  name: 'Pseudo-Huber loss',
  synonyms: ['Charbonnier loss', 'smooth Huber', 'L1-L2 loss', 'Charbonnier'],
  chinese: ['伪 Huber 损失', 'Charbonnier 损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    {
      id: 'delta',
      symbol: '\\delta',
      default: 1,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning:
        'About where the loss turns from quadratic to linear, and the slope of its tails, in units of the target.',
    },
  ],
  expression: withOptions(() => {
    const delta = param('delta');
    return mul(square(delta), expm1(mul(0.5, log1p(square(div(residual(), delta))))));
  }),
  named: residualName,
  meaning:
    'A Huber loss without pieces: near ½r² for small residuals, near δ|r| for large ones, smooth in between.',
  useWhen:
    'You want Huber’s robustness with all derivatives, as for Newton steps and boosting, or a soft L1 for images.',
  avoidWhen:
    'Residuals inside δ should count as exactly squared: it bends from the start. With gross outliers a redescending loss ignores them better.',
  pitfalls: [
    'It is smaller than Huber with the same δ everywhere but 0: at |r| = δ it is 0.414·δ² against 0.5·δ².',
    'Image papers write the Charbonnier loss √(r² + ε²), without −1 and without the factor δ: the same up to a constant and a factor, with ε = δ.',
    'In XGBoost δ is huber_slope, 1 by default and in the target’s units: standardise the target first.',
    'scipy.special.pseudo_huber(delta, r) takes delta first.',
  ],
  source:
    'Charbonnier, Blanc-Féraud, Aubert, Barlaud 1997, Deterministic edge-preserving regularization in computed imaging, IEEE Transactions on Image Processing 6(2)',
  apis: [
    {
      framework: 'xgboost',
      name: 'reg:pseudohubererror',
      form: 'string',
      note: 'δ is the parameter huber_slope, 1 by default.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: 1,
  },
  plot: alongResidual(),
};
