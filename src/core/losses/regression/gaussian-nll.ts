import { add, div, eq, log, mul, square, where } from '../../expression/build.ts';
import { input, param, type Expr, type Named } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Api, CounterExample, Loss } from '../loss.ts';
import { noYes } from '../shared/choices.ts';
import { predictedValues, residual, residualName, trueValues } from '../shared/elements.ts';
import { floored } from '../shared/floor.ts';

/** The variance, at least ε; its derivative is that of the variance also below, as PyTorch clamps without recording. */
const variance = (): Expr => floored(input('var', ['sample', 'output']), param('eps'));

const varianceName = (): readonly Named[] => [
  { name: 'variance', symbol: 'v', expr: variance(), meaning: 'the predicted variance, at least eps' },
];

const keywords: Api['keywords'] = {
  full: { parameter: 'full', default: 0 },
  eps: { parameter: 'eps', default: 1e-6 },
};

const batch = (pred: number, target: number, variance: number): Pick<CounterExample, 'at'> => ({
  at: { sizes: { sample: 1, output: 1 }, inputs: { pred: [pred], target: [target], var: [variance] } },
});

/**
 * ½(log v + (ŷ − y)²/v) for the predicted mean ŷ and the predicted variance v, at least ε; ½log 2π, which changes no
 * gradient, only when asked for. Gradients (ŷ − y)/v and ½(1 − (ŷ − y)²/v)/v.
 */
export const loss: Loss = {
  id: 'gaussian-nll',
  name: 'Gaussian negative log-likelihood',
  synonyms: [
    'Gaussian NLL',
    'heteroscedastic regression loss',
    'mean-variance estimation',
    'normal negative log-likelihood',
  ],
  chinese: ['高斯负对数似然', '高斯 NLL 损失'],
  family: 'regression',
  inputs: [
    predictedValues({ meaning: 'Predicted means.' }),
    trueValues(),
    {
      id: 'var',
      symbol: '\\hat{\\sigma}^2',
      kind: 'positive',
      role: 'prediction',
      axes: ['sample', 'output'],
      meaning: 'Predicted variances, above 0.',
    },
  ],
  parameters: [
    {
      id: 'full',
      symbol: '\\mathrm{full}',
      default: 0,
      min: 0,
      max: 1,
      choices: noYes,
      meaning: 'Whether the constant ½ log 2π is added. It does not change the gradient.',
    },
    {
      id: 'eps',
      symbol: '\\varepsilon',
      default: 1e-6,
      min: 0,
      max: 1,
      minExclusive: true,
      meaning: 'The least variance that counts.',
    },
  ],
  expression: withOptions(() => {
    const v = variance();
    const half = mul(0.5, add(log(v), div(square(residual()), v)));
    return add(half, where(eq(param('full'), 1), 0.5 * Math.log(2 * Math.PI), 0));
  }),
  named: () => [...residualName(), ...varianceName()],
  convention: 'PyTorch',
  meaning:
    'The surprise, in nats, at a target when the model predicts both its mean and its variance: squared error in units of the predicted spread.',
  useWhen: 'The noise differs from row to row and the model should say how sure it is.',
  avoidWhen:
    'The variance is the same everywhere (use the squared error), or there are outliers: they inflate the variance.',
  pitfalls: [
    'It takes a variance, not a standard deviation and not a logarithm: end the model in softplus or exp. PyTorch raises for negative values.',
    'Rows that are fitted badly get a large variance and with it a small gradient: the mean may never be learnt there. Warm up with the squared error, or weight the loss by v^β (β-NLL).',
    'The value can be negative; with ε = 1e-6 it goes down to −6.9 for a perfectly fitted row. A falling loss may only mean overconfidence.',
    'Below ε PyTorch clamps the variance but keeps its gradient, computed at ε: with residuals of 1 it is about −5e11, and one such step ruins the weights.',
    'A var of shape (N, 1) or (N,) stands for one variance a row.',
  ],
  source: 'Nix, Weigend 1994, Estimating the mean and variance of the target probability distribution, ICNN',
  apis: [
    { framework: 'torch', name: 'torch.nn.GaussianNLLLoss', form: 'class', keywords, positional: [] },
    { framework: 'torch', name: 'torch.nn.functional.gaussian_nll_loss', form: 'function', keywords },
  ],
  properties: {
    convex: { ...batch(0, 0, 1), and: { pred: [0], var: [100] } },
    boundedBelow: 0.5 * Math.log(1e-6),
    boundedAbove: batch(100, 0, 1),
    lipschitzGradient: { ...batch(1, 0, 0.01), and: { pred: [1], var: [0.02] } },
    boundedInfluence: batch(1, 0, 0.01),
  },
  plot: {
    label: 'ŷ − y',
    inWords: 'the difference of predicted mean and target, for the variances 1 and 0.2',
    from: -3,
    to: 3,
    sizes: { sample: 1, output: 1 },
    curves: [
      { note: { text: 'σ̂² = 1', side: 'right' }, at: (x) => ({ pred: [x], target: [0], var: [1] }) },
      { note: { text: 'σ̂² = 0.2', side: 'left' }, at: (x) => ({ pred: [x], target: [0], var: [0.2] }) },
    ],
  },
};
