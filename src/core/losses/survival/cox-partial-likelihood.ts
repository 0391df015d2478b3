import {
  add,
  and,
  div,
  eq,
  ge,
  indicator,
  log1p,
  logsumexp,
  lt,
  neg,
  rename,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss } from '../loss.ts';
import { event, eventsSeen, followUpTimes, score, time, wasSeen } from '../shared/censored.ts';

/** The same of another sample. */
const other = (x: Expr) => rename(x, 'sample', 'sample′');
/** Whether the other sample was still under observation just before this one's time. */
const atRisk = () => ge(other(time()), time());

/** log Σ exp of the scores of those at risk, each lowered by `less`. */
function logRisk(less?: Expr): Expr {
  const shifted = less === undefined ? other(score()) : add(other(score()), less);
  return logsumexp(where(atRisk(), shifted, -Infinity), 'sample′');
}

/**
 * Efron's correction of a score in the sum: of d events at one time, those that come before this one (in order of
 * position) have left by the share l/d.
 */
function share(): Expr {
  const tied = and(other(wasSeen()), eq(other(time()), time()));
  const before = and(tied, lt(index('sample′'), index('sample')));
  const count = (condition: Expr) => sum(indicator(condition), 'sample′');
  // Only looked at where the event was seen, so that d is at least 1; elsewhere nothing is divided by 0.
  const left = where(wasSeen(), div(count(before), where(wasSeen(), count(tied), 1)), 0);
  return where(tied, log1p(neg(left)), 0);
}

const lossOf = (risk: () => Expr) => where(wasSeen(), sub(risk(), score()), 0);
const riskName = (risk: () => Expr) => [
  {
    name: 'log_risk',
    symbol: '\\operatorname{lse}',
    expr: risk(),
    meaning: 'the logarithm of the summed hazards of those at risk',
  },
];
const efronRisk = () => logRisk(share());
const breslowRisk = () => logRisk();

/** A batch where the events happen at the given times. */
function scores(pred: readonly number[], and?: readonly number[]): CounterExample {
  const sample = {
    sizes: { sample: pred.length },
    inputs: { pred, time: pred.map((_, i) => i + 1), event: pred.map(() => 1) },
  };
  return and === undefined ? { at: sample } : { at: sample, and: { pred: and } };
}

/**
 * log Σ_{j: t_j ≥ t_i} exp s_j − s_i for each sample i whose event was seen, 0 for a censored one; s is the logarithm of
 * the hazard up to a constant. Ties as Breslow has them: each of several events at one time has the same risk set. The
 * mean is over the events.
 */
export const loss: Loss = {
  id: 'cox-partial-likelihood',
  name: 'Cox partial likelihood',
  short: 'cox',
  synonyms: [
    'Cox proportional hazards',
    'Cox PH loss',
    'CoxPH',
    'negative log partial likelihood',
    'DeepSurv loss',
    'survival:cox',
  ],
  chinese: ['Cox 偏似然损失', 'Cox 比例风险模型损失', '负对数偏似然'],
  family: 'survival',
  common: 1,
  inputs: [
    {
      id: 'pred',
      symbol: 's',
      kind: 'score',
      role: 'prediction',
      axes: ['sample'],
      meaning: 'Logarithms of the hazards, up to a common constant: higher means earlier.',
    },
    followUpTimes,
    eventsSeen,
  ],
  parameters: [],
  expression: withOptions(() => lossOf(breslowRisk)),
  divisor: withOptions(() => event()),
  named: () => riskName(breslowRisk),
  convention: 'Breslow’s ties',
  conventions: [
    {
      id: 'efron',
      users: 'lifelines, the survival package of R',
      differs:
        'Of d events at one time the l-th finds the hazards of these d reduced by the share (l − 1)/d; without ties it is the same.',
      expression: withOptions(() => lossOf(efronRisk)),
      named: () => riskName(efronRisk),
    },
  ],
  meaning:
    'The surprise, in nats, that of all who were still under observation just this one had the event now, when the hazards are the exponentials of the scores.',
  useWhen:
    'The order of events matters, many times are censored, and no shape of the distribution of times is to be assumed.',
  avoidWhen:
    'Times themselves should be predicted (it knows only their order; use accelerated failure time), or hazards cross over time.',
  pitfalls: [
    'The risk set is taken within the batch: small batches give another, noisier loss, and a batch without any event has nothing to learn from (a mean of NaN).',
    'Adding a constant to all scores changes nothing: the model needs no bias at its output, and scores of two models cannot be compared.',
    'Higher scores mean shorter times: the concordance index of lifelines wants minus the score.',
    'XGBoost’s survival:cox takes the event from the sign of the label: censored times are negative.',
    'Code that sorts by descending time and takes a cumulative log-sum-exp is wrong at ties: those of equal time that come later in the order are missing from the risk set.',
  ],
  source:
    'Cox 1972, Regression Models and Life-Tables, Journal of the Royal Statistical Society B 34(2); ties: Breslow 1974, Efron 1977',
  apis: [
    {
      framework: 'xgboost',
      name: 'survival:cox',
      form: 'string',
      note: 'One label: the time where the event was seen, minus the time where it was censored. Predicts hazards, the exponentials of the scores. At equal times its gradients leave out the later ones of its order; its metric cox-nloglik does not.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: scores([-1e3, 0]),
    // Each event has a softmax over its risk set, at best all the same.
    lipschitzGradient: ({ sample = 0 }) => sample / 2,
    boundedInfluence: ({ sample = 0 }) => Math.max(1, sample - 1),
  },
  plot: {
    label: 'score s',
    inWords: 'the score of the first of three events, the other scores at 0',
    from: -5,
    to: 5,
    sizes: { sample: 3 },
    curves: [{ at: (x) => ({ pred: [x, 0, 0], time: [1, 2, 3], event: [1, 0, 0] }) }],
  },
};
