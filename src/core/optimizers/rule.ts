import type { Buffer, Kernel, Plan } from '../compute/plan.ts';
import type { Experiment } from '../training/experiment.ts';

/** The optimizer part of an experiment. */
export type Optimizer = Experiment['optimizer'];
export type OptimizerOf<Type extends Optimizer['type']> = Extract<Optimizer, { type: Type }>;

/** The parameter that an update works on. Buffers of gradient and state have the parameter's size. */
export interface UpdateTarget {
  /** State buffer of the parameter: `layers.0.weight`. */
  readonly parameter: string;
  /** Temporary buffer of its gradient. */
  readonly gradient: string;
  /** Extent, fastest axis first. */
  readonly output: Kernel['output'];
}

/** A part of a plan. */
export type PlanPart = Pick<Plan, 'buffers' | 'kernels' | 'carry'>;

/**
 * An update rule as kernels. What depends on the step alone (rate, bias corrections) the host computes in float64 and
 * writes ahead into the `schedule` buffer: exact at every step count on single-precision devices, and a run resumed at
 * step t needs nothing but t.
 */
export interface UpdateRule {
  /** State tensors per parameter; that of `layers.0.weight` for slot `velocity` is `layers.0.weight.velocity`. */
  readonly slots: readonly string[];
  /** The schedule's row for step t = 1, 2, …: at most {@link scheduleWidth} numbers. */
  schedule(step: number): readonly number[];
  /** Buffers, kernels and carries that update one parameter. */
  update(target: UpdateTarget): PlanPart;
}

/** Numbers per step in the `schedule` buffer. */
export const scheduleWidth = 4;

/** Name of a state tensor. */
export function slotName(parameter: string, slot: string): string {
  return `${parameter}.${slot}`;
}

/**
 * Reads that every update kernel may use, and the statements that make them usable: `i` is the flat index of the
 * element, `k` the place of the step's row in `schedule`.
 */
export function updateKernel(
  target: UpdateTarget,
  result: string,
  reads: Readonly<Record<string, string>>,
  body: string,
): { buffer: Buffer; kernel: Kernel } {
  const [width, height] = target.output;
  const index = height === undefined ? 'this.thread.x' : `this.thread.y * ${width} + this.thread.x`;
  return {
    buffer: { name: result, size: width * (height ?? 1), role: 'temporary' },
    kernel: {
      name: result,
      output: target.output,
      reads: Object.entries({ ...reads, schedule: 'schedule', clock: 'clock' }).map(
        ([parameter, buffer]) => ({
          parameter,
          buffer,
        }),
      ),
      writes: result,
      body: `const i = ${index};\nconst k = (clock[0] | 0) * ${scheduleWidth};\n${body}`,
    },
  };
}
