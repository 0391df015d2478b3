import { add, gather, logsumexp, mean, mul, ne, sub, where } from '../../expression/build.ts';
import { input, param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Option } from '../loss.ts';
import { alongTrueLogit } from '../shared/plots.ts';
import { shares } from '../shared/statistics.ts';

const labelSmoothing: Option = {
  id: 'labelSmoothing',
  symbol: '\\varepsilon',
  axes: [],
  neutral: 0,
  range: { min: 0, max: 1, maxExclusive: true },
  meaning: 'Share of the target that is spread evenly over all classes.',
};
const classWeight: Option = {
  id: 'classWeight',
  symbol: 'w',
  axes: ['class'],
  neutral: 1,
  meaning: 'A weight for each class; the mean divides by the sum of the weights of the samples’ classes.',
};
const ignoreIndex: Option = {
  id: 'ignoreIndex',
  symbol: 'k',
  axes: [],
  neutral: NaN,
  meaning: 'Samples with this label count neither in the sum nor in what the mean divides by.',
};
const softmaxOptions = [labelSmoothing, classWeight, ignoreIndex];

const label = () => input('target', ['sample'], 'index');
const counts = () => ne(label(), param('ignoreIndex'));
/** The label, or 0 where it is ignored, so that looking it up is always allowed. */
const safeLabel = () => where(counts(), label(), 0);
const weights = () => input('classWeight', ['class']);

/**
 * log Σ_c exp z_c − z_y for logits z and the label y: minus the log of the softmax probability of the true class. The
 * log-sum-exp is taken with the largest logit subtracted, so that no exponential overflows. With label smoothing ε
 * the target is (1 − ε)[c = y] + ε/C; an ignored sample is 0 by a condition, not by a product, which would be NaN at ∞.
 */
export const loss: Loss = {
  id: 'softmax-cross-entropy',
  name: 'Softmax cross-entropy',
  synonyms: [
    'cross-entropy',
    'CE',
    'categorical cross-entropy',
    'sparse categorical cross-entropy',
    'multinomial logistic loss',
    'negative log-likelihood',
  ],
  chinese: ['Softmax 交叉熵', '交叉熵损失', '多类交叉熵'],
  family: 'classification',
  common: 2,
  inputs: [
    {
      id: 'pred',
      symbol: 'z',
      kind: 'logit',
      role: 'prediction',
      axes: ['sample', 'class'],
      meaning: 'Logits: one raw score a class, before any softmax.',
    },
    {
      id: 'target',
      symbol: 'y',
      kind: 'class-index',
      role: 'target',
      axes: ['sample'],
      meaning: 'The index of the true class, counted from 0.',
    },
  ],
  parameters: [],
  options: softmaxOptions,
  expression: withOptions(() => {
    const z = input('pred', ['sample', 'class']);
    const y = safeLabel();
    const lse = logsumexp(z, 'class');
    const epsilon = param('labelSmoothing');
    const picked = mul(mul(sub(1, epsilon), gather(weights(), 'class', y)), sub(lse, gather(z, 'class', y)));
    const spread = mul(epsilon, mean(mul(weights(), sub(lse, z)), 'class'));
    return where(counts(), add(picked, spread), 0);
  }, softmaxOptions),
  divisor: withOptions(() => where(counts(), gather(weights(), 'class', safeLabel()), 0), softmaxOptions),
  named: () => {
    const z = input('pred', ['sample', 'class']);
    return [
      {
        name: 'lse',
        symbol: '\\operatorname{lse}',
        expr: logsumexp(z, 'class'),
        meaning: 'the logarithm of the softmax’s denominator',
      },
      {
        name: 'picked',
        symbol: 'z_y',
        expr: gather(z, 'class', label()),
        meaning: 'the logit of the true class',
      },
    ];
  },
  meaning:
    'The surprise, in nats, at the true class when the model’s probabilities are the softmax of its raw scores.',
  useWhen: 'Exactly one of several classes is right, and probabilities for all of them are wanted.',
  avoidWhen:
    'Several labels may hold at once (use binary cross-entropy for each), classes have an order that matters, or many labels are wrong.',
  pitfalls: [
    'Give it raw scores. A softmax before PyTorch’s CrossEntropyLoss is applied twice, and the loss cannot fall below ln(1 + (C − 1)/e): 1.461 for 10 classes.',
    'Keras’s SparseCategoricalCrossentropy and the string "sparse_categorical_crossentropy" expect probabilities: without a softmax at the end pass from_logits=True.',
    'With a single output unit the softmax is always 1: float targets of shape (N, 1) give a loss of 0 forever (PyTorch says nothing, Keras warns), and an integer label of 1 is out of range. Use binary cross-entropy, or two units.',
    'PyTorch wants the classes in dimension 1, (N, C, …), and integer targets (torch.long or torch.uint8); Keras, optax and TensorFlow take the last axis.',
    'With class weights PyTorch’s mean divides by the sum of the weights of the targets, Keras’s by the number of samples. When every target is ignored PyTorch’s mean is NaN.',
  ],
  source:
    'Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs; label smoothing: Szegedy et al. 2016, arXiv 1512.00567',
  apis: [
    {
      framework: 'torch',
      name: 'torch.nn.CrossEntropyLoss',
      form: 'class',
      keywords: {
        label_smoothing: { parameter: 'labelSmoothing', default: 0 },
        ignore_index: { parameter: 'ignoreIndex', default: -100 },
      },
      note: 'Floating-point targets mean class probabilities, a different loss under the same name.',
    },
    {
      framework: 'torch',
      name: 'torch.nn.functional.cross_entropy',
      form: 'function',
      keywords: {
        label_smoothing: { parameter: 'labelSmoothing', default: 0 },
        ignore_index: { parameter: 'ignoreIndex', default: -100 },
      },
      note: 'Floating-point targets mean class probabilities, a different loss under the same name.',
    },
    {
      framework: 'keras',
      name: 'keras.losses.SparseCategoricalCrossentropy',
      form: 'class',
      targetFirst: true,
      requires: { from_logits: true },
      expects: 'probabilities',
      note: 'Expects probabilities unless from_logits=True.',
    },
    {
      framework: 'keras',
      name: 'keras.losses.sparse_categorical_crossentropy',
      form: 'function',
      targetFirst: true,
      requires: { from_logits: true },
      expects: 'probabilities',
      note: 'Expects probabilities unless from_logits=True; one value a row.',
    },
    ...(['sparse_categorical_crossentropy', 'SparseCategoricalCrossentropy'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      expects: 'probabilities' as const,
      note: 'The string expects probabilities, so the model must end in a softmax; on logits write SparseCategoricalCrossentropy(from_logits=True).',
    })),
    {
      framework: 'tf',
      name: 'tensorflow.nn.sparse_softmax_cross_entropy_with_logits',
      form: 'function',
      targetFirst: true,
      note: 'One value a row: reduce it yourself.',
    },
    {
      framework: 'optax',
      name: 'optax.losses.softmax_cross_entropy_with_integer_labels',
      form: 'function',
      note: 'One value a row: reduce it yourself.',
    },
    {
      framework: 'optax',
      name: 'optax.softmax_cross_entropy_with_integer_labels',
      form: 'function',
      note: 'One value a row: reduce it yourself.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.LogisticRegression',
      form: 'class',
      note: 'Minimises this loss plus an L2 penalty, on by default (C=1.0).',
    },
    {
      framework: 'tfjs',
      name: 'tf.losses.softmaxCrossEntropy',
      form: 'function',
      targetFirst: true,
      note: 'Takes one-hot labels.',
    },
    {
      framework: 'tfjs',
      name: 'sparseCategoricalCrossentropy',
      form: 'string',
      expects: 'probabilities',
      note: 'Expects probabilities, and labels as float32: int32 labels throw.',
    },
    { framework: 'xgboost', name: 'multi:softprob', form: 'string', note: 'Predicts probabilities.' },
    {
      framework: 'xgboost',
      name: 'multi:softmax',
      form: 'string',
      note: 'The same loss; predicts the class.',
    },
    { framework: 'lightgbm', name: 'multiclass', form: 'string' },
    { framework: 'lightgbm', name: 'softmax', form: 'string', note: 'Another name of multiclass.' },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: { at: { sizes: { sample: 1, class: 2 }, inputs: { pred: [1e3, 0], target: [1] } } },
    lipschitzGradient: 0.5,
    boundedInfluence: Math.SQRT2,
    strictlyProper: true,
  },
  bestConstant: {
    words: 'the logarithm of the share of each class',
    of: (targets, _, classes) => shares(targets, classes).map(Math.log),
  },
  plot: alongTrueLogit(),
};
