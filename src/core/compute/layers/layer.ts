import type { ParameterShape } from '../../network/parameterShape.ts';
import type { RowShape } from '../../network/rowShape.ts';
import type { PlanPart } from '../../optimizers/rule.ts';
import type { Kernel, Operation } from '../plan.ts';

/** A layer of a network, built for the shape of its input. */
export interface Layer {
  /** `layers.0`, or `layers.2.0` within a residual block; prefix of its parameters and buffers. */
  readonly name: string;
  /** Where the experiment says so. */
  readonly path: string;
  readonly input: RowShape;
  readonly output: RowShape;
  readonly parameters: readonly ParameterShape[];
  /** Products that one row needs on its way forward; what is done once per value does not count. */
  readonly multiplyAdds: number;
  /** Values of the largest buffer that it needs for one row. */
  readonly widest: number;
  /** Names of the layers that draw random numbers in training: its own, or those of its block. Absent: none. */
  readonly draws?: readonly string[];
  /** An embedding takes whole numbers from 0 below this. */
  readonly takes?: number;
  /** The kernels of a batch. */
  forward(input: string, step: Step): Forward;
}

/** The step that a layer works in. */
export interface Step {
  readonly batch: number;
  /** Whether a gradient will be asked for; dropout and batch statistics are for training alone. */
  readonly isTraining: boolean;
  /** Buffer of the rows' weights: 0 where a short batch has no row. */
  readonly weight: string;
  /**
   * The keys of the step for a layer that draws; asked for in training alone.
   */
  readonly keysOf: (layer: string) => Keys;
}

/** Where a kernel finds the keys of a layer: parameters that it reads, and the index of the first key in `keys`. */
export interface Keys {
  readonly reads: Readonly<Record<string, string>>;
  readonly first: string;
}

/** A step without gradients. */
export function passStep(batch: number): Step {
  return {
    batch,
    isTraining: false,
    weight: '',
    keysOf: (layer) => {
      throw new RangeError(`${layer}: keys are drawn in training alone`);
    },
  };
}

/** Kernels that carry a batch forward. */
export interface Forward {
  readonly part: PlanPart;
  /** Buffer of the output. */
  readonly output: string;
  /**
   * Kernels from the gradient in the output to those in the parameters (buffers named by `gradientName`) and, if wanted,
   * in the input.
   */
  backward(gradient: string, wantsInput: boolean): Backward;
}

/** Kernels that carry a gradient back; `input` is the buffer of the gradient in the input, if it was wanted. */
export interface Backward {
  readonly part: PlanPart;
  readonly input?: string;
}

/** Nothing to compute. */
export const nothing: PlanPart = { buffers: [], kernels: [], carry: [] };

/** A kernel with the temporary buffer that it fills, both of one name. */
export function piece(
  name: string,
  output: Kernel['output'],
  reads: Readonly<Record<string, string>>,
  body: string,
  operation?: Operation,
): PlanPart {
  return {
    buffers: [{ name, size: output[0] * (output[1] ?? 1), role: 'temporary' }],
    kernels: [
      {
        name,
        output,
        reads: Object.entries(reads).map(([parameter, buffer]) => ({ parameter, buffer })),
        writes: name,
        body,
        ...(operation === undefined ? {} : { operation }),
      },
    ],
    carry: [],
  };
}

/** Parts one after another; their kernels run in this order. */
export function join(...parts: readonly PlanPart[]): PlanPart {
  return {
    buffers: parts.flatMap((part) => part.buffers),
    kernels: parts.flatMap((part) => part.kernels),
    carry: parts.flatMap((part) => part.carry),
  };
}

/** Name of the buffer of a layer's output. */
export function outputName(layer: string): string {
  return `${layer}.output`;
}

/** Name of the buffer of the gradient in a layer's input. */
export function inputGradientName(layer: string): string {
  return `${layer}.input.gradient`;
}

/** Layers one after another. */
export function chain(layers: readonly Layer[], input: string, step: Step): Forward {
  const done: Forward[] = [];
  let output = input;
  for (const layer of layers) {
    const forward = layer.forward(output, step);
    done.push(forward);
    output = forward.output;
  }
  return {
    part: join(...done.map(({ part }) => part)),
    output,
    backward(gradient, wantsInput) {
      const parts: PlanPart[] = [];
      let arriving: string | undefined = gradient;
      for (let i = layers.length - 1; i >= 0 && arriving !== undefined; i--) {
        const isNeeded = wantsInput || layers.slice(0, i).some(({ parameters }) => parameters.length > 0);
        const backward: Backward = done[i]!.backward(arriving, isNeeded);
        parts.push(backward.part);
        arriving = isNeeded ? backward.input : undefined;
      }
      return { part: join(...parts), ...(arriving === undefined ? {} : { input: arriving }) };
    },
  };
}
