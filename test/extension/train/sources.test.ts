import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { encode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { english } from '../../../src/core/messages/message.ts';
import { fileId, loadData, type LookAt } from '../../../src/extension/train/sources.ts';
import { lookAt } from '../../../src/trainer/look.ts';
import { fixture } from '../../core/data/files.ts';

/** What the trainer process answers. */
const look: LookAt = (file) =>
  lookAt(file, { signal: new AbortController().signal, mostBytes: 1e8, onProgress: () => undefined });

let folder = '';
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sources-'))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

async function load(text: string) {
  const file = path.join(folder, 'table.csv');
  fs.writeFileSync(file, text);
  return loadData(fileId(file), folder, look);
}

const problem = (loaded: Awaited<ReturnType<typeof load>>): string =>
  loaded.ok ? '' : english(loaded.problems[0]!.message);

describe('a file of the user', () => {
  it('is predicted by its last column, and knows what each column can be', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, i) => `${String(i * 0.37)};${i % 2 === 0 ? 'yes' : 'no'};${String(i % 3)};const;${String(i * 1.5)}`,
    );
    const loaded = await load(`x;label;kind;same;y\n${rows.join('\n')}\n`);
    if (!loaded.ok) throw new Error(problem(loaded));
    expect(loaded.value.target).toBe('y');
    expect(Object.fromEntries(loaded.value.columns.map(({ name, tasks }) => [name, tasks]))).toEqual({
      x: ['regression'],
      label: ['binary', 'classes'],
      kind: ['classes', 'regression'],
      same: [],
      y: ['regression'],
    });
    expect(loaded.value.suggest('label').loss.id).toBe('binary-cross-entropy-logits');
    expect(loaded.value.suggest('y').loss.id).toBe('mean-squared-error');
  });

  it.each([
    ['', 'empty'],
    ['a,b\n', 'no rows'],
    ['a,b\n1,2\n', 'only one row'],
    ['a,b\n1,\n1,\n1,\n', 'No column'],
  ])('%j is refused with a reason', async (text, reason) => {
    expect(problem(await load(text))).toContain(reason);
  });

  it('that is gone is refused with a reason', async () => {
    expect(problem(await loadData(fileId(path.join(folder, 'none.csv')), folder, look))).toContain(
      'does not exist',
    );
  });

  it('is never read whole', async () => {
    const file = path.join(folder, 'large.csv');
    fs.writeFileSync(file, `${'1,'.repeat(50)}2\n`.repeat(20_000));
    let read = 0;
    const watched: LookAt = (each) =>
      lookAt(each, {
        signal: new AbortController().signal,
        mostBytes: 1e8,
        onProgress: (share) => (read = Math.max(read, share)),
      });
    const loaded = await loadData(fileId(file), folder, watched);
    expect(problem(loaded)).toContain('No column');
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(0.3);
  });

  it.each(['train-images-idx3-ubyte', 'train-images-idx3-ubyte.gz'])(
    '%s has images with a shape, and labels to predict',
    async (name) => {
      for (const each of [name, name.replace('images-idx3', 'labels-idx1')])
        fs.writeFileSync(path.join(folder, each), fixture(each.replace(/(labels.*)\.gz$/, '$1')));
      const loaded = await loadData(fileId(path.join(folder, name)), folder, look);
      if (!loaded.ok) throw new Error(problem(loaded));
      const { shape = [], target, columns, suggest } = loaded.value;
      expect(target).toBe('label');
      expect(shape).toHaveLength(3);
      expect(columns.find((column) => column.name === 'image')?.tasks).toEqual([]);
      expect(suggest('label')).toMatchObject({ data: { path: name, target: 'label' } });
    },
  );

  it('may be JSON Lines, with the same choices as CSV', async () => {
    const file = path.join(folder, 'rows.jsonl');
    const rows = Array.from({ length: 30 }, (_, i) =>
      JSON.stringify({ x: i / 7, kind: i % 2 === 0 ? 'a' : 'b' }),
    );
    fs.writeFileSync(file, rows.join('\n'));
    const loaded = await loadData(fileId(file), folder, look);
    if (!loaded.ok) throw new Error(problem(loaded));
    expect(loaded.value.columns.map(({ name, tasks }) => [name, tasks])).toEqual([
      ['x', ['regression']],
      ['kind', ['binary', 'classes']],
    ]);
    expect(loaded.value.suggest('kind').loss.id).toBe('binary-cross-entropy-logits');
  });

  it('needs something with one value a row to predict', async () => {
    const file = path.join(folder, 'rows.json');
    fs.writeFileSync(
      file,
      JSON.stringify(Array.from({ length: 9 }, (_, i) => ({ x: [i, 1, 2], z: [i, 0] }))),
    );
    expect(problem(await loadData(fileId(file), folder, look))).toContain('holds arrays');
  });
});

describe('a folder of images', () => {
  it('is predicted by class, and its images have a shape', async () => {
    const data = new Uint8Array(36).fill(9);
    for (const name of ['cat', 'dog', 'owl']) {
      fs.mkdirSync(path.join(folder, 'pets', name), { recursive: true });
      const image = encode({ width: 6, height: 6, data, channels: 1 });
      fs.writeFileSync(path.join(folder, 'pets', name, '1.png'), image);
    }
    const loaded = await loadData(fileId(path.join(folder, 'pets')), folder, look);
    if (!loaded.ok) throw new Error(problem(loaded));
    expect(loaded.value).toMatchObject({ target: 'class', targetIsFixed: true, shape: [6, 6, 1] });
    expect(loaded.value.suggest('class')).toMatchObject({
      data: { source: 'images', path: 'pets' },
      scaling: { features: 'minmax' },
      loss: { id: 'softmax-cross-entropy' },
    });
  });
});
