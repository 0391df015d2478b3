import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thinning } from '../../../src/core/training/thinning.ts';

interface Point {
  readonly at: number;
  readonly value: number;
}
const start = (pending: readonly Point[] = []) =>
  thinning<Point>({ detail: 8, position: (p) => p.at, values: (p) => [p.value], pending });
const record = (values: readonly number[]) => {
  const thin = start();
  const kept = values.flatMap((value, i) => thin.add({ at: i + 1, value }));
  return [...kept, ...thin.flush()];
};

describe('thinning', () => {
  it('keeps everything at first', () => {
    const values = Array.from({ length: 16 }, (_, i) => Math.sin(i));
    expect(record(values).map((p) => p.value)).toEqual(values);
  });

  it('grows with the logarithm of the length', () => {
    const count = (n: number) => record(Array.from({ length: n }, (_, i) => Math.sin(i * i))).length;
    // A doubling adds 8 windows of at most three points.
    expect(count(2 ** 16) - count(2 ** 15)).toBeLessThanOrEqual(24);
    expect(count(2 ** 16)).toBeLessThanOrEqual(16 + 12 * 24);
  });

  it('keeps every spike, the last point and the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 400 }), (values) => {
        const kept = record(values);
        expect(kept.map((p) => p.at)).toEqual([...kept.map((p) => p.at)].sort((a, b) => a - b));
        expect(kept.at(-1)!.at).toBe(values.length);
        const seen = kept.map((p) => p.value);
        expect(Math.max(...seen)).toBe(Math.max(...values));
        expect(Math.min(...seen)).toBe(Math.min(...values));
        // A window at position p is at most p / 8 long: so far apart can two kept points be.
        kept.reduce((before, p) => {
          expect(p.at - before).toBeLessThanOrEqual(Math.max(1, p.at / 8));
          return p.at;
        }, 0);
      }),
    );
  });

  it('counts NaN as a spike and keeps it', () => {
    const values = Array.from({ length: 64 }, (_, i) => (i === 50 ? NaN : 1));
    expect(record(values).some((p) => Number.isNaN(p.value))).toBe(true);
  });

  it('continues from what was pending', () => {
    const values = Array.from({ length: 100 }, (_, i) => Math.sin(i * 7));
    const points = values.map((value, i) => ({ at: i + 1, value }));
    const first = start();
    const kept = points.slice(0, 77).flatMap((p) => first.add(p));
    const second = start(first.pending());
    kept.push(...points.slice(77).flatMap((p) => second.add(p)), ...second.flush());
    expect(kept).toEqual(record(values));
  });
});
