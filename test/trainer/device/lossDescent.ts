import type { Plan } from '../../../src/core/compute/plan.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { axisOrder, input, type Axis } from '../../../src/core/expression/expression.ts';
import { compileKernels, type Layout } from '../../../src/core/expression/kernels.ts';
import { substitute } from '../../../src/core/expression/rewrite.ts';
import { predictionFrom } from '../../../src/core/losses/column.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import { predictionsOf, type Loss } from '../../../src/core/losses/loss.ts';
import { reduce } from '../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';

/** A plan that moves the predictions of a loss down its gradient, and the values to start from. */
export interface Descent {
  readonly plan: Plan;
  readonly values: Readonly<Record<string, Float64Array>>;
}

/**
 * Plain gradient descent of the mean of a loss on its own predictions, without a model. A prediction that must be a
 * probability or positive is made from free numbers by its link. `rate` is the learning rate.
 */
export function descentOf(loss: Loss, rate: number, seed: number): Descent {
  const shown = decided(loss);
  const random = randomStream(seed, loss.id);
  const { sizes, inputs } = sampleBatch(shown, random, { sizes: { sample: 4 } });
  const predictions = predictionsOf(shown);
  const free = Object.fromEntries(predictions.map((p) => [p.id, predictionFrom(p, input(p.id, p.axes))]));
  const mean = substitute(reduce(shown, 'mean'), free);
  const slopes = predictions.map(({ id }) => gradient(mean, id));
  const parameters = Object.fromEntries(shown.parameters.map((p) => [p.id, p.default]));

  const values: Record<string, Float64Array> = {};
  for (const { id, role, axes } of shown.inputs) {
    const isFree = role === 'prediction';
    const count = axes.reduce((product, axis) => product * sizes[axis]!, 1);
    values[id] = isFree
      ? Float64Array.from({ length: count }, () => random.normal())
      : Float64Array.from(inputs[id]!);
  }
  const { buffers, kernels } = compileKernels({
    roots: [
      { buffer: 'loss', expr: mean, layout: { axes: [], strides: [] } },
      ...predictions.map(({ id, axes }, k) => ({
        buffer: `${id}.slope`,
        expr: slopes[k]!,
        layout: rowMajor(axes, sizes),
      })),
    ],
    inputs: Object.fromEntries(
      shown.inputs.map(({ id, axes }) => [id, { buffer: id, layout: rowMajor(axes, sizes) }]),
    ),
    sizes,
    parameters,
    prefix: 'loss',
  });
  return {
    plan: {
      buffers: [
        ...shown.inputs.map(({ id, role }) => ({
          name: id,
          size: values[id]!.length,
          role: role === 'prediction' ? ('state' as const) : ('data' as const),
        })),
        ...buffers,
        ...predictions.map(({ id }) => ({
          name: `${id}.next`,
          size: values[id]!.length,
          role: 'temporary' as const,
        })),
      ],
      kernels: [
        ...kernels,
        ...predictions.map(({ id }) => ({
          name: `${id}.next`,
          output: [values[id]!.length] as const,
          reads: [
            { parameter: 'value', buffer: id },
            { parameter: 'slope', buffer: `${id}.slope` },
          ],
          writes: `${id}.next`,
          body: `return value[this.thread.x] - ${rate} * slope[this.thread.x];`,
        })),
      ],
      carry: predictions.map(({ id }) => ({ from: `${id}.next`, to: id })),
      report: 'loss',
    },
    values,
  };
}

/** Axes in canonical order, the last one fastest. */
function rowMajor(axes: readonly Axis[], sizes: Readonly<Record<Axis, number>>): Layout {
  const ordered = axisOrder(axes);
  const strides = ordered.map((_, k) =>
    ordered.slice(k + 1).reduce((product, axis) => product * sizes[axis]!, 1),
  );
  return { axes: ordered, strides };
}
