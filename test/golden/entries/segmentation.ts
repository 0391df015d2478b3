import { bySample, only, wholeBatch, type Entries, type Layout } from '../entry.ts';

const smooth = { smooth: 'smooth' };
const all = { axis: only('all') };
const perSample = { axis: only('per-sample') };

/** The first dimension is the samples, the last the classes, what lies between the pixels. */
const pixelsAndClasses: Layout = (shape) =>
  shape.map((_, d) => (d === 0 ? 'sample' : d === shape.length - 1 ? 'class' : 'pixel'));

export const segmentation: Readonly<Record<string, Entries>> = {
  dice: {
    'sum-smooth': {
      id: 'dice',
      convention: 'whole-batch',
      parameters: { ...smooth, ...all, denominator: only('sum') },
      layout: bySample,
    },
    'sum-smooth-per-sample': {
      id: 'dice',
      parameters: { ...smooth, ...perSample, denominator: only('sum') },
      layout: bySample,
    },
    'vnet-squared': {
      id: 'dice',
      convention: 'v-net',
      parameters: { ...smooth, ...all, denominator: only('squared') },
      layout: wholeBatch,
    },
    keras: {
      id: 'dice',
      convention: 'keras',
      parameters: { ...all, eps: only(1e-7) },
      layout: bySample,
    },
    optax: {
      id: 'dice',
      convention: 'optax',
      parameters: { ...smooth, from_logits: only(true) },
      layout: bySample,
    },
  },
  jaccard: {
    'soft-iou': {
      id: 'jaccard',
      convention: 'whole-batch',
      parameters: { ...smooth, ...all },
      layout: bySample,
    },
    'soft-iou-per-sample': { id: 'jaccard', parameters: { ...smooth, ...perSample }, layout: bySample },
  },
  generalised_dice: {
    monai: { id: 'generalised-dice', layout: bySample },
    optax: {
      id: 'generalised-dice',
      convention: 'optax',
      parameters: smooth,
      layout: pixelsAndClasses,
    },
  },
  focal_tversky: {
    'segmentation-models-pytorch': {
      id: 'focal-tversky',
      // The library has the exponent itself, the paper its inverse.
      parameters: { ...smooth, alpha: 'alpha', beta: 'beta', gamma: (g) => ({ gamma: 1 / Number(g) }) },
      layout: wholeBatch,
    },
  },
  lovasz_hinge: {
    'segmentation-models-pytorch': ({ params }) => ({
      id: 'lovasz-hinge',
      parameters: { per_image: only(true, false) },
      layout: params['per_image'] === true ? bySample : wholeBatch,
    }),
  },
  tversky: {
    salehi: {
      id: 'tversky',
      convention: 'whole-batch',
      parameters: { ...smooth, ...all, alpha: 'alpha', beta: 'beta' },
      layout: bySample,
    },
    keras: {
      id: 'tversky',
      convention: 'keras',
      parameters: { ...all, alpha: 'alpha', beta: 'beta', eps: only(1e-7) },
      layout: bySample,
    },
    'segmentation-models-pytorch': {
      id: 'tversky',
      parameters: { ...smooth, alpha: 'alpha', beta: 'beta' },
      layout: bySample,
    },
    optax: {
      id: 'tversky',
      convention: 'optax',
      parameters: { ...smooth, alpha: 'alpha', beta: 'beta' },
      layout: pixelsAndClasses,
    },
  },
};
