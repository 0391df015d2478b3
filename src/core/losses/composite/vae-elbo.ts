import { add, expm1, mul, neg, softplus, square, sub, sum } from '../../expression/build.ts';
import { input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss, LossInput, Plot } from '../loss.ts';

const reconstruction = () => input('reconstruction', ['sample', 'pixel']);
const data = () => input('target', ['sample', 'pixel']);
const mean = () => input('latent_mean', ['sample', 'feature']);
const logVariance = () => input('latent_log_variance', ['sample', 'feature']);

/** ½‖x̂ − x‖²: minus the logarithm of a normal density of variance 1, without its constant. */
const gaussianError = () => mul(0.5, sum(square(sub(reconstruction(), data())), 'pixel'));
/** Binary cross-entropy on logits. */
const bernoulliError = () => {
  const [z, x] = [reconstruction(), data()];
  return sum(add(mul(x, softplus(neg(z))), mul(sub(1, x), softplus(z))), 'pixel');
};
/** KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − 1 − log σ²); expm1 keeps the digits where the variance is near 1. */
const divergence = () =>
  mul(0.5, sum(add(square(mean()), sub(expm1(logVariance()), logVariance())), 'feature'));

const elbo = (error: () => Expr) => withOptions(() => add(error(), mul(param('beta'), divergence())));
const named = (error: () => Expr) => () => [
  {
    name: 'reconstruction_error',
    symbol: 'R',
    expr: error(),
    meaning: 'minus the log-likelihood of the data given the code',
  },
  {
    name: 'divergence',
    symbol: 'D',
    expr: divergence(),
    meaning: 'the Kullback–Leibler divergence of the code’s distribution from a standard normal one',
  },
];

const latents: readonly LossInput[] = [
  {
    id: 'latent_mean',
    symbol: '\\mu',
    kind: 'value',
    role: 'prediction',
    axes: ['sample', 'feature'],
    meaning: 'Means of the code’s normal distribution, from the encoder.',
  },
  {
    id: 'latent_log_variance',
    symbol: 's',
    kind: 'value',
    role: 'prediction',
    axes: ['sample', 'feature'],
    meaning: 'Logarithms of the variances of the code’s distribution, from the encoder.',
  },
];
const reconstructed: LossInput = {
  id: 'reconstruction',
  symbol: '\\hat{x}',
  kind: 'value',
  role: 'prediction',
  axes: ['sample', 'pixel'],
  meaning: 'What the decoder makes of a random code drawn from that distribution.',
};
const given: LossInput = {
  id: 'target',
  symbol: 'x',
  kind: 'value',
  role: 'target',
  axes: ['sample', 'pixel'],
  meaning: 'The data, one row a sample, images flattened.',
};

/** One number, one code. */
function sample(x: number, mu: number, s: number, and?: readonly [number, number, number]): CounterExample {
  const predictions = (values: readonly [number, number, number]) => ({
    reconstruction: [values[0]],
    latent_mean: [values[1]],
    latent_log_variance: [values[2]],
  });
  const at = {
    sizes: { sample: 1, pixel: 1, feature: 1 },
    inputs: { ...predictions([x, mu, s]), target: [0] },
  };
  return and === undefined ? { at } : { at, and: predictions(and) };
}

/** Against the mean and against the log-variance of a code of one number. */
const alongCode: Plot = {
  label: 'μ, log σ²',
  inWords: 'the mean of the code (with log-variance 0), and its log-variance (with mean 0)',
  from: -3,
  to: 3,
  sizes: { sample: 1, pixel: 1, feature: 1 },
  curves: [
    {
      note: { text: 'μ', side: 'left' },
      at: (x) => ({ reconstruction: [0], latent_mean: [x], latent_log_variance: [0], target: [0] }),
    },
    {
      note: { text: 'log σ²', side: 'right' },
      at: (x) => ({ reconstruction: [0], latent_mean: [0], latent_log_variance: [x], target: [0] }),
    },
  ],
};

/**
 * ½‖x̂ − x‖² + β·½ Σ (μ² + eˢ − 1 − s) for the reconstruction x̂ and a code with mean μ and log-variance s: minus the
 * evidence lower bound of a variational autoencoder (β = 1), up to a constant.
 */
export const loss: Loss = {
  id: 'vae-elbo',
  name: 'VAE evidence lower bound',
  short: 'elbo',
  synonyms: [
    'ELBO',
    'negative ELBO',
    'VAE loss',
    'variational autoencoder loss',
    'β-VAE loss',
    'variational free energy',
  ],
  chinese: ['变分自编码器损失', '证据下界损失', 'VAE 损失'],
  family: 'composite',
  common: 1,
  inputs: [reconstructed, ...latents, given],
  parameters: [
    {
      id: 'beta',
      symbol: '\\beta',
      default: 1,
      min: 0,
      max: 1e3,
      meaning: 'Factor of the divergence: 1 is the bound itself, more makes codes simpler (β-VAE).',
    },
  ],
  expression: elbo(gaussianError),
  named: named(gaussianError),
  convention: 'Kingma and Welling 2014, normal data of variance 1',
  conventions: [
    {
      id: 'bernoulli',
      users: 'Kingma and Welling 2014, binary data',
      differs:
        'The data are 0 and 1 or shades between, the reconstruction is logits, its error binary cross-entropy.',
      inputs: [
        {
          ...reconstructed,
          symbol: 'z',
          kind: 'logit',
          meaning: 'Logits that the decoder makes of a random code.',
        },
        ...latents,
        { ...given, kind: 'binary-label', meaning: 'The data, 0 and 1 or shades between, images flattened.' },
      ],
      expression: elbo(bernoulliError),
      named: named(bernoulliError),
      plot: alongCode,
    },
  ],
  meaning:
    'What a code costs twice over: the error of what is rebuilt from it, and how far its distribution is from a standard normal one; together at least the surprise at the data.',
  useWhen:
    'Training a variational autoencoder: new data are to be drawn, or codes should be smooth and comparable.',
  avoidWhen:
    'Only compression or reconstruction counts: without the divergence a plain autoencoder rebuilds more sharply.',
  pitfalls: [
    'Sum over pixels and over code dimensions, then average over samples. MSELoss with its mean over pixels divides the error by their number, as if β were that many times larger (784 for MNIST), and codes collapse.',
    'The encoder’s output is the logarithm of the variance: taken for the standard deviation or its logarithm the divergence is wrong by a factor of 2 in s, and still falls.',
    'Draw the code as μ + exp(s/2)·ε with ε from a standard normal distribution: sampling without this form has no gradient by μ and s.',
    'A divergence near 0 means that the code is ignored (posterior collapse): raise β from 0 over the first epochs.',
    'The squared error is a likelihood of variance 1: for data between 0 and 1 that is very wide; a smaller variance v divides the error by v.',
  ],
  source:
    'Kingma, Welling 2014, Auto-Encoding Variational Bayes, arXiv 1312.6114; β: Higgins et al. 2017, ICLR 2017',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: sample(1e3, 0, 0),
    lipschitzGradient: sample(0, 0, 10, [0, 0, 10.001]),
    boundedInfluence: sample(1e4, 0, 0),
  },
  plot: alongCode,
};
