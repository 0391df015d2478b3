import { amax, gather, neg, relu, sub } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { optaxRowApis } from '../shared/apiPairs.ts';
import { optaxApis } from '../shared/apis.ts';
import { margin, marginName, signLabels, signScores } from '../shared/binary.ts';
import { classIndices, classScores, label, perClass } from '../shared/classes.ts';
import { at, between } from '../shared/examples.ts';
import { alongBinary, alongTrueLogit } from '../shared/plots.ts';

/** max(0, −yf) for the margin yf: the hinge loss without a margin. */
export const loss: Loss = {
  id: 'perceptron',
  name: 'Perceptron loss',
  synonyms: ['perceptron criterion', 'hinge loss without margin'],
  chinese: ['感知机损失', '感知器损失'],
  family: 'classification',
  inputs: [signScores(), signLabels()],
  parameters: [],
  expression: withOptions(() => relu(neg(margin()))),
  named: marginName(),
  conventions: [
    {
      id: 'multiclass',
      users: 'optax.losses.multiclass_perceptron_loss',
      differs: 'Over several classes: how far the best class is ahead of the true one, max_c z_c − z_y.',
      inputs: [classScores(), classIndices()],
      expression: withOptions(() => sub(amax(perClass(), 'class'), gather(perClass(), 'class', label()))),
      bestConstant: {
        words: 'the same score for every class, which costs nothing',
        of: (_, __, classes) => Array.from({ length: classes }, () => 0),
      },
      plot: alongTrueLogit('index', -3, 3),
    },
  ],
  meaning: 'How far the score is on the wrong side of 0; a score on the right side costs nothing.',
  useWhen:
    'To study the perceptron, or for online learning of separable data where any right answer will do.',
  avoidWhen:
    'Almost always otherwise: the hinge loss costs no more and asks for a margin, which generalises.',
  pitfalls: [
    'The score 0 for every row costs 0: a model that starts with all weights 0 is already at a minimum. Perceptron training with steps of constant length escapes only because it counts 0 as wrong.',
    'Making all scores smaller makes the loss smaller: it says nothing about how well the classes are separated.',
    'Labels must be −1 and +1. With 0 in place of −1 those rows cost 0 and teach nothing.',
    'At a score of exactly 0 the gradient is 0 here, −y/2 in optax; scikit-learn’s SGDClassifier(loss="perceptron") takes −y there.',
  ],
  source:
    'Rosenblatt 1958, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain, Psychological Review 65(6)',
  apis: [
    ...optaxApis('perceptron_loss', {}, ['optax.losses']),
    ...optaxRowApis('multiclass_perceptron_loss', { convention: 'multiclass' }, ['optax.losses']),
    { framework: 'sklearn', name: 'perceptron', form: 'string', note: 'SGDClassifier.' },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: between(at([-1e-6], [1]), [1e-6]),
    boundedInfluence: 1,
  },
  bestConstant: { words: '0, which costs nothing', of: () => [0] },
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, -1),
};
