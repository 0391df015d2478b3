import { describe, expect, it } from 'vitest';
import {
  bucketAt,
  hasBand,
  hasNonPositive,
  isLogTick,
  summarise,
  toPoints,
} from '../../src/webview/charts/points.ts';
import { pickRows } from '../../src/webview/controls/table.ts';
import { createFormat, fill } from '../../src/webview/format.ts';
import { fade, legible } from '../../src/webview/theme.ts';

const series = (steps: number[], last: number[], min = last, max = last) => ({
  steps: Float64Array.from(steps),
  min: Float64Array.from(min),
  max: Float64Array.from(max),
  last: Float64Array.from(last),
});

describe('points of a curve', () => {
  it('leaves gaps for what an axis cannot show', () => {
    const data = series([1, 2, 3, 4, 5], [1, Number.NaN, Number.POSITIVE_INFINITY, 0, -2]);
    expect(toPoints(data, 'last', false).map(({ y }) => y)).toEqual([1, Number.NaN, Number.NaN, 0, -2]);
    expect(toPoints(data, 'last', true).map(({ y }) => y)).toEqual([
      1,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('tells whether a logarithmic axis would hide something', () => {
    expect(hasNonPositive(series([1, 2], [1, 0]))).toBe(true);
    expect(hasNonPositive(series([1, 2], [1, Number.NEGATIVE_INFINITY]))).toBe(false);
  });

  it('draws a band only where buckets hold a range', () => {
    expect(hasBand(series([1, 2], [1, 2]))).toBe(false);
    expect(hasBand(series([2, 4], [1, 2], [1, 1.5], [1, 2]))).toBe(true);
  });

  it('finds the bucket that covers a step', () => {
    const steps = Float64Array.of(10, 20, 30);
    expect([0, 10, 11, 20, 30, 99].map((step) => bucketAt(steps, step))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(bucketAt(new Float64Array(0), 5)).toBe(-1);
  });

  it('summarises by the extremes of the buckets, not by their last values', () => {
    expect(summarise(series([2, 4], [3, 1], [2, 0.5], [9, 4]))).toEqual({
      first: 3,
      last: 1,
      low: 0.5,
      high: 9,
    });
    expect(summarise(series([], []))).toBeUndefined();
    expect(summarise(series([1], [Number.NaN]))).toEqual({
      first: Number.NaN,
      last: Number.NaN,
      low: Number.NaN,
      high: Number.NaN,
    });
  });

  it('labels 1, 2 and 5 times powers of ten on a logarithmic axis', () => {
    expect([0.001, 0.002, 0.003, 0.05, 1, 4, 500, 1000].map((value) => isLogTick(value))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
      true,
      true,
    ]);
  });
});

describe('the table', () => {
  it('shows every row of a short run, and thins a long one without losing the last', () => {
    expect(pickRows(3)).toEqual({ rows: [0, 1, 2], nth: 1 });
    expect(pickRows(0)).toEqual({ rows: [], nth: 1 });
    const { rows, nth } = pickRows(1002, 200);
    expect(nth).toBe(6);
    expect(rows.at(-1)).toBe(1001);
    expect(rows.length).toBeLessThanOrEqual(201);
  });
});

describe('formats', () => {
  const format = createFormat('en', 'not finite');
  it('writes values with four significant digits and names what is not finite', () => {
    expect([0.123456, 12.3, 0, 1e-7, 2.5e9, Number.NaN].map((value) => format.value(value))).toEqual([
      '0.1235',
      '12.30',
      '0.000',
      '1e-7',
      '2.5e9',
      'not finite',
    ]);
  });
  it('writes durations by their size', () => {
    expect([0.0404, 3.26, 61, 3725].map((seconds) => format.duration(seconds))).toEqual([
      '40 ms',
      '3.3 s',
      '1:01 min',
      '1:02 h',
    ]);
  });
  it('fills templates and leaves what is unknown visible', () => {
    expect(fill('{a} of {b}', { a: 1 })).toBe('1 of {b}');
  });
  it('fades colours in the notations that themes use', () => {
    expect(fade('#fff', 0.5)).toBe('#ffffff80');
    expect(fade('#11223344', 0.5)).toBe('#11223322');
    expect(fade('rgba(17, 34, 51, 0.5)', 0.5)).toBe('#11223340');
    expect(fade('color(srgb 1 0 0)', 0.5)).toBe('color(srgb 1 0 0)');
  });
  it('lightens or darkens a colour until it stands out from its background, and no further', () => {
    expect(legible('#3794ff', '#1f1f1f', '#cccccc')).toBe('#3794ff');
    // VS Code's own orange in its dark theme: a third of it on #1f1f1f has a contrast of 1.6, all of it one of 4.9.
    expect(legible('rgba(234, 92, 0, 0.33)', '#1f1f1f', '#ffffff')).toBe('#ea5c00');
    expect(legible('#222222', '#1f1f1f', '#ffffff')).toMatch(/^#[6-9a-f]{2}/);
    expect(legible('#ffffff', '#ffffff', '#000000')).not.toBe('#ffffff');
    expect(legible('red', '#fff', '#000')).toBe('red');
  });
});
