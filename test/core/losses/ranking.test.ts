/** What ranking losses have to do with each other, and with plain code that follows the papers word for word. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import type { Sample } from '../../../src/core/losses/loss.ts';
import { lossOf, slope, value, values } from './evaluation.ts';

const random = randomStream(2, 'ranking');
const normals = (count: number, scale = 1) => Array.from({ length: count }, () => scale * random.normal());
const grades = (count: number, of = 4) => Array.from({ length: count }, () => random.below(of));
const indices = (count: number) => Array.from({ length: count }, (_, k) => k);
const sum = (values: readonly number[]) => values.reduce((total, x) => total + x, 0);

const lists = (pred: readonly number[], target: readonly number[], parameters = {}, sample = 1): Sample => ({
  sizes: { sample, item: pred.length / sample },
  inputs: { pred, target },
  parameters,
});
const pair = (pos: readonly number[], neg: readonly number[]): Sample => ({
  sizes: { sample: pos.length, output: 1 },
  inputs: { pos, neg },
});

function expectClose(actual: readonly number[], expected: readonly number[], relative = 1e-12): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((x, k) => {
    expect(Math.abs(x - expected[k]!), `${x} for ${expected[k]}`).toBeLessThanOrEqual(
      relative * (1 + Math.abs(expected[k]!)),
    );
  });
}

describe('pairs of scores', () => {
  const [pos, neg] = [normals(30, 5), normals(30, 5)];
  it('BPR is RankNet on lists of one relevant item and one other', () => {
    const asLists = lists(
      pos.flatMap((x, k) => [x, neg[k]!]),
      pos.flatMap(() => [1, 0]),
      {},
      30,
    );
    expectClose(values(lossOf('bpr'), pair(pos, neg)), values(lossOf('ranknet'), asLists));
  });
  it('ListNet’s softmax over two items is BPR where the label leaves no doubt', () => {
    const asLists = lists(
      pos.flatMap((x, k) => [x, neg[k]!]),
      pos.flatMap(() => [1000, 0]),
      {},
      30,
    );
    expectClose(values(lossOf('bpr'), pair(pos, neg)), values(lossOf('listnet'), asLists));
    expectClose(values(lossOf('bpr'), pair(pos, neg)), values(lossOf('listmle'), asLists));
  });
  it('BPR exceeds the margin ranking loss without a margin, by at most ln 2', () => {
    const hinge = values(lossOf('margin-ranking'), {
      sizes: { sample: 30, output: 1 },
      inputs: { x1: pos, x2: neg, target: pos.map(() => 1) },
    });
    values(lossOf('bpr'), pair(pos, neg)).forEach((x, k) => {
      expect(x).toBeGreaterThan(hinge[k]!);
      expect(x - hinge[k]!).toBeLessThanOrEqual(Math.LN2);
    });
  });
  it('the margin ranking loss of exchanged scores is that of the other label', () => {
    const hinge = lossOf('margin-ranking');
    const of = (x1: readonly number[], x2: readonly number[], label: number): Sample => ({
      sizes: { sample: 30, output: 1 },
      inputs: { x1, x2, target: pos.map(() => label) },
      parameters: { margin: 0.4 },
    });
    expect(values(hinge, of(pos, neg, 1))).toEqual(values(hinge, of(neg, pos, -1)));
  });
});

describe('lists', () => {
  it('RankNet is 0 where all items are equally relevant, and symmetric in exchanged items', () => {
    expect(value(lossOf('ranknet'), lists(normals(6), [2, 2, 2, 2, 2, 2]))).toBe(0);
    const [s, y] = [normals(6), grades(6)];
    const turned = lists(s.toReversed(), y.toReversed());
    expect(value(lossOf('ranknet'), turned)).toBeCloseTo(value(lossOf('ranknet'), lists(s, y)), 12);
  });
  it('ListMLE of a list without ties is minus the log-likelihood of Plackett and Luce', () => {
    for (let trial = 0; trial < 20; trial++) {
      const s = normals(5, 2);
      const y = indices(5).sort(() => random.next() - 0.5);
      const order = indices(5).sort((a, b) => y[b]! - y[a]!);
      let logLikelihood = 0;
      order.forEach((item, place) => {
        const left = order.slice(place).map((k) => Math.exp(s[k]!));
        logLikelihood += Math.log(Math.exp(s[item]!) / sum(left));
      });
      expect(value(lossOf('listmle'), lists(s, y))).toBeCloseTo(-logLikelihood, 11);
    }
  });
  it('ListMLE’s likelihoods of all orders of four items sum to 1', () => {
    const s = normals(4);
    const orders = indices(256)
      .map((code) => [code & 3, (code >> 2) & 3, (code >> 4) & 3, (code >> 6) & 3])
      .filter((order) => new Set(order).size === 4);
    expect(orders).toHaveLength(24);
    const total = sum(orders.map((y) => Math.exp(-value(lossOf('listmle'), lists(s, y)))));
    expect(total).toBeCloseTo(1, 12);
  });
  it('ListNet is least where the scores are the labels, and then the entropy of their softmax', () => {
    const y = [3, 0, 1, 1, 2];
    const powers = y.map(Math.exp);
    const p = powers.map((x) => x / sum(powers));
    const entropy = -sum(p.map((x) => x * Math.log(x)));
    expect(value(lossOf('listnet'), lists(y, y))).toBeCloseTo(entropy, 12);
    expectClose(slope(lossOf('listnet'), lists(y, y), 'pred'), [0, 0, 0, 0, 0]);
    for (let k = 0; k < 50; k++)
      expect(value(lossOf('listnet'), lists(normals(5, 2), y))).toBeGreaterThan(entropy);
  });
  it('optax’s softmax loss with labels that sum to 1 is ListNet’s with their logarithms', () => {
    const p = [0.5, 0.125, 0.25, 0.125];
    const s = normals(4);
    expect(value(lossOf('listnet', 'optax'), lists(s, p))).toBeCloseTo(
      value(lossOf('listnet'), lists(s, p.map(Math.log))),
      12,
    );
  });
});

describe('LambdaRank', () => {
  const gain = (y: number) => 2 ** y - 1;
  const discount = (place: number) => 1 / Math.log2(1 + place);
  /** Places by score, from 1; of equal scores the earlier item first. */
  function places(s: readonly number[]): number[] {
    const order = indices(s.length).sort((a, b) => s[b]! - s[a]! || a - b);
    return indices(s.length).map((item) => 1 + order.indexOf(item));
  }
  function ndcg(at: readonly number[], y: readonly number[]): number {
    const dcg = (where: readonly number[]) => sum(y.map((grade, k) => gain(grade) * discount(where[k]!)));
    return dcg(at) / dcg(places(y));
  }
  it('weights each pair by what exchanging its places changes in NDCG', () => {
    for (let trial = 0; trial < 20; trial++) {
      const s = trial % 2 === 0 ? normals(6) : grades(6, 3);
      const y = [2, ...grades(5)];
      const at = places(s);
      let expected = 0;
      for (const i of indices(6))
        for (const j of indices(6)) {
          if (y[i]! <= y[j]!) continue;
          const exchanged = at.map((place, k) => (k === i ? at[j]! : k === j ? at[i]! : place));
          const change = Math.abs(ndcg(at, y) - ndcg(exchanged, y));
          expected += change * Math.log1p(Math.exp(-1.5 * (s[i]! - s[j]!)));
        }
      expect(value(lossOf('lambdarank'), lists(s, y, { sigma: 1.5 }))).toBeCloseTo(expected, 11);
    }
  });
  it('is 0 without a relevant item, with a gradient of 0', () => {
    const sample = lists(normals(4), [0, 0, 0, 0]);
    expect(value(lossOf('lambdarank'), sample)).toBe(0);
    expectClose(slope(lossOf('lambdarank'), sample, 'pred'), [0, 0, 0, 0]);
  });
  it('moves no score on the whole: the gradient of a list sums to 0', () => {
    for (const id of ['lambdarank', 'ranknet', 'listnet', 'listmle'])
      expect(sum(slope(lossOf(id), lists(normals(7), grades(7)), 'pred')), id).toBeCloseTo(0, 12);
  });
});

describe('WARP', () => {
  /** The negatives one after another, as a program would look for a violator. */
  function search(pos: number, neg: readonly number[], margin: number): number {
    for (const [k, score] of neg.entries()) {
      const hinge = margin - pos + score;
      if (hinge > 0) {
        const rank = Math.floor(neg.length / (k + 1));
        return sum(indices(rank).map((i) => 1 / (i + 1))) * hinge;
      }
    }
    return 0;
  }
  it('is what a search through the negatives finds', () => {
    const [count, negatives] = [200, 6];
    const [pos, neg] = [normals(count, 2), normals(count * negatives)];
    const sample: Sample = { sizes: { sample: count, negative: negatives }, inputs: { pos, neg } };
    const expected = pos.map((p, k) => search(p, neg.slice(k * negatives, (k + 1) * negatives), 1));
    expect(expected.filter((x) => x === 0).length).toBeGreaterThan(5);
    expectClose(values(lossOf('warp'), sample), expected);
  });
  it('without sampling does not depend on the order of the negatives', () => {
    const [pos, neg] = [[0.4], normals(6)];
    const of = (order: readonly number[]): Sample => ({
      sizes: { sample: 1, negative: 6 },
      inputs: { pos, neg: order.map((k) => neg[k]!) },
    });
    const first = value(lossOf('warp', 'exact'), of([0, 1, 2, 3, 4, 5]));
    expect(value(lossOf('warp', 'exact'), of([5, 3, 1, 0, 2, 4]))).toBeCloseTo(first, 12);
  });
  it('of one negative is the margin ranking loss, either way', () => {
    const [pos, neg] = [normals(20), normals(20)];
    const hinge = values(lossOf('margin-ranking'), {
      sizes: { sample: 20, output: 1 },
      inputs: { x1: pos, x2: neg, target: pos.map(() => 1) },
      parameters: { margin: 1 },
    });
    const sample: Sample = { sizes: { sample: 20, negative: 1 }, inputs: { pos, neg } };
    expectClose(values(lossOf('warp'), sample), hinge);
    expectClose(values(lossOf('warp', 'exact'), sample), hinge);
  });
});

describe('numbers in the pitfalls', () => {
  it('ListNet’s softmax of labels 0 to 4 gives the best item 64 %, of a quarter of them 31 %', () => {
    const share = (y: readonly number[]) =>
      -slope(lossOf('listnet'), lists([0, 0, 0, 0, 0], y), 'pred')[4]! + 0.2;
    expect(share([0, 1, 2, 3, 4])).toBeCloseTo(0.64, 2);
    expect(share([0, 0.25, 0.5, 0.75, 1])).toBeCloseTo(0.31, 2);
  });
});
