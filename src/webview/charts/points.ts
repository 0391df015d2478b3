import type { SeriesData } from '../../core/runs/series.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A column of a series as points to draw. What an axis cannot show (NaN, infinities, and on a logarithmic axis what is
 * not positive) becomes a gap.
 */
export function toPoints(data: SeriesData, column: 'min' | 'max' | 'last', logarithmic: boolean): Point[] {
  const values = data[column];
  const points = new Array<Point>(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    points[i] = {
      x: data.steps[i]!,
      y: Number.isFinite(value) && (!logarithmic || value > 0) ? value : Number.NaN,
    };
  }
  return points;
}

/** Whether buckets hold more than one value, so that a band is worth drawing. */
export function hasBand(data: SeriesData): boolean {
  return data.min.some((low, i) => low < data.max[i]!);
}

/** Whether a logarithmic axis would hide a finite value. */
export function hasNonPositive(data: SeriesData): boolean {
  return data.last.some((value) => value <= 0 && Number.isFinite(value));
}

/** Index of the bucket that covers `step`: the first that ends at or after it, else the last; -1 when empty. */
export function bucketAt(steps: Float64Array, step: number): number {
  let low = 0;
  let high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle]! >= step) high = middle;
    else low = middle + 1;
  }
  return steps.length === 0 ? -1 : low;
}

/** Smallest and largest finite value and the first and last value of a series; undefined when there is none. */
export function summarise(
  data: SeriesData,
): { first: number; last: number; low: number; high: number } | undefined {
  if (data.last.length === 0) return undefined;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of data.min) if (Number.isFinite(value) && value < low) low = value;
  for (const value of data.max) if (Number.isFinite(value) && value > high) high = value;
  return {
    first: data.last[0]!,
    last: data.last.at(-1)!,
    low: low === Number.POSITIVE_INFINITY ? Number.NaN : low,
    high: high === Number.NEGATIVE_INFINITY ? Number.NaN : high,
  };
}

/** Text for a tick of a logarithmic axis: only 1, 2 and 5 times a power of ten, so that labels do not crowd. */
export function isLogTick(value: number): boolean {
  const mantissa = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return [1, 2, 5].some((wanted) => Math.abs(mantissa - wanted) < 1e-6);
}
