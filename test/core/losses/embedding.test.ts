/** What losses of vectors have to do with each other, and with plain code that follows the papers word for word. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import type { Loss, Sample } from '../../../src/core/losses/loss.ts';
import { predictionsOf } from '../../../src/core/losses/loss.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

type Vector = readonly number[];
const random = randomStream(1, 'embedding');
const normals = (count: number, scale = 1) => Array.from({ length: count }, () => scale * random.normal());
const vectors = (count: number, features: number) => Array.from({ length: count }, () => normals(features));
const dot = (a: Vector, b: Vector) => a.reduce((total, x, k) => total + x * b[k]!, 0);
const unit = (a: Vector) => a.map((x) => x / Math.hypot(...a));
const cosine = (a: Vector, b: Vector) => dot(unit(a), unit(b));
const lse = (values: readonly number[]) => {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((total, x) => total + Math.exp(x - top), 0));
};
const mean = (values: readonly number[]) => values.reduce((total, x) => total + x, 0) / values.length;
const indices = (count: number) => Array.from({ length: count }, (_, k) => k);

function expectClose(actual: readonly number[], expected: readonly number[], relative = 1e-12): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(1e-9, ...expected.map(Math.abs));
  actual.forEach((x, k) => {
    expect(Math.abs(x - expected[k]!), `${x} for ${expected[k]}`).toBeLessThanOrEqual(relative * scale);
  });
}

/** The gradients of the summed loss against central differences of the value. */
function expectGradients(loss: Loss, sample: Sample, step = 1e-5): void {
  for (const { id } of predictionsOf(loss)) {
    const differences = sample.inputs[id]!.map((x, k) => {
      const moved = (by: number) =>
        value(loss, {
          ...sample,
          inputs: { ...sample.inputs, [id]: sample.inputs[id]!.map((y, j) => (j === k ? x + by : y)) },
        });
      return (moved(step) - moved(-step)) / (2 * step);
    });
    expectClose(slope(loss, sample, id), differences, 1e-6);
  }
}

const twoViews = (z1: readonly Vector[], z2: readonly Vector[], parameters = {}): Sample => ({
  sizes: { sample: z1.length, feature: z1[0]!.length },
  inputs: { z1: z1.flat(), z2: z2.flat() },
  parameters,
});
const labelled = (z: readonly Vector[], target: readonly number[], parameters = {}): Sample => ({
  sizes: { sample: z.length, feature: z[0]!.length, class: Math.max(...target) + 1 },
  inputs: { pred: z.flat(), target },
  parameters,
});

describe('the triplet margin loss', () => {
  const loss = lossOf('triplet-margin');
  const triplets = (features: number, parameters = {}): Sample => ({
    sizes: { sample: 50, feature: features },
    inputs: {
      anchor: normals(50 * features),
      positive: normals(50 * features),
      negative: normals(50 * features),
    },
    parameters,
  });
  it('is never smaller with the swap, and sometimes larger', () => {
    const sample = triplets(3);
    const plain = values(loss, sample);
    const swapped = values(loss, { ...sample, parameters: { swap: 1 } });
    swapped.forEach((x, k) => {
      expect(x).toBeGreaterThanOrEqual(plain[k]!);
    });
    expect(Math.max(...swapped.map((x, k) => x - plain[k]!))).toBeGreaterThan(0.1);
  });
  it('has one distance on a line', () => {
    const sample = triplets(1);
    expectClose(values(loss, { ...sample, parameters: { p: 1 } }), values(loss, sample));
  });
  it('is the margin where all vectors are equal, in every convention', () => {
    const same = [0.3, -2, 0.3, -2];
    const sample = {
      sizes: { sample: 2, feature: 2 },
      inputs: { anchor: same, positive: same, negative: same },
    };
    for (const id of [undefined, 'optax', 'facenet'])
      expectClose(
        values(lossOf('triplet-margin', id), { ...sample, parameters: { margin: 0.7 } }),
        [0.7, 0.7],
      );
  });
  it('by squared distances has a gradient that does not depend on the lengths of the sides', () => {
    const at = {
      sizes: { sample: 1, feature: 2 },
      inputs: { anchor: [0, 0], positive: [3, 1], negative: [1, -2] },
    };
    expectClose(slope(lossOf('triplet-margin', 'facenet'), at, 'anchor'), [2 * (1 - 3), 2 * (-2 - 1)]);
  });
});

describe('the contrastive loss', () => {
  const pairs = 40;
  const sample: Sample = {
    sizes: { sample: pairs, feature: 3 },
    inputs: {
      x1: normals(pairs * 3),
      x2: normals(pairs * 3, 0.5),
      target: indices(pairs).map((k) => k % 2),
    },
  };
  const distances = indices(pairs).map((k) =>
    Math.hypot(...indices(3).map((d) => sample.inputs['x1']![3 * k + d]! - sample.inputs['x2']![3 * k + d]!)),
  );
  const target = sample.inputs['target']!;
  it('of vectors is that of their distances', () => {
    const of = { sizes: { sample: pairs, output: 1 }, inputs: { pred: distances, target } };
    expectClose(values(lossOf('contrastive', 'distances'), of), values(lossOf('contrastive'), sample));
  });
  it('of tutorials has the other label and no half', () => {
    const turned = target.map((y) => 1 - y);
    const of = { sizes: { sample: pairs, output: 1 }, inputs: { pred: distances, target: turned } };
    const halves = values(lossOf('contrastive', 'tutorial'), of).map((x) => x / 2);
    expectClose(halves, values(lossOf('contrastive'), sample));
  });
});

describe('InfoNCE', () => {
  it.each([
    [2, 3, 0.07],
    [5, 2, 0.5],
    [8, 4, 1],
  ])('of %d pairs in %d dimensions is a softmax cross-entropy of cosines', (count, features, temperature) => {
    const [z1, z2] = [vectors(count, features), vectors(count, features)];
    const logits = z1.map((a) => z2.map((b) => cosine(a, b) / temperature));
    const expected = values(lossOf('softmax-cross-entropy'), {
      sizes: { sample: count, class: count },
      inputs: { pred: logits.flat(), target: indices(count) },
    });
    const sample = twoViews(z1, z2, { temperature });
    expectClose(values(lossOf('info-nce'), sample), expected);
    const back = twoViews(z2, z1, { temperature });
    const both = values(lossOf('info-nce'), back).map((x, k) => (x + expected[k]!) / 2);
    expectClose(values(lossOf('info-nce', 'clip'), sample), both);
    expectGradients(lossOf('info-nce', 'clip'), sample);
  });
  it('of two equal views is at most ln N, and at least what opposite negatives leave', () => {
    for (const temperature of [0.07, 0.5, 2]) {
      const z = vectors(6, 3);
      const least = Math.log1p(5 * Math.exp(-2 / temperature));
      for (const x of values(lossOf('info-nce'), twoViews(z, z, { temperature }))) {
        expect(x).toBeGreaterThanOrEqual(least - 1e-12);
        expect(x).toBeLessThanOrEqual(Math.log(6) + 1e-12);
      }
      const opposite = [...Array<Vector>(5).fill([0, -1]), [0, 1]];
      const last = values(lossOf('info-nce'), twoViews(opposite, opposite, { temperature })).at(-1)!;
      expect(last).toBeCloseTo(least, 12);
    }
  });
  it('does not see lengths: the gradient is at a right angle to each vector', () => {
    const [z1, z2] = [vectors(5, 3), vectors(5, 3)];
    const longer = z1.map((v, k) => v.map((x) => (k + 0.5) * x));
    const loss = lossOf('info-nce');
    expectClose(values(loss, twoViews(longer, z2)), values(loss, twoViews(z1, z2)), 1e-10);
    const g = slope(loss, twoViews(z1, z2), 'z1');
    z1.forEach((v, k) => {
      expect(Math.abs(dot(v, g.slice(3 * k, 3 * k + 3)))).toBeLessThan(1e-10);
    });
  });
  it('is N-pair on vectors of length 1 at temperature 1', () => {
    const [z1, z2] = [vectors(6, 3).map(unit), vectors(6, 3).map(unit)];
    expectClose(
      values(lossOf('n-pair'), twoViews(z1, z2)),
      values(lossOf('info-nce'), twoViews(z1, z2, { temperature: 1 })),
    );
  });
});

describe('NT-Xent', () => {
  /** SimCLR word for word: 2N vectors in one list, no similarity with itself, the mean over all of them. */
  function ntXent(z1: readonly Vector[], z2: readonly Vector[], temperature: number): number {
    const all = [...z1, ...z2];
    const count = z1.length;
    const each = all.map((z, i) => {
      const partner = all[(i + count) % (2 * count)]!;
      const others = all.filter((_, k) => k !== i).map((other) => cosine(z, other) / temperature);
      return lse(others) - cosine(z, partner) / temperature;
    });
    return mean(each);
  }
  it.each([
    [1, 2, 0.5],
    [2, 2, 0.07],
    [4, 3, 0.1],
    [7, 5, 1],
  ])(
    'of %d samples in %d dimensions is the mean over both views, one after the other',
    (count, features, temperature) => {
      const [z1, z2] = [vectors(count, features), vectors(count, features)];
      const sample = twoViews(z1, z2, { temperature });
      const loss = lossOf('nt-xent');
      expect(value(loss, sample, 'mean')).toBeCloseTo(ntXent(z1, z2, temperature), 11);
      expectGradients(loss, sample);
    },
  );
  it('is the same of one array with labels', () => {
    const [z1, z2] = [vectors(5, 3), vectors(5, 3)];
    const labels = [...indices(5), ...indices(5)];
    const sample = labelled([...z1, ...z2], labels, { temperature: 0.3 });
    expect(value(lossOf('nt-xent', 'optax'), sample)).toBeCloseTo(ntXent(z1, z2, 0.3), 12);
    expectGradients(lossOf('nt-xent', 'optax'), sample);
  });
});

describe('the supervised contrastive loss', () => {
  it('is NT-Xent where every label occurs twice', () => {
    const [z1, z2] = [vectors(4, 3), vectors(4, 3)];
    const supervised = labelled([...z1, ...z2], [...indices(4), ...indices(4)], { temperature: 0.2 });
    expect(value(lossOf('supervised-contrastive'), supervised, 'mean')).toBeCloseTo(
      value(lossOf('nt-xent'), twoViews(z1, z2, { temperature: 0.2 }), 'mean'),
      12,
    );
  });
  it('of an anchor with P positives is at least ln P, which equal vectors far from all others reach', () => {
    const z = [...Array<Vector>(4).fill([1, 0]), ...Array<Vector>(3).fill([-1, 0])];
    const each = values(lossOf('supervised-contrastive'), labelled(z, [0, 0, 0, 0, 1, 1, 1]));
    each.slice(0, 4).forEach((x) => expect(x).toBeCloseTo(Math.log(3), 7));
    const scattered = labelled(vectors(7, 2), [0, 0, 0, 0, 1, 1, 1]);
    values(lossOf('supervised-contrastive'), scattered).forEach((x, k) =>
      expect(x).toBeGreaterThanOrEqual(Math.log(k < 4 ? 3 : 2)),
    );
  });
  it('leaves an anchor without a positive out of the mean, and the gradient is that of the rest', () => {
    const sample = labelled(vectors(5, 3), [0, 0, 1, 1, 2]);
    const loss = lossOf('supervised-contrastive');
    const each = values(loss, sample);
    expect(each[4]).toBe(0);
    expect(value(loss, sample, 'mean')).toBeCloseTo(mean(each.slice(0, 4)), 12);
    expectGradients(loss, sample);
  });
});

describe('the circle loss', () => {
  it('of one positive and one negative is the formula of the paper', () => {
    const [a, p, n] = [
      [1, 0],
      [Math.cos(0.9), Math.sin(0.9)],
      [Math.cos(1.4), -Math.sin(1.4)],
    ];
    const [gamma, m] = [20, 0.3];
    const [sp, sn] = [cosine(a, p), cosine(a, n)];
    const exponent = gamma * (Math.max(0, sn + m) * (sn - m) - Math.max(0, 1 + m - sp) * (sp - (1 - m)));
    const sample = labelled([a, p, n], [0, 0, 1], { gamma, margin: m });
    const first = values(lossOf('circle'), sample)[0];
    expect(first).toBeCloseTo(Math.log1p(Math.exp(exponent)), 12);
    // Keras takes vectors of length 1, which these are: the same value.
    expect(values(lossOf('circle', 'keras'), sample)[0]).toBeCloseTo(first!, 12);
  });
  it('has mean 0 where no anchor counts, as Keras and pytorch-metric-learning', () => {
    for (const id of ['circle', 'supervised-contrastive'])
      expect(value(lossOf(id), labelled(vectors(3, 2), [0, 1, 2]), 'mean')).toBe(0);
    expect(value(lossOf('circle', 'keras'), labelled(vectors(3, 2), [0, 1, 2]), 'mean')).toBe(0);
  });
  it('of an anchor without a positive or without a negative is 0 and does not count', () => {
    const z = vectors(4, 3);
    expect(values(lossOf('circle'), labelled(z, [0, 1, 2, 3]))).toEqual([0, 0, 0, 0]);
    expect(values(lossOf('circle'), labelled(z, [0, 0, 0, 0]))).toEqual([0, 0, 0, 0]);
    const some = labelled(z, [0, 0, 1, 2]);
    const each = values(lossOf('circle'), some);
    expect(value(lossOf('circle'), some, 'mean')).toBeCloseTo(mean(each.slice(0, 2)), 12);
  });
});

describe('losses with centres', () => {
  const [count, classes, features] = [6, 4, 3];
  const z = vectors(count, features);
  const w = vectors(classes, features);
  const target = indices(count).map((k) => k % classes);
  const sample = (parameters: Readonly<Record<string, number>>): Sample => ({
    sizes: { sample: count, class: classes, feature: features },
    inputs: { pred: z.flat(), centres: w.flat(), target },
    parameters,
  });
  /** Softmax cross-entropy of scaled cosines, where `own` changes the angle with the own centre. */
  const expected = (scale: number, own: (angle: number) => number) =>
    z.map((a, i) => {
      const logits = w.map((c, k) => {
        const angle = Math.acos(cosine(a, c));
        return scale * (k === target[i] ? own(angle) : Math.cos(angle));
      });
      return lse(logits) - logits[target[i]!]!;
    });
  it.each([0, 0.2, 0.5, 1.2])('ArcFace adds %d to the angle, and goes on falling beyond π', (margin) => {
    const own = (angle: number) =>
      angle + margin <= Math.PI ? Math.cos(angle + margin) : Math.cos(angle) - margin * Math.sin(margin);
    expectClose(values(lossOf('arcface'), sample({ margin, scale: 10 })), expected(10, own), 1e-9);
    expectGradients(lossOf('arcface'), sample({ margin, scale: 10 }));
  });
  it('CosFace takes the margin from the cosine', () => {
    const own = (angle: number) => Math.cos(angle) - 0.35;
    expectClose(values(lossOf('cosface'), sample({ scale: 10 })), expected(10, own), 1e-9);
    expectGradients(lossOf('cosface'), sample({ scale: 10 }));
  });
  it('are one without a margin', () => {
    expectClose(
      values(lossOf('arcface'), sample({ margin: 0, scale: 16 })),
      values(lossOf('cosface'), sample({ margin: 0, scale: 16 })),
      1e-9,
    );
  });
  it('rise all the way from the own centre to its opposite', () => {
    for (const id of ['arcface', 'cosface']) {
      const along = indices(181).map((degrees) => {
        const angle = (degrees * Math.PI) / 180;
        return value(lossOf(id), {
          sizes: { sample: 1, class: 2, feature: 3 },
          inputs: { pred: [Math.cos(angle), Math.sin(angle), 0], centres: [1, 0, 0, 0, 0, 1], target: [0] },
          parameters: { scale: 8 },
        });
      });
      along.slice(1).forEach((x, k) => expect(x, `${id} at ${k + 1}°`).toBeGreaterThan(along[k]!));
    }
  });
});

describe('numbers in the pitfalls', () => {
  it('InfoNCE of 256 random pairs is about 5.5 while nothing is learned', () => {
    const same = Array<Vector>(256).fill([1, 1]);
    expect(value(lossOf('info-nce'), twoViews(same, same), 'mean')).toBeCloseTo(5.545, 3);
  });
  it('N-pair of 128 unit vectors cannot fall below 2.90', () => {
    const z1 = Array<Vector>(128).fill([1, 0]);
    const z2: Vector[] = [[1, 0], ...Array<Vector>(127).fill([-1, 0])];
    expect(values(lossOf('n-pair'), twoViews(z1, z2))[0]).toBeCloseTo(2.9, 2);
  });
  it('CosFace with 10,000 classes and without scale and margin cannot fall below 7.2', () => {
    const centres = [1, ...Array<number>(9999).fill(-1)];
    const sample: Sample = {
      sizes: { sample: 1, class: 10_000, feature: 1 },
      inputs: { pred: [1], centres, target: [0] },
      parameters: { margin: 0, scale: 1 },
    };
    expect(value(lossOf('cosface'), sample)).toBeCloseTo(7.21, 2);
  });
  it('CosFace keeps the digits of a small loss and of its gradient', () => {
    const sample: Sample = {
      sizes: { sample: 1, class: 3, feature: 2 },
      inputs: { pred: [1, 0], centres: [1, 0, -1, 0, 0, 1], target: [0] },
    };
    // Own cosine 1 less the margin 0.35, the others −1 and 0, times 64.
    const [opposite, across] = [Math.exp(-64 * 1.65), Math.exp(-64 * 0.65)];
    expectClose(values(lossOf('cosface'), sample), [Math.log1p(opposite + across)], 1e-12);
    // Only a centre at a right angle changes its cosine with the vector.
    expectClose(
      [slope(lossOf('cosface'), sample, 'pred')[1]!],
      [(64 * across) / (1 + opposite + across)],
      1e-12,
    );
  });
  it('the hinge embedding loss falls forever for scores below 0', () => {
    const at = { sizes: { sample: 1, output: 1 }, inputs: { pred: [-1e6], target: [1] } };
    expect(value(lossOf('hinge-embedding'), at)).toBe(-1e6);
  });
});
