import type { Loss } from './loss.ts';

/**
 * The loss as another definition has it, for every view of it; the loss itself for `undefined`. Throws a RangeError for
 * a convention that it does not list.
 */
export function inConvention(loss: Loss, id: string | undefined): Loss {
  if (id === undefined) return loss;
  const convention = loss.conventions?.find((one) => one.id === id);
  if (convention === undefined) throw new RangeError(`${loss.id} has no convention ${id}`);
  const { inputs, parameters, expression, named, divisor, averaging, bestConstant, plot } = convention;
  const { divisor: ownDivisor, bestConstant: ownBest, ...rest } = loss;
  const divides = divisor ?? (expression === undefined ? ownDivisor : undefined);
  const best = bestConstant ?? (expression === undefined ? ownBest : undefined);
  return {
    ...rest,
    convention: convention.users,
    ...(inputs === undefined ? {} : { inputs }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(expression === undefined ? {} : { expression, named: named ?? (() => []) }),
    ...(divides === undefined ? {} : { divisor: divides }),
    ...(averaging === undefined ? {} : { averaging }),
    ...(best === undefined ? {} : { bestConstant: best }),
    ...(plot === undefined ? {} : { plot }),
  };
}
