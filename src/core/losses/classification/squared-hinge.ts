import { relu, square, sub } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { binaryLabels, margin, margin01, marginName, signLabels, signScores } from '../shared/binary.ts';
import { kerasApis } from '../shared/apis.ts';
import { at } from '../shared/examples.ts';
import { kerasRows } from '../shared/conventions.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const squaredHinge = (of: Expr): Expr => square(relu(sub(1, of)));

/** max(0, 1 − yf)² for the margin yf: the hinge without its corner. */
export const loss: Loss = {
  id: 'squared-hinge',
  name: 'Squared hinge loss',
  synonyms: ['L2 hinge', 'quadratic hinge', 'L2-SVM loss', 'truncated quadratic loss'],
  chinese: ['平方合页损失', '平方铰链损失'],
  family: 'classification',
  inputs: [signScores(), signLabels()],
  parameters: [],
  expression: withOptions(() => squaredHinge(margin())),
  named: marginName(),
  conventions: [
    kerasRows,
    {
      id: 'keras-01',
      users: 'Keras, where every label is 0 or 1',
      differs: 'Labels 0 and 1 stand for −1 and +1. The mean over the last axis is part of the function.',
      inputs: [signScores(), binaryLabels('Labels 0 or 1.')],
      expression: withOptions(() => squaredHinge(margin01())),
      named: marginName(margin01),
      averaging: { rowsFirst: true },
      bestConstant: {
        words: 'twice the share of label 1, less 1',
        of: (targets) => [2 * mean(targets) - 1],
      },
      plot: alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, 0),
    },
  ],
  meaning: 'The square of how far the score falls short of a margin of 1 on the right side; 0 beyond it.',
  useWhen:
    'A hinge is wanted whose gradient has no jumps, as smooth optimisers like it; what LinearSVC uses.',
  avoidWhen: 'Labels are often wrong: one score of −100 for label +1 weighs as much as 10,000 scores of 0.',
  pitfalls: [
    'Labels must be −1 and +1. With 0 in place of −1 those rows cost exactly 1 whatever the score, and teach nothing.',
    'Keras converts labels 0 and 1 where all labels of the batch are 0 or 1, the layers of TensorFlow.js do not.',
    'Outliers count quadratically: the gradient grows with the error, where that of the hinge loss stays at 1.',
    'LinearSVC minimises it by default (loss="squared_hinge") and multiplies the sum by C, SGDClassifier the mean with a penalty alpha: C is 1/(alpha · rows).',
  ],
  source: 'Chang, Hsieh, Lin 2008, Coordinate Descent Method for Large-scale L2-loss Linear SVM, JMLR 9',
  apis: [
    ...kerasApis('SquaredHinge', 'squared_hinge', {
      note: 'Labels that are all 0 or 1 are taken for −1 and +1.',
    }),
    { framework: 'sklearn', name: 'squared_hinge', form: 'string', note: 'SGDClassifier, LinearSVC.' },
    {
      framework: 'tfjs',
      name: 'squaredHinge',
      form: 'string',
      convention: 'keras',
      note: 'Labels must be −1 and +1.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: 2,
    boundedInfluence: at([-1e3], [1]),
  },
  bestConstant: { words: 'the mean of the labels −1 and +1', of: (targets) => [mean(targets)] },
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, -1),
};
