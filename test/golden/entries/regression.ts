import { choice, each, only, rowWeights, Skip, type Entries, type Entry } from '../entry.ts';

/** Frameworks whose elements are the loss's own, with what their means of weighted elements divide by. */
function elementwise(entry: Entry): Entries {
  return {
    ...each(['optax', 'scipy', 'plain', 'jax', 'tf'], entry),
    torch: { weightedBy: 'elements', ...entry },
    sklearn: { ...entry, ...rowWeights },
    'tfjs-core': { ...entry, weightedBy: 'non-zero-weights' },
  };
}

/** Keras and the layers of TensorFlow.js average rows first. */
function byRows(entry: Entry): Entries {
  return each(['keras', 'tfjs-layers'], {
    convention: 'keras',
    ...entry,
    weightedBy: 'elements',
  });
}

const both = (entry: Entry): Entries => ({ ...elementwise(entry), ...byRows(entry) });

/** A loss of residuals: the target is 0. */
const ofResiduals = (entry: Entry): Entry => ({
  ...entry,
  inputs: { residual: 'pred' },
  derived: (inputs) => {
    const residual = inputs['residual'];
    if (residual === undefined) return {};
    return { target: { shape: residual.shape, data: residual.data.map(() => 0) } };
  },
});

const delta = { delta: 'delta' };
const tau = { tau: 'tau' };
const scale = { c: 'c' };
const yesNo = { true: 1, false: 0 };
const halfLogLink = { link: only('log'), half: only(true) };

export const regression: Readonly<Record<string, Entries>> = {
  mse: {
    ...both({ id: 'mean-squared-error' }),
    torch: { id: 'mean-squared-error', weightedBy: 'weights' },
    half: { id: 'half-squared-error' },
  },
  rmse: each(['sqrt(mse)', 'sklearn', 'keras-metric'], { id: 'root-mean-squared-error' }),
  root_mean_squared_error: { sklearn: { id: 'root-mean-squared-error', convention: 'sklearn' } },
  mae: {
    ...both({ id: 'mean-absolute-error' }),
    torch: { id: 'mean-absolute-error', weightedBy: 'weights' },
  },
  huber: both({ id: 'huber', parameters: delta }),
  smooth_l1: { torch: { id: 'smooth-l1', parameters: { beta: 'beta' } } },
  pseudo_huber: each(['charbonnier-form', 'scipy'], { id: 'pseudo-huber', parameters: delta }),
  log_cosh: {
    ...both({ id: 'log-cosh' }),
    stable: { id: 'log-cosh' },
    // Computed in double precision, but with log 2 as Keras's default float type has it.
    keras: { id: 'log-cosh', convention: 'keras-float32', weightedBy: 'elements' },
  },
  mape: {
    ...byRows({ id: 'mean-absolute-percentage-error' }),
    'plain-fraction': { id: 'mean-absolute-percentage-error', convention: 'plain' },
    sklearn: { id: 'mean-absolute-percentage-error', ...rowWeights },
    smape: { id: 'mean-absolute-percentage-error', convention: 'smape' },
  },
  msle: {
    ...byRows({ id: 'mean-squared-logarithmic-error' }),
    log1p: { id: 'mean-squared-logarithmic-error' },
    sklearn: { id: 'mean-squared-logarithmic-error', ...rowWeights },
    rmsle: { id: 'root-mean-squared-logarithmic-error' },
  },
  root_mean_squared_logarithmic_error: {
    sklearn: { id: 'root-mean-squared-logarithmic-error', convention: 'sklearn' },
  },
  quantile: {
    ...each(['pinball', 'sklearn-loss'], { id: 'quantile', parameters: tau }),
    'sklearn-metric': { id: 'quantile', parameters: tau, ...rowWeights },
  },
  expectile: { 'newey-powell': { id: 'expectile', parameters: tau } },
  epsilon_insensitive: {
    'sklearn-SVR/SGD': ({ params }) => {
      const { squared } = params;
      if (typeof squared !== 'boolean') throw new Skip(`squared = ${JSON.stringify(squared)} is not offered`);
      return {
        id: squared ? 'squared-epsilon-insensitive' : 'epsilon-insensitive',
        parameters: { epsilon: 'epsilon', squared: only(true, false) },
      };
    },
  },
  barron: { barron2019: ofResiduals({ id: 'barron', parameters: { alpha: 'alpha', c: 'c' } }) },
  cauchy: { standard: ofResiduals({ id: 'cauchy', parameters: scale }) },
  geman_mcclure: { standard: ofResiduals({ id: 'geman-mcclure', parameters: scale }) },
  welsch: { standard: ofResiduals({ id: 'welsch', parameters: scale }) },
  tukey: { standard: ofResiduals({ id: 'tukey', parameters: scale }) },
  fair: { standard: ofResiduals({ id: 'fair', parameters: scale }) },
  cosine_similarity: {
    'torch(+cos)': { id: 'cosine-similarity', convention: 'torch', parameters: { eps: 'eps' } },
    'keras(-cos)': { id: 'cosine-similarity' },
    'tfjs-layers(-cos)': { id: 'cosine-similarity', convention: 'tfjs-layers' },
    'optax(1-cos)': { id: 'cosine-similarity', convention: 'optax', parameters: { eps: 'eps' } },
    'tfjs-core(1-dot)': { id: 'cosine-similarity', convention: 'tfjs-core' },
  },
  poisson_nll: {
    ...each(['torch', 'tf'], {
      id: 'poisson-nll',
      parameters: { log_input: choice('logInput', yesNo), full: choice('full', yesNo), eps: 'eps' },
    }),
    ...each(['keras', 'tfjs-layers'], {
      id: 'poisson-nll',
      convention: 'keras',
      parameters: { log_input: only(false), full: only(false), eps: only(1e-7) },
    }),
  },
  half_poisson: { 'sklearn-HalfPoissonLoss': { id: 'poisson-nll', parameters: halfLogLink } },
  tweedie: {
    deviance: { id: 'tweedie', parameters: { power: 'power' } },
    'deviance-sklearn': { id: 'tweedie', parameters: { power: 'power' }, ...rowWeights },
    'sklearn-half-log-link': {
      id: 'tweedie',
      convention: 'log-link',
      parameters: { power: 'power', ...halfLogLink },
    },
  },
  gamma_deviance: {
    ...each(['deviance', 'deviance-sklearn'], {
      id: 'gamma-deviance',
      parameters: { power: only(2) },
    }),
    'sklearn-half-log-link': {
      id: 'gamma-deviance',
      convention: 'log-link',
      parameters: { power: only(2), ...halfLogLink },
    },
  },
  half_gamma: {
    'sklearn-HalfGammaLoss': {
      id: 'gamma-deviance',
      convention: 'log-link',
      parameters: halfLogLink,
    },
  },
  gaussian_nll: {
    torch: {
      id: 'gaussian-nll',
      parameters: { full: choice('full', yesNo), eps: 'eps' },
      repeats: ['var'],
    },
  },
  wing: { feng2018: { id: 'wing', parameters: { w: 'w', epsilon: 'epsilon' } } },
};
