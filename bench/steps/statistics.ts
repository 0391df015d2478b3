/** The middle of some numbers; of an even count the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Costs that are closer than this share count as equal: what a busy machine adds is no overtaking. */
const tie = 0.1;

/**
 * Where one curve of costs comes to lie below another, between the nearest two sizes at which they clearly differ: by
 * straight lines on logarithmic axes. Every change is told with who is cheaper after it; `first` is who is cheaper at the
 * smallest size, absent where the curves never clearly differ.
 */
export function overtakings(
  sizes: readonly number[],
  a: readonly number[],
  b: readonly number[],
): {
  readonly first?: 'a' | 'b';
  readonly changes: { readonly size: number; readonly cheaper: 'a' | 'b' }[];
} {
  const clear = sizes
    .map((size, i) => ({ place: Math.log(size), lead: Math.log(b[i]! / a[i]!) }))
    .filter(({ lead }) => Math.abs(lead) > Math.log(1 + tie));
  const changes = clear.slice(1).flatMap((after, i) => {
    const before = clear[i]!;
    if (before.lead > 0 === after.lead > 0) return [];
    const share = before.lead / (before.lead - after.lead);
    const size = Math.exp(before.place + share * (after.place - before.place));
    return [{ size, cheaper: after.lead > 0 ? ('a' as const) : ('b' as const) }];
  });
  const lead = clear[0]?.lead;
  return { ...(lead === undefined ? {} : { first: lead > 0 ? 'a' : 'b' }), changes };
}
