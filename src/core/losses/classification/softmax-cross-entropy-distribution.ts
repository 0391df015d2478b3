import {
  add,
  clamp,
  eq,
  log,
  logsoftmax,
  logsumexp,
  mul,
  neg,
  softmax,
  stop,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { kerasRowApis, optaxRowApis } from '../shared/apiPairs.ts';
import {
  classShares,
  classWeights,
  labelSmoothing,
  logits,
  perClass,
  smoothedShares,
  weightOfClass,
} from '../shared/classes.ts';
import { classesAt } from '../shared/examples.ts';
import { alongTrueLogit } from '../shared/plots.ts';
import { meanRow } from '../shared/statistics.ts';

const options = [
  labelSmoothing,
  classWeights('A weight for each class; the mean divides by the number of samples all the same.'),
];

const logProbabilities = (): Expr => logsoftmax(perClass(), 'class');
const weightedShares = (): Expr => mul(weightOfClass(), smoothedShares());

const bestConstant: BestConstant = {
  words: 'the logarithm of the mean share of each class',
  of: (targets, _, classes) => meanRow(targets, classes).map(Math.log),
};

/**
 * −Σ_c y_c log softmax(z)_c for logits z and a distribution y over the classes. With label smoothing ε the target is
 * (1 − ε)y + ε/C. Its gradient is Σ_c y_c · softmax(z) − y.
 */
export const loss: Loss = {
  id: 'softmax-cross-entropy-distribution',
  name: 'Softmax cross-entropy with probability targets',
  short: 'soft-cross-entropy',
  synonyms: [
    'soft-label cross-entropy',
    'categorical cross-entropy on logits',
    'cross-entropy with one-hot labels',
    'cross-entropy with soft targets',
  ],
  chinese: ['软标签交叉熵', '概率目标的交叉熵', 'one-hot 交叉熵'],
  family: 'classification',
  inputs: [logits(), classShares()],
  parameters: [],
  options,
  expression: withOptions(() => neg(sum(mul(weightedShares(), logProbabilities()), 'class')), options),
  convention: 'PyTorch',
  conventions: [
    {
      id: 'tf',
      users: 'TensorFlow, and Keras and TensorFlow.js on it',
      differs:
        'The gradient is softmax(z) − y whatever y adds up to; elsewhere it is Σ_c y_c · softmax(z) − y, the same where y sums to 1.',
      expression: withOptions(() => {
        const y = weightedShares();
        const lse = logsumexp(perClass(), 'class');
        const surplus = mul(sub(sum(y, 'class'), 1), stop(lse));
        return sub(add(lse, surplus), sum(mul(y, perClass()), 'class'));
      }, options),
      bestConstant,
    },
    {
      id: 'tfjs-layers',
      users: 'the layers of TensorFlow.js, with fromLogits',
      differs:
        'The softmax is taken first and clipped to [1e-7, 1 − 1e-7]: the loss is at most 16.118, and its gradient 0 beyond.',
      expression: withOptions(() => {
        const clipped = clamp(softmax(perClass(), 'class'), 1e-7, 1 - 1e-7);
        return neg(sum(mul(weightedShares(), log(clipped)), 'class'));
      }, options),
      bestConstant,
    },
    {
      id: 'optax-safe',
      users: 'optax.safe_softmax_cross_entropy',
      differs: 'A class of share 0 costs 0 also where its logit is −∞, which is NaN elsewhere.',
      expression: withOptions(() => {
        const y = weightedShares();
        return neg(sum(where(eq(y, 0), 0, mul(y, logProbabilities())), 'class'));
      }, options),
      bestConstant,
    },
  ],
  meaning:
    'The expected surprise, in nats, when classes are drawn from the target’s shares and the model’s probabilities are the softmax of its raw scores.',
  useWhen:
    'Targets are shares rather than one class: mixed samples (mixup), several annotators, a teacher’s probabilities.',
  avoidWhen: 'Every row has exactly one class: class indices are the same loss and take less memory.',
  pitfalls: [
    'It does not fall to 0: its least value is the entropy of the target, 0.693 for (0.5, 0.5). Subtract that, or use the Kullback–Leibler divergence, to see how far you are.',
    'PyTorch takes targets for probabilities only if they are floating-point: one-hot labels of type long raise an error.',
    'With class weights PyTorch’s mean divides by the number of samples here, and by the sum of the weights for class indices: one-hot targets give another value than their indices.',
    'A logit of −∞ for a class of share 0 makes the loss NaN (0 · ∞) in PyTorch and optax.softmax_cross_entropy; optax.safe_softmax_cross_entropy gives the right number.',
    'Targets that do not sum to 1 are not rejected: TensorFlow’s gradient is then softmax(z) − y, that of the others Σ_c y_c · softmax(z) − y.',
  ],
  source:
    'Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs; label smoothing: Szegedy et al. 2016, arXiv 1512.00567',
  apis: [
    {
      framework: 'torch',
      name: 'torch.nn.CrossEntropyLoss',
      form: 'class',
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      positional: ['weight', 'size_average', 'ignore_index', 'reduce', 'reduction', 'label_smoothing'],
      secondary: true,
      note: 'Only with floating-point targets; integer targets are class indices.',
    },
    {
      framework: 'torch',
      name: 'torch.nn.functional.cross_entropy',
      form: 'function',
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      positional: ['weight', 'size_average', 'ignore_index', 'reduce', 'reduction', 'label_smoothing'],
      secondary: true,
      note: 'Only with floating-point targets; integer targets are class indices.',
    },
    ...kerasRowApis('CategoricalCrossentropy', 'categorical_crossentropy', {
      convention: 'tf',
      requires: { from_logits: true },
      positional: ['from_logits', 'label_smoothing'],
      keywords: { label_smoothing: { parameter: 'labelSmoothing', default: 0 } },
      note: 'Without from_logits=True it takes probabilities: another loss under the same name.',
    }),
    {
      framework: 'tf',
      name: 'tensorflow.nn.softmax_cross_entropy_with_logits',
      form: 'function',
      convention: 'tf',
      targetFirst: true,
      gives: 'elements',
      note: 'One value a row: reduce it yourself.',
    },
    ...optaxRowApis('softmax_cross_entropy'),
    ...optaxRowApis('safe_softmax_cross_entropy', { convention: 'optax-safe' }),
    {
      framework: 'tfjs',
      name: 'tf.losses.softmaxCrossEntropy',
      form: 'function',
      convention: 'tf',
      targetFirst: true,
      keywords: { labelSmoothing: { parameter: 'labelSmoothing', default: 0 } },
      positional: ['weights', 'labelSmoothing'],
      note: 'Takes one-hot labels.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [0, 1]),
    lipschitzGradient: 0.5,
    boundedInfluence: Math.SQRT2,
    strictlyProper: true,
  },
  bestConstant,
  plot: alongTrueLogit('one-hot'),
};
