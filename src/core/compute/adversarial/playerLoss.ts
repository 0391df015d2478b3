import { gradient } from '../../expression/differentiate.ts';
import { compileKernels } from '../../expression/kernels.ts';
import type { Loss } from '../../losses/loss.ts';
import { reduce } from '../../losses/reduce.ts';
import type { PlanPart } from '../../optimizers/rule.ts';

/**
 * Kernels of a player's mean loss, in the buffer `loss`, and of its gradient in each of the given scores, in buffers
 * `loss.real` and `loss.fake`.
 * @param scores buffers of `samples` scores of real and of generated rows
 */
export function playerLoss(
  loss: Loss,
  samples: number,
  scores: { readonly real?: string; readonly fake: string },
  withGradient: boolean,
): PlanPart {
  const mean = reduce(loss, 'mean');
  const layout = { axes: ['sample'], strides: [1] };
  const inputs = Object.entries(scores);
  return {
    ...compileKernels({
      roots: [
        { buffer: 'loss', expr: mean, layout: { axes: [], strides: [] } },
        ...(withGradient
          ? inputs.map(([id]) => ({ buffer: scoreGradient(id), expr: gradient(mean, id), layout }))
          : []),
      ],
      inputs: Object.fromEntries(inputs.map(([id, buffer]) => [id, { buffer, layout }])),
      sizes: { sample: samples },
      parameters: {},
      prefix: 'loss',
    }),
    carry: [],
  };
}

/** Buffer of the gradient in the scores of `real` or `fake`. */
export function scoreGradient(input: string): string {
  return `loss.${input}`;
}
