import { relu, sub } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Convention, Loss } from '../loss.ts';
import { binaryLabels, margin, margin01, marginName, signLabels, signScores } from '../shared/binary.ts';
import { kerasApis, optaxApis } from '../shared/apis.ts';
import { at, between } from '../shared/examples.ts';
import { kerasRows } from '../shared/conventions.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const hinge = (of: Expr): Expr => relu(sub(1, of));

/** For labels 0 and 1. */
const zeroOne: Pick<Convention, 'inputs' | 'expression' | 'named'> = {
  inputs: [signScores(), binaryLabels('Labels 0 or 1.')],
  expression: withOptions(() => hinge(margin01())),
  named: marginName(margin01),
};

/** Where labels are 0 and 1. */
const bestOf01: BestConstant = {
  words: '+1 where label 1 is in the majority, −1 otherwise',
  of: (targets) => [mean(targets) < 0.5 ? -1 : 1],
};
const plotOf01 = alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, 0);

/** max(0, 1 − yf) for the margin yf; its slope jumps from −y to 0 at the margin 1, where the gradient is taken as 0. */
export const loss: Loss = {
  id: 'hinge',
  name: 'Hinge loss',
  synonyms: ['SVM loss', 'max-margin loss', 'soft margin SVM', 'L1 hinge'],
  chinese: ['合页损失', '铰链损失', 'Hinge 损失'],
  family: 'classification',
  common: 9,
  inputs: [signScores(), signLabels()],
  parameters: [],
  averaging: { weightedBy: 'weights' },
  expression: withOptions(() => hinge(margin())),
  named: marginName(),
  conventions: [
    kerasRows,
    {
      id: 'keras-01',
      users: 'Keras, where every label is 0 or 1',
      differs: 'Labels 0 and 1 stand for −1 and +1. The mean over the last axis is part of the function.',
      ...zeroOne,
      averaging: { rowsFirst: true },
      bestConstant: bestOf01,
      plot: plotOf01,
    },
    {
      id: 'tfjs-core',
      users: 'tf.losses.hingeLoss of TensorFlow.js',
      differs: 'Labels are 0 and 1, which stand for −1 and +1.',
      ...zeroOne,
      averaging: { weightedBy: 'non-zero-weights' },
      bestConstant: bestOf01,
      plot: plotOf01,
    },
  ],
  meaning:
    'How far the score falls short of a margin of 1 on the right side; 0 beyond it. The loss of support vector machines.',
  useWhen: 'Only the decision matters, and rows that are right with room to spare should not count any more.',
  avoidWhen:
    'Probabilities are wanted: the score does not stand for one. With many wrong labels a single outlier still pulls with full force.',
  pitfalls: [
    'Labels must be −1 and +1. With 0 in place of −1 those rows cost exactly 1 whatever the score, and teach nothing.',
    'Frameworks treat labels 0 and 1 differently: Keras converts them where all labels of the batch are 0 or 1, tf.losses.hingeLoss always, optax and the layers of TensorFlow.js never.',
    'In Keras a batch of only +1 labels looks like labels 0 and 1, which changes nothing; a batch with a single −1 is not converted.',
    'Take the raw score: behind a sigmoid the margin of label −1 is never positive, and those rows cost at least 1.',
    'At a margin of exactly 1 the gradient is 0 here, −y in Keras on TensorFlow, −y/2 in optax.',
  ],
  source: 'Cortes, Vapnik 1995, Support-Vector Networks, Machine Learning 20',
  apis: [
    ...kerasApis('Hinge', 'hinge', {
      note: 'Labels that are all 0 or 1 are taken for −1 and +1.',
    }),
    ...optaxApis('hinge_loss'),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.hinge_loss',
      form: 'function',
      targetFirst: true,
      note: 'A matrix of scores means several classes.',
    },
    { framework: 'sklearn', name: 'hinge', form: 'string', note: 'SGDClassifier, LinearSVC.' },
    {
      framework: 'tfjs',
      name: 'tf.losses.hingeLoss',
      form: 'function',
      convention: 'tfjs-core',
      targetFirst: true,
      note: 'Labels must be 0 and 1.',
    },
    {
      framework: 'tfjs',
      name: 'hinge',
      form: 'string',
      convention: 'keras',
      note: 'Labels must be −1 and +1.',
    },
    {
      framework: 'xgboost',
      name: 'binary:hinge',
      form: 'string',
      convention: 'tfjs-core',
      note: 'Labels are 0 and 1; predicts 0 or 1.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: between(at([1 - 1e-6], [1]), [1 + 1e-6]),
    boundedInfluence: 1,
  },
  bestConstant: { words: 'the label of the majority', of: (targets) => [mean(targets) < 0 ? -1 : 1] },
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, -1),
};
