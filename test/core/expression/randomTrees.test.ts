import { describe, expect, it } from 'vitest';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { differentiate, gradient, hessianTimes } from '../../../src/core/expression/differentiate.ts';
import {
  broadcast,
  evaluate,
  evaluateAll,
  extent,
  type Environment,
} from '../../../src/core/expression/evaluate.ts';
import { input, nodesOf, type Axis, type Expr } from '../../../src/core/expression/expression.ts';
import { dense } from '../../../src/core/expression/kernels/threads.ts';
import { simplify } from '../../../src/core/expression/simplify.ts';
import { dual } from './forwardMode.ts';
import { runKernels } from './kernelRunner.ts';
import { extremeTree, random, randomTree } from './randomTrees.ts';

function largest(expr: Expr, environment: Environment): number {
  const values = evaluateAll(nodesOf(expr), environment);
  return Math.max(
    1,
    ...values.map(({ data }) =>
      data.reduce((top, x) => (Number.isFinite(x) ? Math.max(top, Math.abs(x)) : top), 0),
    ),
  );
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x, 0);
}

function expectSame(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= tolerance))
      expect.fail(`${what}[${i}]: ${actual[i]} instead of ${expected[i]}, tolerance ${tolerance}`);
  }
}

// Long enough for a small machine that does other things as well.
describe('random expressions', { timeout: 300_000 }, () => {
  it('keep their value when simplified: 10,000 trees', () => {
    const next = random(20240607);
    let changed = 0;
    for (let i = 0; i < 10_000; i++) {
      const { expr, environment, scale } = randomTree(next, 1e-7);
      const simple = simplify(expr);
      if (simple !== expr) changed++;
      const value = broadcast(evaluate(simple, environment), expr.axes, environment.sizes);
      const tolerance = 1e-10 * Math.max(scale, largest(simple, environment)) ** 2;
      expectSame(value, evaluate(expr, environment).data, tolerance, `tree ${i}`);
    }
    // The test is about rules that fire.
    expect(changed).toBeGreaterThan(5000);
  });

  it('keep their value when simplified also at ±200, 1e-30 and 0, with overflow on the way: 5,000 trees', () => {
    const next = random(5);
    for (let i = 0; i < 5000; i++) {
      const { expr, environment, scale } = extremeTree(next, 1e-6);
      const simple = simplify(expr);
      const value = broadcast(evaluate(simple, environment), expr.axes, environment.sizes);
      const tolerance = 1e-9 * Math.max(scale, largest(simple, environment));
      expectSame(value, evaluate(expr, environment).data, tolerance, `tree ${i}`);
    }
  });

  it('are simplified once and for all: simplifying again changes nothing', () => {
    const next = random(7);
    for (let i = 0; i < 2000; i++) {
      const simple = simplify(randomTree(next, 0).expr);
      expect(simplify(simple), `tree ${i}`).toBe(simple);
    }
  });

  it('have the gradient of forward mode and of central differences, raw and simplified: 10,000 trees', () => {
    const next = random(31415);
    for (let i = 0; i < 10_000; i++) {
      const { expr, environment, scale } = randomTree(next, 0.004, 3);
      const axes = ['sample', 'class'];
      const raw = differentiate(expr, 'x');
      const simple = simplify(raw);
      const gradient = broadcast(evaluate(simple, environment), axes, environment.sizes);
      const exact = broadcast(evaluate(raw, environment), axes, environment.sizes);
      const size = largest(raw, environment);
      expectSame(gradient, exact, 1e-9 * Math.max(scale, size) ** 2, `tree ${i}, simplified`);

      const direction = Float64Array.from({ length: 12 }, () => 2 * next() - 1);
      const along = exact.reduce((sum, g, k) => sum + g * direction[k]!, 0);
      const forward = sumOf(dual(expr, environment, 'x', direction).slope);
      // A programme's slope is taken numerically there.
      const programme = nodesOf(expr).some((node) => node.kind === 'apply' && node.op === 'ctc');
      const tolerance = programme ? 1e-7 : 1e-11;
      expectSame([along], [forward], tolerance * Math.max(scale, size) ** 2, `tree ${i}, forward mode`);

      const x = Float64Array.from(environment.inputs['x']!);
      const at = (h: number) =>
        sumOf(
          evaluate(expr, {
            ...environment,
            inputs: { ...environment.inputs, x: x.map((value, k) => value + h * direction[k]!) },
          }).data,
        );
      const slope = (h: number) => (at(h) - at(-h)) / (2 * h);
      const [coarse, fine] = [slope(2e-5), slope(1e-5)];
      const allowed = 1e-6 * scale + 1e-5 * Math.abs(fine) + 4 * Math.abs(coarse - fine);
      expectSame([along], [fine], allowed, `tree ${i}, central differences`);
    }
  });

  it('have the Hessian products of forward mode over the gradient: 2,000 trees', () => {
    const next = random(2718);
    const axes = ['sample', 'class'];
    const v = input('v', axes);
    for (let i = 0; i < 2000; i++) {
      const { expr, environment, scale } = randomTree(next, 0.004, 3);
      // CTC has no second derivative here.
      if (nodesOf(expr).some((node) => node.kind === 'apply' && node.op === 'ctc')) continue;
      const direction = Float64Array.from({ length: 12 }, () => 2 * next() - 1);
      const given = { ...environment, inputs: { ...environment.inputs, v: direction } };
      const product = hessianTimes(expr, 'x', v);
      const raw = differentiate(expr, 'x');
      const { axes: own, slope } = dual(raw, environment, 'x', direction);
      // x¹ at 0 has no second derivative by the rule for powers, in no framework.
      if (!slope.every(Number.isFinite)) continue;
      const tolerance = 1e-9 * Math.max(scale, largest(raw, environment), largest(product, given)) ** 2;
      expectSame(
        broadcast(evaluate(product, given), axes, environment.sizes),
        broadcast({ axes: own, data: slope }, axes, environment.sizes),
        tolerance,
        `tree ${i}`,
      );
    }
  });

  it('give the same compiled as interpreted: 500 trees and their gradients', () => {
    const next = random(99);
    for (let i = 0; i < 500; i++) {
      const { expr, environment, scale } = randomTree(next, 1e-7);
      const roots = [expr, simplify(differentiate(expr, 'x')), simplify(expr)];
      const compiled = compileFunction(roots)(environment);
      roots.forEach((root, r) => {
        const tolerance = 1e-10 * Math.max(scale, largest(root, environment)) ** 2;
        expectSame(compiled[r]!, evaluate(root, environment).data, tolerance, `tree ${i}, result ${r}`);
      });
    }
  });

  it('give the same in kernels as interpreted: 400 trees and their gradients', () => {
    const next = random(161803);
    const layouts = { x: ['sample', 'class'], y: ['sample'], w: ['class'], k: ['sample'], l: ['label'] };
    for (let i = 0; i < 400; i++) {
      const { expr, environment, scale } = randomTree(next, 1e-7);
      const lines = (axes: readonly Axis[]) => dense(axes, (axis) => extent(environment.sizes, axis));
      const exprs = [expr, gradient(expr, 'x')];
      const { buffers } = runKernels(
        {
          roots: exprs.map((root, r) => ({ buffer: `root ${r}`, expr: root, layout: lines(root.axes) })),
          inputs: Object.fromEntries(
            Object.entries(layouts).map(([name, axes]) => [name, { buffer: name, layout: lines(axes) }]),
          ),
          sizes: environment.sizes,
          parameters: environment.parameters ?? {},
          prefix: 't',
        },
        environment.inputs,
        'float64',
      );
      exprs.forEach((root, r) => {
        const tolerance = 1e-9 * Math.max(scale, largest(root, environment)) ** 2;
        expectSame(
          buffers[`root ${r}`]!,
          evaluate(root, environment).data,
          tolerance,
          `tree ${i}, result ${r}`,
        );
      });
    }
  });
});
