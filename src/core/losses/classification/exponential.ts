import { exp, neg } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { margin, marginName, signLabels, signScores } from '../shared/binary.ts';
import { at, between } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** e^(−yf) for the margin yf, whose best score is half the logarithm of the odds. */
export const loss: Loss = {
  id: 'exponential',
  name: 'Exponential loss',
  synonyms: ['AdaBoost loss', 'boosting loss'],
  chinese: ['指数损失', 'AdaBoost 损失'],
  family: 'classification',
  inputs: [signScores(), signLabels()],
  parameters: [],
  expression: withOptions(() => exp(neg(margin()))),
  named: marginName(),
  meaning: 'The price of a score grows by the factor e with every unit that it is further on the wrong side.',
  useWhen: 'Boosting: AdaBoost minimises it step by step, and its weights of rows are its values.',
  avoidWhen: 'Labels are noisy or there are outliers: a single badly wrong row outweighs all others.',
  pitfalls: [
    'A margin of −100 costs 2.7e43, and in float32 it is inf from −89 on. Keep scores small, or use the logistic loss.',
    'The best score is half the logarithm of the odds: the probability is σ(2f), not σ(f).',
    'Labels must be −1 and +1. With 0 in place of −1 those rows cost exactly 1 whatever the score.',
    'GradientBoostingClassifier(loss="exponential") takes two classes only.',
  ],
  source:
    'Freund, Schapire 1997, A Decision-Theoretic Generalization of On-Line Learning and an Application to Boosting; as a loss: Friedman, Hastie, Tibshirani 2000, Annals of Statistics 28(2)',
  apis: [
    {
      framework: 'sklearn',
      name: 'exponential',
      form: 'string',
      note: 'GradientBoostingClassifier: two classes, labels of any kind.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-10], [1]),
    lipschitzGradient: between(at([-20], [1]), [-10]),
    boundedInfluence: at([-10], [1]),
  },
  bestConstant: {
    words: 'half the logarithm of the odds of label +1',
    of: (targets) => [Math.log((1 + mean(targets)) / (1 - mean(targets))) / 2],
  },
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -2, 2, -1),
};
