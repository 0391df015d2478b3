import type { RandomStream } from '../../data/random.ts';
import type { Part } from '../../data/dataset.ts';

/** The items of each user in some interactions. */
export interface Owned {
  readonly users: number;
  /** Ascending. */
  of(user: number): Uint32Array;
}

/** What the users of a part of [user, item] rows have. */
export function ownedIn({ features }: Part, users: number): Owned {
  const starts = new Uint32Array(users + 1);
  for (let i = 0; i < features.length; i += 2) starts[features[i]! + 1]!++;
  for (let user = 0; user < users; user++) starts[user + 1]! += starts[user]!;
  const items = new Uint32Array(features.length / 2);
  const next = starts.slice();
  for (let i = 0; i < features.length; i += 2) items[next[features[i]!]!++] = features[i + 1]!;
  for (let user = 0; user < users; user++) items.subarray(starts[user], starts[user + 1]).sort();
  return { users, of: (user) => items.subarray(starts[user], starts[user + 1]) };
}

/**
 * An item that is not among `owned` (ascending), every one of them equally likely: the r-th of those left is r plus the
 * number of owned items before it. There must be one.
 */
export function drawOther(owned: Uint32Array, items: number, random: RandomStream): number {
  const r = random.below(items - owned.length);
  let low = 0;
  let high = owned.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (owned[middle]! - middle <= r) low = middle + 1;
    else high = middle;
  }
  return r + low;
}
