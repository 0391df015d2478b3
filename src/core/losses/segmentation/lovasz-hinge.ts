import {
  add,
  argsort,
  cumsum,
  div,
  eq,
  gather,
  gt,
  indicator,
  maximum,
  mul,
  neg,
  relu,
  stop,
  sub,
  sum,
  where,
} from '../../expression/build.ts';
import { index, input, type Expr } from '../../expression/expression.ts';
import { withOptions } from '../define.ts';
import type { Loss, Sample } from '../loss.ts';
import { mask, trueMask } from '../shared/overlap.ts';

const axes = ['sample', 'pixel'] as const;

const isObject = (): Expr => gt(mask(), 0.5);
/** 1 − z for a pixel of the object, 1 + z for another: above 0 where the score does not clear the margin. */
const errors = (): Expr => sub(1, mul(input('pred', axes), where(isObject(), 1, -1)));
const order = (): Expr => argsort(neg(errors()), 'pixel');
const sortedErrors = (): Expr => gather(errors(), 'pixel', order());
const sortedObject = (): Expr => gather(indicator(isObject()), 'pixel', order());

/** If the first k pixels of the order are wrong: how much of the object is left, and how large the union has become. */
const left = (): Expr => sub(sum(indicator(isObject()), 'pixel'), cumsum(sortedObject(), 'pixel'));
const union = (): Expr => {
  const others = cumsum(sub(1, sortedObject()), 'pixel');
  return add(sum(indicator(isObject()), 'pixel'), others);
};
/** The Jaccard index before that. Without an object the union is empty before the first pixel: there it is 1. */
function indexBefore(): Expr {
  const unionBefore = maximum(sub(union(), sub(1, sortedObject())), 1);
  return where(eq(index('pixel'), 0), 1, div(add(left(), sortedObject()), unionBefore));
}
/** By how much the Jaccard loss of hard decisions grows when one more pixel of the order is wrong. */
function growth(): Expr {
  return stop(sub(indexBefore(), div(left(), union())));
}

const scored = (pred: readonly number[], target: readonly number[]): { readonly at: Sample } => ({
  at: { sizes: { sample: 1, pixel: pred.length }, inputs: { pred, target } },
});

/**
 * Σ_k max(0, m_k)·ΔJ_k for the hinge errors m of the pixels in falling order, where ΔJ_k is the growth of the Jaccard loss
 * when the k-th pixel becomes wrong too: the Lovász extension of that loss, which is convex. The growths are constants
 * to the gradient, which is exact: the value is linear as long as the order stays.
 */
export const loss: Loss = {
  id: 'lovasz-hinge',
  name: 'Lovász hinge loss',
  synonyms: ['Lovász hinge', 'Lovasz hinge', 'Lovász loss', 'Lovasz loss'],
  chinese: ['Lovász 合页损失', '洛瓦斯铰链损失'],
  family: 'segmentation',
  inputs: [
    {
      id: 'pred',
      symbol: 'z',
      kind: 'score',
      role: 'prediction',
      axes,
      meaning: 'For each pixel a raw score: above 0 for the object.',
    },
    trueMask,
  ],
  parameters: [],
  expression: withOptions(() => sum(mul(relu(sortedErrors()), growth()), 'pixel')),
  named: () => [
    {
      name: 'errors',
      symbol: '\\varepsilon',
      expr: errors(),
      meaning: 'how far each score is from clearing the margin',
    },
    {
      name: 'order',
      symbol: '\\pi',
      expr: order(),
      meaning: 'the pixels from the largest error to the smallest',
    },
    { name: 'sorted_errors', symbol: 'm', expr: sortedErrors(), meaning: 'the errors in that order' },
    {
      name: 'sorted_object',
      symbol: 'g',
      expr: sortedObject(),
      meaning: '1 for pixels of the object, in that order',
    },
    {
      name: 'left',
      symbol: 'I',
      expr: left(),
      meaning: 'what remains of the object if all pixels up to this one are wrong',
    },
    { name: 'union', symbol: 'U', expr: union(), meaning: 'the union of mask and prediction then' },
    {
      name: 'index_before',
      symbol: 'J',
      expr: indexBefore(),
      meaning: 'the Jaccard index if all pixels before this one are wrong',
    },
    {
      name: 'growth',
      symbol: '\\Delta J',
      expr: growth(),
      meaning: 'by how much the Jaccard loss grows with this pixel, a constant to the gradient',
    },
  ],
  convention: 'Berman et al. 2018, each image by itself',
  meaning:
    'A convex surrogate of the Jaccard loss: hinge errors of the pixels, weighted by what each, in order of size, adds to the Jaccard loss.',
  useWhen: 'The result is judged by intersection over union; often to finish training after cross-entropy.',
  avoidWhen:
    'Training from scratch, where it learns slowly, or calibrated probabilities are wanted. For several classes use the Lovász softmax.',
  pitfalls: [
    'It takes raw scores, not probabilities: after a sigmoid no error can fall below 0, since scores between 0 and 1 never clear the margin of 1.',
    'Labels are 0 and 1 here, the signs are made inside; a label above ½ counts as object.',
    'For an image without object only the largest error counts: one pixel is corrected at a time.',
    'It sorts all pixels of an image: per image or over the batch are two losses, as with Dice.',
    'On hard scores of ±1 its value is twice the Jaccard loss, since a wrong pixel has error 2.',
  ],
  source:
    'Berman, Rannen Triki, Blaschko 2018, The Lovász-Softmax Loss, CVPR, arXiv 1705.08790; the hinge: Yu, Blaschko 2015, arXiv 1512.07797',
  apis: [],
  properties: {
    convex: true,
    boundedBelow: 0,
    boundedAbove: scored([-1e3], [1]),
    lipschitzGradient: { ...scored([1 - 1e-6], [1]), and: { pred: [1 + 1e-6] } },
    // The growths are at least 0 and sum to the Jaccard loss, at most 1.
    boundedInfluence: 1,
  },
  plot: {
    label: 'score z of the object',
    inWords: 'the score of the two pixels of the object, with the two others right',
    from: -3,
    to: 3,
    sizes: { sample: 1, pixel: 4 },
    curves: [{ at: (x) => ({ pred: [x, x, -2, -2], target: [1, 1, 0, 0] }) }],
  },
};
