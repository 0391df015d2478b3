import { clampMin, cos, gt, mul, neg, sin, sqrt, square, sub, where } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import {
  centreInputs,
  cosineNames,
  oneSample,
  ownCosine,
  scale,
  scaledCrossEntropy,
} from '../shared/centres.ts';
import { alongCentreAngle } from '../shared/anglePlots.ts';

/** sin θ_y from cos θ_y; at least 1e-6, so that its derivative stays finite. */
const ownSine = (): Expr => sqrt(clampMin(sub(1, square(ownCosine())), 1e-12));

/**
 * cos(θ_y + m) by the addition theorem. Beyond θ_y = π − m it would rise again; there it goes on as cos θ_y − m·sin m, as
 * in the authors’ code.
 */
function moved(): Expr {
  const m = param('margin');
  const turned = sub(mul(ownCosine(), cos(m)), mul(ownSine(), sin(m)));
  return where(gt(ownCosine(), neg(cos(m))), turned, sub(ownCosine(), mul(m, sin(m))));
}

/** Softmax cross-entropy of the logits s·cos θ_c, where the logit of the true class is s·cos(θ_y + m). */
export const loss: Loss = {
  id: 'arcface',
  name: 'ArcFace loss',
  synonyms: ['ArcFace', 'additive angular margin loss', 'AAM-Softmax'],
  chinese: ['ArcFace 损失', '加性角度间隔损失'],
  family: 'embedding',
  inputs: centreInputs,
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 0.5,
      min: 0,
      max: 1.5,
      meaning: 'The angle, in radians, that is added to the angle with the own centre while training.',
    },
    scale,
  ],
  expression: withOptions(() => scaledCrossEntropy(moved())),
  named: () => [
    ...cosineNames(),
    { name: 'own_sine', symbol: 'S', expr: ownSine(), meaning: 'the sine of the same angle' },
    {
      name: 'moved',
      symbol: 'C^{+}',
      expr: moved(),
      meaning: 'the cosine of the angle with the own centre plus the margin',
    },
  ],
  convention: 'Deng et al. 2019',
  meaning:
    'A softmax over cosines with a centre for each class, in which the true class must win by a margin in angle.',
  useWhen: 'Many classes with few samples each, to be compared by cosine later: faces, speakers, products.',
  avoidWhen:
    'Classes change after training or number in the millions: a centre for each must be kept. Early in training it may not start: begin with a smaller margin.',
  pitfalls: [
    'The margin here is in radians, as in the paper: 0.5. pytorch-metric-learning takes degrees: 28.6.',
    'The margin is for training only: at test time compare embeddings by their plain cosine.',
    'Computing cos(acos(c) + m) has an infinite derivative at c = ±1; the addition theorem with a floor under the sine has not.',
    'cos(θ + m) rises again beyond θ = π − m. The authors’ code then takes cos θ − m·sin m; implementations without it can pull a sample to the opposite of its centre.',
    'Embeddings and centres are normalised inside: their lengths do not matter, and a centre of length 0 has no direction.',
  ],
  source:
    'Deng, Guo, Xue, Zafeiriou 2019, ArcFace: Additive Angular Margin Loss for Deep Face Recognition, arXiv 1801.07698',
  apis: [],
  properties: {
    convex: { ...oneSample([1, 0], [1, 0, -1, 0]), and: { pred: [-3, 0], centres: [-0.5, 0, 0.5, 0] } },
    boundedBelow: 0,
    boundedAbove: oneSample([1, 0], [-1, 0, 1, 0]),
    lipschitzGradient: { ...oneSample([0, 1e-3], [1, 0, -1, 0]), and: { pred: [1e-5, 1e-3] } },
    boundedInfluence: oneSample([0, 1e-3], [1, 0, -1, 0]),
  },
  plot: alongCentreAngle,
};
