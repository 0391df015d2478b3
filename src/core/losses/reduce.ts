/** From the loss of one element to the loss of a batch. */
import { apply, div, gt, indicator, mean, mul, ne, rename, sum, where } from '../expression/build.ts';
import { baseAxis, input, type Axis, type Expr } from '../expression/expression.ts';
import { rewrite } from '../expression/rewrite.ts';
import type { Averaging, Loss } from './loss.ts';

export const reductions = ['none', 'mean', 'sum'] as const;
export type Reduction = (typeof reductions)[number];

export interface ReduceOptions {
  /** Ids of the loss's options that are given (see `Option`). */
  readonly keep?: readonly string[];
  /** A factor for each element, or each row where the loss averages rows first. */
  readonly weight?: Expr;
  /** What a weighted mean divides by, where it is not as the loss's `averaging` says. */
  readonly weightedBy?: Averaging['weightedBy'];
}

/**
 * A reduced loss. The mean is over all elements; where the loss has a divisor of its own (class weights, ignored
 * labels) it divides by the divisor's sum, as PyTorch. The mean of nothing is NaN, the sum 0.
 */
export function reduce(
  loss: Loss,
  reduction: Reduction,
  { keep = [], weight, weightedBy = loss.averaging?.weightedBy ?? 'elements' }: ReduceOptions = {},
): Expr {
  const plain = loss.expression(keep);
  const last = plain.axes.at(-1);
  const element = loss.averaging?.rowsFirst === true && last !== undefined ? mean(plain, last) : plain;
  const weighted = weight === undefined ? element : mul(weight, element);
  if (reduction === 'none') return weighted;
  if (reduction === 'sum') return over(weighted, sum);
  const divisor = loss.divisor?.(keep);
  if (divisor !== undefined && divisor.kind !== 'const') return div(over(weighted, sum), over(divisor, sum));
  if (weight === undefined || weightedBy === 'elements') return over(weighted, mean);
  const counted = weightedBy === 'weights' ? weight : indicator(ne(weight, 0));
  return div(over(weighted, sum), over(counted, sum));
}

function over(expr: Expr, reduction: (x: Expr, axis: string) => Expr): Expr {
  // The last axis first, so that a row's value exists on the way.
  return expr.axes.reduceRight((inner, axis) => reduction(inner, axis), expr);
}

/**
 * What training minimises: Σ w·ℓ / Σ w over the samples, with an input `weight` on axis `sample` (w = 0 pads a short
 * last batch) and ℓ averaged over the outputs; a loss of the whole batch has the weights inside. Where the loss says which
 * samples count (anchors that have a positive), w is 0 for the others. Options of the loss are in it where `parameters`
 * sets them to other than their neutral value; parameters and options stay symbolic.
 */
export function weightedMean(loss: Loss, parameters: Readonly<Record<string, number>> = {}): Expr {
  const given = (loss.options ?? []).filter(
    ({ id, neutral }) => !Object.is(parameters[id] ?? neutral, neutral),
  );
  const keep = given.map((option) => option.id);
  const element = weighedInside(loss.expression(keep));
  if (!element.axes.includes('sample'))
    return element.axes.reduceRight<Expr>((inner, axis) => mean(inner, axis), element);
  const perSample = element.axes
    .filter((axis) => axis !== 'sample')
    .reduceRight<Expr>((inner, axis) => mean(inner, axis), element);
  const weight = input('weight', ['sample']);
  const divisor = loss.divisor?.(keep);
  const counted = divisor?.axes.includes('sample') === true ? mul(weight, weighedInside(divisor)) : weight;
  return div(sum(mul(weight, perSample), 'sample'), sum(counted, 'sample'));
}

/**
 * An expression whose sums, means and maxima over samples (or a copy of that axis) count each by its weight. Throws a
 * RangeError for what cannot be weighted, such as an order of the samples.
 */
function weighedInside(expr: Expr): Expr {
  const weightOn = (axis: Axis) => {
    const weight = input('weight', ['sample']);
    return axis === 'sample' ? weight : rename(weight, 'sample', axis);
  };
  return rewrite(expr, (node) => {
    if (node.kind === 'size' && node.axis === 'sample') return sum(weightOn('sample'), 'sample');
    const axis = node.kind === 'apply' ? node.attributes['axis'] : undefined;
    if (node.kind !== 'apply' || axis === undefined || baseAxis(axis) !== 'sample' || node.op === 'gather')
      return node;
    const weight = weightOn(axis);
    const x = node.args[0]!;
    switch (node.op) {
      case 'sum':
        return sum(mul(weight, x), axis);
      case 'mean':
        return div(sum(mul(weight, x), axis), sum(weight, axis));
      case 'amax':
      case 'logsumexp':
        return apply(node.op, [where(gt(weight, 0), x, -Infinity)], { axis });
      default:
        throw new RangeError(`${node.op} over samples cannot be weighted`);
    }
  });
}
