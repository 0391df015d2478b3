import type { Loss } from './loss.ts';

/**
 * The loss as another definition has it, for every view of it; the loss itself for `undefined`. Throws a RangeError for
 * a convention that it does not list.
 */
export function inConvention(loss: Loss, id: string | undefined): Loss {
  if (id === undefined) return loss;
  const convention = loss.conventions?.find((one) => one.id === id);
  if (convention === undefined) throw new RangeError(`${loss.id} has no convention ${id}`);
  const { inputs, parameters, expression, named, averaging } = convention;
  return {
    ...loss,
    convention: convention.users,
    ...(inputs === undefined ? {} : { inputs }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(expression === undefined ? {} : { expression, named: named ?? (() => []) }),
    ...(averaging === undefined ? {} : { averaging }),
  };
}
