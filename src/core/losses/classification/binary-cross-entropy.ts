import { add, clamp, div, log, log1p, maximum, mul, neg, sub, xlogy } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { specialise } from '../../expression/rewrite.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { binaryLabels, binaryProbabilities, binarySmoothing, smoothedTarget } from '../shared/binary.ts';
import { pred } from '../shared/elements.ts';
import { at, between } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { withSlope } from '../shared/slope.ts';
import { mean } from '../shared/statistics.ts';

const options = [binarySmoothing];

/** −y log p − (1 − y) log(1 − p) with the two logarithms given. */
const weighed = (y: Expr, ofOne: Expr, ofZero: Expr): Expr => neg(add(mul(y, ofOne), mul(sub(1, y), ofZero)));

/** The logarithms are at least −100, so that the loss is finite at probabilities 0 and 1. */
const limited = () =>
  weighed(smoothedTarget(), maximum(log(pred()), -100), maximum(log1p(neg(pred())), -100));
/** PyTorch keeps this limit in single precision. */
const leastVariance = Math.fround(1e-12);
/** (p − y)/(p(1 − p)), whose denominator is at least 1e-12: not the derivative of a limited logarithm, which would be 0. */
const slope = () => div(sub(pred(), smoothedTarget()), maximum(mul(pred(), sub(1, pred())), leastVariance));

/** Clipped by itself for each label: 1 less a clipped probability would lose its digits in single precision. */
const inside = (p: Expr, epsilon: number): Expr => clamp(p, epsilon, 1 - epsilon);

/** The distance from 1 to the next number in single precision. */
const singleEpsilon = 2 ** -23;

/** The distance from 1 to the next number in double precision. */
const machineEpsilon = 2 ** -52;

const bestConstant: BestConstant = { words: 'the share of label 1', of: (targets) => [mean(targets)] };

/**
 * −y log p − (1 − y) log(1 − p) for the probability p of label 1, as PyTorch computes it: logarithms below −100 count
 * as −100, and the gradient is (p − y)/(p(1 − p)) with a denominator of at least 1e-12.
 */
export const loss: Loss = {
  id: 'binary-cross-entropy',
  name: 'Binary cross-entropy',
  short: 'bce-probabilities',
  synonyms: ['BCE', 'log loss', 'binary cross-entropy on probabilities', 'Bernoulli negative log-likelihood'],
  chinese: ['二元交叉熵', '二分类交叉熵', '对数损失'],
  family: 'classification',
  common: 3,
  inputs: [binaryProbabilities(), binaryLabels()],
  parameters: [],
  options,
  expression: withOptions(() => withSlope(limited(), pred(), slope()), options),
  named: () => {
    const plain = (expr: Expr) => specialise(expr, { [binarySmoothing.id]: binarySmoothing.neutral });
    return [
      {
        name: 'limited',
        symbol: '\\hat{\\ell}',
        expr: plain(limited()),
        meaning: 'the loss, its logarithms at least −100',
      },
      {
        name: 'slope',
        symbol: 's',
        expr: plain(slope()),
        meaning: 'its gradient, finite also at 0 and 1',
      },
    ];
  },
  convention: 'PyTorch',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'Probabilities are clipped to [1e-7, 1 − 1e-7], so the loss is at most 16.118 and its gradient 0 beyond; the mean over the last axis is part of the function.',
      expression: withOptions(
        () => weighed(smoothedTarget(), log(inside(pred(), 1e-7)), log(inside(sub(1, pred()), 1e-7))),
        options,
      ),
      averaging: { rowsFirst: true },
      bestConstant,
    },
    {
      id: 'tfjs-layers',
      users: 'the layers of TensorFlow.js',
      differs:
        'As Keras, in single precision, where 1 − 1e-7 is 1 − 2⁻²³: a certain mistake costs 16.118 on label 1 and 15.942 on label 0.',
      expression: withOptions(() => {
        const ofOne = log(clamp(pred(), 1e-7, 1 - singleEpsilon));
        const ofZero = log(clamp(sub(1, pred()), singleEpsilon, 1 - 1e-7));
        return weighed(smoothedTarget(), ofOne, ofZero);
      }, options),
      averaging: { rowsFirst: true },
      bestConstant,
    },
    {
      id: 'tfjs-core',
      users: 'tf.losses.logLoss of TensorFlow.js',
      differs:
        '1e-7 is added inside the logarithms: the loss is at most 16.118, its gradient never 0, and a perfect prediction costs −1e-7.',
      expression: withOptions(
        () => weighed(smoothedTarget(), log(add(pred(), 1e-7)), log(add(sub(1, pred()), 1e-7))),
        options,
      ),
      averaging: { weightedBy: 'non-zero-weights' },
      bestConstant: {
        words: 'the share of label 1, moved away from ½ by 1e-7 at most',
        of: (targets) => [Math.min(1, Math.max(0, mean(targets) + 1e-7 * (2 * mean(targets) - 1)))],
      },
    },
    {
      id: 'sklearn',
      users: 'scikit-learn',
      differs:
        'Probabilities are clipped by the machine epsilon, 2.2e-16, so the loss is at most 36.04; with weights the mean divides by their sum.',
      expression: withOptions(() => {
        const y = smoothedTarget();
        const ofOne = xlogy(y, inside(pred(), machineEpsilon));
        return neg(add(ofOne, xlogy(sub(1, y), inside(sub(1, pred()), machineEpsilon))));
      }, options),
      averaging: { weightedBy: 'weights' },
      bestConstant,
    },
  ],
  meaning:
    'The surprise, in nats, at a yes/no label when the model states its probability. The model ends in a sigmoid.',
  useWhen:
    'The model already gives probabilities that you cannot change into logits, or a score is reported (log loss).',
  avoidWhen:
    'You train the network yourself: binary cross-entropy on logits is the same loss and keeps its gradient where a sigmoid rounds to 0 or 1.',
  pitfalls: [
    'Raw scores do not belong here: PyTorch raises “all elements of input should be between 0 and 1”, Keras clips them silently.',
    'A sigmoid in front rounds to 1 in float32 from a logit of about 17 on. A confident mistake then costs 100 in PyTorch and 16.118 in Keras, and the gradient that reaches the logit is 0.',
    'The same prediction, p = 0 for label 1, costs 100 in PyTorch, 16.118 in Keras and TensorFlow.js, 36.04 in scikit-learn.',
    'PyTorch raises under automatic mixed precision on a GPU, where log p has no room in float16. Use BCEWithLogitsLoss.',
    'TensorFlow.js’s tf.losses.logLoss adds 1e-7 inside the logarithm: a perfect prediction costs −1e-7, slightly below 0.',
  ],
  source: 'Good 1952, Rational Decisions, Journal of the Royal Statistical Society B 14(1)',
  apis: [
    { framework: 'torch', name: 'torch.nn.BCELoss', form: 'class' },
    { framework: 'torch', name: 'torch.nn.functional.binary_cross_entropy', form: 'function' },
    {
      framework: 'keras',
      name: 'keras.losses.BinaryCrossentropy',
      form: 'class',
      convention: 'keras',
      targetFirst: true,
      requires: { from_logits: false },
      positional: ['from_logits', 'label_smoothing'],
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      note: 'With from_logits=True it takes logits: another loss under the same name.',
    },
    {
      framework: 'keras',
      name: 'keras.losses.binary_crossentropy',
      form: 'function',
      convention: 'keras',
      targetFirst: true,
      requires: { from_logits: false },
      positional: ['from_logits', 'label_smoothing'],
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      note: 'Averages over the last axis only: one value a row. With from_logits=True it takes logits: another loss under the same name.',
    },
    ...(['binary_crossentropy', 'bce', 'BCE', 'BinaryCrossentropy'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      convention: 'keras',
      note: 'The string expects probabilities, so the model must end in a sigmoid; on logits write BinaryCrossentropy(from_logits=True).',
    })),
    {
      framework: 'sklearn',
      name: 'sklearn.metrics.log_loss',
      form: 'function',
      convention: 'sklearn',
      targetFirst: true,
      note: 'A matrix of probabilities means several classes. Labels that are all equal need labels=[0, 1].',
    },
    {
      framework: 'tfjs',
      name: 'tf.losses.logLoss',
      form: 'function',
      convention: 'tfjs-core',
      targetFirst: true,
    },
    {
      framework: 'tfjs',
      name: 'binaryCrossentropy',
      form: 'string',
      convention: 'tfjs-layers',
      note: 'Expects probabilities: the model must end in a sigmoid.',
    },
  ],
  properties: {
    // Convex where p is above e⁻¹⁰⁰; the limit of the logarithm bends the loss below it.
    convex: between(at([0], [1]), [7e-44]),
    boundedBelow: 0,
    boundedAbove: 100,
    lipschitzGradient: between(at([1e-3], [1]), [2e-3]),
    boundedInfluence: at([1e-6], [1]),
    strictlyProper: true,
  },
  bestConstant,
  plot: alongBinary({ label: 'probability p', inWords: 'the predicted probability' }, 0.01, 0.99, 0),
};
