import { ge, mul, relu, square, sub, where } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { margin, marginName, signLabels, signScores } from '../shared/binary.ts';
import { at } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** max(0, 1 − yf)² for margins yf ≥ −1, −4yf below: the squared hinge with linear tails. */
export const loss: Loss = {
  id: 'modified-huber',
  name: 'Modified Huber loss',
  synonyms: ['quadratically smoothed hinge', 'smooth hinge', 'Huberised squared hinge'],
  chinese: ['修正 Huber 损失', '改进的 Huber 损失'],
  family: 'classification',
  inputs: [signScores(), signLabels()],
  parameters: [],
  expression: withOptions(() => {
    const m = margin();
    return where(ge(m, -1), square(relu(sub(1, m))), mul(-4, m));
  }),
  named: marginName(),
  convention: 'scikit-learn',
  meaning:
    'The squared hinge loss for scores that are at most a little wrong, a straight line for those that are badly wrong.',
  useWhen:
    'Outliers are expected and a hinge-like loss should still estimate probabilities: (clip(f, −1, 1) + 1)/2.',
  avoidWhen:
    'Well calibrated probabilities are wanted (use the logistic loss), or labels are often wrong: it is still unbounded.',
  pitfalls: [
    'It is for classification: labels −1 and +1. Huber’s loss for regression shares only the idea and the name.',
    'Its probability is (clip(f, −1, 1) + 1)/2, as scikit-learn’s predict_proba has it: 0 and 1 occur, so that the log loss of such a model is infinite, or large where clipped.',
    'Its slope is −4 in the tail, that of the hinge loss −1: the same learning rate makes steps four times as long.',
    'With labels 0 in place of −1 those rows cost exactly 1 whatever the score.',
  ],
  source:
    'Zhang 2004, Solving Large Scale Linear Prediction Problems Using Stochastic Gradient Descent Algorithms, ICML',
  apis: [{ framework: 'sklearn', name: 'modified_huber', form: 'string', note: 'SGDClassifier.' }],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: 2,
    boundedInfluence: 4,
  },
  bestConstant: { words: 'the mean of the labels −1 and +1', of: (targets) => [mean(targets)] },
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -3, 3, -1),
};
