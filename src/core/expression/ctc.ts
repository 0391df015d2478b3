/**
 * Connectionist temporal classification (Graves et al. 2006): the probability of a label sequence, summed over all
 * alignments of frames to labels with blanks between them. Everything is on the logarithmic scale.
 */

/** One sequence. The lengths say how many frames and labels count. */
export interface CtcSequence {
  /** Log-probabilities, row-major over time and class; class 0 is the blank. */
  readonly logProbabilities: ArrayLike<number>;
  readonly classes: number;
  /** Class indices. */
  readonly labels: ArrayLike<number>;
  readonly frames: number;
  readonly labelCount: number;
}

/** log(eˣ + eʸ) where either may be −∞. */
function logAddExp(x: number, y: number): number {
  const top = Math.max(x, y);
  return top === -Infinity ? top : top + Math.log1p(Math.exp(Math.min(x, y) - top));
}

/** The states of an alignment: a blank, then each label with a blank behind it. */
function statesOf({ labels, labelCount, classes }: CtcSequence): Int32Array {
  const states = new Int32Array(2 * labelCount + 1);
  for (let k = 0; k < labelCount; k++) {
    const label = labels[k]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new RangeError(`ctc: label ${label} is outside the ${classes} classes`);
    states[2 * k + 1] = label;
  }
  return states;
}

/** A label may follow the one before the last blank directly, unless both are the same. */
function maySkip(states: Int32Array, s: number): boolean {
  return s >= 2 && states[s] !== 0 && states[s] !== states[s - 2];
}

/** Log-probability of all beginnings of alignments that are in state s at time t, row-major over time and state. */
function forward(sequence: CtcSequence, states: Int32Array): Float64Array {
  const { logProbabilities, classes, frames } = sequence;
  const count = states.length;
  const alpha = new Float64Array(frames * count).fill(-Infinity);
  for (let t = 0; t < frames; t++) {
    for (let s = 0; s < count; s++) {
      const row = (t - 1) * count + s;
      let before = t > 0 ? alpha[row]! : s < 2 ? 0 : -Infinity;
      if (t > 0 && s >= 1) before = logAddExp(before, alpha[row - 1]!);
      if (t > 0 && maySkip(states, s)) before = logAddExp(before, alpha[row - 2]!);
      alpha[t * count + s] = before + logProbabilities[t * classes + states[s]!]!;
    }
  }
  return alpha;
}

/** Log-probability of all ends of alignments after state s at time t (that state's own frame not counted). */
function backward(sequence: CtcSequence, states: Int32Array): Float64Array {
  const { logProbabilities, classes, frames } = sequence;
  const count = states.length;
  const beta = new Float64Array(frames * count).fill(-Infinity);
  for (let t = frames - 1; t >= 0; t--) {
    for (let s = 0; s < count; s++) {
      if (t === frames - 1) {
        beta[t * count + s] = s >= count - 2 ? 0 : -Infinity;
        continue;
      }
      const after = (next: number) =>
        beta[(t + 1) * count + next]! + logProbabilities[(t + 1) * classes + states[next]!]!;
      let total = after(s);
      if (s + 1 < count) total = logAddExp(total, after(s + 1));
      if (s + 2 < count && maySkip(states, s + 2)) total = logAddExp(total, after(s + 2));
      beta[t * count + s] = total;
    }
  }
  return beta;
}

/** log p(labels | log-probabilities); −∞ where no alignment exists. Throws a RangeError for a label that is no class. */
export function ctcLogLikelihood(sequence: CtcSequence): number {
  const states = statesOf(sequence);
  if (sequence.frames === 0) return sequence.labelCount === 0 ? 0 : -Infinity;
  const last = forward(sequence, states).subarray(-states.length);
  return logAddExp(last.at(-1)!, last.at(-2) ?? -Infinity);
}

/**
 * The probability that an alignment of the labels passes through a class at a time, added into `posterior` (row-major
 * over time and class). NaN where no alignment exists, as PyTorch: a logarithm of zero has no derivative.
 */
export function addCtcPosterior(sequence: CtcSequence, posterior: Float64Array): void {
  const states = statesOf(sequence);
  if (sequence.frames === 0) return;
  const alpha = forward(sequence, states);
  const beta = backward(sequence, states);
  const last = alpha.subarray(-states.length);
  const total = logAddExp(last.at(-1)!, last.at(-2) ?? -Infinity);
  if (total === -Infinity) {
    posterior.fill(NaN, 0, sequence.frames * sequence.classes);
    return;
  }
  for (let t = 0; t < sequence.frames; t++) {
    states.forEach((state, s) => {
      const at = t * states.length + s;
      posterior[t * sequence.classes + state]! += Math.exp(alpha[at]! + beta[at]! - total);
    });
  }
}
