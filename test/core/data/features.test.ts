import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../src/core/data/csv.ts';
import type { Table } from '../../../src/core/data/dataset.ts';
import { createRowEncoder } from '../../../src/core/data/encode.ts';
import { joinTables } from '../../../src/core/data/joinTables.ts';
import { prepareDataset, type Prepared } from '../../../src/core/data/prepare.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { columnUse } from '../../../src/core/losses/column.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { parseExperiment, type ExperimentInput } from '../../../src/core/training/experiment.ts';
import { fixture, table } from './files.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function prepare(
  from: Table,
  data: ExperimentInput['data'],
  more: Partial<ExperimentInput> = {},
  loss = 'softmax-cross-entropy',
): Result<Prepared> {
  const experiment = parseExperiment({ version: 1, data, loss: { id: loss }, ...more });
  if (!experiment.ok) throw new Error(JSON.stringify(experiment.problems));
  return prepareDataset(from, experiment.value, columnUse(loadLoss(loss)!)!);
}

function good(result: Result<Prepared>): Prepared {
  if (!result.ok) throw new Error(result.problems.map((problem) => english(problem.message)).join('\n'));
  return result.value;
}

function wrong(result: Result<unknown>): string {
  return result.ok ? '' : result.problems.map((problem) => english(problem.message)).join('\n');
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]): number =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

describe('rows with a shape', () => {
  const file = { source: 'file', path: 'a' } as const;

  it('keep their shape and all their values, every channel scaled as a whole', async () => {
    // Two channels: the second has ten times the spread; the first pixel is the same in every row.
    const pixels = Array.from({ length: 40 }, (_, row) => [
      [
        [5, 5],
        [row, 10 * row],
      ],
      [
        [2 * row, 20 * row],
        [1, 7],
      ],
    ]);
    const records = pixels.map((image, row) => JSON.stringify({ image, y: row % 2 }));
    const from = await table('a.jsonl', text(records.join('\n')));
    const set = good(prepare(from, file, { split: { validation: 0 } }));
    expect(set.shape).toEqual([2, 2, 2]);
    expect(set.width).toBe(8);
    for (const channel of [0, 1]) {
      const raw = pixels.flat(2).map((pixel) => pixel[channel]!);
      const scaled = Array.from(set.training.features).filter((_, i) => i % 2 === channel);
      expect(set.preprocessing.features[channel]).toMatchObject({
        mean: expect.closeTo(mean(raw), 10) as number,
        scale: expect.closeTo(deviation(raw), 10) as number,
      });
      scaled.forEach((value, i) => expect(value).toBeCloseTo((raw[i]! - mean(raw)) / deviation(raw), 10));
    }
    expect(set.preprocessing.features.map(({ name }) => name)).toEqual([
      'image 1,1,1',
      'image 1,1,2',
      'image 1,2,1',
      'image 1,2,2',
      'image 2,1,1',
      'image 2,1,2',
      'image 2,2,1',
      'image 2,2,2',
    ]);
  });

  it('of bytes are float32, and minmax brings them to 0 … 1', async () => {
    const from = await table('parts.npz');
    const set = good(prepare(from, file, { scaling: { features: 'minmax' } }));
    expect(set.training.features).toBeInstanceOf(Float32Array);
    expect(set).toMatchObject({ shape: [5, 5, 1], width: 25, outputs: 3 });
    expect([set.training.rows, set.validation?.rows]).toEqual([5, 3]);
    const values = Array.from(set.training.features);
    expect([Math.min(...values), Math.max(...values)]).toEqual([0, 1]);
  });

  it('can be made of columns of numbers', async () => {
    const csv = `a,b,c,d,y\n${Array.from({ length: 10 }, (_, i) => `${i},7,${i * i},${-i},${i % 2}`).join('\n')}\n`;
    const from = await table('a.csv', text(csv));
    const set = good(prepare(from, { ...file, shape: [2, 2, 1] }, { split: { validation: 0 } }));
    expect(set).toMatchObject({ shape: [2, 2, 1], width: 4 });
    expect(set.preprocessing.features.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    expect(wrong(prepare(from, { ...file, shape: [3, 2] }))).toBe(
      'The shape 3 × 2 has 6 values, but a row has 4.',
    );
    const words = await table('b.csv', text('a,b,y\n1,x,0\n2,z,1\n3,x,0\n'));
    expect(wrong(prepare(words, { ...file, shape: [2, 1] }))).toMatch(
      /"b" is text, but values of the shape 2 × 1/,
    );
  });

  it('are those of the digits', async () => {
    const from = await readCsv([
      readFileSync(new URL('../../../media/datasets/digits.csv', import.meta.url)),
    ]);
    if (!from.ok) throw new Error('unreachable');
    const set = good(prepare(from.value, { source: 'builtin', name: 'digits' }));
    expect(set).toMatchObject({ shape: [8, 8, 1], width: 64, outputs: 10 });
    // Grey values go from 0 to 16.
    const ranged = good(
      prepare(from.value, { source: 'builtin', name: 'digits' }, { scaling: { features: 'minmax' } }),
    );
    expect(ranged.preprocessing.features[0]).toMatchObject({ mean: 0, scale: 16 });
  });

  it('are predicted from columns named as their values are', async () => {
    const set = good(prepare(await table('parts.npz'), file, { scaling: { features: 'none' } }));
    const names = set.preprocessing.features.map(({ name }) => name);
    const encoder = createRowEncoder(set.preprocessing, names);
    const into = new Float64Array(25);
    expect(
      encoder.ok &&
        encoder.value.encode(
          names.map((_, i) => String(i)),
          1,
          into,
          0,
        ),
    ).toBeUndefined();
    expect(Array.from(into)).toEqual(names.map((_, i) => i));
  });

  it('with missing values are left out, or filled with the mean of the channel', async () => {
    const records = [
      [1, 2],
      [3, null],
      [5, 6],
      [9, 4],
    ].map((x, i) => JSON.stringify({ x, y: i % 2 }));
    const from = await table('a.jsonl', text(records.join('\n')));
    const left = good(prepare(from, file, { split: { validation: 0 }, scaling: { features: 'none' } }));
    expect(Array.from(left.training.features)).toEqual([1, 2, 5, 6, 9, 4]);
    const filled = good(
      prepare(
        from,
        { ...file, missing: 'mean' },
        { split: { validation: 0 }, scaling: { features: 'none' } },
      ),
    );
    expect(Array.from(filled.training.features)).toEqual([1, 2, 3, 4, 5, 6, 9, 4]);
  });

  it('cannot be the target', async () => {
    const from = await table('a.jsonl', text('{"x": 1, "y": [1, 2]}\n{"x": 2, "y": [1, 2]}\n'));
    expect(wrong(prepare(from, file))).toMatch(/"y" has several values in a row/);
  });

  it('with infinite values name the row', async () => {
    const from = await table('a.npy', fixture('infinite.npy'));
    expect(wrong(prepare(from, file, {}, 'mean-squared-error'))).toMatch(
      /Row 2, column 1 \("column 1"\).*infinite/,
    );
  });
});

describe('minmax', () => {
  it('scales columns by the range of the training part', async () => {
    const from = await table('a.csv', text('x,z,y\n2,5,1\n4,5,2\n10,6,4\n'));
    const set = good(
      prepare(
        from,
        { source: 'file', path: 'a.csv', exclude: ['z'] },
        { split: { validation: 0 }, scaling: { features: 'minmax' } },
        'mean-squared-error',
      ),
    );
    expect(Array.from(set.training.features)).toEqual([0, 0.25, 1]);
    expect(set.preprocessing.features).toEqual([
      { kind: 'number', name: 'x', mean: 2, scale: 8, fill: null },
    ]);
  });
});

describe('rows for validation from a file of their own', () => {
  const of = (csv: string): Promise<Table> => table('a.csv', text(csv));
  const joined = async (training: string, validation: string): Promise<Table> =>
    atOnce(joinTables(await of(training), await of(validation)));

  it('stay there, whatever the split says; scaling and categories are those of training', async () => {
    const from = await joined('x,word,y\n1,a,0\n3,b,1\n', 'y,more,word,x\n1,9,c,7\n0,9,a,9\n');
    const set = good(
      prepare(
        from,
        { source: 'file', path: 'a.csv' },
        { split: { validation: 0.5 } },
        'softmax-cross-entropy',
      ),
    );
    expect([set.training.rows, set.validation?.rows]).toEqual([2, 2]);
    // x: mean 2, deviation 1; word: a, b.
    expect(Array.from(set.training.features)).toEqual([-1, 1, 0, 1, 0, 1]);
    expect(Array.from(set.validation!.features)).toEqual([5, 0, 0, 7, 1, 0]);
    expect(Array.from(set.validation!.targets)).toEqual([1, 0]);
    expect(set.notes.map(english).join('\n')).toMatch(/"word" has values in the validation part.*\(c\)/);
  });

  it('need the columns of training, of the same kind, and no other classes', async () => {
    await expect(joined('x,y\n1,0\n', 'x\n1\n')).rejects.toThrow(/have no column/);
    await expect(joined('x,y\n1,0\n2,1\n', 'x,y\na,0\nb,1\n')).rejects.toThrow(/holds \{first\}/);
    const from = await joined('x,y\n1,a\n2,b\n', 'x,y\n1,c\n2,b\n');
    expect(wrong(prepare(from, { source: 'file', path: 'a.csv' }))).toMatch(
      /training data have no row of these classes of the validation data: c/,
    );
  });
});

describe('columns to learn from', () => {
  it('can be named', async () => {
    const from = await table('a.csv', text('a,b,c,y\n1,5,2,0\n2,7,3,1\n4,8,3,0\n'));
    const named = { source: 'file', path: 'a.csv', features: ['c', 'a'] } as const;
    const set = good(
      prepare(from, { ...named, features: [...named.features] }, { split: { validation: 0 } }),
    );
    expect(set.preprocessing.features.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(wrong(prepare(from, { source: 'file', path: 'a.csv', features: ['z'] }))).toMatch(
      /no column "z" to learn from. The columns are "a", "b", "c", "y"/,
    );
  });
});
