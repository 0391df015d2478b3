import type { Kernel, Plan } from '../compute/plan.ts';
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
  /** Neither penalties nor weight decay act on it. */
  readonly exempt?: true;
}

/** A part of a plan. */
export type PlanPart = Pick<Plan, 'buffers' | 'kernels' | 'carry'>;

/**
 * An update rule: what an optimizer makes of a gradient, element by element. Formulas are kernel text over these names:
 * `parameter` and `gradient`, the slots as they were before the step, `nextMoment1` for the new value of a slot that
 * stands earlier in {@link next}, `rate`, and the rule's own {@link numbers} and {@link terms}.
 *
 * What depends on the step alone (rate, bias corrections) the host computes in float64: exact at every step count on
 * single-precision devices, and a run resumed at step t needs nothing but t.
 */
export interface Rule {
  /** State per element and its value at the start. That of `layers.0.weight` for slot `velocity` is `layers.0.weight.velocity`. */
  readonly slots: Readonly<Record<string, number>>;
  /** Numbers of an update: the first update of a run is 1. At most five. */
  readonly numbers: Readonly<Record<string, (update: number, rate: number) => number>>;
  /** Formulas that others use by name. */
  readonly terms?: Readonly<Record<string, string>>;
  /** New values of all slots, in order, and last of the parameter. */
  readonly next: Readonly<Record<string, string>>;
  /** Weight decay takes rate · weightDecay · parameter off the parameter beside the rule, instead of being added to the gradient. */
  readonly decoupled: boolean;
}

/** Numbers per step in the `schedule` buffer. */
export const scheduleWidth = 8;

/** Name of a state tensor. */
export function slotName(parameter: string, slot: string): string {
  return `${parameter}.${slot}`;
}
