import { sliced, type Sliced } from '../slices.ts';
import type { RandomStream } from './random.ts';

/** Row indices of the two parts, each ascending, so that the order of the file is kept. */
export interface Split {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Divides rows into a training and a validation part. The validation part gets round(share · n) rows, at least one
 * and at most n − 1, or none for a share of 0. With `classes` (the class of each row) the share holds in every class:
 * each has ⌊share · count⌋ or one more row in the validation part, the largest remainders first, and always at least
 * one row in the training part.
 */
export function* splitRows(
  rows: Uint32Array,
  share: number,
  random: RandomStream,
  classes?: { readonly of: (row: number) => number; readonly count: number },
): Sliced<Split> {
  const n = rows.length;
  if (share === 0 || n < 2) return { training: rows, validation: new Uint32Array(0) };
  const wanted = Math.min(n - 1, Math.max(1, Math.round(share * n)));
  const of = classes?.of ?? (() => 0);
  const counts = new Array<number>(classes?.count ?? 1).fill(0);
  yield* sliced(n, (start, end) => {
    for (let i = start; i < end; i++) counts[of(rows[i]!)]!++;
  });
  const quotas = classes === undefined ? [wanted] : apportion(counts, share, wanted);

  const chosen = new Uint8Array(n);
  const positions = yield* random.permuting(n);
  yield* sliced(n, (start, end) => {
    for (let i = start; i < end; i++) {
      const position = positions[i]!;
      const k = of(rows[position]!);
      if (quotas[k]! > 0) {
        quotas[k]!--;
        chosen[position] = 1;
      }
    }
  });
  const training = new Uint32Array(n);
  const validation = new Uint32Array(n);
  let trained = 0;
  let validated = 0;
  yield* sliced(n, (start, end) => {
    for (let position = start; position < end; position++) {
      if (chosen[position] === 0) training[trained++] = rows[position]!;
      else validation[validated++] = rows[position]!;
    }
  });
  return { training: training.slice(0, trained), validation: validation.slice(0, validated) };
}

/** Validation rows of each class by the method of largest remainders. */
function apportion(counts: readonly number[], share: number, wanted: number): number[] {
  const quotas = counts.map((count) => Math.min(Math.floor(share * count), Math.max(0, count - 1)));
  const byRemainder = counts
    .map((count, k) => ({ k, remainder: share * count - Math.floor(share * count) }))
    .sort((a, b) => b.remainder - a.remainder || a.k - b.k);
  let missing = wanted - quotas.reduce((sum, quota) => sum + quota, 0);
  for (const { k, remainder } of byRemainder) {
    if (missing <= 0) break;
    if (remainder > 0 && quotas[k]! + 1 < counts[k]!) {
      quotas[k]!++;
      missing--;
    }
  }
  return quotas;
}
