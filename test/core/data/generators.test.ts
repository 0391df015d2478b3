import { describe, expect, it } from 'vitest';
import { generatedIds } from '../../../src/core/data/catalogue.ts';
import type { Table } from '../../../src/core/data/dataset.ts';
import { generators, type GeneratorOptions } from '../../../src/core/data/generators.ts';

const numbers = (table: Table, name: string): number[] => {
  const column = table.columns.find((c) => c.name === name);
  if (column?.kind !== 'number') throw new Error(name);
  return [...column.values];
};
const labels = (table: Table): string[] => {
  const column = table.columns.find((c) => c.name === 'class');
  if (column?.kind !== 'text') throw new Error('class');
  return [...column.codes].map((code) => column.categories[code]!);
};
const points = (table: Table) => {
  const [x1, x2, label] = [numbers(table, 'x1'), numbers(table, 'x2'), labels(table)];
  return x1.map((x, i) => ({ x, y: x2[i]!, label: label[i]! }));
};
const clean = { samples: 300, noise: 0, outliers: 0, seed: 1 };
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe('every generator', () => {
  for (const id of generatedIds) {
    it(`${id} repeats itself for a seed, gives the rows asked for, and as many classes as it says`, () => {
      const { target, classes } = generators[id];
      const generate = (options: GeneratorOptions) => generators[id].generate(options);
      const options = { samples: 101, noise: 0.1, outliers: 0.1, seed: 5 };
      const table = generate(options);
      expect(table).toEqual(generate(options));
      expect(table).not.toEqual(generate({ ...options, seed: 6 }));
      expect([...table.rowNumbers]).toEqual(Array.from({ length: 101 }, (_, i) => i + 1));
      expect(table.columns.map(({ name }) => name)).toEqual(
        { class: ['x1', 'x2', 'class'], y: [id === 'seasonal' ? 'time' : 'x', 'y'], item: ['user', 'item'] }[
          target
        ],
      );
      if (target === 'class') expect(new Set(labels(table)).size).toBe(classes);
      for (const samples of [1, 2, 3]) expect(generate({ ...options, samples }).rows).toBe(samples);
    });
  }
});

describe('without noise', () => {
  it('moons lie on the half circles of make_moons', () => {
    for (const { x, y, label } of points(generators['two-moons'].generate(clean))) {
      const [cx, cy] = label === 'upper' ? [0, 0] : [1, 0.5];
      expect(Math.hypot(x - cx, y - cy)).toBeCloseTo(1, 12);
      expect(label === 'upper' ? y >= -1e-12 : y <= 0.5 + 1e-12).toBe(true);
    }
  });

  it('circles have radius 1 and 0.5', () => {
    for (const { x, y, label } of points(generators.circles.generate(clean))) {
      expect(Math.hypot(x, y)).toBeCloseTo(label === 'outer' ? 1 : 0.5, 12);
    }
  });

  it('a spiral turns by 1.25 π per unit of radius, the arms 120° apart', () => {
    for (const { x, y, label } of points(generators.spiral.generate(clean))) {
      const r = Math.hypot(x, y);
      const angle = 1.25 * Math.PI * r + (2 * Math.PI * (Number(label.slice(4)) - 1)) / 3;
      expect(Math.cos(Math.atan2(y, x) - angle)).toBeCloseTo(1, 10);
      expect(r).toBeGreaterThan(0);
      expect(r).toBeLessThanOrEqual(1 + 1e-12);
    }
  });

  it('blobs are three points, at least 6 apart', () => {
    for (let seed = 0; seed < 20; seed++) {
      const all = points(generators.blobs.generate({ ...clean, seed }));
      const centres = [...new Map(all.map((p) => [p.label, p])).values()];
      expect(new Set(all.map(({ x, y }) => `${x} ${y}`)).size).toBe(3);
      for (const a of centres) {
        for (const b of centres)
          if (a !== b) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThanOrEqual(6);
      }
    }
  });

  it('the seasonal series repeats after a week, and is a sine of a day and half of one of a week', () => {
    const y = numbers(generators.seasonal.generate({ ...clean, samples: 400 }), 'y');
    for (let i = 0; i + 168 < 400; i++) expect(y[i + 168]).toBeCloseTo(y[i]!, 10);
    // t = 6 is a quarter of a day; t = 42 is a quarter of a week, and three quarters of its second day.
    expect(y[5]).toBeCloseTo(1 + 0.5 * Math.sin(Math.PI / 14), 12);
    expect(y[41]).toBeCloseTo(-1 + 0.5, 12);
  });

  it('the line is y = 2x + 1, and outliers lie at least 3 above it, as many as asked for', () => {
    const table = generators['noisy-line'].generate({ ...clean, outliers: 0.1 });
    const [x, y] = [numbers(table, 'x'), numbers(table, 'y')];
    const above = y.map((v, i) => v - 2 * x[i]! - 1);
    expect(above.filter((v) => Math.abs(v) < 1e-12)).toHaveLength(270);
    expect(above.filter((v) => v >= 3)).toHaveLength(30);
  });
});

describe('noise', () => {
  it('has the standard deviation asked for', () => {
    const options = { samples: 20_000, noise: 0.3, outliers: 0, seed: 2 };
    const table = generators['noisy-line'].generate(options);
    const [x, y] = [numbers(table, 'x'), numbers(table, 'y')];
    const residuals = y.map((v, i) => v - 2 * x[i]! - 1);
    // The standard error of a standard deviation is σ/√(2n) = 0.0015; four of them.
    expect(Math.abs(Math.sqrt(mean(residuals.map((r) => r * r))) - 0.3)).toBeLessThan(0.006);
    expect(Math.abs(mean(residuals))).toBeLessThan(0.0085);
  });

  it('mixes the classes in the order of the rows', () => {
    const first = labels(generators['two-moons'].generate(clean)).slice(0, 100);
    expect(new Set(first).size).toBe(2);
  });
});
