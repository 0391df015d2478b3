/** What constants predict best, from the targets of all rows. */

/** The mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The quantile at a level between 0 and 1; between two values any is best, the lower one is given. */
export function quantile(values: readonly number[], level: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(level * sorted.length) - 1)] ?? NaN;
}

/** The share of each class among class indices. */
export function shares(indices: readonly number[], classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const index of indices) counts[index]! += 1 / indices.length;
  return counts;
}

/**
 * The quantile of values of which each counts as much as its weight; between two values any is best, the lower one is
 * given.
 */
export function weightedQuantile(
  values: readonly number[],
  weights: readonly number[],
  level: number,
): number {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const enough = level * weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  for (const i of order) {
    reached += weights[i]!;
    if (reached >= enough) return values[i]!;
  }
  return values[order.at(-1) ?? 0] ?? NaN;
}

/** The expectile at a level between 0 and 1: the mean of the values, those above it counted level : 1 − level. */
export function expectile(values: readonly number[], level: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  // Between two neighbours the condition is linear; exactly one piece contains its own solution.
  for (let below = 1; below <= sorted.length; below++) {
    const solution = splitMean(sorted, below, level);
    if (solution <= (sorted[below] ?? Infinity)) return solution;
  }
  return NaN;
}

/** The weighted mean where the first `below` sorted values count 1 − level and the others level. */
function splitMean(sorted: readonly number[], below: number, level: number): number {
  const weight = (i: number) => (i < below ? 1 - level : level);
  const total = sorted.reduce((sum, _, i) => sum + weight(i), 0);
  return sorted.reduce((sum, value, i) => sum + weight(i) * value, 0) / total;
}

/** The mean of the rows of a matrix of the given width, row-major. */
export function meanRow(data: readonly number[], width: number): number[] {
  const rows = data.length / width;
  return Array.from({ length: width }, (_, c) =>
    data.reduce((total, x, k) => (k % width === c ? total + x / rows : total), 0),
  );
}
