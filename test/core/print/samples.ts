/** An expression for every primitive, with data, on which printed code must agree with the interpreter. */
import * as b from '../../../src/core/expression/build.ts';
import { evaluate, type Environment } from '../../../src/core/expression/evaluate.ts';
import { index, input, param, size, type Expr } from '../../../src/core/expression/expression.ts';
import { primitives } from '../../../src/core/expression/primitives.ts';

export interface Sample {
  readonly name: string;
  readonly expr: Expr;
  readonly environment: Environment;
}

const x = input('x', ['sample', 'class']);
const positive = input('positive', ['sample', 'class']);
const v = input('v', ['sample']);
const w = input('w', ['class']);
const label = input('label', ['sample'], 'index');
const p = param('p');

const environment: Environment = {
  sizes: { sample: 3, class: 4 },
  inputs: {
    x: [-1.5, 0, 0.25, 2, 1, -0.75, 0.5, -2, 3, 0.125, -0.5, 1.5],
    positive: [0.5, 1, 2, 0.25, 3, 0.75, 1.5, 4, 0.125, 1.25, 2.5, 0.375],
    v: [0.5, -1, 2],
    w: [1, 0.5, -0.25, 2],
    label: [2, 0, 3],
  },
  parameters: { p: 1.5 },
};

/** How an operation is tried where its arguments cannot be just any numbers. */
const special: Readonly<Record<string, () => readonly Expr[]>> = {
  pow: () => [b.pow(positive, 3), b.pow(positive, p), b.pow(positive, v)],
  sqrt: () => [b.sqrt(positive)],
  log: () => [b.log(positive)],
  log1p: () => [b.log1p(positive)],
  xlogy: () => [b.xlogy(b.relu(x), positive)],
  div: () => [b.div(x, positive), b.div(v, positive), b.div(1, b.div(positive, 2))],
  neg: () => [b.neg(b.neg(x)), b.neg(b.sub(x, v)), b.sub(x, b.neg(v)), b.square(b.neg(x))],
  mul: () => [b.mul(x, v), b.mul(b.add(x, v), b.sub(w, x)), b.div(x, b.mul(positive, positive))],
  sub: () => [b.sub(x, b.sub(v, w)), b.sub(v, x), b.sub(b.sub(x, 1), p)],
  and: () => [b.indicator(b.and(b.gt(x, 0), b.lt(v, 1)))],
  or: () => [b.indicator(b.or(b.gt(x, 0), b.lt(v, 1)))],
  not: () => [b.indicator(b.not(b.gt(x, 0)))],
  where: () => [
    b.where(b.gt(x, v), b.where(b.lt(x, 1), x, w), 0),
    b.add(b.where(b.gt(p, 1), x, b.neg(x)), b.where(b.gt(p, 2), v, 1)),
    b.sub(x, b.indicator(b.eq(index('class'), label))),
  ],
  maximum: () => [b.maximum(x, v), b.maximum(x, 0), b.maximum(0.5, b.sub(x, w))],
  minimum: () => [b.minimum(x, w), b.minimum(x, 0), b.minimum(p, x)],
  clamp: () => [b.clamp(x, -1, 1), b.clamp(b.mul(x, 2), -1, p)],
  gather: () => [
    b.gather(x, 'class', label),
    b.sub(b.gather(w, 'class', label), v),
    b.gather(b.square(x), 'class', label),
    // The places have an axis of their own, the axis itself, or none; the diagonal; a table's rows and columns.
    b.gather(x, 'class', b.rename(label, 'sample', 'sample′')),
    b.gather(b.rename(x, 'sample', 'sample′'), 'sample′', b.argsort(v, 'sample')),
    b.gather(b.sub(v, b.rename(v, 'sample', 'sample′')), 'sample′', index('sample')),
    b.gather(b.exp(b.sub(x, v)), 'sample', b.where(b.lt(index('class'), 3), index('class'), 0)),
  ],
  argsort: () => [b.argsort(x, 'class'), b.gather(x, 'class', b.argsort(x, 'class'))],
  rank: () => [
    b.rank(x, 'class'),
    b.log(b.add(2, b.rank(v, 'sample'))),
    b.div(1, b.add(1, b.rank(x, 'class'))),
  ],
  cumsum: () => [
    b.cumsum(x, 'class'),
    b.cumsum(v, 'sample'),
    b.gather(b.cumsum(x, 'class'), 'class', b.sub(b.sub(size('class'), 1), index('class'))),
  ],
  logaddexp: () => [b.logaddexp(x, v), b.logaddexp(0, x), b.logaddexp(v, b.mul(2, v))],
  rename: () => [
    b.sub(v, b.rename(v, 'sample', 'sample′')),
    b.sum(b.mul(x, b.rename(x, 'sample', 'sample′')), 'class'),
    // Products of matrices, with and without a common axis; a copy that is summed away again.
    b.sum(b.mul(b.rename(x, 'class', 'class′'), x), 'sample'),
    b.sum(b.mul(b.mul(x, b.rename(v, 'sample', 'sample′')), b.rename(x, 'class', 'class′')), 'sample'),
    b.sum(
      b.where(b.eq(index('sample'), index('sample′')), 0, b.mul(v, b.rename(v, 'sample', 'sample′'))),
      'sample',
    ),
    b.mul(b.rename(b.sum(b.sub(x, b.rename(x, 'sample', 'sample′')), 'class'), 'sample', 'sample′′'), v),
  ],
};

/** An operation along an axis: as it is, and where what uses it wants the axis back. */
function along(op: string): readonly Expr[] {
  return [
    b.apply(op, [x], { axis: 'class' }),
    b.apply(op, [x], { axis: 'sample' }),
    b.sub(x, b.apply(op, [b.mul(x, w)], { axis: 'class' })),
    b.div(b.apply(op, [x], { axis: 'sample' }), b.apply(op, [w], { axis: 'class' })),
  ];
}

function examples(op: string): readonly Expr[] {
  const own = special[op];
  if (own !== undefined) return own();
  const row = primitives[op]!;
  if (row.kind === 'reduction' || row.kind === 'mapping') return along(op);
  if (['lt', 'le', 'gt', 'ge', 'eq', 'ne'].includes(op))
    return [b.indicator(b.apply(op, [x, v])), b.where(b.apply(op, [x, b.node(0)]), x, v)];
  if (row.arity === 1)
    return [b.apply(op, [x]), b.mul(b.apply(op, [b.sub(x, v)]), w), b.div(w, b.add(10, b.apply(op, [v])))];
  return [b.apply(op, [x, v]), b.apply(op, [v, w])];
}

const shared = b.exp(b.sub(x, v));
const mixed: readonly Expr[] = [
  b.div(shared, b.sum(shared, 'class')),
  b.mul(shared, b.add(shared, b.logsumexp(shared, 'class'))),
  b.div(b.sum(x, 'sample'), size('sample')),
  b.mul(index('class'), x),
  b.logsumexp(b.sub(b.rename(v, 'sample', 'sample′'), v), 'sample′'),
];

export const samples: readonly Sample[] = [
  ...Object.keys(primitives).flatMap((op) =>
    // A dynamic programme is a helper function, run with the losses that use it.
    (primitives[op]!.kind === 'programme' ? [] : examples(op)).map((expr, k) => ({
      name: `${op} ${k}`,
      expr,
      environment,
    })),
  ),
  ...mixed.map((expr, k) => ({ name: `mixed ${k}`, expr, environment })),
];

/** What the interpreter says: row-major over the axes of the expression. */
export function expected({ expr, environment }: Sample): Float64Array {
  return evaluate(expr, environment).data;
}
