import { div, expm1, mul, neg, square } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { scale } from '../shared/scale.ts';

/** The usual scale: 95 % of the efficiency of least squares for normal errors of variance 1. */
const usual = 2.985;

/** ½c²(1 − e^(−(r/c)²)) by expm1, gradient r·e^(−(r/c)²); bounded by ½c². */
export const loss: Loss = {
  id: 'welsch',
  name: 'Welsch loss',
  synonyms: ['Leclerc loss', 'correntropy loss', 'exponential squared loss', 'Gaussian robust loss'],
  chinese: ['Welsch 损失', '相关熵损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    scale(usual, 'How far a residual may be to count: beyond 3c nothing pulls. In units of the target.'),
  ],
  expression: withOptions(() => {
    const c = param('c');
    return mul(mul(0.5, square(c)), neg(expm1(neg(square(div(residual(), c))))));
  }),
  named: residualName,
  meaning:
    'A bounded loss whose gradient fades like a bell curve: rows further away than a few c have no say at all.',
  useWhen:
    'A share of the rows is plainly wrong and should be ignored, smoothly, and a good start is at hand.',
  avoidWhen:
    'There is no good start: where every residual is beyond 3c, every gradient is below 0.0002·r and nothing is learnt.',
  pitfalls: [
    'The gradient vanishes exponentially: in float32 it is exactly 0 beyond |r| = 10.2·c.',
    'c is in units of the target. The default 2.985 supposes residuals of standard deviation 1: standardise the target.',
    'Two notations: with e^(−½(r/c)²), as in Barron’s loss at α = −∞, the same c is √2 times as wide.',
    'Not convex beyond |r| = 0.707·c: start from a Huber or L1 fit.',
  ],
  source:
    'Dennis, Welsch 1978, Techniques for nonlinear least squares and robust regression, Communications in Statistics B 7(4)',
  apis: [],
  properties: {
    convex: between(at([2], [0]), [20]),
    boundedBelow: 0,
    boundedAbove: usual ** 2 / 2,
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: usual / Math.sqrt(2 * Math.E),
  },
  plot: alongResidual(-9, 9),
};
