import { add, div, mul, square } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { scale } from '../shared/scale.ts';

/** ½r²/(1 + (r/c)²), gradient r/(1 + (r/c)²)²; bounded by ½c². */
export const loss: Loss = {
  id: 'geman-mcclure',
  name: 'Geman–McClure loss',
  synonyms: ['Geman-McClure', 'Geman McClure'],
  chinese: ['Geman–McClure 损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    scale(1, 'The residual at which half of the greatest value is reached, in units of the target.'),
  ],
  expression: withOptions(() => {
    const squared = square(residual());
    return div(mul(0.5, squared), add(1, div(squared, square(param('c')))));
  }),
  named: residualName,
  meaning:
    'A bounded loss: ½r² for small residuals, levelling off at ½c², so that a gross outlier costs a fixed price and pulls no more.',
  useWhen:
    'A share of the rows is plainly wrong, as matches in registration and localisation are, and a good start is at hand.',
  avoidWhen: 'There is no good start, or few outliers: far rows have no gradient and are never won back.',
  pitfalls: [
    'Not convex beyond |r| = 0.577·c, and nearly flat beyond a few c: start from a convex fit and lower c step by step (graduated non-convexity).',
    'It is Barron’s loss with α = −2 and the scale c/2, times c²/4.',
    'Some papers write r²/(r² + c²): this loss divided by ½c².',
    'c is in units of the target: standardise it first.',
  ],
  source: 'Geman, McClure 1985, Bayesian Image Analysis: An Application to Single Photon Emission Tomography',
  apis: [],
  properties: {
    convex: between(at([1], [0]), [9]),
    boundedBelow: 0,
    boundedAbove: 0.5,
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: (3 * Math.sqrt(3)) / 16,
  },
  plot: alongResidual(-6, 6),
};
