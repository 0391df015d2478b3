import {
  add,
  div,
  eq,
  exp,
  log,
  logndtr,
  mul,
  neg,
  softplus,
  square,
  sub,
  where,
} from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss } from '../loss.ts';
import { eventsSeen, followUpTimes, score, time, wasSeen } from '../shared/censored.ts';

const residual = (): Expr => div(sub(log(time()), score()), param('sigma'));

/** Of each distribution of the residual: minus the logarithm of its density, and of the chance of a larger one. */
const distributions: readonly { density: (z: Expr) => Expr; survival: (z: Expr) => Expr }[] = [
  {
    density: (z) => add(mul(0.5, square(z)), 0.5 * Math.log(2 * Math.PI)),
    survival: (z) => neg(logndtr(neg(z))),
  },
  // 2·softplus(z) − z, symmetric in z.
  { density: (z) => add(softplus(z), softplus(neg(z))), survival: softplus },
  { density: (z) => sub(exp(z), z), survival: exp },
];

/** What the chosen distribution says. */
function chosen(pick: (one: (typeof distributions)[number]) => Expr): Expr {
  const [normal, logistic, extreme] = distributions.map(pick) as [Expr, Expr, Expr];
  return where(eq(param('distribution'), 0), normal, where(eq(param('distribution'), 1), logistic, extreme));
}

function sample(pred: number, t: number, event: 0 | 1): CounterExample {
  return { at: { sizes: { sample: 1 }, inputs: { pred: [pred], time: [t], event: [event] } } };
}

/**
 * Minus the log-likelihood of a time t under log t = ŷ + σz: −log(p(z)/(σt)) where the event was seen, −log P(Z > z)
 * where observation ended before it. z is standard normal, logistic, or the logarithm of an exponential variable
 * (extreme value of the minimum: a Weibull distribution of t).
 */
export const loss: Loss = {
  id: 'accelerated-failure-time',
  name: 'Accelerated failure time',
  short: 'aft',
  synonyms: [
    'AFT',
    'AFT loss',
    'censored regression of log times',
    'log-normal survival',
    'log-logistic survival',
    'Weibull survival',
    'survival:aft',
  ],
  chinese: ['加速失效时间损失', '加速失效时间模型损失', 'AFT 生存损失'],
  family: 'survival',
  common: 2,
  inputs: [
    {
      id: 'pred',
      symbol: '\\hat{y}',
      kind: 'value',
      role: 'prediction',
      axes: ['sample'],
      meaning: 'Location of the logarithm of the time.',
    },
    followUpTimes,
    eventsSeen,
  ],
  parameters: [
    {
      id: 'distribution',
      symbol: 'p',
      default: 0,
      min: 0,
      max: 2,
      choices: [
        { value: 0, name: 'normal' },
        { value: 1, name: 'logistic' },
        { value: 2, name: 'extreme' },
      ],
      meaning: 'Distribution of the residual of the logarithm: log-normal, log-logistic or Weibull times.',
    },
    {
      id: 'sigma',
      symbol: '\\sigma',
      default: 1,
      min: 0,
      max: 1e3,
      minExclusive: true,
      meaning: 'Scale of the logarithm of the time; given, not learned.',
    },
  ],
  expression: withOptions(() => {
    const z = residual();
    const density = add(
      chosen((one) => one.density(z)),
      add(log(time()), log(param('sigma'))),
    );
    return where(
      wasSeen(),
      density,
      chosen((one) => one.survival(z)),
    );
  }),
  named: () => [
    {
      name: 'z',
      symbol: 'z',
      expr: residual(),
      meaning: 'the residual of the logarithm of the time, in units of its scale',
    },
  ],
  convention: 'XGBoost',
  meaning:
    'How unlikely a time is when its logarithm scatters around the prediction; of a censored time only that the event came later.',
  useWhen:
    'Times until an event are to be predicted themselves, some of them censored: it uses their size, not only their order.',
  avoidWhen:
    'The shape of the distribution is unknown and only the order matters (Cox), or the scatter differs a lot between samples, for σ is one number.',
  pitfalls: [
    'The model predicts the logarithm of the time: XGBoost’s predict returns its exponential, output_margin=True the logarithm.',
    'Dropping censored rows, or taking their time for that of an event, biases the times downwards.',
    'σ is not learned: tune it like a learning rate. Too small a value lets single samples dominate.',
    'The value contains log t: it is negative for short times, and changes with the unit of time by a constant; compare models in one unit.',
    'XGBoost limits likelihoods from below at 1e-12, so its value stops at 27.6, and gradients at 15.',
    'XGBoost’s extreme value distribution is that of a minimum, as Weibull times need; scipy’s gumbel_r is that of a maximum.',
  ],
  source:
    'Kalbfleisch, Prentice 1980, The Statistical Analysis of Failure Time Data; Barnwal, Cho, Hocking 2022, arXiv 2006.04920',
  apis: [
    {
      framework: 'xgboost',
      name: 'survival:aft',
      form: 'string',
      keywords: { aft_loss_distribution_scale: { parameter: 'sigma', default: 1 } },
      note: 'Takes label_lower_bound and label_upper_bound (infinite where censored) in place of time and event; aft_loss_distribution is normal, logistic or extreme.',
    },
  ],
  properties: {
    convex: true,
    boundedBelow: sample(Math.log(1e-60), 1e-60, 1),
    boundedAbove: sample(100, 1, 1),
    lipschitzGradient: 1,
    boundedInfluence: sample(1e4, 1, 1),
  },
  plot: {
    label: 'ŷ',
    inWords: 'the predicted logarithm of the time, the true time 1, for an event and for a censored time',
    from: -4,
    to: 4,
    sizes: { sample: 1 },
    curves: [
      { note: { text: 'event', side: 'right' }, at: (x) => ({ pred: [x], time: [1], event: [1] }) },
      { note: { text: 'censored', side: 'left' }, at: (x) => ({ pred: [x], time: [1], event: [0] }) },
    ],
  },
};
