import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { differentiate, gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../../src/core/expression/evaluate.ts';
import { constant, input, type Axis, type Expr } from '../../../src/core/expression/expression.ts';

const x = input('x', ['sample', 'item']);
const w = input('w', ['sample', 'item']);
const environment: Environment = {
  sizes: { sample: 2, item: 4 },
  inputs: { x: [3, -1, 2, -1, 0, 5, 5, -2], w: [1, 10, 100, 1000, 1, 10, 100, 1000] },
};
const axes: readonly Axis[] = ['sample', 'item'];

/** The value, interpreted and compiled. */
function run(expr: Expr): readonly number[] {
  const value = [...broadcast(evaluate(expr, environment), axes, environment.sizes)];
  const [compiled] = compileFunction([expr])(environment);
  expect([...broadcast({ axes: expr.axes, data: compiled! }, axes, environment.sizes)]).toEqual(value);
  return value;
}

describe('order along an axis', () => {
  it('argsort is ascending, ties in order of position', () => {
    expect(run(b.argsort(x, 'item'))).toEqual([1, 3, 2, 0, 3, 0, 1, 2]);
  });
  it('rank is its inverse', () => {
    expect(run(b.rank(x, 'item'))).toEqual([3, 0, 2, 1, 1, 2, 3, 0]);
    const back = b.gather(b.argsort(x, 'item'), 'item', b.rank(x, 'item'));
    expect(run(back)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });
  it('an order sorts, and the gradient goes back to where the elements came from', () => {
    const sorted = b.gather(x, 'item', b.argsort(x, 'item'));
    expect(run(sorted)).toEqual([-1, -1, 2, 3, -2, 0, 5, 5]);
    expect(run(differentiate(b.mul(w, sorted), 'x'))).toEqual([1000, 1, 100, 10, 10, 100, 1000, 1]);
    expect(run(gradient(b.mul(w, sorted), 'x'))).toEqual([1000, 1, 100, 10, 10, 100, 1000, 1]);
  });
  it('has no derivative of its own', () => {
    expect(gradient(b.rank(x, 'item'), 'x')).toBe(constant(0));
    expect(gradient(b.argsort(x, 'item'), 'x')).toBe(constant(0));
  });
  it('is that of position along an axis that the values lack', () => {
    const spread = b.add(b.argsort(b.mul(x, 0), 'item'), b.mul(0, w));
    expect(run(spread)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });
});

describe('the cumulative sum', () => {
  it('counts the element itself', () => {
    expect(run(b.cumsum(x, 'item'))).toEqual([3, 2, 4, 3, 0, 5, 10, 8]);
    expect(run(b.cumsum(x, 'sample'))).toEqual([3, -1, 2, -1, 3, 4, 7, -3]);
  });
  it('has the cumulative sum from the end as its derivative', () => {
    const slope = b.mul(w, b.cumsum(x, 'item'));
    expect(run(differentiate(slope, 'x'))).toEqual([1111, 1110, 1100, 1000, 1111, 1110, 1100, 1000]);
    // Where all weigh the same, it is how many come after.
    expect(run(differentiate(b.cumsum(x, 'item'), 'x'))).toEqual([4, 3, 2, 1, 4, 3, 2, 1]);
  });
  it('loses no small adjoint beside a large one', () => {
    const z = input('z', ['item']);
    const g = input('g', ['item']);
    const at = { sizes: { item: 3 }, inputs: { z: [0, 0, 0], g: [1e30, 1, 1e-30] } };
    expect([...evaluate(differentiate(b.mul(g, b.cumsum(z, 'item')), 'z'), at).data]).toEqual([
      1e30, 1, 1e-30,
    ]);
  });
});

describe('gather', () => {
  it('takes positions with axes of their own', () => {
    const k = input('k', ['label'], 'index');
    const at = { sizes: { ...environment.sizes, label: 3 }, inputs: { ...environment.inputs, k: [2, 0, 2] } };
    const picked = b.gather(x, 'item', k);
    expect(picked.axes).toEqual(['sample', 'label']);
    const expected = [2, 3, 2, 5, 0, 5];
    expect([...evaluate(picked, at).data]).toEqual(expected);
    expect([...compileFunction([picked])(at)[0]!]).toEqual(expected);
    const slope = evaluate(gradient(b.mul(b.add(1, k), picked), 'x'), at);
    expect([...broadcast(slope, axes, at.sizes)]).toEqual([1, 0, 6, 0, 1, 0, 6, 0]);
  });
  it('takes positions along its own axis and another', () => {
    // Position (s, i) of row i's sample: both axes of x run in the positions too.
    const k = input('k', ['sample', 'item'], 'index');
    const at = { ...environment, inputs: { ...environment.inputs, k: [1, 1, 0, 0, 0, 0, 1, 1] } };
    const picked = b.gather(x, 'sample', k);
    expect([...evaluate(picked, at).data]).toEqual([0, 5, 2, -1, 3, -1, 5, -2]);
    const slope = evaluate(differentiate(b.mul(w, picked), 'x'), at);
    expect([...broadcast(slope, axes, at.sizes)]).toEqual([1, 10, 100, 1000, 1, 10, 100, 1000]);
    expect([...compileFunction([picked])(at)[0]!]).toEqual([...evaluate(picked, at).data]);
  });
});
