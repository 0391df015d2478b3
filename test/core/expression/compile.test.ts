import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import * as b from '../../../src/core/expression/build.ts';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { evaluateAll } from '../../../src/core/expression/evaluate.ts';
import { input, param, size } from '../../../src/core/expression/expression.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import { predictionsOf } from '../../../src/core/losses/loss.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';

describe('compiled functions', () => {
  it.each(losses().map((loss) => [loss.id, loss] as const))(
    '%s and its gradient are those of the interpreter',
    (_, given) => {
      const loss = decided(given);
      const mean = reduce(loss, 'mean');
      const named = loss.named?.() ?? [];
      const roots = [mean, ...predictionsOf(loss).map(({ id }) => gradient(mean, id, { named }))];
      const compiled = compileFunction(roots);
      for (const [seed, scale] of [
        [1, 1],
        [2, 1],
        [3, 40],
      ] as const) {
        const { sizes, inputs } = sampleBatch(loss, randomStream(seed, loss.id), { scale });
        const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
        const environment = { sizes, inputs, parameters };
        const expected = evaluateAll(roots, environment);
        compiled(environment).forEach((values, r) => {
          expect(values).toHaveLength(expected[r]!.data.length);
          const top = expected[r]!.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
          expected[r]!.data.forEach((value, i) => {
            const difference = Math.abs(values[i]! - value);
            const isSame = Object.is(values[i], value) || difference <= 1e-11 * (Math.abs(value) + top);
            if (!isSame) expect.fail(`result ${r} [${i}] is ${values[i]}, expected ${value}`);
          });
        });
      }
    },
  );
  it('name what is missing', () => {
    const x = input('x', ['sample']);
    const run = compileFunction([b.sum(b.mul(param('scale'), x), 'sample')]);
    const environment = { sizes: { sample: 2 }, inputs: { x: [1, 2] }, parameters: { scale: 3 } };
    expect([...run(environment)[0]!]).toEqual([9]);
    expect(() => run({ ...environment, parameters: {} })).toThrow('parameter scale');
    expect(() => run({ ...environment, inputs: {} })).toThrow('input x');
    expect(() => run({ ...environment, inputs: { x: [1] } })).toThrow('needs 2 values');
    expect(() => compileFunction([size('sample')])({ ...environment, sizes: {} })).toThrow('sample');
  });
  it('take a scalar over axes that nothing else has', () => {
    const k = input('k', ['sample'], 'index');
    const [values] = compileFunction([b.gather(b.node(3), 'class', k)])({
      sizes: { sample: 2, class: 4 },
      inputs: { k: [0, 1] },
    });
    expect([...values!]).toEqual([3, 3]);
  });
});
