import { abs, div, log1p, lt, mul, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { at, between } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';

/**
 * w·log(1 + |r|/ε) where |r| < w, |r| − C beyond, with C = w − w·log(1 + w/ε) so that the pieces meet. Gradient
 * w/(ε + |r|) inside: largest at 0, where the other losses have none.
 */
export const loss: Loss = {
  id: 'wing',
  name: 'Wing loss',
  synonyms: ['wing', 'facial landmark loss'],
  chinese: ['Wing 损失', '翼形损失'],
  family: 'regression',
  inputs: [predictedValues(), trueValues()],
  parameters: [
    {
      id: 'w',
      symbol: 'w',
      default: 10,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning:
        'The residual up to which the loss is logarithmic, in units of the target (pixels in the paper).',
    },
    {
      id: 'epsilon',
      symbol: '\\varepsilon',
      default: 2,
      min: 0,
      max: 1e6,
      minExclusive: true,
      meaning: 'How sharp the logarithmic part is: the gradient at 0 is w/ε.',
    },
  ],
  expression: withOptions(() => {
    const [w, epsilon] = [param('w'), param('epsilon')];
    const size = abs(residual());
    const offset = sub(w, mul(w, log1p(div(w, epsilon))));
    return where(lt(size, w), mul(w, log1p(div(size, epsilon))), sub(size, offset));
  }),
  named: residualName,
  meaning:
    'Logarithmic for small and medium residuals, linear for large ones: small errors keep a strong pull towards zero.',
  useWhen:
    'Landmarks in images are localised, where the last pixel counts and L2 or L1 have stopped pulling.',
  avoidWhen:
    'Labels are noisy by more than ε: the strong pull at 0 chases the noise, and steps do not settle.',
  pitfalls: [
    'The gradient is largest at a residual of 0 (w/ε = 5 at the defaults) and jumps from −5 to 5 there: with a constant learning rate the prediction jitters.',
    'At |r| = w the slope jumps from w/(ε + w) to 1.',
    'w = 10 and ε = 2 are in pixels of 256-pixel faces: with coordinates scaled to [0, 1] every residual is inside, and the constants must be scaled too.',
    'Not convex: between 0 and w it bends downwards.',
  ],
  source:
    'Feng, Kittler, Awais, Huber, Wu 2018, Wing Loss for Robust Facial Landmark Localisation with Convolutional Neural Networks, CVPR',
  apis: [],
  properties: {
    convex: between(at([0], [0]), [8]),
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    symmetric: true,
    lipschitzGradient: between(at([-1e-6], [0]), [1e-6]),
    boundedInfluence: 5,
  },
  plot: alongResidual(-20, 20),
};
