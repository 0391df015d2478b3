import {
  add,
  apply,
  eq,
  exp,
  logsumexp,
  maximum,
  minimum,
  neg,
  rename,
  softplus,
  sub,
  sum,
  where,
} from '../build.ts';
import { index, type Apply, type Axis, type Expr } from '../expression.ts';
import { primitive } from '../primitives.ts';
import { freshAxis } from '../primitives/row.ts';
import { rewrite } from '../rewrite.ts';
import { suggestName } from './lets.ts';
import { guarded } from './scriptLowering.ts';
import { axisOf } from './symbols.ts';

/** Stands for −∞ where masked: an exponential of it is 0, and differences of it are not NaN. */
const lowest = -1e30;

/** The same value from operations that TensorFlow.js has and differentiates; `names` learns what a value used to be. */
export function loweredForTfjs(root: Expr, names: Map<Expr, string>): Expr {
  const step = (expr: Expr) =>
    rewrite(expr, (node) => {
      const simpler = node.kind === 'apply' ? simplerForm(node) : undefined;
      if (simpler !== undefined) names.set(simpler, suggestName(node));
      return simpler ?? node;
    });
  let [before, after] = [root, step(root)];
  while (after !== before) [before, after] = [after, step(after)];
  return after;
}

function simplerForm(node: Apply): Expr | undefined {
  const [x, y] = node.args as readonly [Expr, Expr];
  switch (node.op) {
    // The gradient of tf.logSigmoid fails.
    case 'logsigmoid':
      return neg(softplus(neg(x)));
    case 'logaddexp':
      // Where both are equal, the larger and the smaller are to be different ones for the gradient.
      return add(maximum(x, y), softplus(minimum(sub(y, x), sub(x, y))));
    case 'neg':
      return negated(x);
    case 'add':
      return negated(y) === undefined ? undefined : sub(x, negated(y)!);
    case 'sub':
      return negated(y) === undefined ? undefined : add(x, negated(y)!);
    case 'logsumexp':
    case 'amax':
      return withLowest(node, x);
    case 'softmax':
      return isLast(node) ? withLowest(node, x) : exp(sub(x, logsumexp(x, axisOf(node))));
    case 'logsoftmax':
      return isLast(node) ? withLowest(node, x) : sub(x, logsumexp(x, axisOf(node)));
    // The gradient of tf.cumsum is wrong along other axes than the last, and tf.topk sorts along it only.
    case 'cumsum':
    case 'argsort':
    case 'rank':
      return isLast(node) ? undefined : primitive(node.op).lower?.(node);
    case 'gather':
      return picked(node, x, y);
    default:
      return undefined;
  }
}

/** What a sign stands before. */
function negated(x: Expr): Expr | undefined {
  return x.kind === 'apply' && x.op === 'neg' ? x.args[0] : undefined;
}

/** The operation with a number in place of a masked −∞. */
function withLowest(node: Apply, x: Expr): Expr | undefined {
  const [condition, value] = guarded(x, -Infinity);
  return condition === undefined
    ? undefined
    : apply(node.op, [where(condition, value, lowest)], node.attributes);
}

/** Whether an operation works along the last axis of its argument. */
function isLast(node: Apply): boolean {
  return node.args[0]!.axes.at(-1) === axisOf(node);
}

/**
 * What `gather` picks, as the sum of what a one-hot mask leaves: the gradient of tf.gather knows one axis of batches at
 * most, and runs through it row by row. Rows of a table and elements of a list are gathered.
 */
function picked(node: Apply, x: Expr, at: Expr): Expr | undefined {
  const axis = axisOf(node);
  if (isTable(x, at, axis) || isPermuted(x, at, axis)) return undefined;
  const place: Axis = at.axes.includes(axis) ? freshAxis(axis, [...x.axes, ...at.axes]) : axis;
  const line = place === axis ? x : rename(x, axis, place);
  return sum(where(eq(index(place), at), line, 0), place);
}

/** Whether the elements of a list, or the rows of a table, are picked. */
export function isTable(x: Expr, at: Expr, axis: Axis): boolean {
  const [first, ...rest] = x.axes;
  return first === axis && !at.axes.some((a) => rest.includes(a));
}

/** Whether each row of a matrix is picked from at places of its own. */
export function isPermuted(x: Expr, at: Expr, axis: Axis): boolean {
  const [sample, last] = x.axes;
  return x.axes.length === 2 && last === axis && at.axes.length === 2 && at.axes[0] === sample;
}
