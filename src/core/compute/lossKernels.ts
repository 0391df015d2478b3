import { add } from '../expression/build.ts';
import { gradient } from '../expression/differentiate.ts';
import { input, type Axis, type Expr } from '../expression/expression.ts';
import { compileKernels, type KernelRequest } from '../expression/kernels.ts';
import { substitute } from '../expression/rewrite.ts';
import { pairOf, type Loss } from '../losses/loss.ts';
import { columnMean, columnTargetAxes } from '../losses/column.ts';
import { padded } from './kernelText.ts';
import type { Buffer, Kernel } from './plan.ts';

/** The buffers between which a loss stands. */
export interface LossBuffers {
  /** batch × padded outputs: the network's raw outputs. */
  readonly prediction: string;
  readonly target: string;
  readonly weight: string;
  /** Receives the weighted mean of the batch. */
  readonly value: string;
  /** Receives its gradient in the prediction, laid out like it; absent for evaluation. */
  readonly gradient?: string;
}

/** A parameter or option of a loss that is read from a buffer. */
export interface Held {
  /** Its name in the loss. */
  readonly id: string;
  readonly buffer: string;
  /** None for one number, `output` for one an output. */
  readonly axes: readonly Axis[];
  /** What it is of the numbers in the buffer. Default: they themselves. */
  readonly from?: (raw: Expr) => Expr;
  /** Receives the gradient in these numbers. */
  readonly gradient?: string;
}

/** What a loss has beyond its textbook form. */
export interface LossExtras {
  readonly held?: readonly Held[];
  /** Is added to the mean; of parameters alone. */
  readonly term?: Expr;
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
  { held = [], term }: LossExtras = {},
): { buffers: readonly Buffer[]; kernels: readonly Kernel[] } {
  // What is held is not at its neutral value.
  const given = { ...parameters, ...Object.fromEntries(held.map(({ id }) => [id, NaN])) };
  const plain = columnMean(loss, given);
  const mean = substitute(
    term === undefined ? plain : add(plain, term),
    Object.fromEntries(
      held.map(({ id, buffer, axes, from = (raw) => raw }) => [id, from(input(buffer, axes))]),
    ),
  );
  const { prediction, target } = pairOf(loss);
  const stride = padded(outputs);
  const layout = (axes: readonly Axis[], sample: number) => ({
    axes: [...axes],
    strides: axes.map((axis) => (axis === 'sample' ? sample : 1)),
  });
  const sizes: Record<Axis, number> = { sample: batch };
  for (const axis of [...prediction.axes, ...columnTargetAxes(loss)])
    if (axis !== 'sample') sizes[axis] = outputs;
  const roots: KernelRequest['roots'] = [
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
    ...held.flatMap(({ buffer, axes, gradient: to }) =>
      to === undefined ? [] : [{ buffer: to, expr: gradient(mean, buffer), layout: layout(axes, 1) }],
    ),
  ];
  return compileKernels({
    roots,
    inputs: {
      [prediction.id]: { buffer: buffers.prediction, layout: layout(prediction.axes, stride) },
      // One number a row, or as many as outputs.
      [target.id]: {
        buffer: buffers.target,
        layout: layout(columnTargetAxes(loss), columnTargetAxes(loss).length > 1 ? outputs : 1),
      },
      weight: { buffer: buffers.weight, layout: { axes: ['sample'], strides: [1] } },
      ...Object.fromEntries(
        held.map(({ buffer, axes }) => [buffer, { buffer, layout: layout(axes, 1) }] as const),
      ),
    },
    sizes,
    parameters,
    prefix,
  });
}
