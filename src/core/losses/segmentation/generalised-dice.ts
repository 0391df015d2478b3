import {
  add,
  amax,
  div,
  eq,
  gt,
  indicator,
  mean,
  mul,
  neg,
  softmax,
  square,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, input, param, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { CounterExample, Loss, Sample } from '../loss.ts';
import { alongClassLogit, smooth } from '../shared/overlap.ts';

const inClasses = ['sample', 'pixel', 'class'] as const;
const predicted = (): Expr => input('pred', inClasses);

/** 1 where a pixel is of a class. */
const isOf = (): Expr => indicator(eq(index('class'), input('target', ['sample', 'pixel'], 'index')));
const volume = (): Expr => sum(isOf(), 'pixel');
/** The number of pixels of a class; of a class that does not occur that of the rarest one that does. */
const countedVolume = (): Expr => {
  const isThere = gt(volume(), 0);
  const rarest = neg(amax(where(isThere, neg(volume()), -Infinity), 'class'));
  return where(isThere, volume(), rarest);
};
const weights = (): Expr => div(1, square(countedVolume()));
const common = (): Expr => sum(mul(weights(), sum(mul(predicted(), isOf()), 'pixel')), 'class');
const both = (): Expr => sum(mul(weights(), add(sum(predicted(), 'pixel'), volume())), 'class');

/** Optax: weights from the whole batch, then the mean of Dice losses, each with smoothing. */
const oneHot = (): Expr => input('target', inClasses);
const overPixels = (x: Expr): Expr => sum(x, 'pixel');
const frequencies = (): Expr => sum(overPixels(oneHot()), 'sample');
const rawWeights = (): Expr => div(1, add(square(frequencies()), 1e-7));
/** Weights with mean 1. */
const optaxWeights = (): Expr => div(rawWeights(), mean(rawWeights(), 'class'));
const classDice = (): Expr => {
  const p = softmax(predicted(), 'class');
  const found = overPixels(mul(p, oneHot()));
  const halves = mul(0.5, add(overPixels(p), overPixels(oneHot())));
  return sub(1, div(add(found, param('smooth')), add(halves, param('smooth'))));
};

const pixels = (
  pred: readonly (readonly number[])[],
  target: readonly number[],
): { readonly at: Sample } => ({
  at: {
    sizes: { sample: 1, pixel: target.length, class: pred[0]?.length ?? 0 },
    inputs: { pred: pred.flat(), target },
  },
});

/**
 * Nearly all of 2,000 pixels are of one class, a single one of another, and a third class does not occur: then all
 * pixels together decide how much of the two is predicted.
 */
function manyPixels(): CounterExample {
  const count = 2000;
  const [lesion, ...others] = Array.from({ length: count }, (_, k) => k);
  const pred = (step: number) =>
    [lesion!, ...others].flatMap((k) => (k === lesion ? [0.5, 0.5, 0] : [1 - 2 * step, step, step]));
  const sizes = { sample: 1, pixel: count, class: 3 };
  const target = [1, ...others.map(() => 0)];
  return { at: { sizes, inputs: { pred: pred(0), target } }, and: { pred: pred(1e-6) } };
}

/**
 * 1 − 2·Σ_c w_c Σ r_c p_c / Σ_c w_c Σ (r_c + p_c) for the probabilities p and the true classes r of the pixels of a sample,
 * with the weights w_c = 1/(Σ r_c)². A class that does not occur has the weight of the rarest one that does.
 */
export const loss: Loss = {
  id: 'generalised-dice',
  name: 'Generalised Dice loss',
  synonyms: ['generalized Dice loss', 'GDL', 'multi-class Dice loss'],
  chinese: ['广义 Dice 损失'],
  family: 'segmentation',
  inputs: [
    {
      id: 'pred',
      symbol: '\\hat{y}',
      kind: 'distribution',
      role: 'prediction',
      axes: inClasses,
      meaning: 'For each pixel the probabilities of the classes, after a softmax.',
    },
    {
      id: 'target',
      symbol: 'y',
      kind: 'class-index',
      role: 'target',
      axes: ['sample', 'pixel'],
      meaning: 'The class of each pixel, as a number from 0.',
    },
  ],
  parameters: [],
  expression: withOptions(() => sub(1, div(mul(2, common()), both()))),
  named: () => [
    { name: 'volume', symbol: 'v', expr: volume(), meaning: 'how many pixels are of each class' },
    { name: 'weights', symbol: 'w', expr: weights(), meaning: 'the weight of each class' },
    { name: 'overlap', symbol: 'I', expr: common(), meaning: 'what is found, weighted' },
    { name: 'areas', symbol: 'A', expr: both(), meaning: 'predicted and true areas together, weighted' },
  ],
  convention: 'Sudre et al. 2017, as in NiftyNet',
  conventions: [
    {
      id: 'optax',
      users: 'optax',
      differs:
        'Takes logits and one-hot masks, weights classes by the whole batch, and averages the classes’ own Dice losses.',
      inputs: [
        {
          id: 'pred',
          symbol: 'z',
          kind: 'logit',
          role: 'prediction',
          axes: inClasses,
          meaning: 'For each pixel one raw score a class, before any softmax.',
        },
        {
          id: 'target',
          symbol: 'y',
          kind: 'distribution',
          role: 'target',
          axes: inClasses,
          meaning: 'For each pixel its class, one-hot.',
        },
      ],
      parameters: [smooth],
      expression: withOptions(() => mean(mul(optaxWeights(), classDice()), 'class')),
      named: () => [
        {
          name: 'weights',
          symbol: 'w',
          expr: optaxWeights(),
          meaning: 'the weight of each class, 1 on average',
        },
        { name: 'dice', symbol: 'D', expr: classDice(), meaning: 'the Dice loss of each class' },
      ],
      plot: alongClassLogit,
    },
  ],
  meaning:
    'A Dice loss over all classes at once, in which each class counts by the inverse square of its size, so that rare classes are not drowned.',
  useWhen: 'Several classes of very different size in each image, such as organs beside lesions.',
  avoidWhen:
    'A class may be missing in most images, or consist of a few uncertain pixels: its weight is then largest. Use Dice class by class with cross-entropy.',
  pitfalls: [
    'A class that does not occur has the weight 1/0 in the paper. Implementations differ: the authors’ takes the largest other weight, optax adds 1e-7, so that such a class rules all others.',
    'optax.losses.multiclass_generalized_dice_loss averages the Dice losses of the classes instead of weighting above and below one fraction: other values, other gradients.',
    'Weights come from the labels of one sample here, of the whole batch in optax: with batches of patches they differ by orders of magnitude.',
    'The weights are squared inverses: a class of 10 pixels counts 10,000 times as much per pixel as one of 1,000.',
  ],
  source:
    'Sudre, Li, Vercauteren, Ourselin, Cardoso 2017, Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations, arXiv 1707.03237',
  apis: [
    {
      framework: 'optax',
      name: 'optax.losses.multiclass_generalized_dice_loss',
      form: 'function',
      convention: 'optax',
      keywords: { smooth: { parameter: 'smooth', default: 1 } },
      positional: [],
      gives: 'mean',
      note: 'One value for the batch, on logits: it applies the softmax itself.',
    },
  ],
  properties: {
    // The more is predicted too much, the less the next pixel costs.
    convex: {
      ...pixels(
        [
          [1, 0],
          [1, 0],
          [1, 0],
        ],
        [0, 0, 1],
      ),
      and: { pred: [0, 1, 0, 1, 1, 0] },
    },
    boundedBelow: 0,
    boundedAbove: 1,
    lipschitzGradient: manyPixels(),
    // A single pixel of a rare class, either missed or found with all others half wrong.
    boundedInfluence: ({ pixel = 1, class: classes = 1 }) => Math.max(2, Math.sqrt(pixel * classes + 1) / 2),
  },
  plot: {
    label: 'probability p',
    inWords: 'the probability given to the true class of one pixel of a rare class, three others being right',
    from: 0,
    to: 1,
    sizes: { sample: 1, pixel: 4, class: 2 },
    curves: [{ at: (x) => ({ pred: [x, 1 - x, 0, 1, 0, 1, 0, 1], target: [0, 1, 1, 1] }) }],
  },
};
