import type { RandomStream } from '../../data/random.ts';
import type { EmbeddingUse } from './use.ts';

/** The rows of a part, those of a class one after another. */
export interface ByClass {
  readonly rows: Uint32Array;
  /** Class k has the places from `starts[k]` to `starts[k + 1]` − 1. */
  readonly starts: Uint32Array;
  /** Classes of two rows or more. */
  readonly paired: readonly number[];
}

/** Sorts rows by their class. */
export function byClass(targets: ArrayLike<number>, classes: number): ByClass {
  const starts = new Uint32Array(classes + 1);
  for (let row = 0; row < targets.length; row++) starts[targets[row]! + 1]!++;
  for (let k = 0; k < classes; k++) starts[k + 1]! += starts[k]!;
  const next = starts.slice();
  const rows = new Uint32Array(targets.length);
  for (let row = 0; row < targets.length; row++) rows[next[targets[row]!]!++] = row;
  const paired = Array.from({ length: classes }, (_, k) => k).filter((k) => starts[k + 1]! - starts[k]! > 1);
  return { rows, starts, paired };
}

/** Draws the samples of a step. */
export interface Drawing {
  /** Samples of a step: those asked for, or as many as there are rows to compare. */
  readonly batch: number;
  /** Fills in the rows of a batch, role by role. */
  readonly draw: (random: RandomStream, into: Float64Array) => void;
  /** The targets of a batch, where they are not the rows' own. */
  readonly labels?: Float64Array;
}

/**
 * Draws samples at random:
 * - `triplets`: any row of a class with two rows, another of its class, any row of another class;
 * - `pairs`: two rows of a class and two rows of different classes in turn, the row and its class drawn likewise;
 * - `views`: two rows of a class, every sample of a batch of another class as far as there are enough;
 * - `classes`: `perClass` different rows of a class and as many of the next, more where there are too few classes.
 * Classes of a single row have no partner: triplets and pairs use them as what is different, the others not at all.
 */
export function drawing(
  samples: Exclude<EmbeddingUse['samples'], 'rows'>,
  { rows, starts, paired }: ByClass,
  options: Pick<EmbeddingUse, 'labels'> & { readonly batch: number; readonly perClass: number },
): Drawing {
  const sizeOf = (k: number) => starts[k + 1]! - starts[k]!;
  const inPairs = paired.reduce((sum, k) => sum + sizeOf(k), 0);
  const batch = samples === 'classes' ? Math.min(options.batch, inPairs) : options.batch;
  /** Classes in which the rows of classes with two rows lie, by the number of such rows before. */
  const before = new Uint32Array(paired.length);
  for (let i = 1; i < paired.length; i++) before[i] = before[i - 1]! + sizeOf(paired[i - 1]!);

  /** The class of the place-th of all rows, or of those in classes with two. */
  const classAt = (first: Uint32Array, place: number): number => {
    let [low, high] = [0, first.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (first[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const lastOf = starts.subarray(0, -1);
  /** Two different places of one class. */
  const twoOf = (random: RandomStream, k: number): [number, number] => {
    const one = random.below(sizeOf(k));
    const other = random.below(sizeOf(k) - 1);
    return [starts[k]! + one, starts[k]! + (other < one ? other : other + 1)];
  };
  const together = (random: RandomStream): [number, number] =>
    twoOf(random, paired[classAt(before, random.below(inPairs))]!);
  /** Any place outside of a class. */
  const outside = (random: RandomStream, k: number): number => {
    const place = random.below(rows.length - sizeOf(k));
    return place < starts[k]! ? place : place + sizeOf(k);
  };
  /** Any place and one of another class. */
  const apart = (random: RandomStream): [number, number] => {
    const place = random.below(rows.length);
    return [place, outside(random, classAt(lastOf, place))];
  };

  switch (samples) {
    case 'triplets':
      return {
        batch,
        draw(random, into) {
          for (let i = 0; i < batch; i++) {
            const [anchor, positive] = together(random);
            into[i] = rows[anchor]!;
            into[batch + i] = rows[positive]!;
            into[2 * batch + i] = rows[outside(random, classAt(lastOf, anchor))]!;
          }
        },
      };
    case 'pairs': {
      const { together: one = 0, apart: two = 1 } = options.labels ?? {};
      return {
        batch,
        labels: Float64Array.from({ length: batch }, (_, i) => (i % 2 === 0 ? one : two)),
        draw(random, into) {
          for (let i = 0; i < batch; i++) {
            const [one, other] = i % 2 === 0 ? together(random) : apart(random);
            into[i] = rows[one]!;
            into[batch + i] = rows[other]!;
          }
        },
      };
    }
    case 'views':
      return {
        batch,
        draw(random, into) {
          for (let first = 0; first < batch; first += paired.length) {
            const order = random.permutation(paired.length);
            for (let i = first; i < Math.min(batch, first + paired.length); i++) {
              const [one, other] = twoOf(random, paired[order[i - first]!]!);
              into[i] = rows[one]!;
              into[batch + i] = rows[other]!;
            }
          }
        },
      };
    case 'classes': {
      const most = Math.max(options.perClass, Math.ceil(batch / paired.length));
      return {
        batch,
        draw(random, into) {
          const order = Array.from(random.permutation(paired.length), (i) => paired[i]!);
          const counts = shares(order.map(sizeOf), most, batch);
          let at = 0;
          for (const [i, count] of counts.entries())
            for (const place of some(random, count, sizeOf(order[i]!)))
              into[at++] = rows[starts[order[i]!]! + place]!;
        },
      };
    }
  }
}

/** How many rows each class gives: `most` at a time, one class after another, until there are enough. */
function shares(sizes: readonly number[], most: number, wanted: number): number[] {
  const counts = sizes.map(() => 0);
  for (let left = wanted; left > 0;) {
    for (const [i, size] of sizes.entries()) {
      const more = Math.min(most, size - counts[i]!, left);
      counts[i]! += more;
      left -= more;
    }
  }
  return counts;
}

/** `count` different numbers below `bound` (R. Floyd's algorithm; J. Bentley, "Programming Pearls", CACM 30(9), 1987). */
function some(random: RandomStream, count: number, bound: number): ReadonlySet<number> {
  const chosen = new Set<number>();
  for (let last = bound - count; last < bound; last++) {
    const candidate = random.below(last + 1);
    chosen.add(chosen.has(candidate) ? last : candidate);
  }
  return chosen;
}
