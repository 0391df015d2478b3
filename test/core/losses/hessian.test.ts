/** Second derivatives of every loss, in every form, against central differences of its gradient. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { compileFunction } from '../../../src/core/expression/compile.ts';
import { gradient, hessianTimes } from '../../../src/core/expression/differentiate.ts';
import { broadcast } from '../../../src/core/expression/evaluate.ts';
import { input, type Expr } from '../../../src/core/expression/expression.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { predictionsOf, type Loss } from '../../../src/core/losses/loss.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';
import { variantsOf } from './variants.ts';

/** The forward pass of CTC is a programme whose posterior has no derivative of its own. */
const refused = new Set(['ctc']);

describe.each(losses().map((loss) => [loss.id, loss] as const))('%s', (id, given) => {
  it.each(variantsOf(given).map((variant) => [variant.name, variant] as const))(
    '%s',
    (name, { loss, parameters }) => {
      if (refused.has(id)) {
        expect(() => along(loss)).toThrow(/no derivative/u);
        return;
      }
      const products = along(loss);
      const random = randomStream(7, `${id}/${name}`);
      let compared = 0;
      for (const scale of [0.5, 1, 2, 1]) {
        const { sizes, inputs } = sampleBatch(loss, random, { scale });
        const directions = Object.fromEntries(
          predictionsOf(loss).map((one) => [one.id, inputs[one.id]!.map(() => 2 * random.next() - 1)]),
        );
        for (const { id: by, axes, slope, product } of products) {
          const full = (roots: readonly Expr[], data: readonly Float64Array[]) =>
            data.map((values, k) => broadcast({ axes: roots[k]!.axes, data: values }, axes, sizes));
          const direction = directions[by]!;
          const [actual] = full(
            [product],
            compileFunction([product])({ sizes, inputs: { ...inputs, direction }, parameters }),
          );
          const run = compileFunction([slope]);
          const at = (step: number) => {
            const moved = inputs[by]!.map((x, k) => x + step * direction[k]!);
            return full([slope], run({ sizes, inputs: { ...inputs, [by]: moved }, parameters }))[0]!;
          };
          const difference = (h: number) => {
            const [up, down] = [at(h), at(-h)];
            return up.map((y, k) => (y - down[k]!) / (2 * h));
          };
          const [coarse, fine, sided] = [
            difference(4e-6),
            difference(1e-6),
            at(1e-6).map((y, k) => (y - at(0)[k]!) / 1e-6),
          ];
          const top = at(0).reduce((most, y) => Math.max(most, Math.abs(y)), 1);
          actual!.forEach((y, k) => {
            const size = 1 + Math.abs(fine[k]!);
            // At a kink of the gradient, or where it is too steep for steps of this size, differences say nothing.
            const isSettled =
              Math.abs(coarse[k]! - fine[k]!) < 1e-4 * size + 1e-9 * top &&
              Math.abs(sided[k]! - fine[k]!) < 1e-2 * size;
            if (!isSettled) return;
            compared++;
            if (Math.abs(y - fine[k]!) > 1e-3 * size + 1e-8 * top)
              expect.fail(
                `by ${by}[${k}]: ${y}, the difference is ${fine[k]!}: ${JSON.stringify({ inputs, direction })}`,
              );
          });
        }
      }
      expect(compared).toBeGreaterThan(4);
    },
  );
});

/** By each prediction: the gradient, and its derivative along an input \`direction\`. */
function along(loss: Loss) {
  const element = loss.expression();
  return predictionsOf(loss).map(({ id, axes }) => ({
    id,
    axes,
    slope: gradient(element, id),
    product: hessianTimes(element, id, input('direction', axes)),
  }));
}
