import { clamp, div, eq, exp, log, mul, sub, sum, where, xlogy } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { BestConstant, Loss, LossInput, Parameter } from '../loss.ts';
import { kerasRowApis, optaxRowApis, torchApis } from '../shared/apiPairs.ts';
import { noYes } from '../shared/choices.ts';
import {
  classLogProbabilities,
  classProbabilities,
  classShares,
  perClass,
  targetShares,
} from '../shared/classes.ts';
import { classesAt } from '../shared/examples.ts';
import { alongTrueProbability } from '../shared/plots.ts';
import { meanRow } from '../shared/statistics.ts';

const logTarget: Parameter = {
  id: 'logTarget',
  symbol: 't',
  default: 0,
  min: 0,
  max: 1,
  choices: noYes,
  meaning: 'Whether the targets are logarithms of probabilities, too.',
};

const trueShares = (changes: Partial<LossInput> = {}): LossInput =>
  classShares({
    symbol: 'p',
    meaning: 'True probabilities of the classes; every row sums to 1.',
    ...changes,
  });

/** p log p − p log q for log-probabilities log q, class by class; 0 where p is 0. */
const terms = (): Expr => {
  const [x, p] = [perClass(), targetShares()];
  return where(eq(param(logTarget.id), 1), mul(exp(p), sub(p, x)), sub(xlogy(p, p), mul(p, x)));
};

const inside = (x: Expr): Expr => clamp(x, 1e-7, 1);

const bestConstant: BestConstant = {
  words: 'the logarithm of the mean share of each class',
  of: (targets, { logTarget: given }, classes) =>
    meanRow(given === 1 ? targets.map(Math.exp) : targets, classes).map(Math.log),
};

const bestShares: BestConstant = {
  words: 'the mean share of each class',
  of: (targets, _, classes) => meanRow(targets, classes),
};

/** Where what is predicted below 1e-7 counts as 1e-7: probability spent on a share of up to e·1e-7 gains less than it costs. */
const bestClippedShares: BestConstant = {
  words: 'the mean share of each class, where it is well above 1e-7',
  of: (targets, _, classes) => {
    const kept = meanRow(targets, classes).map((share) => (share > Math.E * 1e-7 ? share : 0));
    const total = kept.reduce((sum, share) => sum + share, 0);
    return kept.map((share) => share / total);
  },
};

/** Σ_c p_c (log p_c − log q_c) for log-probabilities log q of the model and true probabilities p. */
export const loss: Loss = {
  id: 'kl-divergence',
  name: 'Kullback–Leibler divergence',
  short: 'kl',
  synonyms: ['KL divergence', 'KLD', 'relative entropy', 'information gain', 'I-divergence'],
  chinese: ['KL 散度', '相对熵', 'Kullback–Leibler 散度'],
  family: 'classification',
  common: 7,
  inputs: [
    classLogProbabilities({ symbol: '\\log q' }),
    trueShares({ kindWhen: { parameter: logTarget.id, value: 1, kind: 'log-distribution' } }),
  ],
  parameters: [logTarget],
  expression: withOptions(() => sum(terms(), 'class')),
  convention: 'optax; PyTorch with reduction="batchmean"',
  conventions: [
    {
      id: 'torch',
      users: 'PyTorch',
      differs:
        'One value for each class of each row: a mean divides by rows × classes, a sum by nothing; only "batchmean" is the divergence.',
      expression: withOptions(terms),
      bestConstant,
    },
    {
      id: 'probabilities',
      users: 'textbooks and SciPy (rel_entr)',
      differs:
        'The prediction is probabilities, not their logarithms: ∞ where one is 0 and the true one is not.',
      inputs: [classProbabilities({ symbol: 'q' }), trueShares()],
      parameters: [],
      expression: withOptions(() => {
        const p = targetShares();
        return sum(sub(xlogy(p, p), xlogy(p, perClass())), 'class');
      }),
      bestConstant: bestShares,
      plot: alongTrueProbability('one-hot'),
    },
    {
      id: 'keras',
      users: 'Keras',
      differs: 'On probabilities, both clipped to [1e-7, 1]: the loss is at most 16.118.',
      inputs: [classProbabilities({ symbol: 'q' }), trueShares()],
      parameters: [],
      expression: withOptions(() => {
        const p = inside(targetShares());
        return sum(mul(p, log(div(p, inside(perClass())))), 'class');
      }),
      bestConstant: bestClippedShares,
      plot: alongTrueProbability('one-hot'),
    },
    {
      id: 'tfjs-layers',
      users: 'the layers of TensorFlow.js',
      differs:
        'On probabilities, clipped to [1e-7, 1] in the logarithm only: a class that does not occur costs 0.',
      inputs: [classProbabilities({ symbol: 'q' }), trueShares()],
      parameters: [],
      expression: withOptions(() => {
        const ratio = div(inside(targetShares()), inside(perClass()));
        return sum(mul(targetShares(), log(ratio)), 'class');
      }),
      bestConstant: bestClippedShares,
      plot: alongTrueProbability('one-hot'),
    },
  ],
  meaning:
    'How many nats are lost when the model’s probabilities stand in for the true ones: cross-entropy minus the entropy of the target.',
  useWhen:
    'The target is a distribution (a teacher’s probabilities, shares of annotators), and 0 should mean a perfect match.',
  avoidWhen: 'Targets are single classes: it is cross-entropy then, and cross-entropy is easier to write.',
  pitfalls: [
    'torch.nn.KLDivLoss takes log-probabilities as its input. Probabilities go through without an error, and the loss comes out negative.',
    'Its default reduction "mean" divides by rows × classes: for 10 classes a tenth of the divergence. Write reduction="batchmean"; PyTorch warns.',
    'The order of arguments: PyTorch and optax take the prediction first, Keras the truth. The divergence is not symmetric, so swapping gives another loss.',
    'Keras takes probabilities on both sides and clips them at 1e-7; optax and PyTorch take the logarithm of the prediction, and with log_target=True of both.',
    'It differs from cross-entropy by the entropy of the target only: same gradient, other value.',
  ],
  source: 'Kullback, Leibler 1951, On Information and Sufficiency, Annals of Mathematical Statistics 22(1)',
  apis: [
    ...torchApis('KLDivLoss', 'kl_div', {
      convention: 'torch',
      keywords: { log_target: { parameter: 'logTarget', default: 0 } },
      positional: ['size_average', 'reduce', 'reduction', 'log_target'],
      note: 'The default reduction "mean" divides by rows × classes; "batchmean" is the divergence.',
    }),
    ...kerasRowApis('KLDivergence', 'kl_divergence', {
      convention: 'keras',
      strings: ['kl_divergence', 'kld', 'KLD', 'KLDivergence'],
      note: 'Probabilities on both sides.',
    }),
    ...optaxRowApis('kl_divergence', { fixed: { logTarget: 0 } }),
    ...optaxRowApis('kl_divergence_with_log_targets', { fixed: { logTarget: 1 } }, ['optax.losses']),
    {
      framework: 'tfjs',
      name: 'kullbackLeiblerDivergence',
      form: 'string',
      convention: 'tfjs-layers',
      note: 'Probabilities on both sides.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: classesAt(2, [-1e3, 0], [1, 0]),
    lipschitzGradient: 0,
    boundedInfluence: 1,
    strictlyProper: true,
  },
  bestConstant,
  plot: alongTrueProbability('one-hot', 'logarithm'),
};
