import { pairOf } from '../../../src/core/losses/loss.ts';
/** Gradients of the golden inputs against central differences, and the other ways to compute against the interpreter. */
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import { prepare } from '../../golden/losses.ts';
import { parseFile } from '../../golden/run.ts';
import { lossCaseSchema, type LossCase } from '../../golden/types.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/golden');
const families = ['mse', 'mae', 'huber', 'bce_with_logits', 'cross_entropy'];
const cases: readonly LossCase[] = families.flatMap((family) =>
  parseFile(family, fs.readFileSync(path.join(fixtures, `${family}.json`), 'utf8'))
    .cases.filter((one) => one['convention'] === 'torch')
    .map((one) => v.parse(lossCaseSchema, one))
    .filter((one) => one.expected.throws !== true && !one.tags.includes('edge:empty')),
);
const finite = cases.filter(
  (one) =>
    one.grad_policy === undefined &&
    // The mean of nothing but ignored labels is NaN.
    one.expected.loss?.data.every(Number.isFinite) === true,
);

describe('gradients on golden inputs', () => {
  it('cover every family', () => {
    expect(new Set(finite.map((one) => one.loss))).toEqual(new Set(families));
  });
  it.each(finite.map((one) => [one.id, one] as const))('%s agrees with central differences', (_, one) => {
    const { value, environment, loss } = prepare(one);
    const pred = Float64Array.from(environment.inputs['pred']!);
    const { axes } = pairOf(loss).prediction;
    const actual = broadcast(evaluate(gradient(value, 'pred'), environment), axes, environment.sizes);
    const elements = (x: Float64Array) =>
      evaluate(value, { ...environment, inputs: { ...environment.inputs, pred: x } }).data;
    for (let k = 0; k < pred.length; k++) {
      const h = 1e-6 * Math.max(1, Math.abs(pred[k]!));
      const [low, high] = [pred[k]! - h, pred[k]! + h];
      const up = elements(pred.with(k, high));
      const down = elements(pred.with(k, low));
      // Element by element, so that large losses of other samples do not swallow the difference.
      const slope = up.reduce((total, y, i) => total + (y - down[i]!), 0) / (high - low);
      const rounding = (1e-15 * up.reduce((top, y) => Math.max(top, Math.abs(y)), 1)) / h;
      expect(Math.abs(actual[k]! - slope)).toBeLessThanOrEqual(1e-6 + 1e-6 * Math.abs(slope) + 4 * rounding);
    }
  });
});

describe('compiled JavaScript on golden inputs', () => {
  it.each(cases.map((one) => [one.id, one] as const))('%s equals the interpreter', (_, one) => {
    const { value, environment, loss } = prepare(one);
    const slope = gradient(value, pairOf(loss).prediction.id);
    const compiled = compileFunction([value, slope])(environment);
    [value, slope].forEach((expr, r) => {
      const expected = evaluate(expr, environment).data;
      expect(compiled[r]).toHaveLength(expected.length);
      expected.forEach((y, i) => {
        const x = compiled[r]![i]!;
        if (!Object.is(x, y)) expect(Math.abs(x - y)).toBeLessThanOrEqual(1e-11 + 1e-11 * Math.abs(y));
      });
    });
  });
});

describe('a compiled function', () => {
  it('refuses what the interpreter refuses', () => {
    const one = cases.find(
      (c) => c.loss === 'cross_entropy' && c.reduction === 'mean' && !c.tags.includes('ignore_index'),
    )!;
    const { value, environment } = prepare(one);
    const run = compileFunction([value]);
    const bad = (target: number[]) => ({ ...environment, inputs: { ...environment.inputs, target } });
    const { length } = environment.inputs['target']!;
    expect(() => run(bad(Array<number>(length).fill(99)))).toThrow(RangeError);
    expect(() => run(bad(Array<number>(length).fill(-1)))).toThrow(RangeError);
    expect(() => run(bad(Array<number>(length).fill(0.5)))).toThrow(RangeError);
    expect(() => run(bad([]))).toThrow(RangeError);
    expect(() => run({ ...environment, inputs: {} })).toThrow(RangeError);
  });
});
