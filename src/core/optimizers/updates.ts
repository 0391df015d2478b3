import { updateRule } from './optimizers.ts';
import { slotName, type Optimizer, type PlanPart, type UpdateTarget } from './rule.ts';

/** Where a step stands in its run: all that a learning rate may depend on. */
export interface Moment {
  /** Number of the step in the run, from 1. */
  readonly step: number;
}

/** The part of a plan that moves the parameters along their gradients. */
export interface Updates extends PlanPart {
  /** State tensors of the optimizer, each shaped like its parameter. */
  readonly state: readonly { readonly name: string; readonly parameter: string }[];
  /** What the host computes for a step: a row of the `schedule` buffer. */
  schedule(moment: Moment): readonly number[];
}

/** The updates of all parameters of a plan, in the order of `targets`. */
export function updates(optimizer: Optimizer, targets: readonly UpdateTarget[]): Updates {
  const rule = updateRule(optimizer);
  const parts = targets.map((target) => rule.update(target));
  return {
    buffers: parts.flatMap((part) => part.buffers),
    kernels: parts.flatMap((part) => part.kernels),
    carry: parts.flatMap((part) => part.carry),
    state: targets.flatMap(({ parameter }) =>
      rule.slots.map((slot) => ({ name: slotName(parameter, slot), parameter })),
    ),
    schedule: ({ step }) => rule.schedule(step),
  };
}
