import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { differentiate, gradient, hessianTimes } from '../../../src/core/expression/differentiate.ts';
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
import { specialise } from '../../../src/core/expression/rewrite.ts';
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
  it('gives Hessian-vector products', () => {
    // Σ x⁴/4 has the Hessian 3x² on its diagonal.
    const v = input('v', ['sample']);
    const product = hessianTimes(b.mul(0.25, b.pow(x, 4)), 'x', v);
    expect(product).toBe(b.mul(b.mul(3, v), b.square(x)));
    expect(at(product, ['sample'], { sizes: { sample: 2 }, inputs: { x: [1, -2], v: [1, 10] } })).toEqual([
      3, 120,
    ]);
    // Along the input itself: it counts as a constant.
    const own = hessianTimes(b.mul(0.25, b.pow(x, 4)), 'x', x);
    expect(at(own, ['sample'], { sizes: { sample: 1 }, inputs: { x: [2] } })).toEqual([24]);
  });
  it('has no second derivative of CTC, and says so', () => {
    const frames = input('frames', ['time', 'class']);
    const labels = input('labels', ['label'], 'index');
    const likelihood = b.ctc(frames, labels, size('time'), size('label'));
    expect(() => hessianTimes(likelihood, 'frames', frames)).toThrow(/ctcPosterior.*no derivative/);
  });
});

describe('the gradients of losses read as in a textbook', () => {
  /** Named values as names: what a formula shows. */
  const mean = (id: string, by = 'pred') => {
    const loss = loadLoss(id)!;
    // Choices decide what the formula is; numbers stay symbols.
    const chosen = loss.parameters.filter(({ choices }) => choices !== undefined);
    const fixed = Object.fromEntries(chosen.map((choice) => [choice.id, choice.default]));
    const named = (loss.named?.() ?? []).map((value) => ({ expr: specialise(value.expr, fixed) }));
    return gradient(specialise(reduce(loss, 'mean'), fixed), by, { named });
  };
  const [pred, target] = [input('pred', ['sample', 'output']), input('target', ['sample', 'output'])];
  const r = b.sub(pred, target);
  const margin = b.mul(target, pred);
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
  it('log-cosh: tanh(ŷ − y)/n', () => {
    expect(mean('log-cosh')).toBe(b.div(b.tanh(r), count));
  });
  it('Poisson: (e^x − y)/n', () => {
    expect(mean('poisson-nll')).toBe(b.div(b.sub(b.exp(pred), target), count));
  });
  it('binary cross-entropy on logits: (σ(z) − y)/n', () => {
    expect(mean('binary-cross-entropy-logits')).toBe(b.div(b.sub(b.sigmoid(pred), target), count));
  });
  it('logistic: −y·σ(−yz)/n', () => {
    expect(mean('logistic')).toBe(b.neg(b.div(b.mul(b.sigmoid(b.neg(margin)), target), count)));
  });
  it('hinge: −y/n where yz < 1', () => {
    expect(mean('hinge')).toBe(b.neg(b.div(b.where(b.lt(margin, 1), target, 0), count)));
  });
  it('softmax cross-entropy of class indices: (softmax(z) − [c = y])/n', () => {
    const label = input('target', ['sample'], 'index');
    const hit = b.indicator(b.eq(index('class'), label));
    expect(mean('softmax-cross-entropy')).toBe(b.div(b.sub(b.softmax(z, 'class'), hit), n));
  });
  it('softmax cross-entropy of a distribution: (softmax(z) − y)/n', () => {
    const share = input('target', ['sample', 'class']);
    const loss = reduce(loadLoss('softmax-cross-entropy-distribution')!, 'mean');
    const distributions = [{ expr: share, axis: 'class' }];
    expect(gradient(loss, 'pred', { distributions })).toBe(b.div(b.sub(b.softmax(z, 'class'), share), n));
    // Without that knowledge the targets' sum stays.
    expect(gradient(loss, 'pred')).not.toBe(gradient(loss, 'pred', { distributions }));
  });
  it('Bayesian personalised ranking: ∓σ(neg − pos)/n', () => {
    const [pos, neg] = [input('pos', ['sample', 'output']), input('neg', ['sample', 'output'])];
    const share = b.div(b.sigmoid(b.sub(neg, pos)), count);
    expect(mean('bpr', 'pos')).toBe(b.neg(share));
    expect(mean('bpr', 'neg')).toBe(share);
  });
  it('ListNet: (softmax(s) − softmax(t))/n', () => {
    const [scores, truth] = [input('pred', ['sample', 'item']), input('target', ['sample', 'item'])];
    expect(mean('listnet')).toBe(b.div(b.sub(b.softmax(scores, 'item'), b.softmax(truth, 'item')), n));
  });
  it('CTC: (softmax(z)·[t < T] − posterior)/n', () => {
    const frames = input('logits', ['sample', 'time', 'class']);
    const labels = input('targets', ['sample', 'label'], 'index');
    const lengths = input('lengths', ['sample'], 'index');
    const counts = input('counts', ['sample'], 'index');
    const logs = b.logsoftmax(frames, 'class');
    const loss = b.mean(b.neg(b.ctc(logs, labels, lengths, counts)), 'sample');
    const inside = b.lt(index('time'), lengths);
    expect(gradient(loss, 'logits')).toBe(
      b.div(
        b.sub(b.where(inside, b.softmax(frames, 'class'), 0), b.ctcPosterior(logs, labels, lengths, counts)),
        n,
      ),
    );
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
      'the diagonal of pairs',
      b.sum(b.where(b.eq(index('sample'), index('sample′')), y, 0), 'sample'),
      b.rename(y, 'sample', 'sample′'),
    ],
    ['1/(1 + eˣ)', b.div(1, b.add(1, b.exp(x))), b.sigmoid(b.neg(x))],
    ['1 − 2σ(2x)', b.sub(1, b.mul(2, b.sigmoid(b.mul(2, x)))), b.neg(b.tanh(x))],
    ['what is left of a share', b.sub(1, b.div(1, b.add(1, b.abs(x)))), b.div(b.abs(x), b.add(1, b.abs(x)))],
    ['a power written as an exponential', b.exp(b.mul(0.5, b.log1p(x))), b.sqrt(b.add(1, x))],
    ['a fraction multiplied out', b.mul(b.sub(b.div(1, x), 1), x), b.sub(1, x)],
    ['the sign of a difference', b.gt(b.sub(1, x), 0), b.lt(x, 1)],
    [
      'the positive part of what is positive',
      b.where(b.gt(x, 0), b.mul(y, b.relu(x)), 0),
      b.where(b.gt(x, 0), b.mul(y, x), 0),
    ],
    [
      'scalars leave a relabelling',
      b.rename(b.div(x, n), 'sample', 'sample′'),
      b.div(b.rename(x, 'sample', 'sample′'), n),
    ],
    ['sums over a relabelled axis', b.sum(b.rename(x, 'sample', 'sample′'), 'sample′'), b.sum(x, 'sample')],
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
  it('looks up a position only where it is known to be valid', () => {
    // A label of −1 pads a list of labels: it selects nothing, and must not be looked up.
    const k = input('k', ['sample'], 'index');
    const hits = b.sum(b.mul(b.indicator(b.eq(index('class'), k)), y), 'class');
    expect(simplify(hits)).not.toBe(y);
    expect(simplify(hits, { besides: [b.gather(input('z', ['class']), 'class', k)] })).toBe(y);
  });
  it('keeps cases of parameters outside conditions on data', () => {
    const beta = param('beta');
    const inner = b.where(b.lt(x, beta), b.div(x, beta), 1);
    expect(simplify(b.where(b.eq(beta, 0), 1, inner))).toBe(b.where(b.eq(beta, 0), 1, inner));
  });
  it('does not depend on what was built before', () => {
    const [late, early] = [input('q2', ['sample']), input('q1', ['sample'])];
    const square = simplify(b.square(b.sub(late, early)));
    expect(square).toBe(b.square(b.sub(early, late)));
  });
  it('leaves data behind a guard', () => {
    const guarded = b.mul(b.where(c, b.div(1, y), 0), x);
    const simple = simplify(guarded);
    const environment = { sizes: { sample: 1 }, inputs: { x: [-1], y: [0] } };
    expect([...evaluate(simple, environment).data]).toEqual([0]);
  });
});
