import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import { column, expected, fixture, numbers, refusal, table, words } from './files.ts';

const { parquet } = expected;
const asNumbers = (values: readonly unknown[]): number[] =>
  values.map((value) => (value === null ? NaN : Number(value)));

describe('Parquet files of PyArrow', () => {
  it.each(['none', 'snappy', 'gzip', 'zstd', 'version2'])('%s', async (name) => {
    const read = await table(`${name}.parquet`);
    expect(read.rows).toBe(300);
    for (const each of ['float', 'single', 'whole', 'small']) {
      expect(numbers(read, each), each).toEqual(asNumbers(parquet[each]!));
    }
    expect(words(read, 'word')).toEqual(parquet['word']);
    expect(words(read, 'flag')).toEqual(parquet['flag']!.map(String));
    expect(words(read, 'day').map((day) => day?.slice(0, 10))).toEqual(parquet['day']);
    if (name === 'version2') return;
    expect(column(read, 'list')).toMatchObject({ kind: 'array', shape: [3] });
    expect(numbers(read, 'list')).toEqual(parquet['list']!.flat());
    expect(column(read, 'ragged')).toMatchObject({ kind: 'unusable', nested: {} });
    expect(column(read, 'record')).toMatchObject({ kind: 'unusable', nested: { count: 300 } });
  });

  it('in part', async () => {
    const first = await table('snappy.parquet', undefined, { rows: { most: 130 } });
    expect(numbers(first, 'float')).toEqual(parquet['float']!.slice(0, 130));
    const some = await table('snappy.parquet', undefined, {
      rows: { most: 50, random: randomStream(1, 'rows') },
    });
    const places = [...some.rowNumbers].map((row) => row - 1);
    expect(places).toHaveLength(50);
    expect(numbers(some, 'float')).toEqual(places.map((row) => parquet['float']![row]));
    expect(words(some, 'word')).toEqual(places.map((row) => parquet['word']![row]));
  });

  it('that need more memory than allowed are refused with numbers', async () =>
    expect(await refusal('snappy.parquet', undefined, {}, { mostBytes: 50_000 })).toMatch(
      /300 rows of 10 values need about 1 MB of memory; 1 MB are allowed.*at most 208/,
    ));

  it('with another compression say which can be read', async () =>
    expect(await refusal('brotli.parquet')).toMatch(/compressed with BROTLI; none, SNAPPY, GZIP and ZSTD/));

  it('that are cut off, or whose footer lies, are refused', async () => {
    const content = fixture('snappy.parquet');
    expect(await refusal('a.parquet', content.slice(0, 9000))).toMatch(/does not end with PAR1/);
    new DataView(content.buffer).setUint32(content.length - 8, 0x7fffffff, true);
    expect(await refusal('a.parquet', content)).toMatch(/claims a footer of 2147483647 bytes/);
    expect(await refusal('a.parquet', new TextEncoder().encode('PAR1PAR1'))).toMatch(/cut off/);
  });
});
