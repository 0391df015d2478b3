/**
 * Thinning of a long record that loses no spike. Points are grouped into windows that double in length with the
 * position, and of each window those with the smallest and the largest value of every quantity and the last point are
 * kept. So the record grows with the logarithm of the run's length, and the newest kept point is never more than
 * 1/`detail` of the run behind.
 */
export interface Thinning<Point> {
  /** Adds the point at a position (1, 2, 3 …); returns the points that are final, in order. */
  add(point: Point): Point[];
  /** The points of a window that is not full yet, in order; for the end of a run. The window starts anew. */
  flush(): Point[];
  /** Points of the open window that would be kept, for a checkpoint; {@link thinning} takes them back. */
  pending(): readonly Point[];
}

/**
 * @param detail positions 1 … 2·detail are all kept; a window never covers more than 1/detail of the positions so far
 * @param position of a point
 * @param values quantities whose extremes are kept; NaN counts as the largest
 * @param pending what {@link Thinning.pending} returned when the run was interrupted
 */
export function thinning<Point>(options: {
  readonly detail: number;
  readonly position: (point: Point) => number;
  readonly values: (point: Point) => readonly number[];
  readonly pending?: readonly Point[];
}): Thinning<Point> {
  const { detail, position, values } = options;
  let kept: Point[] = [...(options.pending ?? [])];

  const take = (): Point[] => {
    const points = kept;
    kept = [];
    return points;
  };

  return {
    add(point) {
      kept = reduce([...kept, point], values);
      return position(point) % windowLength(position(point), detail) === 0 ? take() : [];
    },
    flush: take,
    pending: () => [...kept],
  };
}

/** Length of the window that a position lies in: the power of two 2ᵏ for positions in (detail·2ᵏ, detail·2ᵏ⁺¹]. */
function windowLength(position: number, detail: number): number {
  let length = 1;
  while (position > 2 * detail * length) length *= 2;
  return length;
}

/** The points with extreme values and the last one. Extremes of a union are extremes of the parts, so this may be repeated. */
function reduce<Point>(points: readonly Point[], values: (point: Point) => readonly number[]): Point[] {
  const chosen = new Set<number>([points.length - 1]);
  const rows = points.map((point) => values(point).map((value) => (Number.isNaN(value) ? Infinity : value)));
  const quantities = Math.max(...rows.map((row) => row.length));
  for (let quantity = 0; quantity < quantities; quantity++) {
    let least = -1;
    let most = -1;
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i]![quantity];
      if (value === undefined) continue;
      if (least < 0 || value < rows[least]![quantity]!) least = i;
      if (most < 0 || value > rows[most]![quantity]!) most = i;
    }
    if (least >= 0) chosen.add(least).add(most);
  }
  return points.filter((_, i) => chosen.has(i));
}
