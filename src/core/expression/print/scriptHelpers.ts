/** Functions that printed TypeScript brings along for operations that take more than a line. */
import { scaledErfcTerms } from '../normal.ts';
import { wrapWords } from './layout.ts';
import { scriptNumber } from './scriptNumber.ts';

/** A function that printed code brings along. */
export interface Helper {
  readonly name: string;
  /** Other helpers that it calls. */
  readonly needs: readonly string[];
  readonly source: string;
}

const coefficients = wrapWords(scaledErfcTerms.map((c) => `${scriptNumber(c).text},`).join(' '), 84)
  .map((line) => `    ${line}`)
  .join('\n');

const helpers: readonly Helper[] = [
  {
    name: 'logNormalCdf',
    needs: ['scaledErfc'],
    source: `
/**
 * The logarithm of the standard normal distribution function, exact also where the function
 * itself is 0 in double precision.
 */
function logNormalCdf(x: number): number {
  if (Math.abs(x) === Infinity) return x < 0 ? x : 0;
  const t = Math.abs(x) * Math.SQRT1_2;
  if (x < 0) return Math.log(scaledErfc(t) / 2) - (x * x) / 2;
  // The square in two parts, the first without rounding: the exponential magnifies its error.
  const near = Math.round(x * 16) / 16;
  const density =
    Math.exp((-near * near) / 2) * Math.exp(((near - x) * (near + x)) / 2);
  return Math.log1p((-scaledErfc(t) * density) / 2);
}`,
  },
  {
    name: 'scaledErfc',
    needs: [],
    source: `
/**
 * exp(t²)·erfc(t) for t ≥ 0, from a polynomial in (t - 3.5) / (t + 3.5); see Shepherd and
 * Laframboise 1981, Chebyshev Approximation of (1 + 2x)exp(x²)erfc x.
 */
function scaledErfc(t: number): number {
  const coefficients = [
${coefficients}
  ];
  const y = (t - 3.5) / (t + 3.5);
  return coefficients.reduceRight((sum, c) => sum * y + c, 0) / (1 + 2 * t);
}`,
  },
  {
    name: 'ctcLogLikelihood',
    needs: ['ctcStates', 'ctcForward', 'logAddExp'],
    source: `
/**
 * The log-likelihood of a label sequence, summed over all its alignments with the frames; class
 * 0 is the blank. -Infinity where the frames are too few. See Graves et al. 2006, Connectionist
 * Temporal Classification.
 */
function ctcLogLikelihood(
  logProbabilities: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  frames: number,
  labelCount: number,
): number {
  if (frames === 0) return labelCount === 0 ? 0 : -Infinity;
  const states = ctcStates(labels, labelCount);
  const last = ctcForward(logProbabilities, states, frames).at(-1)!;
  return logAddExp(last.at(-1)!, last.at(-2) ?? -Infinity);
}`,
  },
  {
    name: 'ctcPosterior',
    needs: ['ctcStates', 'ctcForward', 'ctcBackward', 'logAddExp'],
    source: `
/**
 * For each frame and class the probability that an alignment passes through it: the derivative
 * of the log-likelihood by the log-probabilities. See Graves et al. 2006, section 4.
 */
function ctcPosterior(
  logProbabilities: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  frames: number,
  labelCount: number,
): number[][] {
  const posterior = logProbabilities.map((row) => Array.from(row, () => 0));
  if (frames === 0) return posterior;
  const states = ctcStates(labels, labelCount);
  const before = ctcForward(logProbabilities, states, frames);
  const after = ctcBackward(logProbabilities, states, frames);
  const last = before.at(-1)!;
  const total = logAddExp(last.at(-1)!, last.at(-2) ?? -Infinity);
  if (total === -Infinity) return posterior;
  for (let t = 0; t < frames; t++) {
    const row = posterior[t]!;
    states.forEach((state, s) => {
      row[state] = row[state]! + Math.exp(before[t]![s]! + after[t]![s]! - total);
    });
  }
  return posterior;
}`,
  },
  {
    name: 'ctcStates',
    needs: [],
    source: `
/** The states of an alignment: a blank, then each label with a blank behind it. */
function ctcStates(labels: ArrayLike<number>, labelCount: number): number[] {
  const states = [0];
  for (let k = 0; k < labelCount; k++) states.push(labels[k]!, 0);
  return states;
}

/** A label may follow the one before the last blank directly, unless both are the same. */
function ctcMaySkip(states: readonly number[], s: number): boolean {
  return s >= 2 && states[s] !== 0 && states[s] !== states[s - 2];
}`,
  },
  {
    name: 'ctcForward',
    needs: [],
    source: `
/** For each frame and state the log-probability of all beginnings that end there. */
function ctcForward(
  logProbabilities: readonly ArrayLike<number>[],
  states: readonly number[],
  frames: number,
): number[][] {
  const rows: number[][] = [];
  for (let t = 0; t < frames; t++) {
    const previous = rows.at(-1);
    rows.push(
      states.map((state, s) => {
        const emission = logProbabilities[t]![state]!;
        if (previous === undefined) return s < 2 ? emission : -Infinity;
        let total = previous[s]!;
        if (s >= 1) total = logAddExp(total, previous[s - 1]!);
        if (ctcMaySkip(states, s)) total = logAddExp(total, previous[s - 2]!);
        return total + emission;
      }),
    );
  }
  return rows;
}`,
  },
  {
    name: 'ctcBackward',
    needs: [],
    source: `
/** For each frame and state the log-probability of all continuations behind it. */
function ctcBackward(
  logProbabilities: readonly ArrayLike<number>[],
  states: readonly number[],
  frames: number,
): number[][] {
  const rows = [states.map((_, s) => (s >= states.length - 2 ? 0 : -Infinity))];
  for (let t = frames - 1; t > 0; t--) {
    const next = rows[0]!;
    const onward = (s: number) => next[s]! + logProbabilities[t]![states[s]!]!;
    rows.unshift(
      states.map((_, s) => {
        let total = onward(s);
        if (s + 1 < states.length) total = logAddExp(total, onward(s + 1));
        if (s + 2 < states.length && ctcMaySkip(states, s + 2)) {
          total = logAddExp(total, onward(s + 2));
        }
        return total;
      }),
    );
  }
  return rows;
}`,
  },
  {
    name: 'logAddExp',
    needs: [],
    source: `
/** log(exp(x) + exp(y)) where either may be -Infinity. */
function logAddExp(x: number, y: number): number {
  const top = Math.max(x, y);
  return top === -Infinity ? top : top + Math.log1p(Math.exp(-Math.abs(x - y)));
}`,
  },
];

/** The helpers that some code calls, each as its lines. */
export function helpersFor(
  lines: readonly string[],
  among: readonly Helper[] = helpers,
): readonly (readonly string[])[] {
  const needed = new Set<string>();
  const add = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    among.find((helper) => helper.name === name)?.needs.forEach(add);
  };
  for (const { name } of among) if (lines.some((line) => line.includes(`${name}(`))) add(name);
  return among.filter(({ name }) => needed.has(name)).map(({ source }) => source.trim().split('\n'));
}
