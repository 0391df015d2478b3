import { add, eq, exp, gt, log, mul, sub, where } from '../../expression/build.ts';
import { param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Api, Loss } from '../loss.ts';
import { predictedMeans, trueAmounts } from '../shared/amounts.ts';
import { kerasApis, lightgbmApis } from '../shared/apis.ts';
import { at, between } from '../shared/examples.ts';
import { pred, predictedValues, target } from '../shared/elements.ts';
import { alongPrediction } from '../shared/plots.ts';
import { mean } from '../shared/statistics.ts';
import { noYes } from '../shared/choices.ts';

/** The rate λ itself, kept from log 0 by ε: λ − y·log(λ + ε). */
const ofRate = (eps: Expr | number): Expr => sub(pred(), mul(target(), log(add(pred(), eps))));

/** Stirling's approximation of log y!, which PyTorch and TensorFlow use where y > 1. */
const stirling = (): Expr => {
  const y = target();
  return add(sub(mul(y, log(y)), y), mul(0.5, log(mul(2 * Math.PI, y))));
};

const keywords: Api['keywords'] = {
  log_input: { parameter: 'logInput', default: 1 },
  full: { parameter: 'full', default: 0 },
  eps: { parameter: 'eps', default: 1e-8 },
};
const positional: Api['positional'] = ['log_input', 'full', 'size_average', 'eps'];

/**
 * eᶻ − y·z for the predicted logarithm z of the rate (PyTorch’s default), or λ − y·log(λ + ε) for the rate λ; log y!,
 * which does not depend on the prediction, only when asked for. Gradient eᶻ − y. Elicits the mean.
 */
export const loss: Loss = {
  id: 'poisson-nll',
  name: 'Poisson negative log-likelihood',
  short: 'poisson',
  synonyms: ['Poisson loss', 'Poisson NLL', 'Poisson regression loss', 'Poisson deviance', 'HalfPoissonLoss'],
  chinese: ['泊松负对数似然', '泊松损失'],
  family: 'regression',
  common: 7,
  inputs: [
    predictedValues({
      symbol: '\\hat{z}',
      kindWhen: { parameter: 'logInput', value: 0, kind: 'positive' },
      meaning: 'Predicted logarithms of the rates, or the rates themselves where logInput is no.',
    }),
    trueAmounts(),
  ],
  parameters: [
    {
      id: 'logInput',
      symbol: '\\mathrm{log}',
      default: 1,
      min: 0,
      max: 1,
      choices: noYes,
      meaning: 'Whether the prediction is the logarithm of the rate.',
    },
    {
      id: 'full',
      symbol: '\\mathrm{full}',
      default: 0,
      min: 0,
      max: 1,
      choices: noYes,
      meaning:
        'Whether Stirling’s approximation of log y! is added where y > 1. It does not change the gradient.',
    },
    {
      id: 'eps',
      symbol: '\\varepsilon',
      default: 1e-8,
      min: 0,
      max: 1,
      minExclusive: true,
      meaning: 'Added to the rate before its logarithm is taken; only where the prediction is the rate.',
    },
  ],
  expression: withOptions(() => {
    const z = pred();
    const ofLogarithm = sub(exp(z), mul(target(), z));
    const core = where(eq(param('logInput'), 1), ofLogarithm, ofRate(param('eps')));
    const constant = where(eq(param('full'), 1), where(gt(target(), 1), stirling(), 0), 0);
    return add(core, constant);
  }),
  convention: 'PyTorch',
  conventions: [
    {
      id: 'keras',
      users: 'Keras',
      differs:
        'The prediction is the rate, with 1e-7 added before the logarithm, and the mean over the last axis comes first.',
      inputs: [predictedMeans(), trueAmounts()],
      parameters: [],
      expression: withOptions(() => ofRate(1e-7)),
      averaging: { rowsFirst: true },
      bestConstant: {
        words: 'the mean of the targets, less 1e-7',
        of: (targets) => [mean(targets) - 1e-7],
      },
      plot: alongPrediction({ label: 'λ̂', inWords: 'the predicted rate, the target at 2' }, 0.1, 6, 2),
    },
  ],
  meaning:
    'The surprise, in nats, at a count when it is Poisson distributed with the predicted rate, up to a constant.',
  useWhen:
    'Targets are counts or rates of events: visits, claims, goals, photons. The prediction becomes the conditional mean.',
  avoidWhen:
    'Counts spread far more than their mean (overdispersion): the mean is still right, but not the likelihood; or targets can be negative.',
  pitfalls: [
    'PyTorch expects the logarithm of the rate by default, Keras the rate itself. A softplus or exp at the end of the model together with log_input=True exponentiates twice.',
    'The value can be negative, and 0 is no special value: compare with the best constant, or use the deviance.',
    'With the rate as input a prediction of 0 is saved only by ε (1e-8 in PyTorch, 1e-7 in Keras and TensorFlow.js); a negative one gives NaN. The logarithm as input has neither problem.',
    'A logarithm of 89 overflows in float32: clip the input or standardise the features when the loss becomes infinite.',
    'scikit-learn’s mean_poisson_deviance is 2(y·log(y/λ) − y + λ): twice this loss, up to a constant of the targets.',
  ],
  source:
    'Nelder, Wedderburn 1972, Generalized Linear Models, Journal of the Royal Statistical Society A 135(3)',
  apis: [
    { framework: 'torch', name: 'torch.nn.PoissonNLLLoss', form: 'class', keywords, positional },
    {
      framework: 'torch',
      name: 'torch.nn.functional.poisson_nll_loss',
      form: 'function',
      keywords,
      positional,
    },
    ...kerasApis('Poisson', 'poisson', { note: 'Expects rates, not their logarithms.' }),
    {
      framework: 'tf',
      name: 'tensorflow.nn.log_poisson_loss',
      form: 'function',
      targetFirst: true,
      gives: 'elements',
      fixed: { logInput: 1 },
      keywords: { compute_full_loss: { parameter: 'full', default: 0 } },
      note: 'Expects logarithms of rates.',
    },
    {
      framework: 'sklearn',
      name: 'poisson',
      form: 'string',
      note: 'HistGradientBoostingRegressor, on the logarithm of the rate.',
    },
    {
      framework: 'sklearn',
      name: 'sklearn.linear_model.PoissonRegressor',
      form: 'class',
      note: 'A linear model of the logarithm of the rate, with an L2 penalty of weight alpha.',
    },
    {
      framework: 'tfjs',
      name: 'poisson',
      form: 'string',
      convention: 'keras',
      note: 'Expects rates, not their logarithms.',
    },
    {
      framework: 'xgboost',
      name: 'count:poisson',
      form: 'string',
      note: 'Trees add up to the logarithm of the rate; max_delta_step is 0.7 by default.',
    },
    ...lightgbmApis('poisson', { note: 'Trees add up to the logarithm of the rate.' }),
  ],
  properties: {
    convex: true,
    boundedBelow: at([Math.log(100)], [100]),
    boundedAbove: at([6], [0]),
    lipschitzGradient: between(at([8], [0]), [7]),
    boundedInfluence: at([8], [0]),
  },
  bestConstant: {
    words: 'the logarithm of the mean of the targets, or the mean itself where logInput is no',
    of: (targets, { logInput, eps }) =>
      logInput === 0 ? [mean(targets) - (eps ?? 1e-8)] : [Math.log(mean(targets))],
  },
  plot: alongPrediction(
    { label: 'log λ̂', inWords: 'the predicted logarithm of the rate, the target at 2' },
    -2,
    2.5,
    2,
  ),
};
