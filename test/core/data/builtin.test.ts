import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtins } from '../../../src/core/data/builtin.ts';
import { builtinIds } from '../../../src/core/data/catalogue.ts';
import { createCsvReader } from '../../../src/core/data/csv.ts';
import type { Column, Table } from '../../../src/core/data/dataset.ts';

const notice = readFileSync(new URL('../../../NOTICE', import.meta.url), 'utf8');

function load(id: keyof typeof builtins): Table {
  const reader = createCsvReader();
  const pushed = reader.push(
    readFileSync(new URL(`../../../media/datasets/${builtins[id].file}`, import.meta.url)),
  );
  const table = reader.finish();
  if (!pushed.ok || !table.ok) throw new Error('unreadable');
  expect(table.warnings).toEqual([]);
  return table.value;
}

function column(table: Table, name: string): Column {
  return table.columns.find((c) => c.name === name)!;
}
const mean = (c: Column): number =>
  c.kind === 'number' ? c.values.reduce((sum, v) => sum + v, 0) / c.values.length : NaN;

function counts(c: Column): Record<string, number> {
  const result: Record<string, number> = {};
  const cells =
    c.kind === 'text'
      ? [...c.codes].map((code) => c.categories[code]!)
      : c.kind === 'number'
        ? [...c.values]
        : [];
  for (const cell of cells) result[cell] = (result[cell] ?? 0) + 1;
  return result;
}

describe('the shipped data sets', () => {
  for (const id of builtinIds) {
    it(`${id}: file, metadata and NOTICE agree`, () => {
      const builtin = builtins[id];
      expect(builtin.id).toBe(id);
      const table = load(id);
      expect(table.rows).toBe(builtin.rows);
      expect(table.columns).toHaveLength(builtin.features + 1);
      const target = column(table, builtin.target);
      expect(table.columns.at(-1)).toBe(target);
      if (builtin.task === 'regression') expect(target.kind).toBe('number');
      else expect(Object.keys(counts(target))).toHaveLength(builtin.classes!);
      for (const c of table.columns.slice(0, -1)) {
        expect(c.kind === 'number' && c.values.every(Number.isFinite)).toBe(true);
      }
      expect(notice).toContain(`\n${builtin.file}\n`);
    });
  }

  // Counts and means as scikit-learn 1.9.1 documents or computes them.
  it('line is x = 1, 2, 3 and y = 2, 4, 6', () => {
    const [x, y] = load('line').columns;
    expect(x?.kind === 'number' && [...x.values]).toEqual([1, 2, 3]);
    expect(y?.kind === 'number' && [...y.values]).toEqual([2, 4, 6]);
  });

  it('iris: 50 flowers of each species, means 5.84, 3.06, 3.76, 1.20', () => {
    const table = load('iris');
    expect(counts(column(table, 'species'))).toEqual({ setosa: 50, versicolor: 50, virginica: 50 });
    const means = table.columns.slice(0, 4).map(mean);
    [5.843333, 3.057333, 3.758, 1.199333].forEach((m, i) => expect(means[i]).toBeCloseTo(m, 6));
    // Fisher's own values in the two rows that other copies have wrong: 4.9, 3.1, 1.5, 0.2 and 4.9, 3.6, 1.4, 0.1.
    const row = (i: number) =>
      table.columns.slice(0, 4).map((c) => (c.kind === 'number' ? c.values[i] : NaN));
    expect(row(34)).toEqual([4.9, 3.1, 1.5, 0.2]);
    expect(row(37)).toEqual([4.9, 3.6, 1.4, 0.1]);
  });

  it('wine: 59, 71 and 48 of the cultivars', () => {
    const table = load('wine');
    expect(counts(column(table, 'cultivar'))).toEqual({ class_0: 59, class_1: 71, class_2: 48 });
    expect(mean(column(table, 'alcohol'))).toBeCloseTo(13.0, 1);
    expect(mean(column(table, 'magnesium'))).toBeCloseTo(99.7, 1);
    expect(mean(column(table, 'proline'))).toBeCloseTo(746.89, 2);
  });

  it('breast cancer: 212 malignant, 357 benign', () => {
    const table = load('breast-cancer');
    expect(counts(column(table, 'diagnosis'))).toEqual({ malignant: 212, benign: 357 });
    expect(mean(column(table, 'mean radius'))).toBeCloseTo(14.127292, 6);
  });

  it('diabetes: unscaled, progression from 25 to 346 with mean 152.13', () => {
    const table = load('diabetes');
    const y = column(table, 'progression');
    expect(mean(y)).toBeCloseTo(152.133484, 6);
    expect(y.kind === 'number' && [Math.min(...y.values), Math.max(...y.values)]).toEqual([25, 346]);
    expect(mean(column(table, 'age'))).toBeCloseTo(48.5181, 4);
  });

  it('digits: ten classes of 174 to 183, grey values from 0 to 16', () => {
    const table = load('digits');
    expect(Object.values(counts(column(table, 'digit')))).toEqual([
      178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]);
    for (const c of table.columns.slice(0, 64)) {
      expect(c.kind === 'number' && c.values.every((v) => Number.isInteger(v) && v >= 0 && v <= 16)).toBe(
        true,
      );
    }
  });
});
