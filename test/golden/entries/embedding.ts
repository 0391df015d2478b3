import { choice, only, type Entries, type Entry } from '../entry.ts';

const yesNo = { true: 1, false: 0, 1: 1, 0: 0 };
const pairs = { input1: 'x1', input2: 'x2' };
const vectors = { embeddings: 'pred' };
const margin = { margin: 'margin' };
const temperature = { temperature: 'temperature' };

const contrastive = (convention: string): Entry => ({
  id: 'contrastive',
  convention,
  parameters: { ...margin, input: only('distance') },
});

export const embedding: Readonly<Record<string, Entries>> = {
  cosine_embedding: { torch: { id: 'cosine-embedding', parameters: margin, inputs: pairs } },
  hinge_embedding: { torch: { id: 'hinge-embedding', parameters: margin } },
  contrastive: {
    'hadsell(Y=1 dissimilar, half)': ({ params }) =>
      params['input'] === 'embeddings'
        ? { id: 'contrastive', parameters: { ...margin, input: only('embeddings') } }
        : contrastive('distances'),
    'tutorial(y=1 similar, no half)': contrastive('tutorial'),
  },
  triplet_margin: {
    torch: {
      id: 'triplet-margin',
      parameters: {
        ...margin,
        p: choice('p', { 1: 1, 2: 2 }),
        swap: choice('swap', yesNo),
        eps: 'eps',
      },
    },
    optax: { id: 'triplet-margin', convention: 'optax', parameters: { ...margin, p: only(2), eps: 'eps' } },
    'facenet-squared': { id: 'triplet-margin', convention: 'facenet', parameters: margin },
  },
  infonce: {
    'infonce-one-way': { id: 'info-nce', parameters: temperature },
    'clip-symmetric': { id: 'info-nce', convention: 'clip', parameters: temperature },
    'nt-xent-simclr': { id: 'nt-xent', parameters: temperature },
    'nt-xent-optax': { id: 'nt-xent', parameters: temperature },
  },
  nt_xent: {
    'pytorch-metric-learning': { id: 'nt-xent', parameters: temperature },
    optax: { id: 'nt-xent', convention: 'optax', parameters: temperature, inputs: vectors },
  },
  n_pair: { 'pytorch-metric-learning': { id: 'n-pair' } },
  supervised_contrastive: {
    'pytorch-metric-learning': { id: 'supervised-contrastive', parameters: temperature, inputs: vectors },
  },
  circle: {
    'pytorch-metric-learning': { id: 'circle', parameters: { gamma: 'gamma', ...margin }, inputs: vectors },
    keras: {
      id: 'circle',
      convention: 'keras',
      parameters: { gamma: 'gamma', ...margin, remove_diagonal: choice('removeDiagonal', yesNo) },
      inputs: vectors,
    },
  },
  arcface: {
    'pytorch-metric-learning': {
      id: 'arcface',
      parameters: {
        margin_degrees: (degrees) => ({ margin: (Number(degrees) * Math.PI) / 180 }),
        scale: 'scale',
      },
      inputs: vectors,
    },
  },
  cosface: {
    'pytorch-metric-learning': { id: 'cosface', parameters: { ...margin, scale: 'scale' }, inputs: vectors },
  },
};
