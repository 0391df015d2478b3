/** The standard normal distribution function on a logarithmic scale. */

/**
 * (1 + 2t)·e^{t²}·erfc(t) as a polynomial in y = (t − 3.5)/(t + 3.5), which maps t ≥ 0 to [−1, 1); constant first. The
 * form is that of Shepherd and Laframboise (1981). The numbers are those of a Chebyshev expansion computed with 60
 * digits, which ends where a double does.
 */
export const scaledErfcTerms: readonly number[] = [
  1.242349244871154, -0.1400091801376197, -0.01055559633222169, 0.09751909515328691, -0.11508959816003,
  0.087983153824041, -0.04882332583089692, 0.01909933095321683, -0.004215019879663408, -0.0003022679530463276,
  0.0005643842663182169, -0.0001215121225970872, -4.278173824978782e-5, 2.42603056370502e-5,
  2.327327566577749e-6, -3.814021015928523e-6, -4.308807684139458e-8, 6.014923199881492e-7,
  -8.614947127747217e-9, -9.640775738138489e-8, 6.66684112534761e-10, 1.362752010664033e-8,
  6.011875824764584e-11, -1.166229184415995e-9,
];

/** e^{t²}·erfc(t) for t ≥ 0, to a few units in the last place. */
function scaledErfc(t: number): number {
  const y = (t - 3.5) / (t + 3.5);
  return scaledErfcTerms.reduceRight((sum, c) => sum * y + c, 0) / (1 + 2 * t);
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

/** φ(x)/Φ(x), the derivative of log Φ; about −x far in the left tail. */
export function inverseMillsRatio(x: number): number {
  const t = Math.abs(x) * Math.SQRT1_2;
  if (x < 0) return Math.sqrt(2 / Math.PI) / scaledErfc(t);
  const density = Math.exp((-x * x) / 2);
  return density / Math.sqrt(2 * Math.PI) / (1 - (scaledErfc(t) * density) / 2);
}
