import { exp, log1p, neg, softplus } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { margin, marginName, signLabels, signScores } from '../shared/binary.ts';
import { torchApis } from '../shared/apiPairs.ts';
import { at } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const bestConstant: BestConstant = {
  words: 'the logarithm of the odds of label +1',
  of: (targets) => [Math.log((1 + mean(targets)) / (1 - mean(targets)))],
};

/** softplus(−yf) = log(1 + e^(−yf)) for the margin yf: binary cross-entropy on logits, for labels −1 and +1. */
export const loss: Loss = {
  id: 'logistic',
  name: 'Logistic loss',
  synonyms: ['soft margin loss', 'log loss', 'logit loss', 'binomial deviance'],
  chinese: ['逻辑损失', 'Logistic 损失', '软间隔损失'],
  family: 'classification',
  inputs: [
    signScores({ kind: 'logit', meaning: 'Logits: raw scores, above 0 for the positive class.' }),
    signLabels(),
  ],
  parameters: [],
  expression: withOptions(() => softplus(neg(margin()))),
  named: marginName(),
  conventions: [
    {
      id: 'torch',
      users: 'PyTorch',
      differs: 'The exponential is taken as written: ∞ where −yf is above 709 (88 in single precision).',
      expression: withOptions(() => log1p(exp(neg(margin())))),
      named: marginName(),
      bestConstant,
    },
  ],
  meaning:
    'The surprise, in nats, at the label’s sign when the model’s probability is the sigmoid of its raw score.',
  useWhen: 'Labels are −1 and +1 and probabilities are wanted; a smooth relative of the hinge loss.',
  avoidWhen: 'Labels are 0 and 1: binary cross-entropy on logits is this loss for them.',
  pitfalls: [
    'Labels 0 and 1 go through without an error: label 0 makes the loss log 2 = 0.693 whatever the score, and its gradient 0.',
    'torch.nn.SoftMarginLoss computes log(1 + exp(−yf)) as written: the loss is inf and the gradient NaN where −yf is above 88 in float32. BCEWithLogitsLoss on labels (y + 1)/2 is the same and safe.',
    'Some books divide by log 2, so that a score of 0 costs 1; frameworks use nats, where it costs 0.693.',
    'It never reaches 0: on separable classes the scores grow without end. Regularise, or stop early.',
  ],
  source:
    'Cox 1958, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2)',
  apis: torchApis('SoftMarginLoss', 'soft_margin_loss', {
    note: 'Overflows to inf where −yf is above 88 in float32, 709 in float64.',
  }),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: 0.25,
    boundedInfluence: 1,
    strictlyProper: true,
  },
  bestConstant,
  plot: alongBinary({ label: 'score f', inWords: 'the score' }, -4, 4, -1),
};
