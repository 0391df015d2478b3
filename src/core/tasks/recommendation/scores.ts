import type { Parameters } from '../../network/network.ts';

/** Writes a user's scores of all items. */
export type Scorer = (user: number, into: Float64Array) => void;

/** The scores of a factorisation by its parameters: uᵀv + b. Throws a RangeError for those of another model. */
export function factorScores(parameters: Parameters, users: number): Scorer {
  const { 'users.weight': user, 'items.weight': item } = parameters;
  if (user === undefined || item === undefined)
    throw new RangeError('factorScores: these are the parameters of another model');
  const bias = parameters['items.bias'];
  const factors = user.length / users;
  return (of, into) => {
    for (let i = 0; i < into.length; i++) {
      let score = bias?.[i] ?? 0;
      for (let k = 0; k < factors; k++) score += user[of * factors + k]! * item[i * factors + k]!;
      into[i] = score;
    }
  };
}

/** The same for every user: how many have the item. */
export function popularityScores(counts: Float64Array): Scorer {
  return (_, into) => into.set(counts);
}
