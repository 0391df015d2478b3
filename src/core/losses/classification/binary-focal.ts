import {
  add,
  clamp,
  eq,
  exp,
  ge,
  log,
  logaddexp,
  logsigmoid,
  mul,
  neg,
  pow,
  sigmoid,
  sub,
  where,
} from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Parameter } from '../loss.ts';
import { noYes } from '../shared/choices.ts';
import { kerasRowApis } from '../shared/apiPairs.ts';
import { optaxApis } from '../shared/apis.ts';
import {
  binaryLabels,
  binaryLogits,
  binaryProbabilities,
  binarySmoothing,
  logitCrossEntropy,
  smoothedTarget,
} from '../shared/binary.ts';
import { pred, target } from '../shared/elements.ts';
import { at, between } from '../shared/examples.ts';
import { alongBinary } from '../shared/plots.ts';

const options = [binarySmoothing];

const gamma: Parameter = {
  id: 'gamma',
  symbol: '\\gamma',
  default: 2,
  min: 0,
  max: 100,
  meaning: 'How strongly easy rows are played down; 0 gives binary cross-entropy.',
};
const alpha: Parameter = {
  id: 'alpha',
  symbol: '\\alpha',
  default: 0.25,
  min: -1,
  max: 1,
  meaning: 'Weight of label 1, and 1 − α of label 0; a negative value means no weights.',
};

const balancing: Parameter = {
  id: 'applyClassBalancing',
  symbol: 'b',
  default: 0,
  min: 0,
  max: 1,
  choices: noYes,
  meaning: 'Whether the labels are weighted by α.',
};

/** α for label 1, 1 − α for label 0, in proportion between them. */
const balanced = (y: Expr): Expr => {
  const a = param(alpha.id);
  return add(mul(a, y), mul(sub(1, a), sub(1, y)));
};
const share = (y: Expr): Expr => where(ge(param(alpha.id), 0), balanced(y), 1);

/** log(1 − p_t), the logarithm of the probability of the other label, exact also where that is tiny. */
const logMiss = (y: Expr): Expr =>
  logaddexp(add(log(y), logsigmoid(neg(pred()))), add(log(sub(1, y)), logsigmoid(pred())));
const factor = (y: Expr): Expr => exp(mul(param(gamma.id), logMiss(y)));

const inside = (p: Expr): Expr => clamp(p, 1e-7, 1 - 1e-7);
/** Focal loss where only asked-for balancing weighs the labels. */
const kerasFocal = (y: Expr, factors: Expr, crossEntropy: Expr): Expr => {
  const focal = mul(factors, crossEntropy);
  return where(eq(param(balancing.id), 1), mul(balanced(y), focal), focal);
};
/** Of a probability, which is clipped in the logarithm. */
const clippedFocal = (p: Expr): Expr => {
  const y = smoothedTarget();
  const right = add(mul(y, p), mul(sub(1, y), sub(1, p)));
  const crossEntropy = neg(add(mul(y, log(inside(p))), mul(sub(1, y), log(inside(sub(1, p))))));
  return kerasFocal(y, pow(sub(1, right), param(gamma.id)), crossEntropy);
};
const kerasParameters: readonly Parameter[] = [
  gamma,
  { ...alpha, min: 0, meaning: 'Weight of label 1, and 1 − α of label 0, where classes are balanced.' },
  balancing,
];

/**
 * α_t (1 − p_t)^γ (−log p_t) for the probability p_t = σ(±z) that the model gives the label, α_t = α for label 1 and
 * 1 − α for label 0. The power is taken through its logarithm, so that neither it nor its derivative is 0 · ∞ for a
 * logit far out.
 */
export const loss: Loss = {
  id: 'binary-focal',
  name: 'Binary focal loss',
  short: 'focal',
  synonyms: ['focal loss', 'sigmoid focal loss', 'RetinaNet loss', 'binary focal cross-entropy'],
  chinese: ['二元焦点损失', '焦点损失', 'Focal 损失'],
  family: 'classification',
  common: 8,
  inputs: [binaryLogits(), binaryLabels()],
  parameters: [gamma, alpha],
  options,
  expression: withOptions(() => {
    const y = smoothedTarget();
    return mul(mul(share(y), factor(y)), logitCrossEntropy(y));
  }, options),
  named: () => [
    {
      name: 'log_miss',
      symbol: '\\log \\bar{p}',
      expr: logMiss(target()),
      meaning: 'the log-probability of the other label',
    },
    {
      name: 'cross_entropy',
      symbol: 'h',
      expr: logitCrossEntropy(),
      meaning: 'binary cross-entropy',
    },
  ],
  convention: 'torchvision',
  conventions: [
    {
      id: 'keras',
      users: 'Keras with from_logits=True',
      differs: 'α counts only with applyClassBalancing; the mean over the last axis is part of the function.',
      parameters: kerasParameters,
      expression: withOptions(() => {
        const y = smoothedTarget();
        return kerasFocal(y, factor(y), logitCrossEntropy(y));
      }, options),
      averaging: { rowsFirst: true },
    },
    {
      id: 'keras-torch',
      users: 'Keras with from_logits=True on PyTorch and JAX',
      differs:
        'The sigmoid is clipped to [1e-7, 1 − 1e-7] in the logarithm, so that beyond logits of ±16.1 only the factor has a gradient; α counts only with applyClassBalancing; the mean over the last axis is part of the function.',
      parameters: kerasParameters,
      expression: withOptions(() => clippedFocal(sigmoid(pred())), options),
      averaging: { rowsFirst: true },
    },
    {
      id: 'keras-probabilities',
      users: 'Keras',
      differs:
        'On probabilities, clipped to [1e-7, 1 − 1e-7] in the logarithm; α counts only with applyClassBalancing. The mean over the last axis is part of the function.',
      inputs: [binaryProbabilities(), binaryLabels()],
      parameters: kerasParameters,
      expression: withOptions(() => clippedFocal(pred()), options),
      averaging: { rowsFirst: true },
      plot: alongBinary({ label: 'probability p', inWords: 'the predicted probability' }, 0.01, 0.99, 0),
    },
  ],
  meaning:
    'Binary cross-entropy in which rows that are already right count little: each is weighed by the probability of the wrong answer to the power γ.',
  useWhen: 'Most rows are easy negatives, as in object detection, and would drown the few that matter.',
  avoidWhen:
    'Labels are noisy (the hardest rows, often the wrong ones, count most) or calibrated probabilities are wanted.',
  pitfalls: [
    'α weighs label 1: the usual 0.25 makes positives count a third of negatives. It was tuned together with γ = 2.',
    'Defaults differ: torchvision takes alpha=0.25, optax alpha=None, and Keras ignores alpha unless apply_class_balancing=True.',
    'torchvision’s reduction is "none" by default; RetinaNet divides the sum by the number of positive anchors, not by all.',
    'Keras expects probabilities unless from_logits=True.',
    'It is not a proper score: the probabilities come out too close to 0.5. Calibrate them before you use them as such.',
  ],
  source:
    'Lin, Goyal, Girshick, He, Dollár 2017, Focal Loss for Dense Object Detection, ICCV, arXiv 1708.02002',
  apis: [
    {
      framework: 'torch',
      name: 'torchvision.ops.sigmoid_focal_loss',
      form: 'function',
      keywords: {
        alpha: { parameter: 'alpha', default: 0.25 },
        gamma: { parameter: 'gamma', default: 2 },
      },
      note: 'Its reduction is "none" unless told otherwise.',
    },
    ...(
      [
        [true, 'keras'],
        [false, 'keras-probabilities'],
      ] as const
    ).flatMap(([fromLogits, convention]) =>
      kerasRowApis('BinaryFocalCrossentropy', 'binary_focal_crossentropy', {
        convention,
        requires: { from_logits: fromLogits },
        positional: ['apply_class_balancing', 'alpha', 'gamma', 'from_logits', 'label_smoothing'],
        keywords: {
          gamma: { parameter: 'gamma', default: 2 },
          alpha: { parameter: 'alpha', default: 0.25 },
          apply_class_balancing: { parameter: 'applyClassBalancing', default: 0 },
          label_smoothing: { parameter: 'labelSmoothing', default: 0 },
        },
        note: 'Expects probabilities unless from_logits=True; alpha counts only with apply_class_balancing=True.',
      }),
    ),
    ...(['binary_focal_crossentropy', 'BinaryFocalCrossentropy'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      convention: 'keras-probabilities',
      note: 'The string expects probabilities, so the model must end in a sigmoid, and weighs the labels alike.',
    })),
    ...optaxApis('sigmoid_focal_loss', {
      keywords: {
        alpha: { parameter: 'alpha', default: -1 },
        gamma: { parameter: 'gamma', default: 2 },
      },
      positional: [],
      note: 'alpha=None, the default, means no weights, as −1 does here.',
    }),
  ],
  properties: {
    convex: between(at([2.8], [0]), [12]),
    boundedBelow: 0,
    boundedAbove: at([1e3], [0]),
    lipschitzGradient: 0.3721436,
    boundedInfluence: 0.8467375,
    strictlyProper: at([-1.2], [0.1]),
  },
  plot: alongBinary({ label: 'logit z', inWords: 'the logit' }, -6, 6, 0),
};
