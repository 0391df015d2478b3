/** Functions that printed TensorFlow.js brings along for what the library lacks or differentiates wrongly. */
import { scaledErfcTerms } from '../normal.ts';
import { wrapWords } from './layout.ts';
import type { Helper } from './scriptHelpers.ts';
import { scriptNumber } from './scriptNumber.ts';

/** As many terms and digits as single precision has. */
const coefficients = wrapWords(
  scaledErfcTerms
    .filter((c) => Math.abs(c) > 1e-8)
    .map((c) => `${scriptNumber(Number(c.toPrecision(9))).text},`)
    .join(' '),
  84,
)
  .map((line) => `    ${line}`)
  .join('\n');

export const tfjsHelpers: readonly Helper[] = [
  {
    name: 'euclideanNorm',
    needs: ['withoutGradient'],
    source: `
/** Lengths along an axis, with gradient 0 at the zero vector, where that of tf.norm is NaN. */
function euclideanNorm(x: tf.Tensor, axis: number, keepDims = false): tf.Tensor {
  const squared = x.square().sum(axis, keepDims);
  const isZero = withoutGradient(() => squared.equal(0));
  return tf.where(isZero, 0, tf.where(isZero, 1, squared).sqrt());
}`,
  },
  {
    name: 'argsort',
    needs: ['withoutGradient'],
    source: `
/** Positions in ascending order along the last axis, ties in order of position. */
function argsort(x: tf.Tensor): tf.Tensor {
  return withoutGradient(() => tf.topk(x.neg(), x.shape[x.rank - 1]!).indices);
}`,
  },
  {
    name: 'logNormalCdf',
    needs: [],
    source: `
/**
 * The logarithm of the standard normal distribution function, also far out in the left tail,
 * from a polynomial for exp(t²)·erfc(t) in (t - 3.5) / (t + 3.5); see Shepherd and
 * Laframboise 1981, Chebyshev Approximation of (1 + 2x)exp(x²)erfc x.
 */
function logNormalCdf(x: tf.Tensor): tf.Tensor {
  const coefficients = [
${coefficients}
  ];
  return tf.customGrad((x, save) => {
    const [at, keep] = [x as tf.Tensor, save as tf.GradSaveFunc];
    const t = at.abs().mul(Math.SQRT1_2);
    const y = t.sub(3.5).div(t.add(3.5));
    const series = coefficients.reduceRight<tf.Tensor>(
      (sum, c) => sum.mul(y).add(c),
      tf.zerosLike(t),
    );
    const scaled = series.div(t.mul(2).add(1));
    const density = at.square().div(-2).exp();
    const beyond = scaled.mul(density).div(2);
    const isLeft = at.less(0);
    const left = scaled.div(2).log().sub(at.square().div(2));
    const value = tf.where(isLeft, left, beyond.neg().log1p());
    const right = density.div(tf.sub(1, beyond)).div(Math.sqrt(2 * Math.PI));
    keep([tf.where(isLeft, tf.div(Math.sqrt(2 / Math.PI), scaled), right)]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => dy.mul(saved[0]!),
    };
  })(x);
}`,
  },
  {
    name: 'ctcLogLikelihood',
    needs: ['withoutGradient'],
    source: `
/**
 * The log-likelihood of label sequences, summed over all their alignments with the frames;
 * class 0 is the blank. -Infinity where the frames are too few. See Graves et al. 2006,
 * Connectionist Temporal Classification.
 */
function ctcLogLikelihood(
  logProbabilities: tf.Tensor,
  labels: tf.Tensor,
  inputLengths: tf.Tensor,
  labelLengths: tf.Tensor,
): tf.Tensor {
  const [samples = 0, frames = 0, classes = 0] = logProbabilities.shape;
  const lowest = -1e30;
  // The states of an alignment: a blank, then each label with a blank behind it.
  const blanks = tf.zerosLike(labels);
  const pairs = tf.stack([blanks, labels], 2).reshape([samples, -1]);
  const states = tf.concat([pairs, tf.zeros([samples, 1], pairs.dtype)], 1).toInt();
  const count = states.shape[1]!;
  const emissions = tf.unstack(
    logProbabilities
      .maximum(lowest)
      .matMul(tf.oneHot(states, classes).toFloat(), false, true),
    1,
  );
  const moved = (x: tf.Tensor, by: number, fill: number) => {
    const front = tf.fill([samples, by], fill, x.dtype as 'float32');
    return tf.concat([front, x.slice([0, 0], [samples, count - by])], 1);
  };
  // A label may follow the one before the last blank directly, unless both are the same.
  const maySkip = states.notEqual(0).logicalAnd(states.notEqual(moved(states, 2, 0)));
  const skips = tf.where(maySkip, 0, lowest);
  const positions = tf.range(0, count);
  let paths = tf.where(positions.less(2), emissions[0]!, lowest);
  for (let t = 1; t < frames; t++) {
    const ways = [paths, moved(paths, 1, lowest), moved(paths, 2, lowest).add(skips)];
    const next = tf.stack(ways).logSumExp(0).add(emissions[t]!);
    paths = tf.where(inputLengths.greater(t).expandDims(-1), next, paths);
  }
  const end = labelLengths.toFloat().mul(2).expandDims(-1);
  const isEnd = positions.equal(end).logicalOr(positions.equal(end.sub(1)));
  const total = tf.where(isEnd, paths, lowest).logSumExp(-1);
  const isPossible = withoutGradient(() => total.greater(lowest / 10));
  return tf.where(isPossible, total, -Infinity);
}`,
  },
  {
    name: 'withoutGradient',
    needs: [],
    source: `
/**
 * What is computed aside from gradients: TensorFlow.js has none for comparisons and orders,
 * and throws where one would be needed.
 */
function withoutGradient(compute: () => tf.Tensor): tf.Tensor {
  return tf.customGrad(() => ({ value: compute().clone(), gradFunc: () => [] }))();
}`,
  },
];
