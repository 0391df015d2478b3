import { add, mul, neg, softplus, sub } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Option } from '../loss.ts';
import { torchApis } from '../shared/apiPairs.ts';
import { lightgbmApis, optaxApis } from '../shared/apis.ts';
import { binaryLabels, binaryLogits, binarySmoothing, smoothedTarget } from '../shared/binary.ts';
import { kerasRows } from '../shared/conventions.ts';
import { pred } from '../shared/elements.ts';
import { at } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';

const positiveWeight: Option = {
  id: 'positiveWeight',
  symbol: 'w',
  axes: [],
  neutral: 1,
  range: { min: 0, max: 1e6, minExclusive: true },
  meaning: 'Factor of the loss where the label is 1; above 1 it favours recall.',
};

const options = [positiveWeight, binarySmoothing];

/**
 * w·y·softplus(−z) + (1 − y)·softplus(z) for the logit z and the label y in [0, 1]. softplus(u) = log(1 + eᵘ) neither
 * overflows nor loses digits, where log(σ(z)) is −∞ from z ≈ −745 on. The form that keeps both softplus terms has a
 * gradient that stays precise at large logits.
 */
export const loss: Loss = {
  id: 'binary-cross-entropy-logits',
  name: 'Binary cross-entropy on logits',
  short: 'bce',
  synonyms: [
    'BCE',
    'BCE with logits',
    'sigmoid cross-entropy',
    'log loss',
    'logistic loss',
    'binary cross-entropy',
  ],
  chinese: ['二元交叉熵（logits）', '带 logits 的二元交叉熵', '对数损失'],
  family: 'classification',
  common: 1,
  inputs: [binaryLogits(), binaryLabels()],
  parameters: [],
  options,
  expression: withOptions(() => {
    const z = pred();
    const y = smoothedTarget();
    const positive = mul(mul(param('positiveWeight'), y), softplus(neg(z)));
    return add(positive, mul(sub(1, y), softplus(z)));
  }, options),
  convention: 'PyTorch',
  conventions: [kerasRows],
  meaning:
    'The surprise, in nats, at a yes/no label when the model’s probability is the sigmoid of its raw score.',
  useWhen:
    'Two classes, or several labels that may hold at once (one logit each); probabilities are wanted, and they should be calibrated.',
  avoidWhen:
    'Exactly one of several classes holds: use softmax cross-entropy. With many wrong labels it is unbounded, and a robust loss serves better.',
  pitfalls: [
    'Give it raw scores. A sigmoid before BCEWithLogitsLoss is applied twice: the loss cannot fall below 0.313 for label 1 and 0.693 for label 0.',
    'Keras’s BinaryCrossentropy and the string "binary_crossentropy" expect probabilities: without a sigmoid at the end pass from_logits=True. Keras clips probabilities at 1e-7, where the gradient is 0.',
    'Predict class 1 where the logit is above 0, not above 0.5.',
    'PyTorch wants float targets of the prediction’s shape; (N, 1) against (N,) raises here, unlike in MSELoss.',
    'pos_weight multiplies only the positive term, and the mean still divides by the number of elements; probabilities trained with it are no longer calibrated.',
  ],
  source:
    'Cox 1958, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society B 20(2)',
  apis: [
    ...torchApis('BCEWithLogitsLoss', 'binary_cross_entropy_with_logits', {
      keywords: { pos_weight: { parameter: 'positiveWeight', default: 1 } },
      positional: ['weight', 'size_average', 'reduce', 'reduction', 'pos_weight'],
    }),
    {
      framework: 'keras',
      name: 'keras.losses.BinaryCrossentropy',
      form: 'class',
      convention: 'keras',
      targetFirst: true,
      requires: { from_logits: true },
      positional: ['from_logits', 'label_smoothing'],
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      note: 'Without from_logits=True it takes probabilities: another loss under the same name.',
    },
    {
      framework: 'keras',
      name: 'keras.losses.binary_crossentropy',
      form: 'function',
      convention: 'keras',
      targetFirst: true,
      requires: { from_logits: true },
      positional: ['from_logits', 'label_smoothing'],
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      note: 'Averages over the last axis only: one value a row. Without from_logits=True it takes probabilities: another loss under the same name.',
    },
    {
      framework: 'tf',
      name: 'tensorflow.nn.sigmoid_cross_entropy_with_logits',
      form: 'function',
      targetFirst: true,
      gives: 'elements',
      note: 'Elementwise: reduce it yourself.',
    },
    {
      framework: 'tf',
      name: 'tensorflow.nn.weighted_cross_entropy_with_logits',
      form: 'function',
      targetFirst: true,
      gives: 'elements',
      keywords: { pos_weight: { parameter: 'positiveWeight', default: 1 } },
      note: 'pos_weight is required. Elementwise: reduce it yourself.',
    },
    ...optaxApis('sigmoid_binary_cross_entropy'),
    {
      framework: 'sklearn',
      name: 'log_loss',
      form: 'string',
      note: 'SGDClassifier and gradient boosting: on the decision function, labels of any two classes.',
    },
    {
      framework: 'tfjs',
      name: 'tf.losses.sigmoidCrossEntropy',
      form: 'function',
      targetFirst: true,
      keywords: { labelSmoothing: { parameter: 'labelSmoothing', default: 0 } },
      positional: ['weights', 'labelSmoothing'],
    },
    { framework: 'xgboost', name: 'binary:logistic', form: 'string', note: 'Predicts probabilities.' },
    {
      framework: 'xgboost',
      name: 'binary:logitraw',
      form: 'string',
      note: 'The same loss; predicts logits.',
    },
    {
      framework: 'xgboost',
      name: 'reg:logistic',
      form: 'string',
      note: 'The same loss; labels may be any numbers from 0 to 1. Predicts probabilities.',
    },
    { framework: 'lightgbm', name: 'binary', form: 'string' },
    ...lightgbmApis('cross_entropy', {
      aliases: ['xentropy'],
      note: 'The same loss; labels may be any numbers from 0 to 1.',
    }),
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: at([-1e3], [1]),
    lipschitzGradient: 0.25,
    boundedInfluence: 1,
    strictlyProper: true,
  },
  bestConstant: {
    words: 'the logarithm of the odds of label 1',
    of: (targets) => [Math.log(mean(targets) / (1 - mean(targets)))],
  },
  plot: alongBinary({ label: 'logit z', inWords: 'the logit' }, -6, 6, 0),
};
