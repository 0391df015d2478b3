import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fnv1a64, randomStream, splitMix64, streamFrom, xoshiro128 } from '../../../src/core/data/random.ts';

describe('the generator', () => {
  it('gives the words of the reference implementation', () => {
    // xoshiro128starstar.c (version 1.1) from the state 1, 2, 3, 4, as in the tests of Rust's rand_xoshiro.
    const word = xoshiro128([1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, word)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('is seeded by SplitMix64 as published', () => {
    const mix = splitMix64(1234567n);
    expect([mix(), mix(), mix(), mix(), mix()]).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  it('hashes names by FNV-1a as published', () => {
    expect([fnv1a64(''), fnv1a64('a'), fnv1a64('foobar')]).toEqual([
      0xcbf29ce484222325n,
      0xaf63dc4c8601ec8cn,
      0x85944171f73967e8n,
    ]);
    expect(fnv1a64('é')).not.toBe(fnv1a64('č'));
  });
});

describe('a stream', () => {
  it('repeats itself for a seed and a name, and for no other', () => {
    const draw = (seed: number, name: string) => {
      const stream = randomStream(seed, name);
      return Array.from({ length: 8 }, () => stream.next());
    };
    expect(draw(7, 'split')).toEqual(draw(7, 'split'));
    expect(draw(7, 'split')).not.toEqual(draw(7, 'order'));
    expect(draw(7, 'split')).not.toEqual(draw(8, 'split'));
  });

  it('is uniform on [0, 1) with 53 bits', () => {
    // The first two words from 1, 2, 3, 4 are 11520 and 0.
    expect(streamFrom([1, 2, 3, 4]).next()).toBe((Math.floor(11520 / 32) * 2 ** 26) / 2 ** 53);
    const stream = randomStream(1, 'uniform');
    const counts = new Array<number>(10).fill(0);
    const n = 100_000;
    const draws = Array.from({ length: n }, () => stream.next());
    expect(draws.every((u) => u >= 0 && u < 1)).toBe(true);
    for (const u of draws) counts[Math.floor(u * 10)]!++;
    // Pearson's statistic with 9 degrees of freedom exceeds 27.88 once in a thousand seeds; this seed is fixed.
    expect(counts.reduce((sum, c) => sum + (c - n / 10) ** 2 / (n / 10), 0)).toBeLessThan(27.88);
  });

  it('has normals of mean 0, variance 1, kurtosis 3', () => {
    const stream = randomStream(2, 'normal');
    const n = 200_000;
    const z = Array.from({ length: n }, () => stream.normal());
    const moment = (k: number) => z.reduce((sum, v) => sum + v ** k, 0) / n;
    // Four standard errors of each moment of a standard normal: √(1/n), √(2/n), √(15/n), √(96/n).
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it('permutes: every number once', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(), (n, seed) => {
        const order = randomStream(seed, 'order').permutation(n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('permutes without favour: each of 24 orders of four about equally often', () => {
    const stream = randomStream(3, 'order');
    const counts = new Map<string, number>();
    const n = 24_000;
    for (let i = 0; i < n; i++) {
      const key = stream.permutation(4).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom: 49.73 once in a thousand.
    expect([...counts.values()].reduce((sum, c) => sum + (c - 1000) ** 2 / 1000, 0)).toBeLessThan(49.73);
  });
});
