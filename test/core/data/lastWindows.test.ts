import { describe, expect, it } from 'vitest';
import type { Forecast, Preprocessing } from '../../../src/core/data/dataset.ts';
import { lastWindows, type LastWindow } from '../../../src/core/data/lastWindows.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';

const preprocessing: Preprocessing = {
  task: 'regression',
  features: [
    { kind: 'one-hot', name: 'open', categories: ['no', 'yes'] },
    { kind: 'number', name: 'y', mean: 10, scale: 2, fill: null },
  ],
  target: { kind: 'number', name: 'y', mean: 10, scale: 2 },
};
const forecast: Forecast = { window: 2, horizon: 1, time: 't', series: 'shop' };
const names = ['shop', 't', 'open', 'y'];

function collect(rows: readonly string[], how = forecast): Result<readonly LastWindow[]> {
  const collector = lastWindows(preprocessing, how, names);
  if (!collector.ok) return collector;
  const cells = rows.map((row, i) => ({ row: i + 2, cells: row.split(',') }));
  const added = collector.value.add(cells);
  return added.ok ? collector.value.finish() : added;
}

const sentences = (result: Result<unknown>): string =>
  (result.ok ? result.warnings : result.problems).map(({ message }) => english(message)).join('\n');

describe('the last window of each series', () => {
  it('is that of the latest rows, encoded as in training', () => {
    const result = collect([
      'b,2024-01-03,yes,16',
      'a,2024-01-02,no,12',
      'b,2024-01-01,no,1',
      'a,2024-01-01,yes,10',
      'b,2024-01-02,maybe,14',
      ',2024-01-09,no,99',
      'a,,no,99',
    ]);
    expect(result.ok ? result.value : []).toEqual([
      { series: 'b', features: Float64Array.of(0, 0, 2, 0, 1, 3) },
      { series: 'a', features: Float64Array.of(0, 1, 0, 1, 0, 1) },
    ]);
    expect(sentences(result)).toMatch(/"open" has values that the training data never had, such as "maybe"/);
  });

  it('is that of the last rows as they come, where there is no time; it keeps few of many', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `a,x,no,${i}`);
    const result = collect(rows, { window: 2, horizon: 1 });
    expect(result.ok ? result.value : []).toEqual([
      { features: Float64Array.of(1, 0, (9998 - 10) / 2, 1, 0, (9999 - 10) / 2) },
    ]);
    // Newest first: what comes later is older.
    const backwards = collect(
      rows.map((_, i) => `a,${-i},no,${i}`),
      { ...forecast },
    );
    expect(backwards.ok ? backwards.value : []).toEqual([
      { series: 'a', features: Float64Array.of(1, 0, (1 - 10) / 2, 1, 0, (0 - 10) / 2) },
    ]);
  });

  it('leaves out series that are too short or lack a cell at their end', () => {
    const result = collect(['a,1,no,1', 'b,1,no,1', 'b,2,no,', 'c,1,no,', 'c,2,no,2', 'c,3,no,4']);
    expect(result.ok ? result.value.map(({ series }) => series) : []).toEqual(['c']);
    expect(sentences(result)).toBe(
      'A forecast starts from the last 2 rows of a series, but "a" has only 1.\nRow 4: "y" is missing; the model needs a number there.',
    );
  });

  it.each([
    [['a,1,no,1'], /only 1\.$/],
    [['a,soon,no,1'], /Row 2: "t" is neither a number nor a date\./],
  ])('is refused where there is none: %s', (rows, expected) => {
    const result = collect(rows);
    expect(result.ok).toBe(false);
    expect(sentences(result)).toMatch(expected);
  });

  it('needs its columns', () => {
    const result = collect([], { ...forecast, time: 'when' });
    expect(sentences(result)).toBe(
      'Columns are missing: "when". The model needs "when", "shop", "open", "y".',
    );
  });
});
