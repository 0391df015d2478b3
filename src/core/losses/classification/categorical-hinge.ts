import { add, amax, mul, relu, sub, sum } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasRowApis } from '../shared/apiPairs.ts';
import { classScores, classShares, perClass, targetShares } from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueLogit } from '../shared/plots.ts';

const right = (): Expr => sum(mul(targetShares(), perClass()), 'class');
const wrong = (): Expr => amax(mul(sub(1, targetShares()), perClass()), 'class');

/** max(0, 1 + max_c (1 − y_c) z_c − Σ_c y_c z_c): the maximum runs over all classes, so the true one takes part with 0. */
export const loss: Loss = {
  id: 'categorical-hinge',
  name: 'Categorical hinge loss',
  synonyms: ['Keras categorical hinge', 'one-hot hinge loss'],
  chinese: ['分类合页损失', '类别铰链损失'],
  family: 'classification',
  inputs: [classScores(), classShares({ meaning: 'One-hot labels.' })],
  parameters: [],
  expression: withOptions(() => relu(add(1, sub(wrong(), right())))),
  named: () => [
    { name: 'right', symbol: 'z_{+}', expr: right(), meaning: 'the score of the true class' },
    { name: 'wrong', symbol: 'z_{-}', expr: wrong(), meaning: 'the best wrong score, at least 0' },
  ],
  convention: 'Keras',
  meaning: 'How far the true class falls short of beating the best wrong class, or 0, by 1.',
  useWhen: 'A Keras or TensorFlow.js model with one-hot labels is trained for decisions only.',
  avoidWhen: 'The exact multi-class hinge is wanted (multi-class hinge loss), or probabilities.',
  pitfalls: [
    'It is not the hinge of Crammer and Singer where all wrong scores are below 0: (−2, −5) with the first class true costs 3 here and 0 there.',
    'So scores are pushed to be above 1 for the true class, not only above the others.',
    'Labels are one-hot: class indices of shape (N, 1) are broadcast by Keras into a number without meaning.',
    'Where wrong classes tie Keras shares the gradient among them; TensorFlow.js gives all of it to each.',
  ],
  source:
    'Keras; after Weston, Watkins 1999, Support Vector Machines for Multi-Class Pattern Recognition, ESANN',
  apis: [
    ...kerasRowApis('CategoricalHinge', 'categorical_hinge', {
      strings: ['categorical_hinge', 'CategoricalHinge'],
    }),
    { framework: 'tfjs', name: 'categoricalHinge', form: 'string' },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [0, 1]),
    lipschitzGradient: between(classesAt(2, [1 - 1e-6, 0], [1, 0]), [1 + 1e-6, 0]),
    boundedInfluence: Math.SQRT2,
  },
  plot: alongTrueLogit('one-hot', -3, 3),
};
