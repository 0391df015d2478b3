import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Series, type SeriesData, type SeriesMark } from '../../../src/core/runs/series.ts';

const rows = ({ steps, min, max, last }: SeriesData): number[][] =>
  Array.from(steps, (step, i) => [step, min[i]!, max[i]!, last[i]!]);

describe('Series', () => {
  it('keeps every point while there is room', () => {
    const series = new Series(4);
    for (const [step, value] of [
      [1, 5],
      [2, -3],
      [7, 0],
    ] as const)
      series.append(step, value);
    expect(rows(series.data())).toEqual([
      [1, 5, 5, 5],
      [2, -3, -3, -3],
      [7, 0, 0, 0],
    ]);
  });

  it('merges neighbours when it is full, keeping extremes and the last value', () => {
    const series = new Series(4);
    for (let step = 1; step <= 5; step++) series.append(step, step === 2 ? 100 : -step);
    expect(rows(series.data())).toEqual([
      [2, -1, 100, 100],
      [4, -4, -3, -4],
      [5, -5, -5, -5],
    ]);
  });

  it('stays bounded, ends in the last point and never loses a spike', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 3000 }),
        (values) => {
          const series = new Series(16);
          for (const [i, value] of values.entries()) series.append(i + 1, value);
          const { steps, min, max, last } = series.data();
          expect(steps.length).toBeLessThanOrEqual(16);
          if (values.length >= 16) expect(steps.length).toBeGreaterThanOrEqual(8);
          expect(steps.at(-1)).toBe(values.length);
          expect(last.at(-1)).toBe(values.at(-1));
          let start = 0;
          for (const [i, step] of steps.entries()) {
            const covered = values.slice(start, step);
            expect([min[i], max[i], last[i]]).toEqual([
              Math.min(...covered),
              Math.max(...covered),
              covered.at(-1),
            ]);
            start = step;
          }
        },
      ),
    );
  });

  it('takes NaN and infinities as they are, without hiding its finite neighbours', () => {
    const series = new Series(2);
    for (const [i, value] of [1, Number.NaN, Number.NaN, Number.NaN, Infinity].entries())
      series.append(i + 1, value);
    // 1 | NaN NaN NaN | ∞ would need a third bucket; after two merges: (1 NaN NaN NaN) (∞)
    expect(rows(series.data())).toEqual([
      [4, 1, 1, Number.NaN],
      [5, Infinity, Infinity, Infinity],
    ]);
  });

  it('ignores steps that it already has, so that a log may be replayed', () => {
    const series = new Series(8);
    for (const step of [1, 2, 3, 2, 3, 4]) series.append(step, step * 10);
    expect(Array.from(series.data().steps)).toEqual([1, 2, 3, 4]);
  });

  it('tells each of several copies what it lacks', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 60 }), fc.constantFrom(2, 3, 5), (bursts, skip) => {
        const series = new Series(16);
        const copies: { rows: number[][]; mark: SeriesMark | undefined }[] = [
          { rows: [], mark: undefined },
          { rows: [], mark: undefined },
        ];
        let step = 0;
        for (const [i, burst] of bursts.entries()) {
          for (let k = 0; k < burst; k++) series.append(++step, Math.sin(step));
          for (const [c, copy] of copies.entries()) {
            if (c === 1 && i % skip !== 0) continue;
            const { keep, append, mark } = series.changesSince(copy.mark);
            copy.rows = [...copy.rows.slice(0, keep), ...rows(append)];
            copy.mark = mark;
          }
          expect(copies[0]!.rows).toEqual(rows(series.data()));
        }
        const { keep, append } = series.changesSince(copies[1]!.mark);
        expect([...copies[1]!.rows.slice(0, keep), ...rows(append)]).toEqual(rows(series.data()));
      }),
    );
  });

  it('sends little when little has changed', () => {
    const series = new Series();
    for (let step = 1; step <= 1500; step++) series.append(step, step);
    const { mark } = series.changesSince();
    series.append(1501, 0);
    expect(series.changesSince(mark)).toMatchObject({ keep: 1500 });
    expect(series.changesSince(mark).append.steps).toEqual(Float64Array.of(1501));
  });

  it('refuses a capacity that cannot be halved', () => {
    expect(() => new Series(3)).toThrow(RangeError);
    expect(() => new Series(0)).toThrow(RangeError);
  });
});
