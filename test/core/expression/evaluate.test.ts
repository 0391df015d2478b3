import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import {
  axisOrder,
  baseAxis,
  constant,
  index,
  input,
  nodesOf,
  param,
  size,
} from '../../../src/core/expression/expression.ts';

const x = input('x', ['sample', 'class']);
const y = input('y', ['sample']);
const environment = {
  sizes: { sample: 2, class: 3 },
  inputs: { x: [1, 2, 3, 4, 5, 6], y: [10, 20] },
  parameters: { delta: 0.5 },
};
const run = (expr: Parameters<typeof evaluate>[0]) => [...evaluate(expr, environment).data];

describe('nodes', () => {
  it('are interned: equal structure is one node', () => {
    expect(b.add(x, y)).toBe(b.add(x, y));
    expect(b.add(x, y)).not.toBe(b.add(y, x));
    expect(constant(NaN)).toBe(constant(NaN));
    expect(constant(-0)).not.toBe(constant(0));
    expect(b.sum(x, 'class')).not.toBe(b.sum(x, 'sample'));
  });
  it('have arguments with smaller ids', () => {
    for (const node of nodesOf(b.mul(b.add(x, 1), b.exp(y)))) {
      if (node.kind === 'apply') for (const arg of node.args) expect(arg.id).toBeLessThan(node.id);
    }
  });
  it('cannot be changed', () => {
    expect(Object.isFrozen(b.add(x, y))).toBe(true);
  });
  it('keep what is written: builders do not rewrite', () => {
    expect(b.mul(x, 1)).not.toBe(x);
    expect(b.sub(x, x).op).toBe('sub');
  });
  it('have axes in a canonical order, copies behind their originals', () => {
    expect(axisOrder(['zebra', 'class', 'sample′', 'apple', 'sample', 'class'])).toEqual([
      'sample',
      'sample′',
      'class',
      'apple',
      'zebra',
    ]);
    expect(baseAxis('sample′′')).toBe('sample');
    expect(size('sample′')).toBe(size('sample'));
    expect(input('x', ['class', 'sample']).axes).toEqual(['sample', 'class']);
  });
});

describe('the interpreter', () => {
  it('broadcasts by the union of axes', () => {
    expect(run(b.add(x, y))).toEqual([11, 12, 13, 24, 25, 26]);
    expect(run(b.sub(y, b.rename(y, 'sample', 'sample′')))).toEqual([0, -10, 10, 0]);
    expect(run(b.mul(index('class'), index('sample')))).toEqual([0, 0, 0, 0, 1, 2]);
  });
  it('reduces along either axis', () => {
    expect(run(b.sum(x, 'class'))).toEqual([6, 15]);
    expect(run(b.mean(x, 'sample'))).toEqual([2.5, 3.5, 4.5]);
    expect(run(b.amax(x, 'class'))).toEqual([3, 6]);
  });
  it('looks up positions, and refuses those outside', () => {
    expect(run(b.gather(x, 'class', constant(2)))).toEqual([3, 6]);
    const at = (k: number[]) =>
      evaluate(b.gather(x, 'class', input('k', ['sample'], 'index')), {
        ...environment,
        inputs: { ...environment.inputs, k },
      });
    expect([...at([2, 0]).data]).toEqual([3, 4]);
    for (const bad of [3, -1, 0.5, NaN]) expect(() => at([0, bad])).toThrow(RangeError);
  });
  it('shifts the log-sum-exp, and keeps its limits', () => {
    const z = input('z', ['class']);
    const lse = (values: number[]) =>
      evaluate(b.logsumexp(z, 'class'), { sizes: { class: values.length }, inputs: { z: values } }).data[0];
    expect(lse([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
    expect(lse([-Infinity, -Infinity])).toBe(-Infinity);
    expect(lse([Infinity, 0])).toBe(Infinity);
    expect(lse([])).toBe(-Infinity);
    expect(lse([NaN, 0])).toBeNaN();
  });
  it('takes the mean of nothing as NaN, its sum as 0', () => {
    const empty = { sizes: { sample: 0 }, inputs: { y: [] } };
    expect(evaluate(b.mean(y, 'sample'), empty).data[0]).toBeNaN();
    expect(evaluate(b.sum(y, 'sample'), empty).data[0]).toBe(0);
  });
  it('names what is missing or of the wrong length', () => {
    expect(() => run(param('gamma'))).toThrow('gamma');
    expect(() => run(input('other', ['sample']))).toThrow('other');
    expect(() => run(size('feature'))).toThrow('feature');
    expect(() => evaluate(x, { ...environment, inputs: { x: [1, 2] } })).toThrow(
      'needs 6 values, received 2',
    );
  });
  it('repeats a value along further axes', () => {
    expect([...broadcast(evaluate(y, environment), ['sample', 'class'], environment.sizes)]).toEqual([
      10, 10, 10, 20, 20, 20,
    ]);
  });
});
