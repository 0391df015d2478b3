/** Short ways to ask a loss for numbers, for tests of single losses. */
import { gradient } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import type { Loss, Sample } from '../../../src/core/losses/loss.ts';
import { reduce, type Reduction } from '../../../src/core/losses/reduce.ts';

/** A loss of the catalogue, in a convention; throws for one that does not exist. */
export function lossOf(id: string, convention?: string): Loss {
  const loss = loadLoss(id);
  if (loss === undefined) throw new Error(`no loss ${id}`);
  return inConvention(loss, convention);
}

function environment(loss: Loss, { sizes, inputs, parameters }: Sample) {
  const defaults = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  return { sizes, inputs, parameters: { ...defaults, ...parameters } };
}

/** The reduced loss of a batch, absent parameters at their defaults. */
export function values(loss: Loss, sample: Sample, reduction: Reduction = 'none'): readonly number[] {
  return [...evaluate(reduce(loss, reduction), environment(loss, sample)).data];
}

/** The one number of a loss reduced to one. */
export function value(loss: Loss, sample: Sample, reduction: Reduction = 'sum'): number {
  return values(loss, sample, reduction)[0] ?? NaN;
}

/** The gradient of the summed loss by a prediction. */
export function slope(loss: Loss, sample: Sample, by: string): readonly number[] {
  const { axes } = loss.inputs.find(({ id }) => id === by)!;
  const at = environment(loss, sample);
  return [...broadcast(evaluate(gradient(loss.expression(), by), at), axes, sample.sizes)];
}
