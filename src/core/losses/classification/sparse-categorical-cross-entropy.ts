import { clamp, div, gather, log, logsumexp, neg, sub, sum, where } from '../../expression/build.ts';
import type { Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss } from '../loss.ts';
import { kerasRowApis } from '../shared/apiPairs.ts';
import {
  classIndices,
  classProbabilities,
  countedLabels,
  counts,
  ignoreIndex,
  perClass,
  safeLabel,
} from '../shared/classes.ts';
import { between, classesAt } from '../shared/examples.ts';
import { alongTrueProbability } from '../shared/plots.ts';
import { shares } from '../shared/statistics.ts';

const options = [ignoreIndex];

const inside = (p: Expr): Expr => clamp(p, 1e-7, 1 - 1e-7);
const clipped = (p: Expr): Expr => log(inside(p));
const normalised = (p: Expr): Expr => div(p, sum(p, 'class'));
const picked = (of: Expr): Expr => gather(of, 'class', safeLabel());

const bestConstant: BestConstant = {
  words: 'the share of each class',
  of: (targets, _, classes) => shares(targets, classes),
};

/**
 * −log p_y for probabilities p, as Keras computes it on TensorFlow: clipped to [1e-7, 1 − 1e-7], then divided by the
 * row’s sum. The division adds 1/Σ_c p_c to the textbook’s gradient −1/p_y, for every class.
 */
export const loss: Loss = {
  id: 'sparse-categorical-cross-entropy',
  name: 'Sparse categorical cross-entropy',
  synonyms: ['cross-entropy on probabilities with class indices', 'SCCE'],
  chinese: ['稀疏分类交叉熵', '稀疏类别交叉熵'],
  family: 'classification',
  common: 5,
  inputs: [classProbabilities(), classIndices()],
  parameters: [],
  options,
  expression: withOptions(() => {
    const logs = clipped(perClass());
    return where(counts(), sub(logsumexp(logs, 'class'), picked(logs)), 0);
  }, options),
  divisor: countedLabels,
  named: () => [
    {
      name: 'logs',
      symbol: '\\ell',
      expr: clipped(perClass()),
      meaning: 'the logarithms of the probabilities, away from 0 and 1',
    },
  ],
  convention: 'Keras on TensorFlow',
  conventions: [
    {
      id: 'keras-torch',
      users: 'Keras on PyTorch and JAX',
      differs: 'Rows are divided by their sum first and clipped after that.',
      expression: withOptions(
        () => where(counts(), neg(picked(clipped(normalised(perClass())))), 0),
        options,
      ),
      divisor: countedLabels,
      bestConstant,
    },
    {
      id: 'tfjs-layers',
      users: 'the layers of TensorFlow.js',
      differs: 'Probabilities are clipped, divided by the row’s sum, and clipped again.',
      expression: withOptions(
        () => where(counts(), neg(picked(clipped(normalised(inside(perClass()))))), 0),
        options,
      ),
      divisor: countedLabels,
      bestConstant,
    },
    {
      id: 'plain',
      users: 'textbooks',
      differs: 'No division and no clipping: ∞ where the true class has probability 0.',
      expression: withOptions(() => where(counts(), neg(log(picked(perClass()))), 0), options),
      divisor: countedLabels,
      bestConstant,
    },
  ],
  meaning:
    'The surprise, in nats, at the true class when the model states its probabilities. The model ends in a softmax.',
  useWhen: 'A Keras or TensorFlow.js model ends in a softmax and the labels are class indices.',
  avoidWhen:
    'The last layer can be left linear: softmax cross-entropy on logits is the same loss and more exact.',
  pitfalls: [
    'The model must end in a softmax. Raw scores are clipped and divided by their sum without an error, and what is learned is arbitrary.',
    'Labels are class indices; for one-hot labels take categorical_crossentropy. Keras raises where the shapes do not fit.',
    'Probabilities are clipped at 1e-7: the loss is at most about 16.118, and the clipped class has gradient 0, so that a confident mistake teaches nothing.',
    'In TensorFlow.js the labels must be float32: int32 labels throw.',
    'With ignore_class the mean divides by the number of labels that count, and is 0 where none does; PyTorch’s CrossEntropyLoss gives NaN there.',
  ],
  source: 'Good 1952, Rational Decisions, Journal of the Royal Statistical Society B 14(1)',
  apis: [
    ...kerasRowApis('SparseCategoricalCrossentropy', 'sparse_categorical_crossentropy', {
      requires: { from_logits: false },
      positional: ['from_logits', 'ignore_class'],
      keywords: { ignore_class: { parameter: 'ignoreIndex', default: NaN } },
      note: 'With from_logits=True it takes logits: another loss under the same name.',
    }),
    ...(['sparse_categorical_crossentropy', 'SparseCategoricalCrossentropy'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      note: 'The string expects probabilities, so the model must end in a softmax; on logits write SparseCategoricalCrossentropy(from_logits=True).',
    })),
    {
      framework: 'tfjs',
      name: 'sparseCategoricalCrossentropy',
      form: 'string',
      convention: 'tfjs-layers',
      note: 'Expects probabilities, and labels as float32: int32 labels throw.',
    },
  ],
  properties: {
    // Convex where every probability is above 1e-7; the clip bends the loss below it.
    convex: between(classesAt(2, [0, 1], [0]), [2.5e-7, 1 - 2.5e-7]),
    boundedBelow: ({ class: classes }) => Math.log1p((classes! - 1) * (1e-7 / (1 - 1e-7))),
    boundedAbove: ({ class: classes }) => Math.log(1 + 1e-7 * (classes! - 2)) - Math.log(1e-7),
    lipschitzGradient: between(classesAt(2, [1e-3, 0.999], [0]), [2e-3, 0.998]),
    boundedInfluence: classesAt(2, [1e-6, 1 - 1e-6], [0]),
    strictlyProper: true,
  },
  bestConstant,
  plot: alongTrueProbability(),
};
