import { div, log1p, mul, square } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { scale } from '../shared/scale.ts';

/** ½c² log(1 + (r/c)²), gradient r/(1 + (r/c)²), greatest at |r| = c, then falling to 0 like c²/r. */
export const loss: Loss = {
  id: 'cauchy',
  name: 'Cauchy loss',
  synonyms: ['Lorentzian loss', 'Lorentzian', 'Cauchy M-estimator', 'Student-t loss'],
  chinese: ['柯西损失', '洛伦兹损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    scale(1, 'The residual of the strongest pull; beyond it the pull falls. In units of the target.'),
  ],
  expression: withOptions(() => {
    const c = param('c');
    return mul(mul(0.5, square(c)), log1p(square(div(residual(), c))));
  }),
  named: residualName,
  meaning:
    'The negative log-likelihood of the Cauchy distribution, scaled so that it starts as ½r²: it grows like a logarithm.',
  useWhen: 'There are gross outliers, but a start far from the solution should still be pulled in.',
  avoidWhen:
    'The problem must stay convex, or the start is poor: local minima appear beside clusters of outliers.',
  pitfalls: [
    'Not convex beyond |r| = c: the result depends on the start. Start from a Huber or L1 fit.',
    'c is in units of the target: standardise it first, or set c from the median absolute residual.',
    'Papers and libraries differ by constant factors: scipy’s least_squares(loss="cauchy") minimises ½f_scale²·log(1 + (r/f_scale)²), which is this loss; the Lorentzian of Black and Anandan is log(1 + ½(r/σ)²).',
    'With c = 1 and residuals in the hundreds all gradients are near 0: the model hardly moves.',
  ],
  source:
    'Black, Anandan 1996, The Robust Estimation of Multiple Motions, Computer Vision and Image Understanding 63(1)',
  apis: [],
  properties: {
    convex: between(at([1], [0]), [9]),
    boundedBelow: 0,
    boundedAbove: at([1e50], [0]),
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: 0.5,
  },
  plot: alongResidual(-6, 6),
};
