import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

const ctc = lossOf('ctc');
const [time, classes] = [4, 3];
const random = randomStream(1, 'ctc');
const logits = Array.from({ length: time * classes }, () => random.normal());

/** One sequence, its labels padded with blanks. */
function one(labels: readonly number[], frames = time, parameters: Readonly<Record<string, number>> = {}) {
  const padded = [...labels, ...Array<number>(Math.max(0, 4 - labels.length)).fill(0)];
  return {
    sizes: { sample: 1, time, class: classes, label: padded.length },
    inputs: { logits, targets: padded, input_lengths: [frames], target_lengths: [labels.length] },
    parameters,
  };
}

/** All sequences of the given length of the numbers from `from` on. */
function sequences(length: number, from: number): number[][] {
  if (length === 0) return [[]];
  const symbols = Array.from({ length: classes - from }, (_, k) => from + k);
  return sequences(length - 1, from).flatMap((head) => symbols.map((symbol) => [...head, symbol]));
}

/** What an alignment says: repeats are one label, then blanks are left out. */
const collapse = (path: readonly number[]) =>
  path.filter((symbol, t) => symbol !== 0 && symbol !== path[t - 1]).join();

/** The probability of a path through the softmax of the logits. */
function probability(path: readonly number[]): number {
  return path.reduce((product, symbol, t) => {
    const row = logits.slice(t * classes, (t + 1) * classes).map(Math.exp);
    return (product * row[symbol]!) / row.reduce((sum, x) => sum + x, 0);
  }, 1);
}

describe('CTC', () => {
  const labelings = [0, 1, 2, 3, 4].flatMap((length) => sequences(length, 1));
  it('gives all label sequences together the probability 1', () => {
    const total = labelings.reduce((sum, labels) => sum + Math.exp(-value(ctc, one(labels))), 0);
    expect(total).toBeCloseTo(1, 12);
  });
  it('is the sum over all alignments', () => {
    const byLabels = new Map<string, number>();
    for (const path of sequences(time, 0))
      byLabels.set(collapse(path), (byLabels.get(collapse(path)) ?? 0) + probability(path));
    for (const labels of labelings)
      expect(Math.exp(-value(ctc, one(labels)))).toBeCloseTo(byLabels.get(labels.join()) ?? 0, 12);
  });
  it('is ∞ where the frames are too few, without a derivative, or 0 if that is asked for', () => {
    expect(value(ctc, one([1, 1], 2))).toBe(Infinity);
    expect(value(ctc, one([1, 2], 2))).toBeLessThan(Infinity);
    expect(slope(ctc, one([1, 1], 2), 'logits')[0]).toBeNaN();
    const asked = one([1, 1], 2, { zeroInfinity: 1 });
    expect(value(ctc, asked)).toBe(0);
    for (const g of slope(ctc, asked, 'logits')) expect(Math.abs(g)).toBe(0);
  });
  it('does not read frames behind the length', () => {
    const short = one([2], 2);
    const other = {
      ...short,
      inputs: { ...short.inputs, logits: logits.map((z, k) => (k < 2 * classes ? z : 99 * z)) },
    };
    expect(value(ctc, other)).toBe(value(ctc, short));
    for (const g of slope(ctc, short, 'logits').slice(2 * classes)) expect(Math.abs(g)).toBe(0);
  });
  it('has a gradient that sums to 0 in each frame', () => {
    const gradient = slope(ctc, one([1, 2]), 'logits');
    for (let t = 0; t < time; t++)
      expect(gradient.slice(t * classes, (t + 1) * classes).reduce((sum, g) => sum + g, 0)).toBeCloseTo(
        0,
        14,
      );
  });
  it('divides by the number of labels where that is the convention, by 1 where there is none', () => {
    const perLabel = lossOf('ctc', 'per-label');
    const two = {
      sizes: { sample: 2, time, class: classes, label: 2 },
      inputs: {
        logits: [...logits, ...logits],
        targets: [1, 2, 0, 0],
        input_lengths: [time, time],
        target_lengths: [2, 0],
      },
    };
    const [first, second] = values(ctc, two);
    expect(values(perLabel, two)).toEqual([first! / 2, second]);
    expect(value(perLabel, two, 'mean')).toBeCloseTo((first! / 2 + second!) / 2, 14);
  });
  it('refuses labels that are no class and lengths that do not fit', () => {
    expect(() => value(ctc, one([3]))).toThrow(RangeError);
    expect(() => value(ctc, one([1], 5))).toThrow(RangeError);
  });
});
