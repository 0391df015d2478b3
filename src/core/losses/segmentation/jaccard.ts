import { add, div, sub } from '../../expression/build.ts';
import { param, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import {
  alongProbability,
  areas,
  maskInputs,
  masks,
  overlap,
  perSample,
  rewardsDecisions,
  smooth,
  wholeBatch,
  type Over,
} from '../shared/overlap.ts';

const union = (over: Over): Expr => sub(areas(over), overlap(over));
const jaccard = (over: Over): Expr =>
  sub(1, div(add(overlap(over), param('smooth')), add(union(over), param('smooth'))));

const names = (over: Over): readonly Named[] => [
  { name: 'overlap', symbol: 'I', expr: overlap(over), meaning: 'what is found of the object' },
  { name: 'union', symbol: 'U', expr: union(over), meaning: 'what is predicted or true' },
];

/** 1 − (I + S)/(U + S) for the overlap I = Σpy and the union U = Σp + Σy − I of a sample. */
export const loss: Loss = {
  id: 'jaccard',
  name: 'Jaccard loss',
  synonyms: ['IoU loss', 'soft IoU loss', 'intersection over union loss', 'Jaccard distance loss'],
  chinese: ['Jaccard 损失', '杰卡德损失', '交并比损失'],
  family: 'segmentation',
  common: 2,
  inputs: maskInputs,
  parameters: [smooth],
  expression: withOptions(() => jaccard(perSample)),
  named: () => names(perSample),
  convention: 'each sample by itself, with a smoothing term',
  conventions: [
    {
      id: 'whole-batch',
      users: 'implementations that flatten the batch',
      differs: 'One fraction over all pixels of the batch, instead of one for each sample.',
      expression: withOptions(() => jaccard(wholeBatch)),
      named: () => names(wholeBatch),
    },
  ],
  meaning: 'One minus the overlap of the predicted and the true mask relative to their union.',
  useWhen: 'Segmentation that is judged by intersection over union, with objects of few pixels.',
  avoidWhen:
    'Boxes instead of masks are compared, where overlap may be none at all: use a generalised IoU of boxes. For a tighter surrogate of the true index use the Lovász hinge.',
  pitfalls: [
    'For probabilities strictly between 0 and 1 it is above 0 even where p = y: at p = y = ½ everywhere it is ⅔ without smoothing. Soft targets cannot reach 0.',
    'It is never smaller than the Dice loss of the same masks: J = 2D/(1 + D) without smoothing. Values of the two cannot be compared.',
    'PyTorch, Keras and optax have no such loss: keras.metrics.IoU is a metric of hard decisions, without a gradient.',
    'The smoothing term counts differently than in the Dice loss: with the same S the relation between the two no longer holds exactly.',
  ],
  source:
    'Rahman, Wang 2016, Optimizing Intersection-Over-Union in Deep Neural Networks for Image Segmentation, ISVC; the index: Jaccard 1912',
  apis: [],
  properties: {
    convex: { ...masks([0, 0, 0], [0, 0, 0]), and: { pred: [1, 1, 1] } },
    boundedBelow: 0,
    boundedAbove: ({ pixel = 1 }) => pixel / (pixel + 1),
    lipschitzGradient: ({ pixel = 1 }) => 2 * pixel,
    boundedInfluence: ({ pixel = 1 }) => Math.sqrt(pixel),
    strictlyProper: rewardsDecisions,
  },
  plot: alongProbability,
};
