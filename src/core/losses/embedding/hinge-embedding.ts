import { clampMin, eq, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { torchApis } from '../shared/apis.ts';
import { pred, predictedValues, target, trueValues } from '../shared/elements.ts';
import { at, between } from '../shared/examples.ts';

/** d for a pair that belongs together (y = 1), max(0, m − d) for one that does not (y = −1); d is a distance. */
export const loss: Loss = {
  id: 'hinge-embedding',
  name: 'Hinge embedding loss',
  synonyms: ['hinge embedding'],
  chinese: ['合页嵌入损失', '铰链嵌入损失'],
  family: 'embedding',
  inputs: [
    predictedValues({
      symbol: 'd',
      kind: 'nonnegative',
      meaning: 'Distances of pairs, made by the model: often the sum of absolute differences of two vectors.',
    }),
    trueValues({
      kind: 'sign-label',
      meaning: '+1 for a pair that belongs together, −1 for one that does not.',
    }),
  ],
  parameters: [
    {
      id: 'margin',
      symbol: 'm',
      default: 1,
      min: 0,
      max: 1e6,
      meaning: 'The distance from which pairs that do not belong together cost nothing.',
    },
  ],
  expression: withOptions(() => where(eq(target(), 1), pred(), clampMin(sub(param('margin'), pred()), 0))),
  convention: 'PyTorch',
  meaning: 'Shrinks the distance of pairs that belong together and stretches that of others up to a margin.',
  useWhen:
    'You measure distances yourself and want each pair to pull with the same force whatever its distance: less moved by mislabelled pairs than squared distances.',
  avoidWhen:
    'Pairs should come to rest: its pull does not fade as pairs get close. The contrastive loss squares, and so does. It is no classifier’s hinge loss.',
  pitfalls: [
    'It is not the hinge loss max(0, 1 − y·f): for y = 1 it is the input itself, without any margin.',
    'It expects distances, which are at least 0. Given raw scores it is unbounded below: minus the score for label 1 falls forever.',
    'Labels are +1 and −1. With labels 0 and 1 PyTorch adds both terms for label 0, so that the loss there is d + max(0, m − d) and never below m.',
    'The margin is in units of the distance: standardised vectors of 128 features are about 16 apart, and a margin of 1 then separates nothing.',
  ],
  source:
    'As in PyTorch 2.13, torch.nn.HingeEmbeddingLoss; the hinge: Cortes, Vapnik 1995, Support-Vector Networks',
  apis: torchApis('HingeEmbeddingLoss', 'hinge_embedding_loss', {
    keywords: { margin: { parameter: 'margin', default: 1 } },
  }),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([1e3], [1]),
    lipschitzGradient: between(at([1 - 1e-6], [-1]), [1 + 1e-6]),
    boundedInfluence: 1,
  },
  plot: {
    label: 'distance d',
    inWords: 'the distance of the pair, for pairs that belong together and for pairs that do not',
    from: 0,
    to: 3,
    sizes: { sample: 1, output: 1 },
    curves: [
      { note: { text: 'y = 1', side: 'left' }, at: (x) => ({ pred: [x], target: [1] }) },
      { note: { text: 'y = −1', side: 'right' }, at: (x) => ({ pred: [x], target: [-1] }) },
    ],
  },
};
