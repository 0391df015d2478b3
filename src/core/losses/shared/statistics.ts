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
