import {
  add,
  div,
  gather,
  logsoftmax,
  logsumexp,
  mul,
  neg,
  softmax,
  square,
  sub,
  sum,
} from '../../expression/build.ts';
import { input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss } from '../loss.ts';

const student = () => input('student', ['sample', 'class']);
const label = () => input('target', ['sample'], 'index');
/** Logits divided by the temperature. */
const softened = (logits: Expr) => div(logits, param('temperature'));
const studentLog = () => logsoftmax(softened(student()), 'class');
const teacherLogits = () => softened(input('teacher', ['sample', 'class']));
const teacher = () => softmax(teacherLogits(), 'class');
const divergence = () =>
  sum(mul(teacher(), sub(logsoftmax(teacherLogits(), 'class'), studentLog())), 'class');
const crossEntropy = () => neg(sum(mul(teacher(), studentLog()), 'class'));
const hard = () => sub(logsumexp(student(), 'class'), gather(student(), 'class', label()));

const mixture = (soft: () => Expr) =>
  withOptions(() =>
    add(mul(mul(param('alpha'), square(param('temperature'))), soft()), mul(sub(1, param('alpha')), hard())),
  );
const named = (soft: () => Expr) => () => [
  {
    name: 'teacher_probs',
    symbol: 'q',
    expr: teacher(),
    meaning: 'the teacher’s probabilities at the temperature',
  },
  {
    name: 'student_log_probs',
    symbol: '\\log p',
    expr: studentLog(),
    meaning: 'the student’s log-probabilities at the temperature',
  },
  { name: 'soft', symbol: 'S', expr: soft(), meaning: 'how far the student is from the teacher' },
  { name: 'hard', symbol: 'H', expr: hard(), meaning: 'cross-entropy with the true class' },
];

/** One sample of two classes whose teacher and label say class 1. */
function logits(at: readonly [number, number]): CounterExample {
  return { at: { sizes: { sample: 1, class: 2 }, inputs: { student: at, teacher: [0, 0], target: [1] } } };
}

/**
 * α·T²·KL(softmax(t/T) ‖ softmax(s/T)) + (1 − α)·CE(s, y) for the logits s of a student and t of a teacher and the label
 * y. The factor T² keeps the gradient of the soft part as large as that of the hard one whatever the temperature.
 */
export const loss: Loss = {
  id: 'distillation',
  name: 'Knowledge distillation',
  synonyms: [
    'distillation loss',
    'knowledge distillation loss',
    'KD loss',
    'teacher–student loss',
    'soft targets',
  ],
  chinese: ['知识蒸馏损失', '蒸馏损失', '软标签蒸馏'],
  family: 'composite',
  common: 2,
  inputs: [
    {
      id: 'student',
      symbol: 's',
      kind: 'logit',
      role: 'prediction',
      axes: ['sample', 'class'],
      meaning: 'Logits of the model that is trained.',
    },
    {
      id: 'teacher',
      symbol: 't',
      kind: 'logit',
      role: 'target',
      axes: ['sample', 'class'],
      meaning: 'Logits of the model that it learns from, without a gradient.',
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
  parameters: [
    {
      id: 'temperature',
      symbol: 'T',
      default: 2,
      min: 0,
      max: 1e3,
      minExclusive: true,
      meaning: 'What the logits are divided by in the soft part: higher shows more of the teacher’s doubts.',
    },
    {
      id: 'alpha',
      symbol: '\\alpha',
      default: 0.5,
      min: 0,
      max: 1,
      meaning: 'Share of the soft part; the rest is cross-entropy with the true class.',
    },
  ],
  expression: mixture(divergence),
  named: named(divergence),
  convention: 'Kullback–Leibler divergence, as most code',
  conventions: [
    {
      id: 'cross-entropy',
      users: 'Hinton et al. 2015',
      differs:
        'Cross-entropy with the teacher’s probabilities in place of the divergence: larger by the teacher’s entropy, with the same gradient.',
      expression: mixture(crossEntropy),
      named: named(crossEntropy),
    },
  ],
  meaning:
    'How far a small model’s softened probabilities are from a large model’s, mixed with the usual cross-entropy: the teacher’s second and third guesses teach too.',
  useWhen:
    'A small or fast model is to reach the quality of a trained large one, also on data without labels (α = 1).',
  avoidWhen: 'The teacher is badly calibrated or wrong on this data: the student copies its mistakes.',
  pitfalls: [
    'Without the factor T² the soft part’s gradient shrinks as 1/T², and at T = 4 the hard part outweighs it sixteenfold.',
    'torch.nn.KLDivLoss wants log-probabilities of the student and probabilities of the teacher, and reduction="batchmean": its default mean divides by the classes too.',
    'The temperature is for both models and for the soft part only; the hard part and later predictions use the logits as they are.',
    'The teacher runs in eval mode and under torch.no_grad(): otherwise dropout blurs its targets and memory doubles.',
    'Which part α weighs is not agreed on: in some code it is the hard one.',
  ],
  source: 'Hinton, Vinyals, Dean 2015, Distilling the Knowledge in a Neural Network, arXiv 1503.02531',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: logits([1e3, 0]),
    lipschitzGradient: 0.5,
    // α·T·√2 from the soft part and (1 − α)·√2 from the hard one.
    boundedInfluence: 1.5 * Math.SQRT2,
  },
  plot: {
    label: 'logit s_y',
    inWords:
      'the student’s logit of the true class, the other 2 at 0, for a teacher that is right and for one that is wrong',
    from: -6,
    to: 6,
    sizes: { sample: 1, class: 3 },
    curves: [
      {
        note: { text: 'teacher wrong', side: 'right' },
        at: (x) => ({ student: [x, 0, 0], teacher: [0, 4, 0], target: [0] }),
      },
      {
        note: { text: 'teacher right', side: 'left' },
        at: (x) => ({ student: [x, 0, 0], teacher: [4, 0, 0], target: [0] }),
      },
    ],
  },
};
