import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCase } from '../../golden/losses.ts';
import { parseFile, runDirectory } from '../../golden/run.ts';
import type { GoldenCase } from '../../golden/types.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/golden');
const read = (name: string) =>
  parseFile(name, fs.readFileSync(path.join(fixtures, `${name}.json`), 'utf8')).cases;

describe('golden cases of losses', () => {
  const families = { mse: 17, mae: 17, huber: 52, bce_with_logits: 42, cross_entropy: 59 };
  for (const [family, count] of Object.entries(families)) {
    const cases = read(family).filter((one) => one['convention'] === 'torch');
    it(`${family} has its ${count} cases in the PyTorch convention`, () => {
      expect(cases).toHaveLength(count);
    });
    it.each(cases.map((one) => [one.id, one] as const))('%s', (id, one) => {
      expect(runCase(one)).toEqual({ id, outcome: 'passed' });
    });
  }
});

describe('the golden runner of losses', () => {
  const find = (family: string, test: (one: GoldenCase) => boolean): GoldenCase => {
    const found = read(family).find((one) => one['convention'] === 'torch' && test(one));
    if (found === undefined) throw new Error(`no such case in ${family}`);
    return structuredClone(found);
  };
  const tagged = (tag: string) => (one: GoldenCase) => (one['tags'] as string[]).includes(tag);
  type Arrays = Record<string, { shape: number[]; data: (number | string)[] }>;
  interface Expected {
    loss: { shape: number[]; data: (number | string)[] };
    grad: Arrays;
    grad_left: Arrays;
    grad_right: Arrays;
    throws?: boolean;
  }
  const expected = (one: GoldenCase) => one['expected'] as Expected;

  it('fails on a wrong value', () => {
    const one = find('mse', tagged('random'));
    expected(one).loss.data[0] = Number(expected(one).loss.data[0]) + 1e-8;
    expect(runCase(one)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('loss[0]') as string,
    });
  });

  it('fails on a wrong gradient', () => {
    const one = find('cross_entropy', tagged('random'));
    expected(one).grad['pred']!.data[1] = Number(expected(one).grad['pred']!.data[1]) * (1 + 1e-8);
    expect(runCase(one)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('gradient by pred[1]') as string,
    });
  });

  it('takes any subgradient at a kink, and nothing else', () => {
    const one = find('mae', (c) => c['grad_policy'] === 'kink' && c['reduction'] === 'sum');
    const { grad, grad_left, grad_right } = expected(one);
    const at = grad_left['pred']!.data.findIndex((left, i) => left !== grad_right['pred']!.data[i]);
    grad['pred']!.data[at] = 0.7;
    expect(runCase(one).outcome).toBe('passed');
    grad_left['pred']!.data[at] = 0.5;
    expect(runCase(one).outcome).toBe('failed');
    const other = find('mae', (c) => c['grad_policy'] === 'kink' && c['reduction'] === 'sum');
    const smooth = expected(other).grad_left['pred']!.data.findIndex(
      (left, i) => left === expected(other).grad_right['pred']!.data[i],
    );
    expected(other).grad['pred']!.data[smooth] = 0.7;
    expect(runCase(other).outcome).toBe('failed');
  });

  it('fails when something should be refused and is not', () => {
    const one = find('mse', tagged('random'));
    expected(one).throws = true;
    expect(runCase(one).outcome).toBe('failed');
  });

  it('reads a class axis in the middle as PyTorch has it', () => {
    // cross_entropy of shape (N, C, d) is that of the N·d rows.
    const pred = [1, 2, 0, -1, 0.5, 3, 2, 2, 1, 0, -2, 1];
    const rows = [0, 1].flatMap((n) => [0, 1].map((d) => [0, 1, 2].map((c) => pred[(n * 3 + c) * 2 + d]!)));
    const target = [2, 0, 1, 1];
    const losses = rows.map(
      (row, i) => Math.log(row.reduce((a, z) => a + Math.exp(z), 0)) - row[target[i]!]!,
    );
    const result = runCase({
      id: 'middle',
      loss: 'cross_entropy',
      convention: 'torch',
      inputs: {
        pred: { shape: [2, 3, 2], data: pred },
        target: { shape: [2, 2], data: target, dtype: 'int' },
      },
      params: { class_axis: 1 },
      reduction: 'none',
      expected: { loss: { shape: [2, 2], data: losses } },
      tol: { rtol: 1e-12, atol: 1e-12 },
    });
    expect(result).toEqual({ id: 'middle', outcome: 'passed' });
  });

  it('skips with a reason what we do not have', () => {
    expect(runCase({ id: 'a', loss: 'unheard_of' })).toEqual({
      id: 'a',
      outcome: 'skipped',
      reason: 'loss unheard_of is not offered',
    });
    const one = find('mse', tagged('random'));
    expect(runCase({ ...one, convention: 'tea-leaves' }).outcome).toBe('skipped');
    expect(runCase({ ...one, reduction: 'batchmean' }).outcome).toBe('skipped');
    expect(runCase({ ...one, params: { gamma: 2 } }).outcome).toBe('skipped');
  });

  it('fails a malformed case', () => {
    expect(runCase({ id: 'a', loss: 'mse', convention: 'torch' }).outcome).toBe('failed');
    const one = find('mse', tagged('random'));
    expected(one).loss.data.push(0);
    expect(runCase(one)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('malformed') as string,
    });
  });

  it('reports unreadable files beside what it can run', async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'golden-'));
    try {
      const write = (name: string, text: string) => {
        fs.writeFileSync(path.join(directory, name), text);
      };
      write('broken.json', '{"family": "mse", "schema": 1, "cases": [');
      write('other.json', '{"family": "mse", "schema": 2, "cases": []}');
      write('list.json', '[]');
      write(
        'good.json',
        JSON.stringify({ family: 'mine', schema: 1, cases: [find('mse', tagged('random'))] }),
      );
      write('notes.txt', 'not a case');
      const { files, unreadable } = await runDirectory(directory);
      expect(unreadable.map((line) => line.split(':')[0])).toEqual([
        'broken.json',
        'list.json',
        'other.json',
      ]);
      expect(files.flatMap((file) => file.results.map((result) => result.outcome))).toEqual(['passed']);
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
    await expect(runDirectory(directory)).rejects.toThrow();
  });
});
