import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { english } from '../../../src/core/messages/message.ts';
import { fileId, loadData } from '../../../src/extension/train/sources.ts';

let folder = '';
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sources-'))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

async function load(text: string) {
  const file = path.join(folder, 'table.csv');
  fs.writeFileSync(file, text);
  return loadData(fileId(file), folder);
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
    expect(problem(await loadData(fileId(path.join(folder, 'none.csv')), folder))).toContain(
      'does not exist',
    );
  });

  it('is never read whole', async () => {
    const file = path.join(folder, 'large.csv');
    const row = `${'1,'.repeat(50)}2\n`;
    fs.writeFileSync(file, row.repeat(20_000));
    const before = process.memoryUsage().arrayBuffers;
    const loaded = await loadData(fileId(file), folder);
    expect(loaded.ok || problem(loaded)).toBeTruthy();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(fs.statSync(file).size);
  });
});
