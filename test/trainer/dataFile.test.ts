import * as fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { Table } from '../../src/core/data/dataset.ts';
import { english, type Result } from '../../src/core/messages/message.ts';
import {
  parseExperiment,
  type Experiment,
  type ExperimentInput,
} from '../../src/core/training/experiment.ts';
import { readDataFile, type ReadOptions } from '../../src/trainer/dataFile.ts';
import { readImageFolder } from '../../src/trainer/imageFolder.ts';
import { temporaryFolder } from '../supervisor/helpers.ts';
import { fixture, numbers, words } from '../core/data/files.ts';

const options: ReadOptions = {
  signal: new AbortController().signal,
  onProgress: () => undefined,
  mostBytes: 1e8,
  seed: 3,
};

function dataOf<S extends 'file' | 'images'>(
  data: Extract<ExperimentInput['data'], { source: S }>,
): Extract<Experiment['data'], { source: S }> {
  const parsed = parseExperiment({ version: 1, data, loss: { id: 'softmax-cross-entropy' } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value.data as Extract<Experiment['data'], { source: S }>;
}

type Given = Omit<Extract<ExperimentInput['data'], { source: 'file' }>, 'source' | 'path'>;

function read(path: string, given: Given = {}, more: Partial<ReadOptions> = {}) {
  return readDataFile(path, dataOf({ source: 'file', path: 'a', ...given }), { ...options, ...more });
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map((problem) => english(problem.message)).join('\n'));
  return result.value;
}

const wrong = (result: Result<unknown>): string =>
  result.ok ? '' : result.problems.map((problem) => english(problem.message)).join('\n');

/** A folder with files of these names. */
function folderWith(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(join(folder, name, '..'), { recursive: true });
    fs.writeFileSync(join(folder, name), content);
  }
  return folder;
}

describe('data files', () => {
  const images = fixture('train-images-idx3-ubyte');
  const labels = fixture('train-labels-idx1-ubyte');

  it.each(['', '.gz'])(
    'named as MNIST’s%s find their labels, and a second pair is for validation',
    async (ending) => {
      const packed = (bytes: Uint8Array) => (ending === '' ? bytes : gzipSync(bytes));
      const folder = folderWith({
        [`train-images-idx3-ubyte${ending}`]: packed(images),
        [`train-labels-idx1-ubyte${ending}`]: packed(labels),
        [`t10k-images-idx3-ubyte${ending}`]: packed(images),
        [`t10k-labels-idx1-ubyte${ending}`]: packed(labels),
      });
      const { table } = value(
        await read(join(folder, `train-images-idx3-ubyte${ending}`), {
          validation: `t10k-images-idx3-ubyte${ending}`,
        }),
      );
      expect(table).toMatchObject({ rows: 16, validationFrom: 8 });
      expect(numbers(table, 'label').slice(0, 8)).toEqual(numbers(table, 'label').slice(8));
    },
  );

  it('take labels by name', async () => {
    const folder = folderWith({ 'x.idx': images, 'y.idx': labels });
    expect(
      numbers(value(await read(join(folder, 'x.idx'), { labels: 'y.idx' })).table, 'label'),
    ).toHaveLength(8);
    expect(wrong(await read(join(folder, 'x.idx')))).toMatch(/data\.labels/);
    expect(wrong(await read(join(folder, 'x.idx'), { labels: 'z.idx' }))).toMatch(/z\.idx does not exist/);
  });

  it('have companions in their own folder only', () => {
    for (const labels of ['../y.idx', '/etc/passwd', 'a\\b', '..', 'c:b']) {
      const data = { source: 'file', path: 'a', labels } as const;
      expect(parseExperiment({ version: 1, data, loss: { id: 'mean-squared-error' } }).ok, labels).toBe(
        false,
      );
    }
  });

  it('have the hash of the whole file, and another one when a companion changes', async () => {
    const folder = folderWith({ 'a.csv': 'x,y\n1,2\n3,4\n', 'b.csv': 'x,y\n5,6\n' });
    const { createHash } = await import('node:crypto');
    const alone = value(await read(join(folder, 'a.csv'))).fingerprint;
    expect(alone).toEqual({
      size: 12,
      sha256: createHash('sha256').update('x,y\n1,2\n3,4\n').digest('hex'),
    });
    const both = async () =>
      value(await read(join(folder, 'a.csv'), { validation: 'b.csv' })).fingerprint.sha256;
    const before = await both();
    fs.writeFileSync(join(folder, 'b.csv'), 'x,y\n5,7\n');
    expect(await both()).not.toBe(before);
  });

  it('give the same random sample for the same seed', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i},${i % 2}`).join('\n');
    const path = join(folderWith({ 'a.csv': `x,y\n${rows}\n` }), 'a.csv');
    const sample = async (seed: number) =>
      numbers(value(await read(path, { rows: 20, sample: 'random' }, { seed })).table, 'x');
    expect(await sample(1)).toEqual(await sample(1));
    expect(await sample(1)).not.toEqual(await sample(2));
    expect(await sample(1)).toHaveLength(20);
  });

  it('larger than memory are read in part, of which nothing is kept but the rows', async () => {
    const line = '1.25,2.5,0\n';
    const path = join(folderWith({ 'a.csv': `x,z,y\n${line.repeat(200_000)}` }), 'a.csv');
    expect(wrong(await read(path, {}, { mostBytes: 1e6 }))).toMatch(
      /larger than memory allows.*"data\.rows"/,
    );
    let share = 0;
    const part = value(
      await read(
        path,
        { rows: 10_000 },
        { mostBytes: 1e6, onProgress: (now) => (share = Math.max(share, now)) },
      ),
    );
    expect(part.table.rows).toBe(10_000);
    // Reading ends with the last row that is wanted.
    expect(share).toBeLessThan(0.2);
  });

  it('are let go of when the host gives up', async () => {
    const path = join(folderWith({ 'a.csv': `x,y\n${'1,2\n'.repeat(1_000_000)}` }), 'a.csv');
    const stop = new AbortController();
    const reading = read(path, {}, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(wrong(await reading)).toMatch(/cancelled/);
  });

  it('say in which file a problem is', async () => {
    const folder = folderWith({ 'a.csv': 'x,y\n1,2\n', 'b.jsonl': '{"x": 1, "y": 2}\n{\n' });
    const result = await read(join(folder, 'a.csv'), { validation: 'b.jsonl' });
    expect(result.ok ? undefined : result.problems[0]!.where).toMatchObject({
      file: join(folder, 'b.jsonl'),
      row: 2,
    });
  });
});

describe('folders of images', () => {
  const png = (grey: number): Uint8Array =>
    encode({ width: 2, height: 2, channels: 1, depth: 8, data: new Uint8Array(4).fill(grey) });
  const readFolder = (folder: string, given: { rows?: number; validation?: string } = {}) =>
    readImageFolder(folder, dataOf({ source: 'images', path: 'a', ...given }), options);
  const first = (table: Table) => numbers(table, 'image').filter((_, i) => i % 4 === 0);

  it('are images with the names of their folders as classes, in the order of the names', async () => {
    const folder = folderWith({
      'train/cat/2.png': png(2),
      'train/cat/1.PNG': png(1),
      'train/cat/notes.txt': 'no image',
      'train/cat/.hidden.png': 'no image',
      'train/ant/9.png': png(9),
      'train/readme.png': 'no image',
      'test/cat/5.png': png(5),
    });
    const { table } = value(await readFolder(join(folder, 'train'), { validation: 'test' }));
    expect(first(table)).toEqual([9, 1, 2, 5]);
    expect(words(table, 'class')).toEqual(['ant', 'cat', 'cat', 'cat']);
    expect(table.validationFrom).toBe(3);
    expect(first(value(await readFolder(join(folder, 'train'), { rows: 2 })).table)).toEqual([9, 1]);
  });

  it('that are missing, empty or hold something else are refused by name', async () => {
    const folder = folderWith({ 'a/b/c.png': 'no image', 'empty/d/e.txt': '' });
    expect(wrong(await readFolder(join(folder, 'a')))).toMatch(/b.c\.png is no PNG image/);
    expect(wrong(await readFolder(join(folder, 'empty')))).toMatch(/holds no folders with PNG images/);
    expect(wrong(await readFolder(join(folder, 'none')))).toMatch(/does not exist/);
  });
});
