import { padded } from '../compute/kernelText.ts';
import { sizeOf } from './rowShape.ts';

/**
 * What a parameter is to its layer. `mean` and `variance` are the running statistics of a normalisation: they live and
 * are kept with the parameters, but no gradient moves them. A `scalar` is a number of what is minimised, such as the scale of a
 * loss: neither penalties nor weight decay act on it.
 */
export type Role = 'weight' | 'bias' | 'gain' | 'shift' | 'mean' | 'variance' | 'scalar';

/** What starting values are drawn from. */
export type Start =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'orthogonal' }
  | { readonly kind: 'constant'; readonly value: number };

/** A tensor that belongs to a layer: `layers.0.weight` of shape [inputs, outputs], `layers.0.bias` of shape [outputs]. */
export interface ParameterShape {
  readonly name: string;
  /** Name of its layer: `layers.0`. */
  readonly layer: string;
  readonly role: Role;
  readonly shape: readonly number[];
  /** Extents in memory, padding included. */
  readonly stored: readonly number[];
  /** Number of values without padding. */
  readonly size: number;
  /** Whether gradients move it. */
  readonly trained: boolean;
  readonly start: Start;
}

/** A parameter of a layer; `stored` defaults to a padded last axis. */
export function parameterShape(
  layer: string,
  role: Role,
  shape: readonly number[],
  start: Start,
  stored: readonly number[] = [...shape.slice(0, -1), padded(shape.at(-1)!)],
): ParameterShape {
  return {
    name: parameterName(layer, role),
    layer,
    role,
    shape,
    stored,
    size: sizeOf(shape),
    trained: role !== 'mean' && role !== 'variance',
    start,
  };
}

/** A single number of what is minimised, `loss.alpha`, with the value that it starts from. */
export function scalarShape(name: string, value: number): ParameterShape {
  return {
    name,
    layer: name,
    role: 'scalar',
    shape: [1],
    stored: [1],
    size: 1,
    trained: true,
    start: { kind: 'constant', value },
  };
}

/** How many numbers of some parameters are trained. */
export function trainedCount(parameters: readonly ParameterShape[]): number {
  return parameters.reduce((sum, { size, trained }) => sum + (trained ? size : 0), 0);
}

/** Name of a parameter and of its buffer: `layers.0.weight`. */
export function parameterName(layer: string, role: Role): string {
  return `${layer}.${role}`;
}

/** Name of the buffer of a parameter's gradient. */
export function gradientName(parameter: string): string {
  return `${parameter}.gradient`;
}
