import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../src/core/data/csv.ts';
import type { Column, Table } from '../../../src/core/data/dataset.ts';
import { secondsOf } from '../../../src/core/data/time.ts';
import {
  chooseWindows,
  covered,
  cutWindows,
  orderMoments,
  type Moments,
  type WindowOptions,
} from '../../../src/core/data/windows.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import { atOnce } from '../../../src/core/slices.ts';

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

function table(columns: readonly Column[], rows: number, validationFrom?: number): Table {
  return {
    columns,
    rows,
    rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i + 2),
    ...(validationFrom === undefined ? {} : { validationFrom }),
  };
}

const numbers = (name: string, values: readonly number[]): Column => ({
  name,
  kind: 'number',
  values: Float64Array.from(values),
});

const order = (of: Table, columns: Parameters<typeof orderMoments>[1] = {}) =>
  value(atOnce(orderMoments(of, columns)));

describe('the order of moments', () => {
  it('is that of the rows where nothing else is said', () => {
    expect(order(table([], 4))).toEqual({
      rows: Uint32Array.of(0, 1, 2, 3),
      series: [{ first: 0, end: 4, part: 'both' }],
      placeless: 0,
      doubled: 0,
      unevenness: 1,
    });
  });

  it('goes by the time, series after series, and leaves out rows that have no place', () => {
    const time = numbers('t', [5, 1, 3, 2, NaN, 1, 4, 2]);
    const series: Column = {
      name: 'shop',
      kind: 'text',
      codes: Int32Array.of(1, 1, 0, 0, 0, 0, -1, 1),
      categories: ['north', 'south'],
    };
    // South: times 5, 1, 2 at rows 0, 1, 7; north: 3, 2, 1 at rows 2, 3, 5.
    expect(order(table([], 8), { time, series })).toEqual({
      rows: Uint32Array.of(1, 7, 0, 5, 3, 2),
      series: [
        { first: 0, end: 3, part: 'both' },
        { first: 3, end: 6, part: 'both' },
      ],
      placeless: 2,
      doubled: 0,
      // South steps by 1 and 3, north by 1.
      unevenness: 3,
    });
  });

  it('takes numbers as names of series, equal times as they come, and a file for validation by itself', () => {
    const moments = order(table([], 6, 4), {
      time: numbers('t', [2, 1, 1, 1, 4, 3]),
      series: numbers('id', [7, 7, 7, 9, 7, 7]),
    });
    expect([...moments.rows]).toEqual([1, 2, 0, 3, 5, 4]);
    expect(moments.series).toEqual([
      { first: 0, end: 3, part: 'training' },
      { first: 3, end: 4, part: 'training' },
      { first: 4, end: 6, part: 'validation' },
    ]);
    expect(moments.doubled).toBe(1);
    expect(moments.unevenness).toBe(1);
  });

  it('does not mind series of different steps', () => {
    const { unevenness } = order(table([], 6), {
      time: numbers('t', [1, 2, 3, 10, 20, 30]),
      series: numbers('id', [1, 1, 1, 2, 2, 2]),
    });
    expect(unevenness).toBe(1);
  });

  it('goes by dates, few or many', async () => {
    for (const days of [20, 1500]) {
      // Newest first, so that the file's order is wrong.
      const lines = Array.from({ length: days }, (_, i) => {
        const year = 2000 + Math.floor((days - 1 - i) / 336);
        const month = 1 + (Math.floor((days - 1 - i) / 28) % 12);
        const day = 1 + ((days - 1 - i) % 28);
        return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')},${i}`;
      });
      const read = value(await readCsv([new TextEncoder().encode(`date,y\n${lines.join('\n')}\n`)]));
      const time = read.columns[0]!;
      expect(time.kind).toBe(days > 1000 ? 'unusable' : 'text');
      const { rows } = order(read, { time });
      expect([...rows]).toEqual(Array.from({ length: days }, (_, i) => days - 1 - i));
    }
  });

  it('is refused where the column says nothing of time or series', () => {
    const words: Column = { name: 'w', kind: 'text', codes: Int32Array.of(0, 1), categories: ['a', 'b'] };
    const many: Column = { name: 'm', kind: 'unusable', distinct: 1000, texts: { count: 0, first: [] } };
    for (const columns of [{ time: words }, { time: many }, { series: many }]) {
      const result = atOnce(orderMoments(table([], 2), columns));
      expect(result.ok ? '' : english(result.problems[0]!.message)).toMatch(/cannot/);
    }
  });
});

describe('dates', () => {
  it.each([
    ['1970-01-01', 0],
    ['1970-01', 0],
    ['1969-12-31T23:59:59Z', -1],
    // Python: datetime.fromisoformat(…).timestamp() in UTC.
    ['2000-02-29 12:00', 951825600],
    ['2024-03-01', 1709251200],
    ['2024-05-31T14:00:05.5+02:00', 1717156805.5],
    ['2024-05-31 14:00-0530', 1717183800],
    ['1900-03-01', -2203891200],
  ])('%s is %d seconds from 1970', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each([
    '2023-02-29',
    '2023-13-01',
    '2023-00-01',
    '2023-01-00',
    '2023-01-01 24:00',
    '2023',
    '1.2.2023',
    'x',
  ])('%s is none', (text) => {
    expect(secondsOf(text)).toBeUndefined();
  });
});

/** The windows of whole series of these lengths, but for the missing. */
function windows(
  series: Moments['series'],
  options: Partial<WindowOptions>,
  missing: { readonly input?: readonly number[]; readonly target?: readonly number[] } = {},
) {
  const places = series.at(-1)!.end;
  const flags = (at: readonly number[] = []) =>
    Uint8Array.from({ length: places }, (_, i) => (at.includes(i) ? 1 : 0));
  const chosen = atOnce(
    chooseWindows(
      { series, rows: new Uint32Array(places) },
      { input: flags(missing.input), target: flags(missing.target) },
      { window: 3, horizon: 2, stride: 1, validation: 0, ...options },
    ),
  );
  return { ...chosen, training: [...chosen.training], validation: [...chosen.validation] };
}

const both = (...ends: number[]): Moments['series'] =>
  ends.map((end, i) => ({ first: ends[i - 1] ?? 0, end, part: 'both' }));

describe('windows', () => {
  it('are all that fit, named by the place of their first target', () => {
    expect(windows(both(8), {})).toEqual({ training: [3, 4, 5, 6], validation: [], broken: 0, short: 0 });
    expect(windows(both(5), {}).training).toEqual([3]);
    expect(windows(both(4), {})).toEqual({ training: [], validation: [], broken: 0, short: 1 });
  });

  it('leave the last moments to validation and do not reach into them', () => {
    // 12 moments, a quarter held out: targets 9, 10, 11. Training ends with the targets 7, 8.
    expect(windows(both(12), { validation: 0.25 })).toMatchObject({
      training: [3, 4, 5, 6, 7],
      validation: [9, 10],
    });
    // At least a horizon is held out.
    expect(windows(both(12), { validation: 0.01 })).toMatchObject({ validation: [10] });
    // A series too short for both is for validation.
    expect(windows(both(6), { validation: 0.01 })).toMatchObject({ training: [], validation: [4] });
    expect(windows(both(6), { validation: 0.99 })).toMatchObject({ training: [], validation: [3, 4] });
  });

  it('do not cross from one series to the next', () => {
    expect(windows(both(6, 10, 16), { validation: 0.34 })).toEqual({
      // Of 6 moments 2 are held out: from 4 on, and from 14 on; the series between has 4 moments.
      training: [],
      validation: [4, 14],
      broken: 0,
      short: 1,
    });
    expect(windows(both(6, 12), {}).training).toEqual([3, 4, 9, 10]);
  });

  it('follow each other by the stride, to both sides of the border', () => {
    expect(windows(both(20), { stride: 3, validation: 0.3 })).toMatchObject({
      training: [3, 6, 9, 12],
      validation: [14, 17],
    });
    expect(windows(both(19), { stride: 3, validation: 0 }).training).toEqual([5, 8, 11, 14, 17]);
  });

  it('with a missing cell are left out and counted', () => {
    // No input at place 5: windows that end before it, or start after it, are whole. It may be a target.
    expect(windows(both(12), {}, { input: [5] })).toEqual({
      training: [3, 4, 5, 9, 10],
      validation: [],
      broken: 3,
      short: 0,
    });
    // No target at place 5 either: those of 4 and 5 go too.
    expect(windows(both(12), {}, { input: [5], target: [5] })).toMatchObject({
      training: [3, 9, 10],
      broken: 5,
    });
  });

  it('of files of their own are for one part each', () => {
    const series: Moments['series'] = [
      { first: 0, end: 7, part: 'training' },
      { first: 7, end: 13, part: 'validation' },
    ];
    expect(windows(series, { validation: 0.5 })).toMatchObject({ training: [3, 4, 5], validation: [10, 11] });
  });

  it('of training never hold a target of validation, whatever the lengths', () => {
    for (const validation of [0, 0.1, 0.37, 0.8]) {
      for (let n = 1; n < 30; n++) {
        for (const stride of [1, 2, 5]) {
          const options = { window: 4, horizon: 3, stride, validation };
          const { training, validation: held } = windows(both(n), options);
          const border = validation === 0 ? n : n - Math.max(3, Math.round(validation * n));
          for (const place of training) {
            expect(place - 4).toBeGreaterThanOrEqual(0);
            expect(place + 3).toBeLessThanOrEqual(border);
          }
          for (const place of held) {
            expect(place).toBeGreaterThanOrEqual(Math.max(border, 4));
            expect(place + 3).toBeLessThanOrEqual(n);
          }
        }
      }
    }
  });
});

it('windows become rows of inputs and targets', () => {
  const moments = Float64Array.from([0, 100, 1, 101, 2, 102, 3, 103, 4, 104]);
  const shape = { window: 2, horizon: 1 };
  const part = atOnce(
    cutWindows(Uint32Array.of(2, 4), moments, 2, Float64Array.of(10, 11, 12, 13, 14), shape),
  );
  expect(part).toEqual({
    rows: 2,
    features: Float64Array.of(0, 100, 1, 101, 2, 102, 3, 103),
    targets: Float64Array.of(12, 14),
  });
  expect([...atOnce(covered(Uint32Array.of(2, 7), 9, { window: 2, horizon: 1 }))]).toEqual([
    0, 1, 2, 5, 6, 7,
  ]);
});
