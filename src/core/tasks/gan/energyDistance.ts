/** Rows of equal width, one after another. */
export interface Rows {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly width: number;
}

/** Mean distance of two samples, every row of one with every row of the other, and of a sample with itself. */
export function meanDistance(a: Rows, b: Rows): number {
  let sum = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.rows; j++) {
      let square = 0;
      for (let k = 0; k < a.width; k++) {
        const apart = a.values[i * a.width + k]! - b.values[j * b.width + k]!;
        square += apart * apart;
      }
      sum += Math.sqrt(square);
    }
  }
  return sum / (a.rows * b.rows);
}

/**
 * The energy distance of two samples, 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖ with Euclidean norms (G. Székely, M. Rizzo, "Energy
 * statistics: a class of statistics based on distances", 2013). It is the V-statistic: a row's distance to itself counts, so
 * that it is never negative, and above 0 by about (1/n + 1/m) E‖X − X′‖ for two samples of one distribution.
 * @param within the second and third mean, where they are known
 */
export function energyDistance(
  a: Rows,
  b: Rows,
  within: { readonly a?: number; readonly b?: number } = {},
): number {
  return 2 * meanDistance(a, b) - (within.a ?? meanDistance(a, a)) - (within.b ?? meanDistance(b, b));
}
