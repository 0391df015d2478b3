import { sub } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
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

/** Softmax cross-entropy of the logits s·cos θ_c, where the logit of the true class is s·(cos θ_y − m). */
export const loss: Loss = {
  id: 'cosface',
  name: 'CosFace loss',
  synonyms: ['CosFace', 'large margin cosine loss', 'LMCL', 'AM-Softmax', 'additive margin softmax'],
  chinese: ['CosFace 损失', '大间隔余弦损失'],
  family: 'embedding',
  inputs: centreInputs,
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 0.35,
      min: 0,
      max: 1,
      meaning: 'What is taken from the cosine of the true class while training.',
    },
    scale,
  ],
  expression: withOptions(() => scaledCrossEntropy(sub(ownCosine(), param('margin')))),
  named: cosineNames,
  convention: 'Wang et al. 2018',
  meaning:
    'A softmax over cosines with a centre for each class, in which the true class must win by a margin in cosine.',
  useWhen:
    'Many classes with few samples each, as in face recognition; simpler and a little steadier than ArcFace.',
  avoidWhen:
    'Classes change after training or number in the millions: a centre for each must be kept. Then compare samples with each other.',
  pitfalls: [
    'The margin is for training only: at test time compare embeddings by their plain cosine.',
    'Without the scale, cosines between −1 and 1 leave the softmax unsure: with 10,000 classes and s = 1 the loss cannot fall below 7.2 even without a margin.',
    'Embeddings and centres are normalised inside: bias and weight decay on their lengths have no effect on the value.',
    'pytorch-metric-learning keeps the centres as a matrix [embedding_size, num_classes] inside of the loss: give its parameters to an optimizer too.',
  ],
  source: 'Wang et al. 2018, CosFace: Large Margin Cosine Loss for Deep Face Recognition, arXiv 1801.09414',
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
