import { abs, div, eq, lt, mul, square, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Api, Loss } from '../loss.ts';
import { at } from '../shared/examples.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { alongResidual } from '../shared/plots.ts';

const keywords: Api['keywords'] = { beta: { parameter: 'beta', default: 1 } };
const positional: Api['positional'] = ['size_average', 'reduce', 'reduction', 'beta'];

/**
 * ½r²/β where |r| < β, |r| − ½β beyond: Huber's loss divided by δ = β, so that the tails keep the slope 1 whatever β
 * is. β = 0 is the absolute error, a case of its own because the other one divides by β.
 */
export const loss: Loss = {
  id: 'smooth-l1',
  name: 'Smooth L1 loss',
  synonyms: ['smooth L1', 'smoothed absolute error', 'SmoothL1Loss'],
  chinese: ['平滑 L1 损失'],
  family: 'regression',
  common: 4,
  inputs: [predictedValues(), trueValues()],
  parameters: [
    {
      id: 'beta',
      symbol: '\\beta',
      default: 1,
      min: 0,
      max: 1e6,
      meaning:
        'The residual at which the loss turns from quadratic to linear, in units of the target; 0 is the absolute error.',
    },
  ],
  expression: withOptions(() => {
    const r = residual();
    const beta = param('beta');
    const size = abs(r);
    const smooth = where(lt(size, beta), div(mul(0.5, square(r)), beta), sub(size, mul(0.5, beta)));
    return where(eq(beta, 0), size, smooth);
  }),
  named: residualName,
  convention: 'PyTorch',
  meaning:
    'Absolute error with its corner rounded off: quadratic for small residuals, of slope 1 for large ones.',
  useWhen:
    'Box coordinates and other offsets are regressed: outliers pull with a bounded force and the steps shrink near the optimum.',
  avoidWhen:
    'The exact median or mean is wanted, or the target’s scale is unknown: β is in the target’s units.',
  pitfalls: [
    'It is Huber(delta=beta)/beta: the same as Huber only at 1. At beta = 0.1 the gradient of a small residual is 10 times that of Huber.',
    'Object detectors disagree about β: torchvision uses 1/9 for region proposals, and PyTorch’s default is 1.',
    'As β falls to 0 it becomes the absolute error, whose gradient does not shrink; as β grows it becomes ½r²/β, which tends to 0.',
    'PyTorch raises for a negative beta, and unlike mse_loss and l1_loss its smooth_l1_loss takes no weights.',
  ],
  source: 'Girshick 2015, Fast R-CNN, ICCV',
  apis: [
    { framework: 'torch', name: 'torch.nn.SmoothL1Loss', form: 'class', keywords, positional },
    {
      framework: 'torch',
      name: 'torch.nn.functional.smooth_l1_loss',
      form: 'function',
      keywords,
      positional,
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
