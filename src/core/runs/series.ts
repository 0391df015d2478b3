/**
 * A series of (step, value) pairs of bounded size that keeps its truth: every bucket holds the smallest, the largest
 * and the last value of the steps it covers, so that a spike of one step survives and the last point is exact.
 */
export interface SeriesData {
  /** Last step of each bucket, ascending. */
  readonly steps: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly last: Float64Array;
}
