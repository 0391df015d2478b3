import { abs, div, le, mul, pow, square, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { scale } from '../shared/scale.ts';

/** The usual scale: 95 % of the efficiency of least squares for normal errors of variance 1. */
const usual = 4.685;

/** c²/6·(1 − (1 − (r/c)²)³) where |r| ≤ c, c²/6 beyond; gradient r(1 − (r/c)²)², exactly 0 beyond c. */
export const loss: Loss = {
  id: 'tukey',
  name: 'Tukey’s biweight loss',
  synonyms: ['Tukey biweight', 'bisquare loss', 'biweight', 'Tukey bisquare'],
  chinese: ['Tukey 双权损失', '图基双权损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    scale(
      usual,
      'The residual from which a row counts as an outlier without any pull, in units of the target.',
    ),
  ],
  expression: withOptions(() => {
    const c = param('c');
    const most = div(square(c), 6);
    const inside = sub(1, pow(sub(1, square(div(residual(), c))), 3));
    return where(le(abs(residual()), c), mul(most, inside), most);
  }),
  named: residualName,
  meaning: 'A bounded loss that gives up on a row altogether once its residual is beyond c.',
  useWhen: 'Gross outliers are to be rejected, as in robust statistics, after a first robust fit.',
  avoidWhen:
    'There is no good start: rows beyond c have no gradient at all and can never pull the model back.',
  pitfalls: [
    'Started with all residuals beyond c it learns nothing: every gradient is exactly 0. Start from an L1 or Huber fit.',
    'c is in units of the target. The default 4.685 supposes residuals of standard deviation 1: divide them by 1.4826 times their median absolute value first.',
    'Not convex beyond |r| = 0.447·c; there are several local minima.',
    'Its value says little about fit: rejected rows all cost c²/6.',
  ],
  source:
    'Beaton, Tukey 1974, The Fitting of Power Series, Meaning Polynomials, Illustrated on Band-Spectroscopic Data, Technometrics 16(2)',
  apis: [],
  properties: {
    convex: between(at([3], [0]), [9]),
    boundedBelow: 0,
    boundedAbove: usual ** 2 / 6,
    symmetric: true,
    lipschitzGradient: 1,
    boundedInfluence: (16 * usual) / (25 * Math.sqrt(5)),
  },
  plot: alongResidual(-9, 9),
};
