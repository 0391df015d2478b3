import type { Axis } from '../expression/expression.ts';
import { gradient } from '../expression/differentiate.ts';
import { compileKernels } from '../expression/kernels.ts';
import { pairOf, type Loss } from '../losses/loss.ts';
import { columnMean, columnTargetAxes } from '../losses/column.ts';
import { padded } from './kernelText.ts';
import type { Buffer, Kernel } from './plan.ts';

/** The buffers between which a loss stands. */
export interface LossBuffers {
  /** batch × padded outputs: the network's raw outputs. */
  readonly prediction: string;
  /** One number a row, or where the target has several axes batch × outputs. */
  readonly target: string;
  readonly weight: string;
  /** Receives the weighted mean of the batch. */
  readonly value: string;
  /** Receives its gradient in the prediction, laid out like it; absent for evaluation. */
  readonly gradient?: string;
}

/**
 * Kernels of a loss's weighted mean over a batch and, for training, of its gradient.
 * @param prefix starts the names of its buffers
 */
export function lossKernels(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
  batch: number,
  outputs: number,
  buffers: LossBuffers,
  prefix = 'loss',
): { buffers: readonly Buffer[]; kernels: readonly Kernel[] } {
  const mean = columnMean(loss, parameters);
  const { prediction, target } = pairOf(loss);
  const stride = padded(outputs);
  const layout = (axes: readonly Axis[], sample: number) => ({
    axes: [...axes],
    strides: axes.map((axis) => (axis === 'sample' ? sample : 1)),
  });
  const targetAxes = columnTargetAxes(loss);
  const sizes: Record<Axis, number> = { sample: batch };
  for (const axis of [...prediction.axes, ...targetAxes]) if (axis !== 'sample') sizes[axis] = outputs;
  return compileKernels({
    roots: [
      { buffer: buffers.value, expr: mean, layout: { axes: [], strides: [] } },
      ...(buffers.gradient === undefined
        ? []
        : [
            {
              buffer: buffers.gradient,
              expr: gradient(mean, prediction.id),
              layout: layout(prediction.axes, stride),
            },
          ]),
    ],
    inputs: {
      [prediction.id]: { buffer: buffers.prediction, layout: layout(prediction.axes, stride) },
      // One number a row, or as many as outputs.
      [target.id]: {
        buffer: buffers.target,
        layout: layout(columnTargetAxes(loss), columnTargetAxes(loss).length > 1 ? outputs : 1),
      },
      weight: { buffer: buffers.weight, layout: { axes: ['sample'], strides: [1] } },
    },
    sizes,
    parameters,
    prefix,
  });
}
