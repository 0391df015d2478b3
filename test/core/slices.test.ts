import { describe, expect, it } from 'vitest';
import { prepareDataset, preparingDataset } from '../../src/core/data/prepare.ts';
import type { Table } from '../../src/core/data/dataset.ts';
import { randomStream } from '../../src/core/data/random.ts';
import { ascending, atOnce, inSlices, sliced, type Sliced } from '../../src/core/slices.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { columnUse } from '../../src/core/losses/column.ts';

function* counted(steps: number, seen: number[]): Sliced<string> {
  for (let i = 0; i < steps; i++) {
    seen.push(i);
    yield;
  }
  return 'done';
}

describe('work in slices', () => {
  it.each([0, 1, 32_768, 100_000])('goes through %i things in order, once each', (count) => {
    const seen: number[] = [];
    atOnce(
      sliced(count, (start, end) => {
        for (let i = start; i < end; i++) seen.push(i);
      }),
    );
    expect(seen.length).toBe(count);
    expect(seen.every((value, i) => value === i)).toBe(true);
    expect([...atOnce(ascending(count))]).toEqual(seen);
  });

  it('has slices that are smaller where there is more to do for each', () => {
    const yields = (each: number) => [...sliced(100_000, () => undefined, each)].length;
    expect(yields(1)).toBeGreaterThan(1);
    expect(yields(10)).toBeGreaterThan(9 * yields(1));
    expect([...sliced(3, () => undefined, 1e9)].length).toBe(2);
  });

  it('pauses between them, and ends when a pause says so', async () => {
    const all: number[] = [];
    let pauses = 0;
    const every = () => (++pauses % 2 === 0 ? Promise.resolve('go on' as const) : undefined);
    expect(await inSlices(counted(7, all), every)).toBe('done');
    expect([all.length, pauses]).toEqual([7, 7]);
    const some: number[] = [];
    const third = () => Promise.resolve(some.length === 3 ? ('give up' as const) : ('go on' as const));
    expect(await inSlices(counted(7, some), third)).toBeUndefined();
    expect(some).toEqual([0, 1, 2]);
  });
});

describe('the preparation of a large table', () => {
  const rows = 100_000;
  const random = randomStream(1, 'test/slices');
  const numbers = (name: string) => ({
    name,
    kind: 'number' as const,
    values: Float64Array.from({ length: rows }, () => (random.next() < 0.01 ? NaN : random.normal())),
  });
  const table: Table = {
    rows,
    rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i + 2),
    columns: [
      numbers('a'),
      numbers('b'),
      {
        name: 'city',
        kind: 'text',
        codes: Int32Array.from({ length: rows }, () => random.below(5) - 1),
        categories: ['w', 'x', 'y', 'z'],
      },
      numbers('y'),
    ],
  };
  const parsed = parseExperiment({
    version: 1,
    data: { source: 'file', path: 'x.csv', missing: 'mean' },
    loss: { id: 'huber' },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const what = parsed.value;
  const loss = columnUse(loadLoss('huber')!)!;

  it('can pause often, and comes to the same', () => {
    const work = preparingDataset(table, what, loss);
    let slices = 1;
    let step = work.next();
    for (; step.done !== true; step = work.next()) slices++;
    expect(slices).toBeGreaterThan(20);
    const [sliced, whole] = [step.value, prepareDataset(table, what, loss)];
    if (!sliced.ok || !whole.ok) throw new Error('the table cannot be used');
    expect(sliced.value.preprocessing).toEqual(whole.value.preprocessing);
    expect(sliced.value.notes).toEqual(whole.value.notes);
    for (const part of ['training', 'validation'] as const) {
      for (const values of ['features', 'targets'] as const) {
        const [a, b] = [sliced.value[part]![values], whole.value[part]![values]];
        expect(a.length).toBeGreaterThan(0);
        expect(Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer))).toBe(0);
      }
    }
  });
});
