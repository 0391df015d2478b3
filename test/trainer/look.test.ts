import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Look } from '../../src/core/data/look.ts';
import { suggestExperiment } from '../../src/core/data/suggest.ts';
import { english, type Result } from '../../src/core/messages/message.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { lookAt } from '../../src/trainer/look.ts';
import { fixture } from '../core/data/files.ts';
import { installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';

const options = { signal: new AbortController().signal, mostBytes: 1e8, onProgress: () => undefined };

/** A file of this name and content, with others beside it. */
function fileWith(
  name: string,
  content: Uint8Array | string,
  beside: Record<string, Uint8Array> = {},
): string {
  const folder = temporaryFolder();
  for (const [each, bytes] of Object.entries({ ...beside, [name]: content })) {
    fs.mkdirSync(dirname(join(folder, each)), { recursive: true });
    fs.writeFileSync(join(folder, each), bytes);
  }
  return join(folder, name);
}

function value(result: Result<Look>): Look {
  if (!result.ok) throw new Error(wrong(result));
  return result.value;
}

const wrong = (result: Result<unknown>): string =>
  result.ok ? '' : result.problems.map((problem) => english(problem.message)).join('\n');

/** An IDX file of bytes: two zeros, the code of bytes, the axes, their extents. */
function idx(shape: readonly number[], at: (i: number) => number): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((extent, i) => header.writeUInt32BE(extent, 4 + 4 * i));
  const size = shape.reduce((a, b) => a * b, 1);
  return Buffer.concat([header, Buffer.from(Array.from({ length: size }, (_, i) => at(i) % 256))]);
}

const records = Array.from({ length: 30 }, (_, i) => ({
  x: i / 4,
  kind: ['a', 'b', 'c'][i % 3]!,
  yes: i % 2,
}));
const seen = [
  { name: 'x', kind: 'number', distinct: 30, whole: false },
  { name: 'kind', kind: 'text', samples: ['a', 'b', 'c', 'a', 'b'], distinct: 3 },
  { name: 'yes', kind: 'number', distinct: 2, whole: true },
];
const csv = `x,kind,yes\n${records.map(({ x, kind, yes }) => `${x},${kind},${yes}`).join('\n')}\n`;
const lines = (of: readonly object[]): string => of.map((row) => JSON.stringify(row)).join('\n');

describe('a look at a data file', () => {
  it.each([
    ['a.csv', csv],
    ['a.csv.gz', gzipSync(csv)],
    ['a.tsv', csv.replaceAll(',', '\t')],
    ['a.json', JSON.stringify(records)],
    ['a.jsonl', lines(records)],
    ['a.jsonl.gz', gzipSync(lines(records))],
  ])('%s: columns with kinds, and rows', async (name, content) => {
    const look = value(await lookAt(fileWith(name, content), options));
    expect(look).toMatchObject({ source: 'file', rows: 30, totalRows: 30, exact: true, columns: seen });
    expect(look.layout === undefined).toBe(name.includes('.json'));
  });

  it.each(['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz'])(
    '%s: images with their labels, which suit a classifier of pixels',
    async (name) => {
      const [images, labels] = [idx([5000, 4, 4], (i) => i), idx([5000], (i) => i % 10)];
      const packed = (bytes: Uint8Array) => (name.endsWith('.gz') ? gzipSync(bytes) : bytes);
      const path = fileWith(name, packed(images), {
        [name.replace('images-idx3', 'labels-idx1')]: packed(labels),
      });
      const look = value(await lookAt(path, options));
      expect(look).toMatchObject({
        rows: 2000,
        totalRows: 5000,
        exact: false,
        columns: [
          { name: 'image', kind: 'array', shape: [4, 4, 1], bytes: true },
          { name: 'label', kind: 'number', distinct: 10, whole: true },
        ],
      });
      expect(suggestExperiment({ source: 'file', path: name, target: 'label' }, look)).toMatchObject({
        loss: { id: 'softmax-cross-entropy' },
        scaling: { features: 'minmax' },
      });
    },
  );

  it('counts the rows of what it reads only the beginning of', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({ x: i + 0.5, y: 2 * i + 0.25 }));
    for (const [name, content] of [
      ['a.jsonl', lines(many)],
      ['a.json', JSON.stringify(many)],
      ['a.csv.gz', gzipSync(`x,y\n${many.map(({ x, y }) => `${x},${y}`).join('\n')}\n`)],
    ] as const) {
      const look = value(await lookAt(fileWith(name, content), options));
      expect(look.exact, name).toBe(false);
      // An estimate by the size.
      expect(Math.abs(look.totalRows / 20_000 - 1), `${name}: ${look.totalRows}`).toBeLessThan(0.3);
    }
  });

  it.each([
    ['f4.npy', 4, ['number', 'number', 'number']],
    ['stored.npz', undefined, ['array', 'number']],
    ['parts.npz', 5, ['array', 'number']],
    ['snappy.parquet', undefined, undefined],
    ['doubles.idx.gz', undefined, undefined],
  ])('%s', async (name, rows, kinds) => {
    const look = value(await lookAt(fileWith(name, fixture(name)), options));
    expect(look.totalRows).toBe(look.rows);
    if (rows !== undefined) expect(look.rows).toBe(rows);
    if (kinds !== undefined) expect(look.columns.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('says what is wrong, in the words of the readers', async () => {
    expect(wrong(await lookAt(join(temporaryFolder(), 'none.csv'), options))).toContain('does not exist');
    expect(
      wrong(
        await lookAt(
          fileWith(
            'x.idx',
            idx([5, 2, 2], () => 1),
          ),
          options,
        ),
      ),
    ).toContain('data.labels');
    expect(wrong(await lookAt(fileWith('a.parquet', 'nothing'), options))).toContain('Parquet');
    expect(wrong(await lookAt(fileWith('a.bin', new Uint8Array([1, 0, 2])), options))).toContain(
      'no known format',
    );
    expect(wrong(await lookAt(fileWith('a.csv', ''), options))).toContain('empty');
    const aborted = { ...options, signal: AbortSignal.abort() };
    const large = fileWith('a.jsonl', lines(Array.from({ length: 1900 }, () => ({ x: 'y'.repeat(2000) }))));
    expect(wrong(await lookAt(large, aborted))).toContain('cancelled');
  });
});

describe('a look at a folder of images', () => {
  const png = (size: number): Uint8Array =>
    encode({ width: size, height: size, data: new Uint8Array(size * size).fill(7), channels: 1 });

  it('sees classes, images and their size', async () => {
    const file = fileWith('cat/1.png', png(6), {
      'cat/2.png': png(6),
      'dog/1.png': png(6),
      '.x/1.png': png(6),
    });
    expect(value(await lookAt(join(file, '..', '..'), options))).toMatchObject({
      source: 'images',
      rows: 3,
      columns: [
        { name: 'image', kind: 'array', shape: [6, 6, 1] },
        { name: 'class', kind: 'text', samples: ['cat', 'dog'], distinct: 2 },
      ],
    });
  });

  it('needs classes', async () => {
    const one = fileWith('cat/1.png', png(6));
    expect(wrong(await lookAt(join(one, '..', '..'), options))).toContain('one class only');
    expect(wrong(await lookAt(temporaryFolder(), options))).toContain('no folders with PNG images');
  });
});

describe('the host', () => {
  let supervisor: Supervisor;
  const log = memoryLog();
  beforeAll(async () => {
    const { trainer, dataSets } = await installation();
    supervisor = new Supervisor({ trainer, dataSets, log });
  });
  afterAll(() => supervisor.dispose());

  it('has another process look, and can give up on it', async () => {
    const path = fileWith('a.jsonl', lines(records));
    const shares: number[] = [];
    const looked = await supervisor.look(path, { onProgress: (share) => shares.push(share) });
    expect(value(looked)).toMatchObject({ rows: 30, columns: seen });
    expect(shares.at(-1)).toBe(1);
    expect(wrong(await supervisor.look(join(path, 'none')))).not.toBe('');
    expect(wrong(await supervisor.look(path, { signal: AbortSignal.abort() }))).toContain('cancelled');
    expect(log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});
