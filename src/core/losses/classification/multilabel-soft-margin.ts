import { input } from '../../expression/expression.ts';
import { mean, mul } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { torchApis } from '../shared/apiPairs.ts';
import { binaryLabels, binaryLogits, logitCrossEntropy } from '../shared/binary.ts';
import { classWeights } from '../shared/classes.ts';
import { at } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean as average } from '../shared/statistics.ts';

const options = [
  classWeights('A weight for each label; the mean divides by the number of labels.', 'output'),
];

/** The mean over the labels of a row of binary cross-entropy on logits. */
export const loss: Loss = {
  id: 'multilabel-soft-margin',
  name: 'Multi-label soft margin loss',
  synonyms: ['multi-label logistic loss', 'multi-label one-versus-all loss'],
  chinese: ['多标签软间隔损失', '多标签逻辑损失'],
  family: 'classification',
  inputs: [binaryLogits(), binaryLabels('For every label 1 where the row has it, else 0.')],
  parameters: [],
  options,
  expression: withOptions(
    () => mean(mul(input('classWeight', ['output']), logitCrossEntropy()), 'output'),
    options,
  ),
  convention: 'PyTorch',
  meaning: 'The surprise, in nats, at each yes/no label of a row, averaged over its labels.',
  useWhen: 'Several labels may hold at once and one value a row is wanted, for example to weigh rows.',
  avoidWhen:
    'Labels matter unequally by row, or positives should weigh more: BCEWithLogitsLoss has pos_weight.',
  pitfalls: [
    'reduction="none" gives one value a row: the mean over labels is already taken. BCEWithLogitsLoss gives one a label; both have the same mean.',
    'Give it raw scores: the sigmoid is inside.',
    'weight is per label and multiplies both answers, unlike pos_weight, which multiplies only the positive one; the mean divides by the number of labels all the same.',
    'reduction="sum" adds up means: it is smaller than the sum of BCEWithLogitsLoss by the number of labels.',
  ],
  source: 'PyTorch; the loss of one logistic regression a label: Cox 1958',
  apis: torchApis('MultiLabelSoftMarginLoss', 'multilabel_soft_margin_loss'),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: ({ output }) => 0.25 / output!,
    boundedInfluence: ({ output }) => 1 / Math.sqrt(output!),
    strictlyProper: true,
  },
  bestConstant: {
    words: 'the logarithm of the odds of label 1',
    of: (targets) => [Math.log(average(targets) / (1 - average(targets)))],
  },
  plot: alongBinary({ label: 'logit z', inWords: 'the logit' }, -6, 6, 0),
};
