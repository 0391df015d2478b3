import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { report } from '../../bench/steps/report.ts';
import { median, overtakings } from '../../bench/steps/statistics.ts';
import { growthTables, stepsTable } from '../../bench/steps/table.ts';
import { classifier } from '../../bench/steps/tasks.ts';
import type { RowResult } from '../../bench/steps/results.ts';

describe('statistics of windows', () => {
  it('takes the middle of an odd count, and the mean of two of an even one', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('finds where straight lines on logarithmic axes cross', () => {
    // n and 8 are equal at 8; n² and 100 at 10.
    const sizes = [1, 4, 16, 64];
    const eight = overtakings(
      sizes,
      sizes,
      sizes.map(() => 8),
    );
    expect(eight.first).toBe('a');
    expect(eight.changes.map(({ cheaper }) => cheaper)).toEqual(['b']);
    expect(eight.changes[0]?.size).toBeCloseTo(8, 9);
    const square = overtakings(
      sizes,
      sizes.map(() => 100),
      sizes.map((n) => n * n),
    );
    expect(square.first).toBe('b');
    expect(square.changes.map(({ cheaper }) => cheaper)).toEqual(['a']);
    expect(square.changes[0]?.size).toBeCloseTo(10, 9);
  });

  it('finds nothing where one is always cheaper, or where they hardly differ', () => {
    expect(overtakings([1, 2, 4], [1, 2, 3], [2, 3, 4])).toEqual({ first: 'a', changes: [] });
    expect(overtakings([1, 2, 4], [1, 2, 3], [1.05, 1.95, 3.05])).toEqual({ changes: [] });
  });
});

describe('the table of steps', () => {
  const task = classifier(128);
  const window = (steps: number, milliseconds: number) => ({ steps, milliseconds });
  const row: RowResult = {
    task: task.id,
    title: task.title,
    contenders: [
      { id: 'ours', name: 'Ours', threads: 1, difference: 0, windows: [window(10, 20), window(10, 40)] },
      { id: 'slow', name: 'Slow', threads: 1, difference: 1e-7, windows: [window(1, 8), window(1, 16)] },
      { id: 'quick', name: 'Quick', threads: 2, difference: 2e-7, windows: [window(2, 2), window(2, 10)] },
      { id: 'gone', name: 'Gone', threads: 1, absent: 'it is not here' },
    ],
  };
  const ratio = (against: string[]) =>
    stepsTable([row], [{ task, lines: [{ title: 'peers', ours: 'ours', against, reach: 2 }] }]).split(
      '\n',
    )[2];

  it('divides the time of the best peer by ours', () => {
    // Ours: best 2 ms, median 3; slow: 8 and 12; quick: 1 and 3.
    expect(ratio(['slow'])).toContain('| peers | 4 | 4 | 2 |');
    expect(ratio(['slow', 'quick', 'gone'])).toContain('| peers | 0.5 | 1 | 2 |');
  });

  it('says why something was not measured', () => {
    expect(ratio(['gone'])).toContain('not measured: it is not here');
    expect(stepsTable([row], [])).toContain('| Gone | not measured: it is not here |');
  });
});

describe('the tables of growth', () => {
  it('says who is cheaper where', () => {
    const text = growthTables({
      kind: 'growth',
      setting: {
        date: '2000-01-01',
        command: '',
        commit: '',
        machine: { processor: '', cores: 1, memoryGiB: 1, system: '', load: [0, 0] },
        node: '',
        editorNode: false,
      },
      devices: { a: { label: 'A' }, b: { label: 'B' }, c: { absent: 'it is not here' } },
      curves: [
        { axis: 'width', title: 'width', sizes: [1, 4, 16], devices: { a: [1, 4, null], b: [2, 2, 2] } },
      ],
    });
    expect(text).toContain('c is not measured: it is not here.');
    expect(text).toContain('| 16 | not measured | 2 |');
    expect(text).toContain('- b overtakes a at about width 2.');
  });
});

describe('docs/performance.md', () => {
  it('shows the results that are kept', async () => {
    const page = path.resolve(import.meta.dirname, '../../docs/performance.md');
    expect(fs.readFileSync(page, 'utf8')).toBe(await report());
  });
});
