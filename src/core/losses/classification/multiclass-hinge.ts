import { add, amax, gather, relu, sub, where } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { optaxRowApis } from '../shared/apiPairs.ts';
import { classIndices, classScores, isTrueClass, label, perClass } from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueLogit } from '../shared/plots.ts';

/** The largest score of a wrong class. */
const bestWrong = (): Expr => amax(where(isTrueClass(), -Infinity, perClass()), 'class');

/** max(0, 1 + max_{c ≠ y} z_c − z_y): how far the best wrong class comes within 1 of the true one. */
export const loss: Loss = {
  id: 'multiclass-hinge',
  name: 'Multi-class hinge loss',
  synonyms: ['Crammer–Singer loss', 'multi-class SVM loss', 'structured hinge loss'],
  chinese: ['多类合页损失', '多分类铰链损失', 'Crammer–Singer 损失'],
  family: 'classification',
  inputs: [classScores(), classIndices()],
  parameters: [],
  averaging: { weightedBy: 'weights' },
  expression: withOptions(() => relu(add(1, sub(bestWrong(), gather(perClass(), 'class', label()))))),
  named: () => [
    { name: 'best_wrong', symbol: 'r', expr: bestWrong(), meaning: 'the largest score of a wrong class' },
  ],
  convention: 'optax, scikit-learn',
  meaning: 'How far the true class falls short of beating the best wrong class by 1.',
  useWhen: 'One class of several is right, only the decision matters, and support vectors are wanted.',
  avoidWhen:
    'Probabilities are wanted (use softmax cross-entropy), or many classes compete closely: only one of them learns from a row.',
  pitfalls: [
    'It takes raw scores: behind a softmax the difference is below 1, and no row ever costs 0.',
    'Keras’s CategoricalHinge differs where all wrong scores are below 0: there the true class’s 0 takes part in the maximum, and the loss is larger.',
    'torch.nn.MultiMarginLoss adds up all wrong classes instead of taking the worst one, and divides by the number of classes.',
    'sklearn.metrics.hinge_loss needs labels=… where a class does not occur in y_true; a vector of scores makes it the binary hinge loss.',
  ],
  source:
    'Crammer, Singer 2001, On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines, JMLR 2',
  apis: [
    ...optaxRowApis('multiclass_hinge_loss', {}, ['optax.losses']),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.hinge_loss',
      form: 'function',
      targetFirst: true,
      note: 'A matrix of scores means several classes.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [1]),
    lipschitzGradient: between(classesAt(2, [1 - 1e-6, 0], [0]), [1 + 1e-6, 0]),
    boundedInfluence: Math.SQRT2,
  },
  plot: alongTrueLogit('index', -3, 3),
};
