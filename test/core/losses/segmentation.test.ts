/** What losses of masks have to do with each other, and with plain code that follows the papers word for word. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import type { Sample } from '../../../src/core/losses/loss.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

const random = randomStream(3, 'segmentation');
const [count, pixels] = [20, 9];
const probabilities = Array.from({ length: count * pixels }, () => random.next());
const masks = Array.from({ length: count * pixels }, () => random.below(2));
const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

const sample = (pred = probabilities, target = masks, parameters = {}, rows = count): Sample => ({
  sizes: { sample: rows, pixel: pred.length / rows },
  inputs: { pred, target },
  parameters,
});
const one = (pred: readonly number[], target: readonly number[], parameters = {}): Sample => ({
  sizes: { sample: 1, pixel: pred.length },
  inputs: { pred, target },
  parameters,
});

function expectClose(actual: readonly number[], expected: readonly number[], absolute = 1e-12): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, k) => {
    expect(Math.abs(x - expected[k]!), `${x} for ${expected[k]}`).toBeLessThanOrEqual(absolute);
  });
}

describe('overlap', () => {
  it.each([0, 1, 7])('Tversky with weights ½ and ½ is Dice with twice the smoothing (%d)', (smooth) => {
    const halves = sample(probabilities, masks, { alpha: 0.5, beta: 0.5, smooth });
    const twice = sample(probabilities, masks, { smooth: 2 * smooth });
    expectClose(values(lossOf('tversky'), halves), values(lossOf('dice'), twice));
    expectClose(
      values(lossOf('tversky', 'whole-batch'), halves),
      values(lossOf('dice', 'whole-batch'), twice),
    );
  });
  it.each([0, 1, 7])('Tversky with weights 1 and 1 is Jaccard (smoothing %d)', (smooth) => {
    const ones = sample(probabilities, masks, { alpha: 1, beta: 1, smooth });
    expectClose(values(lossOf('tversky'), ones), values(lossOf('jaccard'), ones));
    expectClose(slope(lossOf('tversky'), ones, 'pred'), slope(lossOf('jaccard'), ones, 'pred'));
  });
  it('Jaccard is 2D/(1 + D) for the Dice loss D without smoothing', () => {
    const none = sample(probabilities, masks, { smooth: 0 });
    const expected = values(lossOf('dice'), none).map((d) => (2 * d) / (1 + d));
    expectClose(values(lossOf('jaccard'), none), expected);
  });
  it('V-Net’s Dice is Dice on hard masks, and smaller on doubtful ones', () => {
    const hard = sample(probabilities.map(Math.round));
    expectClose(values(lossOf('dice', 'v-net'), hard), values(lossOf('dice'), hard));
    const soft = values(lossOf('dice'), sample());
    values(lossOf('dice', 'v-net'), sample()).forEach((x, k) => expect(x).toBeLessThan(soft[k]!));
  });
  it('one fraction for the batch is that of all pixels in one sample', () => {
    const flat = one(probabilities, masks);
    for (const id of ['dice', 'jaccard', 'tversky'])
      expect(value(lossOf(id, 'whole-batch'), sample()), id).toBeCloseTo(value(lossOf(id), flat), 12);
  });
  it('Keras exchanges the weights of Tversky, and gives 1 for two empty masks', () => {
    const keras = sample(probabilities, masks, { alpha: 0.2, beta: 0.9 });
    const ours = sample(probabilities, masks, { alpha: 0.9, beta: 0.2, smooth: 0 });
    expect(value(lossOf('tversky', 'keras'), keras)).toBeCloseTo(
      value(lossOf('tversky', 'whole-batch'), ours),
      7,
    );
    for (const id of ['dice', 'tversky']) {
      expect(value(lossOf(id, 'keras'), one([0, 0], [0, 0]))).toBe(1);
      expect(value(lossOf(id, 'whole-batch'), one([0, 0], [0, 0]))).toBe(0);
    }
  });
  it('optax’s Dice takes logits and counts its smoothing twice', () => {
    const logits = probabilities.map((p) => Math.log(p / (1 - p)));
    expectClose(
      values(lossOf('dice', 'optax'), sample(logits, masks, { smooth: 1.5 })),
      values(lossOf('dice'), sample(probabilities, masks, { smooth: 3 })),
    );
  });
  it('optax’s Tversky of two classes is the mean of that of the object and of the rest', () => {
    const logits = probabilities.flatMap((p) => [Math.log(1 - p), Math.log(p)]);
    const parameters = { alpha: 0.2, beta: 0.9, smooth: 0.5 };
    const both: Sample = {
      sizes: { sample: count, pixel: pixels, class: 2 },
      inputs: { pred: logits, target: masks.flatMap((y) => [1 - y, y]) },
      parameters,
    };
    const object = values(lossOf('tversky'), sample(probabilities, masks, parameters));
    const rest = values(
      lossOf('tversky'),
      sample(
        probabilities.map((p) => 1 - p),
        masks.map((y) => 1 - y),
        parameters,
      ),
    );
    expectClose(
      values(lossOf('tversky', 'optax'), both),
      object.map((x, k) => (x + rest[k]!) / 2),
    );
  });
});

describe('the focal Tversky loss', () => {
  it('is a power of the Tversky loss', () => {
    for (const gamma of [0.5, 1, 4 / 3, 3]) {
      const tversky = values(lossOf('tversky'), sample());
      expectClose(
        values(lossOf('focal-tversky'), sample(probabilities, masks, { gamma })),
        tversky.map((x) => x ** (1 / gamma)),
      );
    }
  });
  it('is 0 at a perfect match, with a gradient of 0', () => {
    const perfect = one([1, 0, 1], [1, 0, 1]);
    expect(value(lossOf('focal-tversky'), perfect)).toBeCloseTo(0, 20);
    expectClose(slope(lossOf('focal-tversky'), perfect, 'pred'), [0, 0, 0]);
  });
});

describe('the generalised Dice loss', () => {
  const classes = 3;
  const target = [0, 0, 0, 0, 1, 1, 2];
  const pred = target.flatMap(() => {
    const powers = Array.from({ length: classes }, () => Math.exp(random.normal()));
    return powers.map((x) => x / sum(powers));
  });
  const batch = (p: readonly number[], y: readonly number[]): Sample => ({
    sizes: { sample: 1, pixel: y.length, class: classes },
    inputs: { pred: p, target: y },
  });
  const column = (p: readonly number[], c: number) => p.filter((_, k) => k % classes === c);
  it('is the formula of the paper', () => {
    let [common, both] = [0, 0];
    for (let c = 0; c < classes; c++) {
      const truth = target.map((y) => (y === c ? 1 : 0));
      const weight = 1 / sum(truth) ** 2;
      common += weight * sum(truth.map((r, k) => r * column(pred, c)[k]!));
      both += weight * (sum(truth) + sum(column(pred, c)));
    }
    expect(value(lossOf('generalised-dice'), batch(pred, target))).toBeCloseTo(1 - (2 * common) / both, 12);
  });
  it('gives a class that does not occur the weight of the rarest one that does', () => {
    const without = target.map((y) => (y === 2 ? 1 : y));
    // One pixel of the absent class predicted: as much as one of the three pixels of class 1.
    const wrong = (c: number) =>
      without.flatMap((y, k) => [0, 1, 2].map((at) => (at === (k === 0 ? c : y) ? 1 : 0)));
    expect(value(lossOf('generalised-dice'), batch(wrong(0), without))).toBeCloseTo(0, 12);
    // Found: 3 of 4 pixels of class 0 and all 3 of class 1, weights 1/16 and 1/9; the wrong pixel weighs 1/9.
    const common = 3 / 16 + 3 / 9;
    const both = (4 + 3) / 16 + (3 + 3) / 9 + 1 / 9;
    expect(value(lossOf('generalised-dice'), batch(wrong(2), without))).toBeCloseTo(
      1 - (2 * common) / both,
      12,
    );
  });
  it('with two classes of equal size is the Dice loss without smoothing', () => {
    const y = [0, 1, 1, 0];
    const p = [0.2, 0.9, 0.6, 0.3];
    const two: Sample = {
      sizes: { sample: 1, pixel: 4, class: 2 },
      inputs: { pred: p.flatMap((x) => [1 - x, x]), target: y },
    };
    const all = one([...p.map((x) => 1 - x), ...p], [...y.map((x) => 1 - x), ...y], { smooth: 0 });
    expect(value(lossOf('generalised-dice'), two)).toBeCloseTo(value(lossOf('dice'), all), 12);
  });
});

describe('the Lovász hinge', () => {
  /** The loss of hard decisions, with the index of two empty masks as 1. */
  function jaccard(wrong: readonly boolean[], y: readonly number[]): number {
    const found = y.filter((label, k) => label === 1 && !wrong[k]).length;
    const union = y.filter((label, k) => label === 1 || wrong[k]).length;
    return union === 0 ? 0 : 1 - found / union;
  }
  it('on scores of ±1 is twice the Jaccard loss of the decisions', () => {
    for (let code = 0; code < 64; code++) {
      const y = [code & 1, (code >> 1) & 1, (code >> 2) & 1];
      const decisions = [(code >> 3) & 1, (code >> 4) & 1, (code >> 5) & 1];
      const scores = decisions.map((d) => 2 * d - 1);
      const wrong = decisions.map((d, k) => d !== y[k]);
      expect(value(lossOf('lovasz-hinge'), one(scores, y))).toBeCloseTo(2 * jaccard(wrong, y), 12);
    }
  });
  it('is the Lovász extension: an integral over thresholds of the Jaccard loss of what is above', () => {
    for (let trial = 0; trial < 50; trial++) {
      const y = Array.from({ length: 6 }, () => random.below(2));
      const scores = Array.from({ length: 6 }, () => 1.5 * random.normal());
      const errors = scores.map((z, k) => Math.max(0, 1 - z * (2 * y[k]! - 1)));
      const levels = [0, ...errors].sort((a, b) => a - b);
      const integral = sum(
        levels.slice(1).map((level, k) => {
          const below = levels[k]!;
          return (
            (level - below) *
            jaccard(
              errors.map((e) => e > (level + below) / 2),
              y,
            )
          );
        }),
      );
      expect(value(lossOf('lovasz-hinge'), one(scores, y))).toBeCloseTo(integral, 12);
    }
  });
  it('does not depend on the order of the pixels, ties included', () => {
    const y = [1, 0, 1, 1, 0];
    const scores = [0.5, -0.5, 0.5, -2, 0.5];
    const order = [3, 0, 4, 2, 1];
    expect(value(lossOf('lovasz-hinge'), one(scores, y))).toBeCloseTo(
      value(
        lossOf('lovasz-hinge'),
        one(
          order.map((k) => scores[k]!),
          order.map((k) => y[k]!),
        ),
      ),
      12,
    );
  });
  it('of an image without object is the hinge of its worst pixel', () => {
    const loss = lossOf('lovasz-hinge');
    expect(value(loss, one([-3, 0.5, -0.2], [0, 0, 0]))).toBeCloseTo(1.5, 12);
    expectClose(slope(loss, one([-3, 0.5, -0.2], [0, 0, 0]), 'pred'), [0, 1, 0]);
  });
});

describe('numbers in the pitfalls', () => {
  it('Jaccard of p = y = ½ everywhere is ⅔ without smoothing', () => {
    expect(value(lossOf('jaccard'), one([0.5, 0.5], [0.5, 0.5], { smooth: 0 }))).toBeCloseTo(2 / 3, 12);
  });
  it('smoothing by 1 halves the Dice loss of a missed object of 1 pixel', () => {
    expect(value(lossOf('dice'), one([0, 0], [1, 0], { smooth: 0 }))).toBe(1);
    expect(value(lossOf('dice'), one([0, 0], [1, 0]))).toBe(0.5);
  });
  it('the mean over samples is not one fraction for the batch', () => {
    const each = values(lossOf('dice'), sample());
    expect(value(lossOf('dice'), sample(), 'mean')).toBeCloseTo(mean(each), 12);
    expect(Math.abs(mean(each) - value(lossOf('dice', 'whole-batch'), sample()))).toBeGreaterThan(1e-3);
  });
});
