import { neg, sigmoid, square } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { margin, marginName, signLabels, signScores } from '../shared/binary.ts';
import { at, between } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

/** Where the second derivative 2s²(1 − s)(2 − 3s), s = σ(−yf), is largest. */
const steepest = (15 - Math.sqrt(33)) / 24;

/** σ(−yf)² = 1/(1 + e^(yf))² for the margin yf: the squared error of the probability that σ makes of the score. */
export const loss: Loss = {
  id: 'savage',
  name: 'Savage loss',
  synonyms: ['SavageBoost loss', 'squared sigmoid loss', 'Brier loss of a logit'],
  chinese: ['Savage 损失'],
  family: 'classification',
  inputs: [
    signScores({ kind: 'logit', meaning: 'Logits: raw scores, above 0 for the positive class.' }),
    signLabels(),
  ],
  parameters: [],
  expression: withOptions(() => square(sigmoid(neg(margin())))),
  named: marginName(),
  meaning:
    'The squared error of the probability that a sigmoid makes of the score. A hopelessly wrong row costs at most 1.',
  useWhen: 'Some labels are wrong: rows that the model is sure to be mislabelled lose their influence.',
  avoidWhen:
    'Training starts far off, where the gradient vanishes, or a convex problem with one minimum is wanted.',
  pitfalls: [
    'It is not convex: different starting points may end in different minima. Start from weights that the logistic loss has found.',
    'Its gradient vanishes for badly wrong scores: at a margin of −10 it is 0.00009, where that of the logistic loss is 1.',
    'It is the Brier score of σ(f), not another score: training with torch.nn.MSELoss behind a sigmoid is the same.',
    'Labels must be −1 and +1. With 0 in place of −1 those rows cost 0.25 whatever the score.',
  ],
  source:
    'Masnadi-Shirazi, Vasconcelos 2008, On the Design of Loss Functions for Classification: Theory, Robustness to Outliers, and SavageBoost, NeurIPS',
  apis: [],
  properties: {
    convex: between(at([-8], [1]), [0]),
    boundedBelow: 0,
    boundedAbove: 1,
    lipschitzGradient: 2 * steepest ** 2 * (1 - steepest) * (2 - 3 * steepest),
    boundedInfluence: 8 / 27,
    strictlyProper: true,
  },
  bestConstant: {
    words: 'the logarithm of the odds of label +1',
    of: (targets) => [Math.log((1 + mean(targets)) / (1 - mean(targets)))],
  },
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -6, 6, -1),
};
