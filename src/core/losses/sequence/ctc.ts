import { ctc, div, eq, logsoftmax, maximum, neg, where } from '../../expression/build.ts';
import { input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss } from '../loss.ts';

const logits = () => input('logits', ['sample', 'time', 'class']);
const targetLengths = () => input('target_lengths', ['sample'], 'index');
const logProbabilities = () => logsoftmax(logits(), 'class');
const logLikelihood = () =>
  ctc(
    logProbabilities(),
    input('targets', ['sample', 'label'], 'index'),
    input('input_lengths', ['sample'], 'index'),
    targetLengths(),
  );

/** Minus the log-likelihood; 0 where there is no alignment and that is asked for. */
function lossOf(): Expr {
  const impossible = eq(logLikelihood(), -Infinity);
  const surprise = neg(logLikelihood());
  return where(eq(param('zeroInfinity'), 1), where(impossible, 0, surprise), surprise);
}

const named = () => [
  {
    name: 'log_probs',
    symbol: '\\ell',
    expr: logProbabilities(),
    meaning: 'log-probabilities of the classes at each time',
  },
  {
    name: 'log_likelihood',
    symbol: '\\log p',
    expr: logLikelihood(),
    meaning: 'the logarithm of the summed probability of all alignments',
  },
];

/** One sequence of one label that all the given frames may show; two classes, of which 0 is the blank. */
function oneLabel(frames: readonly number[], and?: readonly number[]): CounterExample {
  const data = (scores: readonly number[]) => scores.flatMap((x) => [0, x]);
  const at = {
    sizes: { sample: 1, time: frames.length, class: 2, label: 1 },
    inputs: { logits: data(frames), targets: [1], input_lengths: [frames.length], target_lengths: [1] },
  };
  return and === undefined ? { at } : { at, and: { logits: data(and) } };
}

function formOfKeras(name: string): 'class' | 'function' | 'string' {
  if (!name.startsWith('keras.')) return 'string';
  return name.endsWith('CTC') ? 'class' : 'function';
}

/**
 * Minus the log-likelihood of a label sequence, summed over all its alignments with the frames: an alignment shows each
 * label for one or more frames in a row, with blanks (class 0) in between, which are needed between equal labels. The
 * sum is a dynamic programme on the logarithmic scale. ∞ where the frames are too few.
 */
export const loss: Loss = {
  id: 'ctc',
  name: 'Connectionist temporal classification',
  synonyms: ['CTC', 'CTC loss', 'alignment-free sequence loss'],
  chinese: ['连接时序分类损失', 'CTC 损失', '联结主义时间分类'],
  family: 'sequence',
  common: 1,
  inputs: [
    {
      id: 'logits',
      symbol: 'z',
      kind: 'logit',
      role: 'prediction',
      axes: ['sample', 'time', 'class'],
      meaning: 'Raw scores of the classes at each time, before any softmax; class 0 is the blank.',
    },
    {
      id: 'targets',
      symbol: 'y',
      kind: 'label-sequence',
      role: 'target',
      axes: ['sample', 'label'],
      meaning:
        'The labels in order, class indices above 0; what lies behind a sequence’s length is not read.',
    },
    {
      id: 'input_lengths',
      symbol: 'T',
      kind: 'length',
      role: 'target',
      axes: ['sample'],
      of: 'time',
      meaning: 'How many frames of each sample count.',
    },
    {
      id: 'target_lengths',
      symbol: 'L',
      kind: 'length',
      role: 'target',
      axes: ['sample'],
      of: 'label',
      meaning: 'How many labels each sample has.',
    },
  ],
  parameters: [
    {
      id: 'zeroInfinity',
      symbol: 'z_\\infty',
      default: 0,
      min: 0,
      max: 1,
      choices: [
        { value: 0, name: 'no' },
        { value: 1, name: 'yes' },
      ],
      meaning: 'Whether a sequence that no alignment fits counts as 0 instead of ∞.',
    },
  ],
  expression: withOptions(lossOf),
  named,
  convention: 'PyTorch (sum and none), Keras, optax',
  conventions: [
    {
      id: 'per-label',
      users: 'PyTorch’s mean',
      differs:
        'Each sequence’s loss is divided by the number of its labels (at least 1) before the mean is taken.',
      expression: withOptions(() => div(lossOf(), maximum(targetLengths(), 1))),
      named,
    },
  ],
  meaning:
    'The surprise, in nats, at a label sequence when it is not known which frame shows which label: all alignments count together.',
  useWhen:
    'Speech, handwriting: a long input and a shorter label sequence in the same order, without marks of where each label is.',
  avoidWhen:
    'Labels may come in another order than the input, or outnumber the frames; outputs depend strongly on each other: use attention or a transducer.',
  pitfalls: [
    'PyTorch wants log-probabilities, (time, sample, class), from log_softmax; Keras, optax and TensorFlow want logits, (sample, time, class).',
    'PyTorch’s reduction="mean" divides each loss by the length of its labels and then by the batch; Keras’s mean and the mean of optax’s values do not.',
    'A sequence needs a frame for each label and one more between equal labels. With fewer PyTorch gives ∞ and a gradient of NaN; zero_infinity=True makes both 0, but hides that data are skipped.',
    'Class 0 is the blank: labels start at 1. In optax blank_id, in PyTorch blank can be another class; many speech models put it last.',
    'The input lengths are those of the model’s output, after its strides, not of the raw signal.',
    'optax takes paddings (1 where there is nothing) in place of lengths; keras.losses.CTC takes the padding of the labels to be 0 and all frames to count.',
  ],
  source: 'Graves, Fernández, Gomez, Schmidhuber 2006, Connectionist Temporal Classification, ICML 2006',
  apis: [
    ...(['torch.nn.functional.ctc_loss', 'torch.nn.CTCLoss'] as const).map((name) => ({
      framework: 'torch' as const,
      name,
      form: name === 'torch.nn.CTCLoss' ? ('class' as const) : ('function' as const),
      convention: 'per-label',
      keywords: { zero_infinity: { parameter: 'zeroInfinity', default: 0 } },
      positional: ['blank', 'reduction', 'zero_infinity'],
      gives: 'mean' as const,
      arranged: 'log-probabilities with the time first: log_softmax(logits, -1).transpose(0, 1)',
      note: 'Takes log-probabilities with the time first, log_softmax(logits, -1).transpose(0, 1); reduction="sum" and "none" do not divide by the lengths.',
    })),
    ...(['keras.losses.CTC', 'keras.losses.ctc', 'ctc', 'CTC'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: formOfKeras(name),
      targetFirst: true as const,
      fixed: { zeroInfinity: 0 },
      ...(name === 'keras.losses.ctc' ? { gives: 'elements' as const } : {}),
      arranged: 'labels padded with 0 and no lengths',
      note: 'Takes labels padded with 0 and no lengths: all frames count.',
    })),
    {
      framework: 'tf',
      name: 'tensorflow.nn.ctc_loss',
      form: 'function',
      fixed: { zeroInfinity: 0 },
      requires: { logits_time_major: false },
      args: ['targets', 'logits', 'target_lengths', 'input_lengths'],
      gives: 'elements',
      note: 'The time comes first unless logits_time_major=False; labels in a SparseTensor need blank_index, 0 here. One value a sequence.',
    },
    ...(['optax.losses.ctc_loss', 'optax.ctc_loss'] as const).map((name) => ({
      framework: 'optax' as const,
      name,
      form: 'function' as const,
      fixed: { zeroInfinity: 0 },
      arranged: 'paddings (1 where there is nothing) in place of lengths',
      note: 'Takes paddings (1 where there is nothing) in place of lengths: logits, logit_paddings, labels, label_paddings. One value a sequence; about 1e5 where PyTorch gives ∞.',
    })),
  ],
  properties: {
    convex: oneLabel([8, -8], [-8, 8]),
    boundedBelow: 0,
    boundedAbove: oneLabel([-1e3]),
    // The alignments differ in at most all frames: the variance of the frames that show a label is at most T/2.
    lipschitzGradient: ({ time = 0 }) => time / 2,
    boundedInfluence: ({ time = 0 }) => Math.sqrt(2 * time),
  },
  plot: {
    label: 'logit z',
    inWords: 'the logit of the only label in each of 4 frames, that of the blank at 0',
    from: -6,
    to: 6,
    sizes: { sample: 1, time: 4, class: 2, label: 1 },
    curves: [
      {
        at: (x) => ({
          logits: [0, x, 0, x, 0, x, 0, x],
          targets: [1],
          input_lengths: [4],
          target_lengths: [1],
        }),
      },
    ],
  },
};
