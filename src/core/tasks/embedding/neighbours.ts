import type { Metrics } from '../../runs/record.ts';
import { sliced, type Sliced } from '../../slices.ts';
import type { Nearness } from './use.ts';

/**
 * How well the nearest neighbours among some vectors are of the own class, every vector being asked about all others
 * (leave one out):
 * - `recall@1`, `recall@5`: the share of vectors with one of their class among the nearest 1 and 5; the first is the accuracy
 *   of a nearest-neighbour classifier;
 * - `map@r`: the mean over vectors of (1/R) Σ_{k ≤ R} P(k)·rel(k), R being how many others their class has (K. Musgrave, S.
 *   Belongie, S.-N. Lim, "A Metric Learning Reality Check", 2020);
 * - `silhouette`: the mean of (b − a)/max(a, b) for the mean distances a to the own class and b to the nearest other one
 *   (P. Rousseeuw, 1987; 0 for a class of one, as in scikit-learn).
 * Vectors without another of their class are asked about, but do not ask. Of equally near ones those of other classes come
 * first, so that vectors that are all the same find nothing. Distances are Euclidean, or 1 − cosine.
 * @param vectors count × dimensions, row-major
 */
export function* neighbourMetrics(
  vectors: Float64Array,
  labels: ArrayLike<number>,
  dimensions: number,
  nearness: Nearness,
): Sliced<Metrics> {
  const count = labels.length;
  const points = nearness === 'cosine' ? unit(vectors, dimensions) : vectors;
  let classes = 0;
  for (let i = 0; i < count; i++) classes = Math.max(classes, labels[i]! + 1);
  const sizes = new Float64Array(classes);
  for (let i = 0; i < count; i++) sizes[labels[i]!]!++;
  const distances = new Float64Array(count);
  const sums = new Float64Array(classes);
  let asked = 0;
  let first = 0;
  let firstFive = 0;
  let precision = 0;
  let silhouette = 0;

  const ask = (i: number): void => {
    const own = labels[i]!;
    distancesFrom(i, points, dimensions, nearness, distances);
    sums.fill(0);
    for (let j = 0; j < count; j++) if (j !== i) sums[labels[j]!]! += distances[j]!;
    const others = sizes[own]! - 1;
    if (others === 0) return;
    silhouette += width(sums, sizes, own);
    asked++;
    const ranks = ranksOf(distances, labels, i, others);
    if (ranks[0]! === 1) first++;
    if (ranks[0]! <= 5) firstFive++;
    let found = 0;
    for (let k = 0; k < others && ranks[k]! <= others; k++) found += (k + 1) / ranks[k]!;
    precision += found / others;
  };
  yield* sliced(
    count,
    (start, end) => {
      for (let i = start; i < end; i++) ask(i);
    },
    (count * dimensions) / 16,
  );
  return {
    'recall@1': first / asked,
    'recall@5': firstFive / asked,
    'map@r': precision / asked,
    silhouette: silhouette / count,
  };
}

/** Vectors of length 1; one of length 0 stays as it is. */
function unit(vectors: Float64Array, dimensions: number): Float64Array {
  const result = new Float64Array(vectors.length);
  for (let at = 0; at < vectors.length; at += dimensions) {
    let square = 0;
    for (let d = at; d < at + dimensions; d++) square += vectors[d]! ** 2;
    const length = square === 0 ? 1 : Math.sqrt(square);
    for (let d = at; d < at + dimensions; d++) result[d] = vectors[d]! / length;
  }
  return result;
}

function distancesFrom(
  i: number,
  points: Float64Array,
  dimensions: number,
  nearness: Nearness,
  into: Float64Array,
): void {
  const start = i * dimensions;
  for (let j = 0, at = 0; j < into.length; j++) {
    let sum = 0;
    if (nearness === 'cosine') {
      for (let d = start; d < start + dimensions; d++, at++) sum += points[d]! * points[at]!;
      into[j] = 1 - sum;
    } else {
      for (let d = start; d < start + dimensions; d++, at++) sum += (points[d]! - points[at]!) ** 2;
      into[j] = Math.sqrt(sum);
    }
  }
}

/** The silhouette of a vector whose class has others. */
function width(sums: Float64Array, sizes: Float64Array, own: number): number {
  const inside = sums[own]! / (sizes[own]! - 1);
  let nearest = Infinity;
  for (let k = 0; k < sums.length; k++)
    if (k !== own && sizes[k]! > 0) nearest = Math.min(nearest, sums[k]! / sizes[k]!);
  const larger = Math.max(inside, nearest);
  return larger === 0 ? 0 : (nearest - inside) / larger;
}

/** The places of the others of a class, ascending, when all are ordered by their distance from vector i; the first is 1. */
function ranksOf(
  distances: Float64Array,
  labels: ArrayLike<number>,
  i: number,
  others: number,
): Float64Array {
  const near = new Float64Array(others);
  let at = 0;
  for (let j = 0; j < labels.length; j++) if (j !== i && labels[j] === labels[i]) near[at++] = distances[j]!;
  near.sort();
  // How many of other classes lie before each: counted where they come in, then added up.
  const ranks = new Float64Array(others + 1);
  for (let j = 0; j < labels.length; j++) {
    if (labels[j] === labels[i]) continue;
    let [low, high] = [0, others];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (near[middle]! < distances[j]!) low = middle + 1;
      else high = middle;
    }
    ranks[low]!++;
  }
  let before = 0;
  for (let k = 0; k < others; k++) {
    before += ranks[k]!;
    ranks[k] = before + k + 1;
  }
  return ranks.subarray(0, others);
}
