import { choice, each, only, rowWeights, Skip, type Entries, type Entry } from '../entry.ts';
import type { GoldenArray, LossCase } from '../types.ts';

const plusMinus = { labels: only('-1/+1') };
const zeroOne = { labels: only('0/1') };
const clip = { eps: only(1e-7) };
const logTarget = { log_target: choice('logTarget', { true: 1, false: 0 }) };
const smoothing = { label_smoothing: 'labelSmoothing' };
const kerasFocal = {
  alpha: 'alpha',
  gamma: 'gamma',
  apply_class_balancing: choice('applyClassBalancing', { true: 1, false: 0 }),
  ...clip,
};

/** One-hot rows of class indices. */
function oneHot({ shape, data }: GoldenArray, classes: number): GoldenArray {
  return {
    shape: [...shape, classes],
    data: data.flatMap((label) => Array.from({ length: classes }, (_, c) => (c === label ? 1 : 0))),
  };
}

/** A loss of one-hot targets where the file has class indices. */
const withOneHot = (entry: Entry): Entry => ({
  ...entry,
  derived: ({ pred, target }: LossCase['inputs']) =>
    pred === undefined || target === undefined ? {} : { target: oneHot(target, pred.shape.at(-1) ?? 1) },
});

const keras: Pick<Entry, 'convention' | 'weightedBy'> = { convention: 'keras', weightedBy: 'elements' };

export const classification: Readonly<Record<string, Entries>> = {
  bce: {
    torch: { id: 'binary-cross-entropy', weightedBy: 'elements' },
    sklearn: { id: 'binary-cross-entropy', convention: 'sklearn', ...rowWeights },
    keras: { id: 'binary-cross-entropy', ...keras, parameters: { ...clip, ...smoothing } },
    'tfjs-layers': { id: 'binary-cross-entropy', convention: 'tfjs-layers', parameters: clip },
    'tfjs-core': {
      id: 'binary-cross-entropy',
      convention: 'tfjs-core',
      parameters: { ...clip, ...smoothing },
    },
  },
  bce_with_logits: {
    ...each(['tf', 'optax'], {
      id: 'binary-cross-entropy-logits',
      parameters: { pos_weight: 'positiveWeight' },
      inputs: { pos_weight: 'positiveWeight' },
    }),
    torch: {
      id: 'binary-cross-entropy-logits',
      parameters: { pos_weight: 'positiveWeight' },
      inputs: { pos_weight: 'positiveWeight' },
      weightedBy: 'elements',
    },
    keras: { id: 'binary-cross-entropy-logits', ...keras, parameters: smoothing },
    'tfjs-core': {
      id: 'binary-cross-entropy-logits',
      parameters: smoothing,
      weightedBy: 'non-zero-weights',
    },
  },
  brier: {
    sklearn: { id: 'brier', ...rowWeights },
    torch: { id: 'brier' },
    'sklearn-multiclass': { id: 'brier', convention: 'multiclass' },
  },
  cross_entropy: {
    torch: {
      id: 'softmax-cross-entropy',
      parameters: { ...smoothing, ignore_index: 'ignoreIndex' },
      inputs: { weight: 'classWeight' },
    },
    ...each(['optax', 'tf'], { id: 'softmax-cross-entropy' }),
    keras: {
      id: 'softmax-cross-entropy',
      ...keras,
      parameters: { ignore_index: 'ignoreIndex' },
      inputs: { weight: 'classWeight' },
    },
    'tfjs-core': withOneHot({
      id: 'softmax-cross-entropy-distribution',
      convention: 'tf',
      parameters: smoothing,
    }),
    'tfjs-layers': withOneHot({
      id: 'softmax-cross-entropy-distribution',
      convention: 'tfjs-layers',
      parameters: clip,
    }),
  },
  cross_entropy_prob: {
    torch: {
      id: 'softmax-cross-entropy-distribution',
      parameters: smoothing,
      inputs: { weight: 'classWeight' },
    },
    ...each(['keras', 'tf', 'tfjs-core'], {
      id: 'softmax-cross-entropy-distribution',
      convention: 'tf',
      parameters: smoothing,
    }),
    optax: { id: 'softmax-cross-entropy-distribution', parameters: smoothing },
    'optax-safe': { id: 'softmax-cross-entropy-distribution', convention: 'optax-safe' },
  },
  nll: {
    torch: {
      id: 'negative-log-likelihood',
      parameters: { ignore_index: 'ignoreIndex' },
      inputs: { weight: 'classWeight' },
    },
  },
  categorical_crossentropy: {
    plain: { id: 'categorical-cross-entropy', convention: 'plain' },
    sklearn: { id: 'categorical-cross-entropy', convention: 'sklearn', ...rowWeights },
    ...each(['keras', 'tfjs-layers'], {
      id: 'categorical-cross-entropy',
      parameters: { ...clip, ...smoothing },
    }),
  },
  sparse_categorical_crossentropy: {
    'plain-nll': { id: 'sparse-categorical-cross-entropy', convention: 'plain' },
    keras: { id: 'sparse-categorical-cross-entropy', parameters: clip },
    ...Object.fromEntries(
      ['keras-torch', 'tfjs-layers'].map((convention) => [
        convention,
        { id: 'sparse-categorical-cross-entropy', convention, parameters: clip },
      ]),
    ),
  },
  kl_div: {
    torch: { id: 'kl-divergence', convention: 'torch', parameters: logTarget },
    optax: { id: 'kl-divergence', parameters: logTarget },
    keras: { id: 'kl-divergence', convention: 'keras', parameters: clip },
    'tfjs-layers': { id: 'kl-divergence', convention: 'tfjs-layers', parameters: clip },
    ...each(['plain-prob', 'scipy'], { id: 'kl-divergence', convention: 'probabilities' }),
  },
  js_div: each(['nats', 'nats-scipy'], { id: 'js-divergence' }),
  focal_binary: {
    torchvision: { id: 'binary-focal', parameters: { alpha: 'alpha', gamma: 'gamma' } },
    optax: {
      id: 'binary-focal',
      parameters: {
        alpha: (value) => ({ alpha: value === null ? -1 : numberOr(value) }),
        gamma: 'gamma',
      },
    },
    keras: {
      id: 'binary-focal',
      convention: 'keras',
      parameters: {
        // The classes are balanced where alpha is given.
        alpha: (value) =>
          numberOr(value) < 0
            ? { applyClassBalancing: 0 }
            : { applyClassBalancing: 1, alpha: numberOr(value) },
        gamma: 'gamma',
        ...clip,
      },
    },
    'keras-torch': { id: 'binary-focal', convention: 'keras-torch', parameters: kerasFocal },
    'keras-prob': { id: 'binary-focal', convention: 'keras-probabilities', parameters: kerasFocal },
  },
  focal_categorical: {
    'keras-prob': {
      id: 'categorical-focal',
      convention: 'keras',
      parameters: { alpha: 'alpha', gamma: 'gamma', ...clip },
    },
    'keras-logits': {
      id: 'categorical-focal',
      convention: 'keras-logits',
      parameters: { alpha: 'alpha', gamma: 'gamma', ...clip },
    },
    lin2017: { id: 'categorical-focal', parameters: { alpha: 'alpha', gamma: 'gamma' } },
  },
  poly1_ce: { optax: { id: 'poly-1-cross-entropy', parameters: { epsilon: 'epsilon' } } },
  gce: { keras: { id: 'generalised-cross-entropy', parameters: { q: 'q' } } },
  hinge: {
    ...each(['plain', 'optax', 'sklearn'], { id: 'hinge', parameters: plusMinus }),
    keras: { id: 'hinge', ...keras, parameters: plusMinus },
    'keras-01': { id: 'hinge', convention: 'keras-01', parameters: zeroOne },
    'tfjs-core': { id: 'hinge', convention: 'tfjs-core', parameters: zeroOne },
    'tfjs-layers': { id: 'hinge', ...keras, parameters: plusMinus },
    'tfjs-layers-01': { id: 'hinge', ...keras, parameters: { labels: only('0/1-unconverted') } },
  },
  squared_hinge: {
    plain: { id: 'squared-hinge', parameters: plusMinus },
    keras: { id: 'squared-hinge', ...keras, parameters: plusMinus },
    'keras-01': { id: 'squared-hinge', convention: 'keras-01', parameters: zeroOne },
    'tfjs-layers': { id: 'squared-hinge', ...keras, parameters: plusMinus },
    'tfjs-layers-01': { id: 'squared-hinge', ...keras, parameters: { labels: only('0/1-unconverted') } },
  },
  perceptron: { plain: { id: 'perceptron', parameters: plusMinus } },
  exponential: { plain: { id: 'exponential', parameters: plusMinus } },
  logistic: { plain: { id: 'logistic', parameters: plusMinus } },
  modified_huber: { plain: { id: 'modified-huber', parameters: plusMinus } },
  savage: { plain: { id: 'savage', parameters: plusMinus } },
  soft_margin: { torch: { id: 'logistic', convention: 'torch' } },
  sparsemax: {
    optax: { id: 'sparsemax' },
    'optax-binary': { id: 'sparsemax', convention: 'binary', parameters: zeroOne },
  },
  multiclass_hinge: { optax: { id: 'multiclass-hinge' } },
  multiclass_perceptron: { optax: { id: 'perceptron', convention: 'multiclass' } },
  categorical_hinge: {
    ...each(['keras', 'tfjs-layers'], { id: 'categorical-hinge' }),
    'crammer-singer': { id: 'multiclass-hinge' },
  },
  multi_margin: {
    torch: {
      id: 'multi-margin',
      parameters: { p: choice('p', { 1: 1, 2: 2 }), margin: 'margin' },
      inputs: { weight: 'classWeight' },
    },
  },
  multilabel_margin: { torch: { id: 'multilabel-margin' } },
  multilabel_soft_margin: {
    torch: { id: 'multilabel-soft-margin', inputs: { weight: 'classWeight' } },
  },
};

function numberOr(value: unknown): number {
  if (typeof value !== 'number') throw new Skip(`the value ${JSON.stringify(value)} is not offered`);
  return value;
}
