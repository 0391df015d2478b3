import type { Table } from '../dataset.ts';
import type { Generator } from '../generators.ts';
import { randomStream, type RandomStream } from '../random.ts';

/** Who could choose what, and how decided they are. */
export interface PreferenceOptions {
  readonly users: number;
  readonly items: number;
  /** Interactions in all, as many of each user as of any other or one more; at most users × items. */
  readonly interactions: number;
  /** How much chance there is in a choice, against preferences of about unit spread; 0 for none. */
  readonly noise: number;
  readonly seed: number;
}

/** Length of the vectors behind the preferences. */
const rank = 4;
/** Of the data set that people choose: items, and how many of them a user has. */
const [catalogue, choices] = [100, 30];

/** Interactions by known preferences: nothing can rank better than these do. */
export const preferencesGenerator: Generator = {
  id: 'preferences',
  title: 'Preferences',
  description:
    'Users who have each chosen 30 of 100 items by tastes of their own and what is popular; recommends others.',
  target: 'item',
  task: 'binary',
  loss: 'bpr',
  noise: 0.3,
  samples: 6000,
  generate: ({ samples, noise, seed }) =>
    preferences({
      users: Math.ceil(samples / choices),
      items: catalogue,
      interactions: samples,
      noise,
      seed,
    }).table,
};

/**
 * Users with tastes u and items with properties v, all normal: user and item score uᵀv/√(2·4) + b/√2 with popularity b, of
 * variance 1. A user chooses by the Plackett–Luce model at temperature `noise`, that is the largest of score + noise ·
 * Gumbel(0, 1) (J. I. Yellott, "The relationship between Luce's choice axiom, Thurstone's theory of comparative judgment,
 * and the double exponential distribution", 1977), so that the best guess at what else was chosen is in the order of the
 * scores.
 * @returns the interactions in random order, columns `user` and `item`, and the scores, users × items
 */
export function preferences(options: PreferenceOptions): { table: Table; scores: Float64Array } {
  const { users, items, interactions, noise, seed } = options;
  const random = randomStream(seed, 'preferences');
  const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());
  const tastes = normals(users * rank);
  const properties = normals(items * rank);
  const popularity = normals(items);
  const scores = Float64Array.from({ length: users * items }, (_, at) => {
    const [user, item] = [Math.floor(at / items), at % items];
    let product = 0;
    for (let k = 0; k < rank; k++) product += tastes[user * rank + k]! * properties[item * rank + k]!;
    return (product / Math.sqrt(rank) + popularity[item]!) / Math.SQRT2;
  });
  const pairs: (readonly [user: number, item: number])[] = [];
  for (let user = 0; user < users; user++) {
    const count = Math.ceil((interactions - user) / users);
    const drawn = scores
      .subarray(user * items, (user + 1) * items)
      .map((score) => score + noise * gumbel(random));
    const chosen = Array.from(drawn.keys())
      .sort((a, b) => drawn[b]! - drawn[a]!)
      .slice(0, count);
    for (const item of chosen) pairs.push([user, item]);
  }
  const order = random.permutation(pairs.length);
  const column = (name: string, count: number, side: 0 | 1) => ({
    name,
    kind: 'text' as const,
    codes: Int32Array.from(order, (place) => pairs[place]![side]),
    categories: Array.from({ length: count }, (_, i) => `${name} ${i + 1}`),
  });
  return {
    table: {
      columns: [column('user', users, 0), column('item', items, 1)],
      rows: pairs.length,
      rowNumbers: Uint32Array.from(order, (_, i) => i + 1),
    },
    scores,
  };
}

function gumbel(random: RandomStream): number {
  // `next` may be 0, 1 − next not.
  return -Math.log(-Math.log1p(-random.next()) || Number.MIN_VALUE);
}
