/**
 * Builders of expressions. They keep what is written: nothing is folded or reordered here. This file and
 * `primitives.ts` refer to each other at call time only (a derivative is built with these functions).
 */
import { applied, constant, type Apply, type Axis, type Expr } from './expression.ts';
import { primitive } from './primitives.ts';

/** A number stands for its constant wherever an expression is expected. */
export type Operand = Expr | number;

/** The node of a number or of an expression. */
export function node(operand: Operand): Expr {
  return typeof operand === 'number' ? constant(operand) : operand;
}

/** Any operation of `primitives.ts` by name; throws a RangeError for an unknown one or a wrong number of arguments. */
export function apply(
  op: string,
  args: readonly Expr[],
  attributes: Readonly<Record<string, Axis>> = {},
): Apply {
  const row = primitive(op);
  if (args.length !== row.arity)
    throw new RangeError(`${op} takes ${row.arity} arguments, received ${args.length}`);
  return applied(op, args, attributes, () => ({
    axes: row.axes(args, attributes),
    dtype: row.dtype(args),
  }));
}

const unary = (op: string) => (x: Operand) => apply(op, [node(x)]);
const binary = (op: string) => (x: Operand, y: Operand) => apply(op, [node(x), node(y)]);
const along = (op: string) => (x: Operand, axis: Axis) => apply(op, [node(x)], { axis });

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');
export const maximum = binary('maximum');
export const minimum = binary('minimum');
export const xlogy = binary('xlogy');
/** log(eˣ + eʸ), stable. */
export const logaddexp = binary('logaddexp');
export const neg = unary('neg');
export const square = unary('square');
export const sqrt = unary('sqrt');
export const abs = unary('abs');
export const sign = unary('sign');
export const exp = unary('exp');
export const log = unary('log');
export const log1p = unary('log1p');
export const expm1 = unary('expm1');
export const tanh = unary('tanh');
export const cos = unary('cos');
export const sin = unary('sin');
export const sigmoid = unary('sigmoid');
export const softplus = unary('softplus');
export const logsigmoid = unary('logsigmoid');
export const relu = unary('relu');
/** log Φ(x): the logarithm of the standard normal distribution function. */
export const logndtr = unary('logndtr');
/** φ(x)/Φ(x), the derivative of {@link logndtr}. */
export const inverseMills = unary('inverseMills');
/** The value, taken as a constant by differentiation. */
export const stop = unary('stop');
export const lt = binary('lt');
export const le = binary('le');
export const gt = binary('gt');
export const ge = binary('ge');
export const eq = binary('eq');
export const ne = binary('ne');
export const and = binary('and');
export const or = binary('or');
export const not = unary('not');
/** The first value where the condition holds, else the second; the other one is never looked at. */
export const where = (condition: Expr, then: Operand, otherwise: Operand) =>
  apply('where', [condition, node(then), node(otherwise)]);
/** Limits a value to [low, high]; the derivative at a limit is 1. */
export const clamp = (x: Operand, low: Operand, high: Operand) =>
  apply('clamp', [node(x), node(low), node(high)]);
/** The larger of a value and a limit; the derivative at the limit is 1, as in PyTorch's clamp_min. */
export const clampMin = binary('clampMin');
export const sum = along('sum');
export const mean = along('mean');
export const amax = along('amax');
export const logsumexp = along('logsumexp');
export const norm = along('norm');
export const softmax = along('softmax');
export const logsoftmax = along('logsoftmax');
/** Inclusive cumulative sum. */
export const cumsum = along('cumsum');
/** Positions of the elements in ascending order, ties in order of position: `gather(x, axis, argsort(x, axis))` is sorted. */
export const argsort = along('argsort');
/** The position of each element in ascending order, ties in order of position: the inverse of {@link argsort}. */
export const rank = along('rank');
/** The elements of `x` at position `at` of an axis; throws at evaluation where `at` is outside the axis. */
export const gather = (x: Operand, axis: Axis, at: Expr) => apply('gather', [node(x), at], { axis });
/** The same array with an axis relabelled, so that it pairs with the original: `x[sample′]`. */
export const rename = (x: Operand, from: Axis, to: Axis) => apply('rename', [node(x)], { from, to });
function needAxis({ axes }: Expr, axis: Axis): void {
  if (!axes.includes(axis)) throw new RangeError(`no axis ${axis} among [${axes.join(', ')}]`);
}

/** The axes over which CTC runs. */
const ctcAxes = { time: 'time', label: 'label', class: 'class' } as const;
/**
 * The log-likelihood of label sequences under connectionist temporal classification, per sample. `logProbabilities`
 * has the axes time and class (class 0 is the blank), `labels` the axis label (class indices; what lies behind a
 * sequence's length is not read). −∞ where the frames are too few for the labels. Throws a RangeError for a missing axis.
 */
export const ctc = (logProbabilities: Expr, labels: Expr, inputLengths: Expr, labelLengths: Expr) => {
  for (const axis of [ctcAxes.time, ctcAxes.class]) needAxis(logProbabilities, axis);
  needAxis(labels, ctcAxes.label);
  return apply('ctc', [logProbabilities, labels, inputLengths, labelLengths], ctcAxes);
};
/**
 * The derivative of {@link ctc} by the log-probabilities: the probability that an alignment of the labels passes
 * through a class at a time. 0 behind a sequence's length; NaN where there is no alignment.
 */
export const ctcPosterior = (logProbabilities: Expr, labels: Expr, inputLengths: Expr, labelLengths: Expr) =>
  apply('ctcPosterior', [logProbabilities, labels, inputLengths, labelLengths], ctcAxes);
/** 1 where the condition holds, else 0: the Iverson bracket [c]. */
export const indicator = (condition: Expr) => where(condition, 1, 0);
