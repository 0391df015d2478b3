import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { detectAll } from '../../../src/core/data/layout.ts';
import { readTable } from '../../../src/core/data/readers/readTable.ts';
import { column, fileOf, numbers, reading, refusal, table, words } from './files.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const lines = (...records: unknown[]): Uint8Array =>
  text(records.map((record) => `${JSON.stringify(record)}\n`).join(''));

describe('JSON files', () => {
  const records = [
    { x: 1, word: 'a', flag: true, y: 2.5 },
    { x: null, word: 'b', y: -1e-3 },
    { y: 4, flag: false, word: 'a', x: 3 },
  ];
  const check = (read: Awaited<ReturnType<typeof table>>) => {
    expect(read.columns.map(({ name }) => name)).toEqual(['x', 'word', 'flag', 'y']);
    expect(numbers(read, 'x')).toEqual([1, NaN, 3]);
    expect(words(read, 'word')).toEqual(['a', 'b', 'a']);
    expect(words(read, 'flag')).toEqual(['true', null, 'false']);
    expect(numbers(read, 'y')).toEqual([2.5, -1e-3, 4]);
  };

  it('with a list of records', async () =>
    check(await table('a.json', text(JSON.stringify(records, null, 2)))));
  it('with a record a line', async () => check(await table('a.jsonl', lines(...records))));
  it('with a record a line, named .json or not at all', async () => {
    check(await table('a', lines(...records)));
  });
  it('compressed with gzip', async () => {
    const { gzipSync } = await import('node:zlib');
    check(await table('a.jsonl.gz', gzipSync(lines(...records))));
  });

  it.each([
    ['lists', { x: [1, 2], y: ['a', 'b'] }],
    ['objects by row, as pandas writes them', { x: { 0: 1, 1: 2 }, y: { 0: 'a', 1: 'b' } }],
    [
      'names and rows, as pandas splits them',
      {
        columns: ['x', 'y'],
        index: [0, 1],
        data: [
          [1, 'a'],
          [2, 'b'],
        ],
      },
    ],
  ])('with columns as %s', async (_, value) => {
    const read = await table('a.json', text(JSON.stringify(value)));
    expect(numbers(read, 'x')).toEqual([1, 2]);
    expect(words(read, 'y')).toEqual(['a', 'b']);
  });

  it('with lists of cells have numbered columns', async () => {
    const read = await table('a.json', text('[[1, "a"], [2, "b"]]'));
    expect(numbers(read, 'column 1')).toEqual([1, 2]);
    expect(words(read, 'column 2')).toEqual(['a', 'b']);
  });

  it('with lists of numbers in cells have columns of arrays', async () => {
    const read = await table(
      'a.jsonl',
      lines(
        { x: null },
        {
          x: [
            [1, 2, 3],
            [4, null, 6],
          ],
        },
        {},
      ),
    );
    expect(column(read, 'x')).toMatchObject({ kind: 'array', shape: [2, 3] });
    expect(numbers(read, 'x')).toEqual([
      ...Array<number>(6).fill(NaN),
      1,
      2,
      3,
      4,
      NaN,
      6,
      ...Array<number>(6).fill(NaN),
    ]);
  });

  it.each([
    ['objects', [{ x: { a: 1 } }], 1],
    ['lists of different lengths', [{ x: [1, 2] }, { x: [1] }], 2],
    ['lists of text', [{ x: ['a'] }], 1],
    ['lists among numbers', [{ x: 1 }, { x: [1] }], 2],
    ['numbers among lists', [{ x: [1, 2] }, { x: 1 }], 2],
  ])('with %s in a column cannot use it', async (_, rows, row) => {
    const read = await table('a.jsonl', lines(...rows.map((record) => ({ y: 1, ...record }))));
    expect(column(read, 'x')).toMatchObject({ kind: 'unusable', nested: { count: 1, first: [{ row }] } });
  });

  it('read NaN and Infinity as Python writes them, and not in text', async () => {
    const read = await table('a.json', text('[{"x": NaN, "y": -Infinity, "z": "NaN Infinity \\" NaN"}]'));
    expect(numbers(read, 'y')).toEqual([-Infinity]);
    expect(column(read, 'x')).toMatchObject({ kind: 'unusable', distinct: 0 });
    expect(words(read, 'z')).toEqual(['NaN Infinity " NaN']);
  });

  it('keep columns called as properties of objects are', async () => {
    const read = await table(
      'a.jsonl',
      text('{"__proto__": 1, "constructor": 2}\n{"__proto__": 3, "constructor": 4}\n'),
    );
    expect(numbers(read, '__proto__')).toEqual([1, 3]);
    expect(numbers(read, 'constructor')).toEqual([2, 4]);
  });

  it.each([
    ['a.jsonl', '{"x": 1}\n{"x": 2\n', /Line 2 is no valid JSON/],
    ['a.jsonl', '{"x": 1}\n5\n', /Record 2 is no object with columns: 5/],
    ['a.json', '[{"x": 1}, {"x": }]', /Record 2 is no valid JSON/],
    ['a.json', '[{"x": 1}, ]', /Record 2 is no valid JSON/],
    ['a.json', '[{"x": 1}', /not closed: the file ends within record 1/],
    ['a.json', '[{"x": 1}] and more', /Something follows the end of the list of 1 records/],
    ['a.json', '[]', /no rows/],
    ['a.json', '{"x": [1, 2], "y": [1]}', /"x" has 2 values, "y" has 1/],
    ['a.json', '{"x": 1}', /holds no columns/],
    ['a.json', '"text"', /neither with \[/],
    ['a.json', '  \n ', /neither with \[/],
    ['a.json', '', /The file is empty/],
    ['a.jsonl', '\n\n', /no rows/],
    ['a.jsonl', '[[[[[[[[[[1]]]]]]]]]]\n[1]\n', /^$/],
  ])('%s with %j is refused', async (name, content, sentence) =>
    expect(await refusal(name, text(content))).toMatch(sentence),
  );

  it('nested too deeply or too long are refused', async () => {
    expect(await refusal('a.json', text(`[${'['.repeat(100_000)}`))).toMatch(/not closed/);
    expect(await refusal('a.jsonl', text(`${'['.repeat(100_000)}${']'.repeat(100_000)}\n`))).toMatch(
      /^$|valid JSON/,
    );
    expect(await refusal('a.json', text(`[${'"a"'.repeat(2_000_000)}`))).toMatch(
      /longer than 4000000 characters/,
    );
    expect(await refusal('a.jsonl', text('a'.repeat(4_100_000)))).toMatch(/longer than 4000000/);
  });

  it('with a new column in every record end where memory ends', async () => {
    const many = Array.from({ length: 2000 }, (_, i) => ({ [`c${i}`]: i }));
    expect(await refusal('a.jsonl', lines(...many), {}, { mostBytes: 1e6 })).toMatch(
      /larger than memory allows/,
    );
  });

  it('are read in part: the first rows, or a random sample in the order of the file', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => ({ x: i }));
    for (const content of [lines(...rows), text(JSON.stringify(rows))]) {
      const first = await table('a', content, { rows: { most: 20 } });
      expect(numbers(first, 'x')).toEqual(rows.slice(0, 20).map(({ x }) => x));
      const some = await table('a', content, { rows: { most: 50, random: randomStream(1, 'rows') } });
      const taken = numbers(some, 'x');
      expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b));
      expect(taken).toHaveLength(50);
      expect(taken.at(-1)).toBeGreaterThan(400);
    }
  });

  it('give what JSON.parse gives, wherever the pieces end', async () => {
    const key = fc.constantFrom('a', 'b', '__proto__', 'ü "]}', '');
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(key, value), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (records, piece, asLines) => {
          const content = asLines ? lines(...records) : text(JSON.stringify(records));
          const file = fileOf(asLines ? 'a.jsonl' : 'a.json', content, piece);
          const result = await readTable(file, { format: 'auto', layout: detectAll }, reading);
          const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
          if (keys.length === 0) return !result.ok;
          if (!result.ok) return false;
          for (const name of keys) {
            const values = records.map(
              (record) => (Object.hasOwn(record, name) ? record[name]! : null) ?? NaN,
            );
            const read = column(result.value, name);
            if (values.every(Number.isNaN)) expect(read.kind).toBe('unusable');
            else expect(numbers(result.value, name)).toEqual(values.map((x) => x + 0));
          }
          return true;
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('formats', () => {
  it.each([
    ['a.parquet', /does not begin with PAR1/],
    ['a.npz', /no complete zip file/],
    ['a.idx', /no IDX file/],
  ])('%s by the name alone is refused with what is wrong', async (name, sentence) =>
    expect(await refusal(name, text('x,y\n1,2\n3,4\n'))).toMatch(sentence),
  );

  it('are what the experiment says', async () => {
    expect(numbers(await table('a.json', text('x,y\n1,2\n'), { format: 'csv' }), 'y')).toEqual([2]);
    expect(numbers(await table('a.csv', text('x y\tz\n1\t2\n'), { format: 'tsv' }), 'x y')).toEqual([1]);
    expect(await refusal('a.csv', text('x,y\n1,2\n'), { format: 'npy' })).toMatch(/no \.npy file/);
  });

  it('that are unknown are named as such', async () =>
    expect(await refusal('a.bin', Uint8Array.from([1, 0, 0, 5]))).toMatch(/no known format.*data\.format/));
});

describe('CSV files in part', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => `${i},${i % 3 === 0 ? 'a' : 'b'}`);
  const content = text(`x,word\n${rows.join('\n')}\n`);

  it('the first rows', async () => {
    const first = await table('a.csv', content, { rows: { most: 10 } });
    expect(numbers(first, 'x')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...first.rowNumbers]).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('a random sample, every row with the same chance', async () => {
    const counts = new Float64Array(10);
    for (let seed = 0; seed < 40; seed++) {
      const some = await table('a.csv', content, { rows: { most: 100, random: randomStream(seed, 'rows') } });
      const taken = numbers(some, 'x');
      expect(taken).toHaveLength(100);
      expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b));
      for (const x of taken) counts[Math.floor(x / 100)]! += 1;
    }
    // Hypergeometric: 400 expected in each tenth, standard deviation √(4000 · 0.1 · 0.9 · 0.9) = 18.
    for (const count of counts) expect(Math.abs(count - 400)).toBeLessThan(5 * 18);
  });

  it('end where memory ends, with the numbers', async () =>
    expect(await refusal('a.csv', content, {}, { mostBytes: 40_000 })).toMatch(
      /larger than memory allows: after 1000 rows of 2 columns/,
    ));
});
