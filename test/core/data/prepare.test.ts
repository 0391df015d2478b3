import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCsvReader } from '../../../src/core/data/csv.ts';
import type { Table } from '../../../src/core/data/dataset.ts';
import { generators } from '../../../src/core/data/generators.ts';
import { prepareDataset, type Prepared } from '../../../src/core/data/prepare.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import * as split from '../../../src/core/data/split.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { parseExperiment, type Experiment } from '../../../src/core/training/experiment.ts';

const anyNumber = { link: 'identity', target: 'value', shiftsFreely: true } as const;
const losses = {
  regression: { name: 'Mean squared error', task: 'regression', ...anyNumber },
  binary: { name: 'Binary cross-entropy', task: 'binary', ...anyNumber },
  classes: { name: 'Softmax cross-entropy', task: 'classes', ...anyNumber },
} as const;
type TaskName = keyof typeof losses;

function tableOf(csv: string | Uint8Array): Table {
  const reader = createCsvReader();
  reader.push(typeof csv === 'string' ? new TextEncoder().encode(csv) : csv);
  const result = reader.finish();
  if (!result.ok) throw new Error(result.problems.map(({ message }) => english(message)).join());
  return result.value;
}

interface Wish {
  readonly data?: Record<string, unknown>;
  readonly split?: Record<string, unknown>;
  readonly scaling?: Record<string, unknown>;
  readonly seed?: number;
}

function experiment({ data = {}, split = { validation: 0 }, scaling = {}, seed = 0 }: Wish = {}): Experiment {
  const result = parseExperiment({
    version: 1,
    data: 'source' in data ? data : { source: 'file', path: 'x.csv', ...data },
    split,
    scaling,
    loss: { id: 'unused' },
    training: { seed },
  });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => english(message)).join());
  return result.value;
}

function prepare(csv: string | Uint8Array, task: TaskName, wish?: Wish): Result<Prepared> {
  return prepareDataset(tableOf(csv), experiment(wish), losses[task]);
}

function good(result: Result<Prepared>): Omit<Prepared, 'notes'> & { readonly notes: readonly string[] } {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => english(message)).join('\n'));
  return { ...result.value, notes: result.value.notes.map(english) };
}

const splitRows = (...of: Parameters<typeof split.splitRows>): split.Split => atOnce(split.splitRows(...of));

function errors(result: Result<Prepared>): string[] {
  return result.ok ? [] : result.problems.map(({ message }) => english(message));
}

const iris = readFileSync(new URL('../../../media/datasets/iris.csv', import.meta.url));

describe('encoding', () => {
  it('standardises by mean and population standard deviation, as StandardScaler', () => {
    const { training, preprocessing, width, outputs } = good(
      prepare('x,y\n1,10\n2,20\n3,30\n4,40\n', 'regression'),
    );
    // Mean 2.5, variance ((1.5² + 0.5²) · 2) / 4 = 1.25.
    const z = [-1.5, -0.5, 0.5, 1.5].map((d) => d / Math.sqrt(1.25));
    expect([...training.features]).toEqual(z);
    training.targets.forEach((t, i) => expect(t).toBeCloseTo(z[i]!, 14));
    expect([width, outputs]).toEqual([1, 1]);
    expect(preprocessing).toEqual({
      task: 'regression',
      features: [{ kind: 'number', name: 'x', mean: 2.5, scale: Math.sqrt(1.25), fill: null }],
      target: { kind: 'number', name: 'y', mean: 25, scale: Math.sqrt(125) },
    });
  });

  it('agrees with scikit-learn on iris', () => {
    const { preprocessing, outputs } = good(
      prepare(iris, 'classes', { data: { source: 'builtin', name: 'iris' }, split: { validation: 0 } }),
    );
    // StandardScaler().fit(load_iris().data): mean_ and scale_ of scikit-learn 1.9.1.
    const scales = [0.82530129, 0.43441097, 1.75940407, 0.75969263];
    const means = [5.843333333, 3.057333333, 3.758, 1.199333333];
    preprocessing.features.forEach((feature, i) => {
      expect(feature.kind === 'number' && feature.scale).toBeCloseTo(scales[i]!, 8);
      expect(feature.kind === 'number' && feature.mean).toBeCloseTo(means[i]!, 8);
    });
    expect(preprocessing.target).toEqual({
      kind: 'classes',
      name: 'species',
      classes: ['setosa', 'versicolor', 'virginica'],
    });
    expect(outputs).toBe(3);
  });

  it('leaves numbers alone when told to', () => {
    const { training } = good(
      prepare('x,y\n1,10\n2,20\n', 'regression', { scaling: { features: 'none', target: 'none' } }),
    );
    expect([[...training.features], [...training.targets]]).toEqual([
      [1, 2],
      [10, 20],
    ]);
  });

  it('fits on the training part only', () => {
    const csv = `x,y\n${Array.from({ length: 50 }, (_, i) => `${i * i},${i}\n`).join('')}`;
    const { training, preprocessing } = good(
      prepare(csv, 'regression', { split: { validation: 0.3 }, seed: 5 }),
    );
    const feature = preprocessing.features[0]!;
    const values = Array.from(training.features);
    const mean = values.reduce((a, b) => a + b, 0) / training.rows;
    const variance = values.reduce((a, b) => a + b * b, 0) / training.rows;
    expect(mean).toBeCloseTo(0, 12);
    expect(variance).toBeCloseTo(1, 12);
    // The mean over all rows is Σ i² / 50 = 49·50·99 / 6 / 50.
    expect(feature.kind === 'number' && feature.mean).not.toBeCloseTo((49 * 50 * 99) / 6 / 50, 6);
  });

  it('turns text into one-hot columns in the order of the categories', () => {
    const { training, width, preprocessing } = good(
      prepare('colour,x,y\nred,1,0\nblue,2,1\nred,3,0\ngreen,4,1\nblue,5,1\n', 'binary', {
        scaling: { features: 'none' },
      }),
    );
    expect(preprocessing.features[0]).toEqual({
      kind: 'one-hot',
      name: 'colour',
      categories: ['blue', 'green', 'red'],
    });
    expect(width).toBe(4);
    expect([...training.features]).toEqual([
      ...[0, 0, 1, 1],
      ...[1, 0, 0, 2],
      ...[0, 0, 1, 3],
      ...[0, 1, 0, 4],
      ...[1, 0, 0, 5],
    ]);
    expect([...training.targets]).toEqual([0, 1, 0, 1, 1]);
  });

  it('gives categories that only the validation part has no column, and says so', () => {
    const csv = `kind,x,y\n${Array.from({ length: 20 }, (_, i) => `${i === 7 ? 'rare' : i % 2 === 0 ? 'a' : 'b'},${i},${i * 3}\n`).join('')}`;
    const seed = Array.from({ length: 100 }, (_, s) => s).find((s) => {
      const result = good(prepare(csv, 'regression', { split: { validation: 0.2 }, seed: s }));
      return result.notes.some((note) => note.includes('rare'));
    });
    const { preprocessing, validation, notes } = good(
      prepare(csv, 'regression', { split: { validation: 0.2 }, seed: seed! }),
    );
    expect(preprocessing.features[0]).toEqual({ kind: 'one-hot', name: 'kind', categories: ['a', 'b'] });
    const rows = Array.from({ length: validation!.rows }, (_, i) => [
      ...validation!.features.subarray(i * 3, i * 3 + 2),
    ]);
    expect(rows.filter((row) => row.every((v) => v === 0))).toHaveLength(1);
    expect(notes).toContain(
      '"kind" has values in the validation part that the training part lacks (rare); they count as none.',
    );
  });

  it('orders numeric classes by number, not by text', () => {
    const { preprocessing, training } = good(prepare('x,k\n1,10\n2,9\n3,2\n4,10\n', 'classes'));
    expect(preprocessing.target).toEqual({ kind: 'classes', name: 'k', classes: ['2', '9', '10'] });
    expect([...training.targets]).toEqual([2, 1, 0, 2]);
  });
});

describe('the split', () => {
  const rows = (n: number) => Uint32Array.from({ length: n }, (_, i) => i);

  it('keeps every row once, in order, and the share in every class within one row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 200 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(),
        (classes, share, seed) => {
          const split = splitRows(rows(classes.length), share, randomStream(seed, 'split'), {
            of: (row) => classes[row]!,
            count: 5,
          });
          const { training, validation } = split;
          expect([...training, ...validation].sort((a, b) => a - b)).toEqual([...rows(classes.length)]);
          for (const part of [training, validation])
            expect([...part].sort((a, b) => a - b)).toEqual([...part]);
          for (let k = 0; k < 5; k++) {
            const count = classes.filter((c) => c === k).length;
            const held = [...validation].filter((row) => classes[row] === k).length;
            expect(Math.abs(held - share * count)).toBeLessThan(1 + 1e-9);
            if (count > 0) expect(held).toBeLessThan(count);
          }
        },
      ),
    );
  });

  it('divides iris into 40 and 10 of each species', () => {
    const data = { source: 'builtin', name: 'iris' };
    const { training, validation } = good(prepare(iris, 'classes', { data, split: {}, seed: 3 }));
    const count = (targets: Float64Array) => [0, 1, 2].map((k) => targets.filter((t) => t === k).length);
    expect(count(training.targets)).toEqual([40, 40, 40]);
    expect(count(validation!.targets)).toEqual([10, 10, 10]);
  });

  it('follows the seed', () => {
    const data = { source: 'builtin', name: 'iris' };
    const held = (seed: number) => [
      ...good(prepare(iris, 'classes', { data, split: {}, seed })).validation!.features,
    ];
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
  });

  it('has at least one row in each part, whatever the share', () => {
    for (const share of [0.01, 0.99]) {
      const { training, validation } = splitRows(rows(3), share, randomStream(0, 'split'));
      expect([training.length, validation.length].sort()).toEqual([1, 2]);
    }
  });

  it('chooses every row equally often', () => {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const row of splitRows(rows(10), 0.3, randomStream(seed, 'split')).validation) counts[row]!++;
    }
    // Each is binomial(2000, 0.3): standard deviation 20.5; five of them.
    for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(103);
  });

  it('without stratification must not take a class away from training', () => {
    const csv = 'x,k\n1,a\n2,a\n3,a\n4,a\n5,b\n6,a\n';
    const split = { validation: 0.5, stratify: false };
    const results = Array.from({ length: 20 }, (_, seed) => prepare(csv, 'binary', { split, seed }));
    expect(new Set(results.flatMap(errors))).toEqual(
      new Set([
        'The split leaves no row for training of these classes: b. Set "split.stratify" to true, or choose a smaller validation share or another seed.',
      ]),
    );
    const { notes } = good(prepare(csv, 'binary', { split: { validation: 0.5 } }));
    expect(notes).toContain('The validation part has no row of these classes: b.');
  });
});

describe('missing cells', () => {
  const csv = 'age,kind,y\n1,a,10\n,a,20\n3,,30\nNaN,b,40\n5,b,\n7,b,50\n';

  it('leave their rows out, with the places', () => {
    const { training, notes, preprocessing } = good(
      prepare(csv, 'regression', { scaling: { features: 'none' } }),
    );
    expect(training.rows).toBe(2);
    expect([...training.features]).toEqual([1, 1, 0, 7, 0, 1]);
    expect(notes).toEqual([
      'Predicts "y" from 2 columns (3 inputs); 2 rows for training, none for validation.',
      'Rows without a value of the target "y" are left out: 1 (row 6). Empty cells, NA, N/A, NaN, null and ? count as missing.',
      'Rows with missing cells are left out: 3 (rows 3, 4, 5); missing in "age" (2), "kind" (1). Empty cells, NA, N/A, NaN, null and ? count as missing.',
    ]);
    expect(preprocessing.features[0]).toMatchObject({ fill: null });
  });

  it('or are filled with the training mean, never with 0', () => {
    const result = good(
      prepare(csv, 'regression', { data: { missing: 'mean' }, scaling: { features: 'none' } }),
    );
    const mean = (1 + 3 + 7) / 3;
    expect([...result.training.features]).toEqual([1, 1, 0, mean, 1, 0, 3, 0, 0, mean, 0, 1, 7, 0, 1]);
    expect(result.preprocessing.features[0]).toEqual({
      kind: 'number',
      name: 'age',
      mean: 0,
      scale: 1,
      fill: mean,
    });
    expect(result.notes[2]).toBe(
      'Missing cells are filled: numbers with the mean of the training part, text with no category; "age" (2), "kind" (1). Empty cells, NA, N/A, NaN, null and ? count as missing.',
    );
    const scaled = good(prepare(csv, 'regression', { data: { missing: 'mean' } }));
    expect(scaled.training.features[3]).toBe(0);
  });

  it('that leave nothing are an error that says what to do', () => {
    expect(errors(prepare('a,b,y\n1,,1\n,2,2\n3,,3\n', 'regression'))).toEqual([
      'Only 0 of 3 rows can be used; at least two are needed. Rows with missing cells are left out: 3 (rows 2, 3, 4); missing in "b" (2), "a" (1). Empty cells, NA, N/A, NaN, null and ? count as missing. Set "data.missing" to "mean", or exclude those columns.',
    ]);
  });
});

describe('columns that cannot be used', () => {
  it('are dropped with their place and reason', () => {
    const unusable = readFileSync(new URL('../../fixtures/csv/unusable.csv', import.meta.url));
    const { preprocessing, notes } = good(prepare(unusable, 'regression'));
    expect(preprocessing.features.map(({ name }) => name)).toEqual(['x']);
    expect(notes.slice(1)).toEqual([
      'Column 1 ("id") is not used: its text is different in every row, as a name or a number of a row is.',
      'Column 3 ("empty") is not used: it has no values.',
      'Column 2 ("fixed") is not used: it is constant in the training part (7).',
    ]);
  });

  it('text of more than 100 values, and of more than 1,000', () => {
    const rows = (distinct: number) =>
      Array.from({ length: 2 * distinct }, (_, i) => `t${i % distinct},${i},${i * 2}\n`).join('');
    expect(good(prepare(`name,x,y\n${rows(100)}`, 'regression')).width).toBe(101);
    expect(good(prepare(`name,x,y\n${rows(101)}`, 'regression')).notes[1]).toBe(
      'Column 1 ("name") is not used: it is text with 101 different values, more than 100.',
    );
    expect(good(prepare(`name,x,y\n${rows(1001)}`, 'regression')).notes[1]).toBe(
      'Column 1 ("name") is not used: it is text with more than 1000 different values.',
    );
  });

  it('a few cells of text among numbers count as missing and are named', () => {
    const stray = readFileSync(new URL('../../fixtures/csv/stray-text.csv', import.meta.url));
    const result = prepare(stray, 'regression');
    expect(good(result).training.rows).toBe(39);
    expect(good(result).notes[1]).toBe(
      'Column 1 ("x") holds text among numbers (row 21: "n.v."); such cells count as missing.',
    );
    expect(result.ok && result.warnings[0]?.where).toEqual({ row: 21, column: 'x' });
  });

  it('all of them: an error with the reasons', () => {
    expect(errors(prepare('a,b,y\n1,7,1\n1,7,2\n1,7,3\n', 'regression'))).toEqual([
      'No column is left to learn from. Column 1 ("a") is not used: it is constant in the training part (1). Column 2 ("b") is not used: it is constant in the training part (7).',
    ]);
    expect(errors(prepare('y\n1\n2\n3\n', 'regression'))).toEqual([
      'No column is left to learn from. The table has only the target; all others are excluded or absent.',
    ]);
  });
});

describe('bad input', () => {
  it('one row', () => {
    expect(errors(prepare('a,b\n1,2\n', 'regression'))).toEqual([
      'The table has only one row; at least two are needed to train.',
    ]);
  });

  it('text as a regression target, with the first such cell', () => {
    expect(errors(prepare(iris, 'regression', { data: { source: 'builtin', name: 'iris' } }))).toEqual([
      'Row 2, column 5 ("species") holds the text "setosa", but Mean squared error needs a target of numbers. Choose a classification loss, another target, or correct the cell.',
    ]);
    const stray = readFileSync(new URL('../../fixtures/csv/stray-text.csv', import.meta.url));
    const result = prepare(stray, 'regression', { data: { target: 'x' } });
    expect(errors(result)[0]).toMatch(/^Row 21, column 1 \("x"\) holds the text "n\.v\."/);
    expect(!result.ok && result.problems[0]!.where).toEqual({ row: 21, column: 'x' });
    expect(errors(prepare('x,code\n1,12\n2,A7\n3,9\n', 'regression'))[0]).toMatch(
      /^Row 3, column 2 \("code"\) holds the text "A7"/,
    );
  });

  it('a cell that is infinite as a float64, in a feature or the target, unless excluded', () => {
    const infinite = readFileSync(new URL('../../fixtures/csv/infinite.csv', import.meta.url));
    const problem =
      'Row 3, column 1 ("x"): "1e999" is infinite or too large for a number; 3 such cells in the column. Correct them, or exclude the column.';
    expect(errors(prepare(infinite, 'regression'))).toEqual([problem]);
    expect(errors(prepare(infinite, 'regression', { data: { target: 'x' } }))).toEqual([problem]);
    expect(good(prepare('a,x,y\n1,1,2\n2,1e999,3\n', 'regression', { data: { exclude: ['x'] } })).width).toBe(
      1,
    );
  });

  it('numbers whose spread overflows', () => {
    expect(errors(prepare('x,y\n1e308,1\n-1e308,2\n1e308,3\n', 'regression'))).toEqual([
      'The numbers in "x" are too large or too small to compute with. Scale or exclude the column.',
    ]);
  });

  it('a target that does not exist, or is excluded; an excluded column that does not exist', () => {
    expect(errors(prepare('a,b\n1,2\n3,4\n', 'regression', { data: { target: 'c' } }))).toEqual([
      'There is no column "c" to predict. The columns are "a", "b".',
    ]);
    expect(errors(prepare('a,b\n1,2\n3,4\n', 'regression', { data: { exclude: ['c'] } }))).toEqual([
      'There is no column "c" to exclude. The columns are "a", "b".',
    ]);
    expect(errors(prepare('a,b\n1,2\n3,4\n', 'regression', { data: { exclude: ['b'] } }))).toEqual([
      'The target "b" is excluded.',
    ]);
  });

  it('a target without values', () => {
    expect(errors(prepare('a,b\n1,\n2,NA\n', 'regression'))).toEqual(['The target "b" has no values.']);
  });

  it('a loss for two classes on three, or on one', () => {
    expect(errors(prepare(iris, 'binary', { data: { source: 'builtin', name: 'iris' } }))).toEqual([
      'Binary cross-entropy needs a target of exactly two classes; "species" has 3 (setosa, versicolor, virginica). Choose a loss for several classes such as softmax-cross-entropy.',
    ]);
    expect(errors(prepare('x,y\n1,1.5\n2,2.5\n3,3.5\n', 'binary'))).toEqual([
      'Binary cross-entropy needs a target of exactly two classes; "y" has 3 (1.5, 2.5, 3.5). Choose a loss for several classes such as softmax-cross-entropy, or a regression loss.',
    ]);
    expect(errors(prepare('x,y\n1,a\n2,a\n', 'classes'))).toEqual([
      'The target "y" has only the value "a"; there is nothing to tell apart.',
    ]);
    expect(errors(prepare('x,y\n1,a\n2,a\n,b\n3,a\n', 'classes'))).toEqual([
      'In the rows that can be used the target "y" has only one value.',
    ]);
  });

  it('more than 1,000 classes', () => {
    const numbers = Array.from({ length: 1001 }, (_, i) => `${i % 3},${i}\n`).join('');
    expect(errors(prepare(`x,y\n${numbers}`, 'classes'))).toEqual([
      'The target "y" has more than 1000 different values, too many for classes. Choose a regression loss such as mean-squared-error, or another target.',
    ]);
    const texts = Array.from({ length: 1001 }, (_, i) => `${i % 3},t${i}\n`).join('');
    expect(errors(prepare(`x,y\n${texts}`, 'classes'))).toEqual([
      'The target "y" has more than 1000 different values, too many for classes. Choose another target.',
    ]);
  });

  it('classes that look like a quantity are warned about', () => {
    const csv = `x,y\n${Array.from({ length: 60 }, (_, i) => `${i},${i / 2}\n`).join('')}`;
    const result = prepare(csv, 'classes');
    expect(result.ok && result.warnings.map(({ message }) => english(message))).toEqual([
      'The target "y" has 60 different numbers and looks continuous; each is taken as a class of its own. For a number as the answer choose a regression loss such as mean-squared-error.',
    ]);
    expect(prepare('x,k\n1,0\n2,1\n3,2\n4,0\n', 'classes')).toMatchObject({ ok: true, warnings: [] });
  });

  it('a constant regression target is said', () => {
    const { notes, training } = good(prepare('x,y\n1,5\n2,5\n', 'regression'));
    expect(notes).toContain('The target "y" is 5 in every row of the training part.');
    expect([...training.targets]).toEqual([0, 0]);
  });
});

describe('names that JavaScript gives meaning to', () => {
  it('are columns like others', () => {
    const csv = '__proto__,constructor,toString\n1,2,a\n4,5,b\n7,9,a\n';
    const { preprocessing } = good(prepare(csv, 'binary'));
    expect(preprocessing.features.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    expect(preprocessing.target.name).toBe('toString');
  });
});

describe('any table', () => {
  const cell = fc.oneof(
    fc.constantFrom('', 'NA', '0', '1', '-2.5', '1e300', '1e999', 'a', 'b', 'c', '?', '7'),
    fc.integer({ min: -5, max: 5 }).map(String),
  );
  it('gives finite numbers of the promised shape, or problems', () => {
    let prepared = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, fc.integer({ min: 0, max: 9 }).map(String), cell), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.constantFrom<TaskName>('regression', 'binary', 'classes'),
        fc.constantFrom('drop', 'mean'),
        fc.constantFrom('standard', 'none'),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        fc.boolean(),
        fc.nat(),
        (rows, task, missing, features, validation, stratify, seed) => {
          const csv = `p,q,r\n${rows.map((row) => row.join(',')).join('\n')}\n`;
          const result = prepare(csv, task, {
            data: { missing },
            scaling: { features },
            split: { validation, stratify },
            seed,
          });
          if (!result.ok) {
            expect(result.problems.length).toBeGreaterThan(0);
            for (const { message } of result.problems)
              expect(english(message)).not.toMatch(/\{\w+\}|undefined/);
            return;
          }
          prepared++;
          const { training, validation: held, width, outputs, preprocessing, notes } = result.value;
          for (const note of notes) expect(english(note)).not.toMatch(/\{\w+\}|undefined/);
          for (const part of held === undefined ? [training] : [training, held]) {
            expect(part.rows).toBeGreaterThan(0);
            expect(part.features).toHaveLength(part.rows * width);
            expect(part.targets).toHaveLength(part.rows);
            expect(part.features.every(Number.isFinite)).toBe(true);
            expect(part.targets.every(Number.isFinite)).toBe(true);
          }
          const { target } = preprocessing;
          if (target.kind === 'classes') {
            expect(new Set(training.targets)).toEqual(new Set(target.classes.keys()));
            expect(outputs).toBe(task === 'binary' ? 1 : target.classes.length);
          } else expect(outputs).toBe(1);
        },
      ),
      { numRuns: 500 },
    );
    expect(prepared).toBeGreaterThan(50);
  });
});

describe('generated data', () => {
  it('is prepared with its own target', () => {
    const data = { source: 'generated', name: 'spiral', samples: 90 };
    const table = generators.spiral.generate({ samples: 90, noise: 0, outliers: 0, seed: 0 });
    const { width, outputs, training, validation } = good(
      prepareDataset(table, experiment({ data, split: {} }), losses.classes),
    );
    expect([width, outputs, training.rows, validation?.rows]).toEqual([2, 3, 72, 18]);
  });
});
