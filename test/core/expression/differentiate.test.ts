import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { differentiate, gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../../src/core/expression/evaluate.ts';
import {
  constant,
  index,
  input,
  param,
  size,
  type Axis,
  type Expr,
} from '../../../src/core/expression/expression.ts';
import { simplify } from '../../../src/core/expression/simplify.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';

const x = input('x', ['sample']);
const n = size('sample');
const at = (expr: Expr, axes: readonly Axis[], environment: Environment) => [
  ...broadcast(evaluate(expr, environment), axes, environment.sizes),
];

describe('differentiation', () => {
  it('sums what was repeated, and counts what does not vary', () => {
    const s = input('s', []);
    const environment = { sizes: { sample: 3 }, inputs: { x: [1, 2, 3], s: [2] } };
    expect(at(differentiate(b.sum(b.mul(x, s), 'sample'), 's'), [], environment)).toEqual([6]);
    expect(at(differentiate(b.sum(b.add(x, s), 'sample'), 's'), [], environment)).toEqual([3]);
    expect(at(differentiate(b.add(x, s), 's'), [], environment)).toEqual([3]);
  });
  it('is 0 by what is not there, and behind a stop', () => {
    expect(gradient(b.square(x), 'y')).toBe(constant(0));
    expect(gradient(b.mul(b.stop(x), x), 'x')).toBe(b.stop(x));
  });
  it('keeps at zero what a guard has zeroed, whatever it meets', () => {
    // √x at 0 has an infinite derivative; the guard switches it off. A product with the mask would be 0 · ∞ = NaN.
    const guarded = b.where(b.gt(x, 0), b.sqrt(x), 0);
    expect(
      at(differentiate(guarded, 'x'), ['sample'], { sizes: { sample: 2 }, inputs: { x: [0, 4] } }),
    ).toEqual([0, 0.25]);
    expect(at(gradient(guarded, 'x'), ['sample'], { sizes: { sample: 2 }, inputs: { x: [0, 4] } })).toEqual([
      0, 0.25,
    ]);
  });
  it('differentiates each case of a condition on parameters by itself', () => {
    // (|x|^α - 1)/α, and log|x| in the limit α = 0, where the other case divides by zero.
    const alpha = param('alpha');
    const expr = b.where(b.eq(alpha, 0), b.log(x), b.div(b.sub(b.pow(x, alpha), 1), alpha));
    const slope = differentiate(expr, 'x');
    expect(slope.kind === 'apply' && slope.op).toBe('where');
    const environment = (value: number) => ({
      sizes: { sample: 1 },
      inputs: { x: [2] },
      parameters: { alpha: value },
    });
    expect(at(slope, ['sample'], environment(0))).toEqual([0.5]);
    expect(at(slope, ['sample'], environment(2))).toEqual([2]);
  });
  it('goes back through a permutation and through pairs', () => {
    const order = input('order', ['sample'], 'index');
    const weights = input('w', ['sample']);
    const environment = { sizes: { sample: 3 }, inputs: { x: [5, 6, 7], order: [2, 2, 0], w: [1, 10, 100] } };
    expect(
      at(differentiate(b.mul(weights, b.gather(x, 'sample', order)), 'x'), ['sample'], environment),
    ).toEqual([100, 0, 11]);
    const pairs = b.mul(weights, b.rename(x, 'sample', 'sample′'));
    expect(at(differentiate(pairs, 'x'), ['sample'], environment)).toEqual([111, 111, 111]);
  });
  it('gives Hessian-vector products by differentiating twice', () => {
    // Σ x⁴/4 has the Hessian 3x² on its diagonal.
    const v = input('v', ['sample']);
    const slope = gradient(b.mul(0.25, b.pow(x, 4)), 'x');
    const product = gradient(b.mul(slope, v), 'x');
    expect(at(product, ['sample'], { sizes: { sample: 2 }, inputs: { x: [1, -2], v: [1, 10] } })).toEqual([
      3, 120,
    ]);
  });
});

describe('the gradients of losses read as in a textbook', () => {
  const mean = (id: string) => gradient(reduce(loadLoss(id)!, 'mean'), 'pred');
  const r = b.sub(input('pred', ['sample', 'output']), input('target', ['sample', 'output']));
  const count = b.mul(n, size('output'));
  const z = input('pred', ['sample', 'class']);
  it('mean squared error: 2(ŷ − y)/n', () => {
    expect(mean('mean-squared-error')).toBe(b.div(b.mul(2, r), count));
  });
  it('mean absolute error: sign(ŷ − y)/n', () => {
    expect(mean('mean-absolute-error')).toBe(b.div(b.sign(r), count));
  });
  it('Huber: ŷ − y where |ŷ − y| ≤ δ, δ·sign(ŷ − y) beyond, over n', () => {
    const delta = param('delta');
    expect(mean('huber')).toBe(b.div(b.where(b.le(b.abs(r), delta), r, b.mul(delta, b.sign(r))), count));
  });
  it('binary cross-entropy on logits: (σ(z) − y)/n', () => {
    const score = input('pred', ['sample']);
    expect(mean('binary-cross-entropy-logits')).toBe(
      b.div(b.sub(b.sigmoid(score), input('target', ['sample'])), n),
    );
  });
  it('softmax cross-entropy: (softmax(z) − [c = y])/n', () => {
    const label = input('target', ['sample'], 'index');
    const hit = b.indicator(b.eq(index('class'), label));
    expect(mean('softmax-cross-entropy')).toBe(b.div(b.sub(b.softmax(z, 'class'), hit), n));
  });
});

describe('the simplifier', () => {
  const y = input('y', ['sample']);
  const c = b.gt(x, y);
  const cases: readonly (readonly [string, Expr, Expr])[] = [
    ['collects', b.add(b.add(x, y), x), b.add(b.mul(2, x), y)],
    ['cancels', b.sub(b.add(x, y), x), y],
    ['a quotient by itself is 1', b.div(b.mul(x, y), x), y],
    ['factors out what is shared', b.sub(b.div(x, n), b.div(y, n)), b.div(b.sub(x, y), n)],
    ['puts a positive term first', b.add(b.neg(x), y), b.sub(y, x)],
    ['merges branches of one condition', b.add(b.where(c, x, 0), b.where(c, 0, y)), b.where(c, x, y)],
    ['knows equal branches', b.where(c, x, x), x],
    ['turns a negated condition', b.where(b.not(c), x, y), b.where(c, y, x)],
    ['squares away a sign', b.square(b.abs(x)), b.square(x)],
    ['(−a)²  squared', b.square(b.square(b.neg(x))), b.pow(x, 4)],
    ['sign times absolute value', b.mul(b.sign(x), b.abs(x)), x],
    ['1 − σ(x)', b.sub(1, b.sigmoid(x)), b.sigmoid(b.neg(x))],
    ['log σ', b.log(b.sigmoid(x)), b.logsigmoid(x)],
    ['exp of x minus its log-sum-exp', b.exp(b.sub(x, b.logsumexp(x, 'sample'))), b.softmax(x, 'sample')],
    ['a softmax sums to 1', b.sum(b.softmax(x, 'sample'), 'sample'), constant(1)],
    ['a sum of equal terms', b.sum(b.mul(0, x), 'sample'), constant(0)],
    [
      'a sum over one position',
      b.sum(b.mul(b.indicator(b.eq(index('class'), input('k', ['sample'], 'index'))), y), 'class'),
      y,
    ],
    ['constants', b.mul(b.add(1, 2), x), b.mul(3, x)],
  ];
  it.each(cases)('%s', (_, before, after) => {
    expect(simplify(before)).toBe(after);
  });
  it('does not flatten through what has a name', () => {
    const u = b.div(x, b.norm(x, 'sample'));
    expect(simplify(b.mul(u, y), { whole: new Set([u]) })).toBe(b.mul(u, y));
    expect(simplify(b.mul(u, y))).toBe(b.div(b.mul(x, y), b.norm(x, 'sample')));
  });
  it('leaves data behind a guard', () => {
    const guarded = b.mul(b.where(c, b.div(1, y), 0), x);
    const simple = simplify(guarded);
    const environment = { sizes: { sample: 1 }, inputs: { x: [-1], y: [0] } };
    expect([...evaluate(simple, environment).data]).toEqual([0]);
  });
});
