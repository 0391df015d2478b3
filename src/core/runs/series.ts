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

/** A point in the life of a {@link Series}, to ask later what has changed since. Opaque. */
export interface SeriesMark {
  /** Counts the merges; a merge changes every bucket. */
  readonly merges: number;
  /** Leading buckets that are full and will not change before the next merge. */
  readonly settled: number;
}

/** What to do to a copy taken at a mark: keep the first `keep` buckets, drop the others, add `append`. */
export interface SeriesChanges {
  readonly keep: number;
  readonly append: SeriesData;
  readonly mark: SeriesMark;
}

/** Most buckets that a series has by default. */
export const seriesCapacity = 2048;

/**
 * Collects points in buckets of equal width, counted in points. When all buckets are full, neighbours are merged and
 * the width doubles, so that memory stays bounded and at least half of the buckets are in use.
 */
export class Series {
  readonly #capacity: number;
  readonly #steps: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #last: Float64Array;
  /** Buckets in use; the last may be partly filled. */
  #count = 0;
  /** Points that make a full bucket, a power of two. */
  #width = 1;
  /** Points in the last bucket. */
  #filled = 0;
  #merges = 0;

  /** `capacity`: the most buckets, an even number of at least 2. */
  constructor(capacity: number = seriesCapacity) {
    if (!Number.isInteger(capacity) || capacity < 2 || capacity % 2 !== 0) {
      throw new RangeError(`Series: capacity must be an even number of at least 2, received ${capacity}`);
    }
    this.#capacity = capacity;
    this.#steps = new Float64Array(capacity);
    this.#min = new Float64Array(capacity);
    this.#max = new Float64Array(capacity);
    this.#last = new Float64Array(capacity);
  }

  /** Number of buckets. */
  get length(): number {
    return this.#count;
  }

  /** The last step appended; undefined while empty. */
  get lastStep(): number | undefined {
    return this.#count === 0 ? undefined : this.#steps[this.#count - 1];
  }

  /**
   * Adds a point. Steps must ascend: a step that is not beyond the last one is ignored, so that a log may be replayed
   * over points that are already there. A bucket's extremes skip NaN unless all its values are NaN.
   */
  append(step: number, value: number): void {
    const lastStep = this.lastStep;
    if (lastStep !== undefined && step <= lastStep) return;
    if (this.#count === 0 || this.#filled === this.#width) {
      if (this.#count === this.#capacity) this.#merge();
      // After a merge of an even number of full buckets the last one is full again.
      this.#open(step, value);
      return;
    }
    const i = this.#count - 1;
    this.#steps[i] = step;
    this.#min[i] = smaller(this.#min[i]!, value);
    this.#max[i] = larger(this.#max[i]!, value);
    this.#last[i] = value;
    this.#filled += 1;
  }

  /** A copy of all buckets. */
  data(): SeriesData {
    return this.#slice(0);
  }

  /** The present, to be handed to {@link changesSince}. */
  mark(): SeriesMark {
    return {
      merges: this.#merges,
      settled: this.#filled === this.#width ? this.#count : Math.max(0, this.#count - 1),
    };
  }

  /** What a copy that was up to date at `mark` lacks; without a mark, everything. */
  changesSince(mark?: SeriesMark): SeriesChanges {
    const keep = mark !== undefined && mark.merges === this.#merges ? Math.min(mark.settled, this.#count) : 0;
    return { keep, append: this.#slice(keep), mark: this.mark() };
  }

  #open(step: number, value: number): void {
    const i = this.#count;
    this.#steps[i] = step;
    this.#min[i] = value;
    this.#max[i] = value;
    this.#last[i] = value;
    this.#count += 1;
    this.#filled = 1;
  }

  #merge(): void {
    const half = this.#capacity / 2;
    for (let i = 0; i < half; i++) {
      const a = 2 * i;
      const b = a + 1;
      this.#steps[i] = this.#steps[b]!;
      this.#min[i] = smaller(this.#min[a]!, this.#min[b]!);
      this.#max[i] = larger(this.#max[a]!, this.#max[b]!);
      this.#last[i] = this.#last[b]!;
    }
    this.#count = half;
    this.#width *= 2;
    this.#filled = this.#width;
    this.#merges += 1;
  }

  #slice(from: number): SeriesData {
    return {
      steps: this.#steps.slice(from, this.#count),
      min: this.#min.slice(from, this.#count),
      max: this.#max.slice(from, this.#count),
      last: this.#last.slice(from, this.#count),
    };
  }
}

function smaller(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return b < a ? b : a;
}

function larger(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return b > a ? b : a;
}
