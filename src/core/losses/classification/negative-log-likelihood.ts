import { gather, mul, neg, where } from '../../expression/build.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { torchApis } from '../shared/apiPairs.ts';
import {
  classIndices,
  classLogProbabilities,
  classWeights,
  counts,
  ignoreIndex,
  perClass,
  safeLabel,
  weightOfClass,
  weightOfLabel,
} from '../shared/classes.ts';
import { classesAt } from '../shared/examples.ts';
import { alongTrueProbability } from '../shared/plots.ts';
import { shares } from '../shared/statistics.ts';

const options = [
  classWeights(
    'A weight for each class; the mean divides by the sum of the weights of the samples’ classes.',
  ),
  ignoreIndex,
];

/** −x_y for log-probabilities x and the label y: softmax cross-entropy without its log-softmax. */
export const loss: Loss = {
  id: 'negative-log-likelihood',
  name: 'Negative log-likelihood',
  short: 'nll',
  synonyms: ['NLL', 'NLL loss', 'log-likelihood loss'],
  chinese: ['负对数似然', '负对数似然损失', 'NLL 损失'],
  family: 'classification',
  common: 4,
  inputs: [classLogProbabilities(), classIndices()],
  parameters: [],
  options,
  expression: withOptions(() => {
    const y = safeLabel();
    const picked = mul(gather(weightOfClass(), 'class', y), neg(gather(perClass(), 'class', y)));
    return where(counts(), picked, 0);
  }, options),
  divisor: withOptions(weightOfLabel, options),
  convention: 'PyTorch',
  meaning: 'Minus the log-probability that the model gives the true class: its surprise, in nats.',
  useWhen: 'The model already ends in log-probabilities, such as a log-softmax or an adaptive softmax.',
  avoidWhen: 'The model ends in raw scores: softmax cross-entropy does both in one stable step.',
  pitfalls: [
    'It takes what it gets for log-probabilities. On raw scores the loss is negative and falls without end; on probabilities it lies between −1 and 0. Put log_softmax in front.',
    'log(softmax(z)) is −∞ where the softmax rounds to 0, and the loss inf; log_softmax(z) is not.',
    'Targets are class indices of type torch.long; the classes are in dimension 1, (N, C, …).',
    'With class weights the mean divides by the sum of the weights of the targets, not by the number of samples. When every target is ignored it is NaN.',
  ],
  source: 'Fisher 1922, On the Mathematical Foundations of Theoretical Statistics',
  apis: torchApis('NLLLoss', 'nll_loss', {
    keywords: { ignore_index: { parameter: 'ignoreIndex', default: -100 } },
    positional: ['weight', 'size_average', 'ignore_index'],
  }),
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [-1e3, 0], [0]),
    lipschitzGradient: 0,
    boundedInfluence: 1,
    strictlyProper: true,
  },
  bestConstant: {
    words: 'the logarithm of the share of each class',
    of: (targets, _, classes) => shares(targets, classes).map(Math.log),
  },
  plot: alongTrueProbability('index', 'logarithm'),
};
