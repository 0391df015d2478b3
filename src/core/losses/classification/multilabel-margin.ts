import {
  add,
  and,
  cumsum,
  div,
  eq,
  gather,
  gt,
  indicator,
  lt,
  not,
  relu,
  rename,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, input, size, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { torchApis } from '../shared/apiPairs.ts';
import { classScores, perClass } from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';

/** The axis along which the labels of a sample are listed: as long as that of the classes. */
const list = 'class′';

const listed = (): Expr => rename(input('target', ['sample', 'class'], 'index'), 'class', list);
/** True up to the first −1. */
const isListed = (): Expr => eq(cumsum(indicator(lt(listed(), 0)), list), 0);
/** The listed class, or 0 behind the end of the list, so that looking it up is always allowed. */
const safeLabel = (): Expr => where(isListed(), listed(), 0);
/** True for a class that the sample has. */
const isLabel = (): Expr => gt(sum(indicator(and(isListed(), eq(index('class'), safeLabel()))), list), 0);
/** How far a class comes within 1 of a listed one. */
const shortfall = (): Expr => relu(add(sub(1, gather(perClass(), 'class', safeLabel())), perClass()));

/**
 * Σ_j Σ_c max(0, 1 − z_{y_j} + z_c) / C over the labels y_j of a sample and the classes c that it does not have. The
 * labels of a sample are class indices up to the first −1.
 */
export const loss: Loss = {
  id: 'multilabel-margin',
  name: 'Multi-label margin loss',
  synonyms: ['multi-label hinge loss', 'multi-class multi-classification hinge loss'],
  chinese: ['多标签间隔损失', '多标签合页损失'],
  family: 'classification',
  inputs: [
    classScores(),
    {
      id: 'target',
      symbol: 'y',
      kind: 'label-set',
      role: 'target',
      axes: ['sample', 'class'],
      meaning:
        'The classes that each sample has, as indices from the left; the first −1 ends the list, and what follows is not read.',
    },
  ],
  parameters: [],
  expression: withOptions(() => {
    const counted = where(and(isListed(), not(isLabel())), shortfall(), 0);
    return div(sum(sum(counted, list), 'class'), size('class'));
  }),
  named: () => [
    { name: 'is_listed', symbol: 'k', expr: isListed(), meaning: 'true up to the first −1' },
    { name: 'is_label', symbol: 'h', expr: isLabel(), meaning: 'true for a class that the sample has' },
    {
      name: 'shortfall',
      symbol: 's',
      expr: shortfall(),
      meaning: 'how far a class comes within 1 of a listed one',
    },
  ],
  convention: 'PyTorch',
  meaning:
    'How far the scores of a sample’s own classes fall short of beating all its other classes by 1, every pair counted.',
  useWhen: 'Samples have several labels, and their classes should rank above all others.',
  avoidWhen: 'Probabilities of single labels are wanted: use binary cross-entropy on each.',
  pitfalls: [
    'Targets are class indices padded with −1, of the same shape as the scores, not zeros and ones: (0, 1, 1) as a target means the classes 0, 1 and 1.',
    'The list ends at the first −1: a label behind it is ignored without a warning.',
    'A padding of 0 instead of −1 adds class 0 as a label again and again.',
    'A sample that has no class, or every class, costs 0.',
  ],
  source:
    'Elisseeff, Weston 2001, A Kernel Method for Multi-Labelled Classification, NeurIPS; as PyTorch computes it',
  apis: torchApis('MultiLabelMarginLoss', 'multilabel_margin_loss'),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [1, -1]),
    lipschitzGradient: between(classesAt(2, [1 - 1e-6, 0], [0, -1]), [1 + 1e-6, 0]),
    // k of C classes as labels: each of them meets C − k others.
    boundedInfluence: ({ class: classes }) =>
      Math.sqrt((Math.floor(classes! / 2) * Math.ceil(classes! / 2)) / classes!),
  },
  plot: {
    label: 'score of the label',
    inWords: 'the score of the only label of three classes, the other 2 at 0',
    from: -3,
    to: 3,
    sizes: { sample: 1, class: 3 },
    curves: [{ at: (x) => ({ pred: [x, 0, 0], target: [0, -1, -1] }) }],
  },
};
