/** How well scores put the held-out items of a user above the others. */
export interface Ranking {
  /** Normalised discounted cumulative gain of the first items (K. Järvelin, J. Kekäläinen, 2002), gain 1 for each held-out item. */
  readonly ndcg: number;
  /** Share of the held-out items among the first. */
  readonly recall: number;
  /** Share of pairs of a held-out and another item in the right order, equal scores counting half; absent without others. */
  readonly auc?: number;
}

/**
 * Ranks the held-out items of a user among all but those in `known`. Among equal scores the order is open: the metrics are
 * their means over all orders.
 * @param scores of all items; those of known and held-out items are overwritten
 * @param held items held out, at least one
 * @param at how many items count as the first
 */
export function rankingOf(
  scores: Float64Array,
  held: ArrayLike<number>,
  known: ArrayLike<number>,
  at: number,
): Ranking {
  const own = Float64Array.from({ length: held.length }, (_, i) => scores[held[i]!]!);
  // NaN is neither above nor below anything.
  for (let i = 0; i < known.length; i++) scores[known[i]!] = NaN;
  for (let i = 0; i < held.length; i++) scores[held[i]!] = NaN;
  const others = scores.length - known.length - held.length;
  let gain = 0;
  let hits = 0;
  let ordered = 0;
  for (const score of own) {
    const among = counted(scores, score);
    const beside = counted(own, score);
    ordered += others - among.above - among.equal / 2;
    const above = among.above + beside.above;
    const equal = among.equal + beside.equal;
    // Its place is one of above + 1 … above + equal, each equally likely.
    const first = Math.min(above, at);
    const last = Math.min(above + equal, at);
    for (let rank = first + 1; rank <= last; rank++) gain += discount(rank) / equal;
    hits += (last - first) / equal;
  }
  let best = 0;
  for (let rank = 1; rank <= Math.min(at, held.length); rank++) best += discount(rank);
  return {
    ndcg: gain / best,
    recall: hits / held.length,
    ...(others === 0 ? {} : { auc: ordered / (others * held.length) }),
  };
}

function counted(scores: Float64Array, score: number): { above: number; equal: number } {
  let above = 0;
  let equal = 0;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! > score) above++;
    else if (scores[i]! === score) equal++;
  }
  return { above, equal };
}

function discount(rank: number): number {
  return 1 / Math.log2(rank + 1);
}
