import { abs, div, log1p, mul, square, sub } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { lightgbmApis } from '../shared/apis.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';
import { scale } from '../shared/scale.ts';

/** c²(|r|/c − log(1 + |r|/c)), gradient r/(1 + |r|/c): near ½r² at 0, near c|r| far away. */
export const loss: Loss = {
  id: 'fair',
  name: 'Fair loss',
  synonyms: ['Fair function', 'Fair M-estimator'],
  chinese: ['Fair 损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    scale(
      1,
      'The residual at which the gradient has reached half of its limit, and that limit, in units of the target.',
    ),
  ],
  expression: withOptions(() => {
    const c = param('c');
    const size = div(abs(residual()), c);
    return mul(square(c), sub(size, log1p(size)));
  }),
  named: residualName,
  convention: 'LightGBM',
  meaning: 'A robust loss that turns slowly from quadratic to linear; its gradient is r/(1 + |r|/c).',
  useWhen:
    'You want a convex robust loss with a second derivative everywhere, as boosting and Newton steps like it.',
  avoidWhen:
    'Outliers should be ignored altogether: their pull stays at c. Then use Cauchy, Welsch or Tukey.',
  pitfalls: [
    'It leaves the parabola early: at |r| = c the gradient is already halved, where Huber’s is still full.',
    'c is in units of the target, and the linear tails have slope c: changing c changes the size of the loss, not only its shape.',
    'LightGBM’s fair_c is 1 by default, while statistics uses 1.3998 times the standard deviation (95 % efficiency for normal errors).',
  ],
  source:
    'Fair 1974, On the Robust Estimation of Econometric Models, Annals of Economic and Social Measurement 3(4)',
  apis: [...lightgbmApis('fair', { note: 'c is the parameter fair_c, 1 by default.' })],
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
