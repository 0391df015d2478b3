/** The standard normal distribution function on a logarithmic scale. */

/**
 * Chebyshev coefficients of (1 + 2t)·e^{t²}·erfc(t) in y = (t − 3.5)/(t + 3.5), which maps t ≥ 0 to [−1, 1). The form
 * is that of Shepherd and Laframboise (1981); the numbers were computed with 60 digits and end where a double does.
 */
export const chebyshev: readonly number[] = [
  1.177632731636124, -0.001630177283414629, -0.08733682573463146, 0.05800974837029327, -0.024340115396182225,
  0.007529483715635749, -0.0017438817577112523, 0.0002826982981655557, -2.318491161126366e-5,
  -2.1117666981331984e-6, 8.765760156891256e-7, -6.105702635101662e-8, -1.7116664716496103e-8,
  3.3913602684584364e-9, 2.5466161921469236e-10, -1.248278409449338e-10, -2.212275923448877e-12,
  4.427260217494414e-12, -3.367280573175831e-14, -1.6519270248451643e-13, 1.90226990298617e-15,
  6.601049705742226e-15, 2.866685783750812e-17, -2.780507050552355e-16,
];

/** e^{t²}·erfc(t) for t ≥ 0, to a few units in the last place. */
function scaledErfc(t: number): number {
  const y = (t - 3.5) / (t + 3.5);
  let [next, afterNext] = [0, 0];
  for (let k = chebyshev.length - 1; k > 0; k--)
    [next, afterNext] = [chebyshev[k]! + 2 * y * next - afterNext, next];
  return (chebyshev[0]! + y * next - afterNext) / (1 + 2 * t);
}

/**
 * log Φ(x), the logarithm of the standard normal distribution function; exact to about 1e-14 relative, also far out
 * in the left tail, where Φ itself is 0 in double precision.
 */
export function logNormalCdf(x: number): number {
  if (x === -Infinity || x === Infinity) return x < 0 ? x : 0;
  const t = Math.abs(x) * Math.SQRT1_2;
  if (x < 0) return Math.log(scaledErfc(t) / 2) - (x * x) / 2;
  // x² in two parts, the first without rounding: its error would be magnified x²/2-fold by the exponential.
  const near = Math.round(x * 16) / 16;
  const density = Math.exp((-near * near) / 2) * Math.exp(((near - x) * (near + x)) / 2);
  return Math.log1p((-scaledErfc(t) * density) / 2);
}
