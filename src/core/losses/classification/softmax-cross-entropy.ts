import { add, gather, mean, mul, sub, where } from '../../expression/build.ts';
import { param } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss } from '../loss.ts';
import { kerasRowApis, optaxRowApis, torchApis } from '../shared/apiPairs.ts';
import {
  classIndices,
  classWeights,
  countedLabels,
  counts,
  ignoreIndex,
  label,
  labelSmoothing,
  logits,
  logNormaliser,
  perClass,
  safeLabel,
  weightOfClass,
  weightOfLabel,
} from '../shared/classes.ts';
import { classesAt } from '../shared/examples.ts';
import { alongTrueLogit } from '../shared/plots.ts';
import { shares } from '../shared/statistics.ts';

const options = [
  labelSmoothing,
  classWeights(
    'A weight for each class; the mean divides by the sum of the weights of the samples’ classes.',
  ),
  ignoreIndex,
];

const crossEntropy = withOptions(() => {
  const z = perClass();
  const y = safeLabel();
  const lse = logNormaliser();
  const epsilon = param(labelSmoothing.id);
  const picked = mul(
    mul(sub(1, epsilon), gather(weightOfClass(), 'class', y)),
    sub(lse, gather(z, 'class', y)),
  );
  const spread = mul(epsilon, mean(mul(weightOfClass(), sub(lse, z)), 'class'));
  return where(counts(), add(picked, spread), 0);
}, options);

const named: NonNullable<Loss['named']> = () => [
  {
    name: 'lse',
    symbol: '\\operatorname{lse}',
    expr: logNormaliser(),
    meaning: 'the logarithm of the softmax’s denominator',
  },
  {
    name: 'picked',
    symbol: 'z_y',
    expr: gather(perClass(), 'class', label()),
    meaning: 'the logit of the true class',
  },
];

/**
 * log Σ_c exp z_c − z_y for logits z and the label y: minus the log of the softmax probability of the true class. The
 * log-sum-exp is taken with the largest logit subtracted, so that no exponential overflows. With label smoothing ε
 * the target is (1 − ε)[c = y] + ε/C; an ignored sample is 0 by a condition, not by a product, which would be NaN at ∞.
 */
export const loss: Loss = {
  id: 'softmax-cross-entropy',
  name: 'Softmax cross-entropy',
  short: 'cross-entropy',
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
  inputs: [logits(), classIndices()],
  parameters: [],
  options,
  expression: crossEntropy,
  divisor: withOptions(weightOfLabel, options),
  named,
  convention: 'PyTorch',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'A mean divides by the number of labels that count, not by the sum of their weights, and is 0 where none counts.',
      expression: crossEntropy,
      named,
      divisor: countedLabels,
    },
  ],
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
    ...torchApis('CrossEntropyLoss', 'cross_entropy', {
      keywords: {
        label_smoothing: { parameter: 'labelSmoothing', default: 0 },
        ignore_index: { parameter: 'ignoreIndex', default: -100 },
      },
      positional: ['weight', 'size_average', 'ignore_index', 'reduce', 'reduction', 'label_smoothing'],
      note: 'Floating-point targets mean class probabilities, a different loss under the same name.',
    }),
    ...kerasRowApis('SparseCategoricalCrossentropy', 'sparse_categorical_crossentropy', {
      convention: 'keras',
      requires: { from_logits: true },
      positional: ['from_logits', 'ignore_class'],
      keywords: { ignore_class: { parameter: 'ignoreIndex', default: NaN } },
      note: 'Without from_logits=True it takes probabilities: another loss under the same name.',
    }),
    {
      framework: 'tf',
      name: 'tensorflow.nn.sparse_softmax_cross_entropy_with_logits',
      form: 'function',
      targetFirst: true,
      gives: 'elements',
      note: 'One value a row: reduce it yourself.',
    },
    ...optaxRowApis('softmax_cross_entropy_with_integer_labels'),
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.LogisticRegression',
      form: 'class',
      note: 'Minimises this loss plus an L2 penalty, on by default (C=1.0).',
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
    boundedAbove: classesAt(2, [1e3, 0], [1]),
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
