import {
  add,
  clamp,
  div,
  exp,
  expm1,
  log,
  logsoftmax,
  mean,
  mul,
  neg,
  pow,
  softmax,
  sub,
  sum,
} from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Parameter } from '../loss.ts';
import { kerasRowApis } from '../shared/apiPairs.ts';
import {
  classIndices,
  classProbabilities,
  classShares,
  labelSmoothing,
  logits,
  logMiss,
  perClass,
  smoothedShares,
  trueLogProbability,
} from '../shared/classes.ts';
import { between, classesAt, sevenToThree } from '../shared/examples.ts';
import { alongTrueLogit, alongTrueProbability } from '../shared/plots.ts';

const options = [labelSmoothing];

const gamma: Parameter = {
  id: 'gamma',
  symbol: '\\gamma',
  default: 2,
  min: 0,
  max: 100,
  meaning: 'How strongly easy rows are played down; 0 gives α times cross-entropy.',
};
const alpha: Parameter = {
  id: 'alpha',
  symbol: '\\alpha',
  default: 0.25,
  min: 0,
  max: 1e6,
  minExclusive: true,
  meaning: 'A factor of the whole loss, the same for every class.',
};

/** (1 − p_c)^γ (−log p_c) for every class c: what label smoothing spreads the target over. */
const everyFocal = (): Expr => {
  const logs = logsoftmax(perClass(), 'class');
  return mul(pow(neg(expm1(logs)), param(gamma.id)), neg(logs));
};

/** What Keras makes of probabilities: rows that sum to 1, clipped. */
const kerasFocal = (p: Expr): Expr => {
  const clipped = clamp(div(p, sum(p, 'class')), 1e-7, 1 - 1e-7);
  const factor = mul(pow(sub(1, clipped), param(gamma.id)), param(alpha.id));
  return sum(mul(factor, neg(mul(smoothedShares(), log(clipped)))), 'class');
};

/**
 * −α (1 − p_y)^γ log p_y for the softmax probability p_y of the true class. 1 − p_y is the sum of the other classes,
 * taken as a logarithm, so that it keeps its digits where the model is certain.
 */
export const loss: Loss = {
  id: 'categorical-focal',
  name: 'Categorical focal loss',
  synonyms: ['multi-class focal loss', 'softmax focal loss', 'categorical focal cross-entropy'],
  chinese: ['多类焦点损失', '分类焦点损失', '类别焦点损失'],
  family: 'classification',
  inputs: [logits(), classIndices()],
  parameters: [gamma, alpha],
  options,
  expression: withOptions(() => {
    const epsilon = param(labelSmoothing.id);
    const picked = mul(exp(mul(param(gamma.id), logMiss())), neg(trueLogProbability()));
    return mul(param(alpha.id), add(mul(sub(1, epsilon), picked), mul(epsilon, mean(everyFocal(), 'class'))));
  }, options),
  named: () => [
    {
      name: 'log_p',
      symbol: '\\log p',
      expr: trueLogProbability(),
      meaning: 'the log-probability of the true class',
    },
    {
      name: 'log_miss',
      symbol: '\\log \\bar{p}',
      expr: logMiss(),
      meaning: 'the log-probability of all other classes together',
    },
  ],
  convention: 'Lin et al. 2017',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'On probabilities and one-hot labels; rows are divided by their sum and clipped to [1e-7, 1 − 1e-7].',
      inputs: [classProbabilities(), classShares()],
      expression: withOptions(() => kerasFocal(perClass()), options),
      plot: alongTrueProbability('one-hot'),
    },
    {
      id: 'keras-logits',
      users: 'Keras with from_logits=True',
      differs: 'On one-hot labels; the softmax is clipped to [1e-7, 1 − 1e-7].',
      inputs: [logits(), classShares()],
      expression: withOptions(() => kerasFocal(softmax(perClass(), 'class')), options),
      plot: alongTrueLogit('one-hot'),
    },
  ],
  meaning:
    'Cross-entropy in which rows that are already right count little: each is weighed by the probability of all wrong classes to the power γ.',
  useWhen: 'Classes are very uneven and most rows are easy.',
  avoidWhen:
    'Labels are noisy (the hardest rows, often the wrong ones, count most) or calibrated probabilities are wanted.',
  pitfalls: [
    'α is one factor for all classes: the usual 0.25 only makes the loss, and so the steps, four times smaller. For a weight per class give Keras’s alpha a list.',
    'Keras expects probabilities and one-hot labels unless from_logits=True; the logits are then put through a softmax and clipped all the same.',
    'It is not a proper score: probabilities come out too close to each other. Calibrate them before you use them as such.',
    'Loss values cannot be compared with cross-entropy: at p_y = 0.9 it is 0.00026 with the defaults, cross-entropy 0.105.',
  ],
  source:
    'Lin, Goyal, Girshick, He, Dollár 2017, Focal Loss for Dense Object Detection, ICCV, arXiv 1708.02002',
  apis: [
    ...(
      [
        [true, 'keras-logits'],
        [false, 'keras'],
      ] as const
    ).flatMap(([fromLogits, convention]) =>
      kerasRowApis('CategoricalFocalCrossentropy', 'categorical_focal_crossentropy', {
        convention,
        requires: { from_logits: fromLogits },
        positional: ['alpha', 'gamma', 'from_logits', 'label_smoothing'],
        keywords: {
          gamma: { parameter: 'gamma', default: 2 },
          alpha: { parameter: 'alpha', default: 0.25 },
          label_smoothing: { parameter: 'labelSmoothing', default: 0 },
        },
        note: 'Expects probabilities unless from_logits=True.',
      }),
    ),
    ...(['categorical_focal_crossentropy', 'CategoricalFocalCrossentropy'] as const).map((name) => ({
      framework: 'keras' as const,
      name,
      form: 'string' as const,
      convention: 'keras',
      note: 'The string expects probabilities, so the model must end in a softmax.',
    })),
  ],
  properties: {
    convex: between(classesAt(2, [-12, 0], [0]), [-2.8, 0]),
    boundedBelow: 0,
    boundedAbove: classesAt(2, [1e3, 0], [1]),
    lipschitzGradient: 0.2480957,
    boundedInfluence: 0.3991559,
    strictlyProper: sevenToThree([Math.log(0.58 / 0.42), 0]),
  },
  plot: alongTrueLogit(),
};
