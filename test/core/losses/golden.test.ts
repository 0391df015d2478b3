import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { place, placeRepeated, repeated } from '../../golden/arrays.ts';
import { entryOf } from '../../golden/entries/all.ts';
import { runCase } from '../../golden/losses.ts';
import { groups, parseFile, runDirectory } from '../../golden/run.ts';
import { lossCaseSchema, type GoldenCase } from '../../golden/types.ts';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/golden');
const read = (name: string) =>
  parseFile(name, fs.readFileSync(path.join(fixtures, `${name}.json`), 'utf8')).cases;

describe('golden cases', async () => {
  const report = await runDirectory(fixtures);
  const results = report.files.flatMap((file) => file.results);

  it.each(groups(report).map((group) => [`${group.name} ${group.convention}`, group.results] as const))(
    '%s',
    (_, ran) => {
      expect(ran.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    },
  );

  it('are all read', () => {
    expect(report.unreadable).toEqual([]);
    expect(results.length).toBeGreaterThan(2100);
    expect(results.length).toBe(report.files.reduce((n, { file }) => n + file.cases.length, 0));
  });

  it('are all run', () => {
    expect(results.filter(({ outcome }) => outcome === 'skipped')).toEqual([]);
  });

  it('cover every loss, and of its definitions all but a few', () => {
    const passed = new Set(results.flatMap(({ outcome, id }) => (outcome === 'passed' ? [id] : [])));
    const covered = new Set<string>();
    for (const { file } of report.files) {
      for (const one of file.cases) {
        const parsed = v.safeParse(lossCaseSchema, one);
        if (!parsed.success || !passed.has(one.id)) continue;
        const { id, convention } = entryOf(parsed.output);
        covered.add(definition(id, convention));
      }
    }
    const all = losses().flatMap((loss) => [
      definition(loss.id),
      ...(loss.conventions ?? []).map((convention) => definition(loss.id, convention.id)),
    ]);
    // No framework computes these; their mathematics is tested.
    expect(all.filter((one) => !covered.has(one))).toEqual([
      'poly-1-cross-entropy (class-index)',
      'least-squares-gan-discriminator (no-half)',
      'wasserstein-gradient-penalty (one-sided)',
    ]);
  });
});

const definition = (loss: string, convention?: string) =>
  convention === undefined ? loss : `${loss} (${convention})`;

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
    grad_left?: Arrays;
    grad_right?: Arrays;
    throws?: boolean;
  }
  const expected = (one: GoldenCase) => one['expected'] as Expected;
  const failure = (text: string) => ({
    outcome: 'failed',
    reason: expect.stringContaining(text) as string,
  });

  it('fails on a wrong value', () => {
    const one = find('mse', tagged('random'));
    expected(one).loss.data[0] = Number(expected(one).loss.data[0]) + 1e-8;
    expect(runCase(one)).toMatchObject(failure('loss[0]'));
  });

  it('fails on a wrong gradient', () => {
    const one = find('cross_entropy', tagged('random'));
    expected(one).grad['pred']!.data[1] = Number(expected(one).grad['pred']!.data[1]) * (1 + 1e-8);
    expect(runCase(one)).toMatchObject(failure('gradient by pred[1]'));
  });

  it('fails on a gradient that is asked for and not given', () => {
    const one = find('mse', tagged('random'));
    delete expected(one).grad['pred'];
    expect(runCase(one)).toMatchObject(failure('no gradient by pred'));
    expect(runCase({ ...find('mse', tagged('random')), wrt: ['nothing'] })).toMatchObject(
      failure('no gradient by nothing'),
    );
  });

  it('takes any subgradient at a kink, and nothing else', () => {
    const one = find('mae', (c) => c['grad_policy'] === 'kink' && c['reduction'] === 'sum');
    const { grad, grad_left, grad_right } = expected(one);
    const at = grad_left!['pred']!.data.findIndex((left, i) => left !== grad_right!['pred']!.data[i]);
    grad['pred']!.data[at] = 0.7;
    expect(runCase(one).outcome).toBe('passed');
    grad_left!['pred']!.data[at] = 0.5;
    expect(runCase(one).outcome).toBe('failed');
    const other = find('mae', (c) => c['grad_policy'] === 'kink' && c['reduction'] === 'sum');
    const smooth = expected(other).grad_left!['pred']!.data.findIndex(
      (left, i) => left === expected(other).grad_right!['pred']!.data[i],
    );
    expected(other).grad['pred']!.data[smooth] = 0.7;
    expect(runCase(other).outcome).toBe('failed');
  });

  it('finds the sides of a kink where the case does not give them', () => {
    const without = (value: number) => {
      const one = find('mae', (c) => c['grad_policy'] === 'kink' && c['reduction'] === 'sum');
      const { grad, grad_left, grad_right } = expected(one);
      const at = grad_left!['pred']!.data.findIndex((left, i) => left !== grad_right!['pred']!.data[i]);
      grad['pred']!.data[at] = value;
      delete expected(one).grad_left;
      delete expected(one).grad_right;
      return runCase(one).outcome;
    };
    expect(without(-0.7)).toBe('passed');
    expect(without(1.1)).toBe('failed');
  });

  it('fails when something should be refused and is not', () => {
    const one = find('mse', tagged('random'));
    expected(one).throws = true;
    expect(runCase(one)).toMatchObject(failure('should be refused'));
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

  it('needs no entry for a loss whose golden names are ours', () => {
    const one = {
      id: 'a',
      loss: 'least_squares_gan_generator',
      convention: 'no-half',
      inputs: { fake: { shape: [2], data: [3, 0] } },
      reduction: 'mean',
      wrt: ['fake'],
      expected: {
        loss: { shape: [], data: [2.5] },
        grad: { fake: { shape: [2], data: [2, -1] } },
      },
      tol: { rtol: 1e-12, atol: 1e-12 },
    };
    expect(runCase(one)).toEqual({ id: 'a', outcome: 'passed' });
    expect(runCase({ ...one, convention: 'half' }).outcome).toBe('skipped');
  });

  it('skips with a reason what we do not have', () => {
    expect(runCase({ id: 'a', loss: 'unheard_of' })).toEqual({
      id: 'a',
      outcome: 'skipped',
      reason: 'loss unheard_of is not offered',
    });
    const one = find('mse', tagged('random'));
    const skipped = (reason: string) => ({
      outcome: 'skipped',
      reason: expect.stringContaining(reason) as string,
    });
    expect(runCase({ ...one, convention: 'tea-leaves' })).toMatchObject(skipped('tea-leaves'));
    expect(runCase({ ...one, reduction: 'median' })).toMatchObject(skipped('median'));
    expect(runCase({ ...one, params: { gamma: 2 } })).toMatchObject(skipped('gamma'));
    const inputs = { ...(one['inputs'] as object), mask: { shape: [1], data: [1] } };
    expect(runCase({ ...one, inputs })).toMatchObject(skipped('mask'));
  });

  it('fails a malformed case', () => {
    expect(runCase({ id: 'a', loss: 'mse', convention: 'torch' })).toMatchObject(failure('malformed'));
    const one = find('mse', tagged('random'));
    expected(one).loss.data.push(0);
    expect(runCase(one)).toMatchObject(failure('malformed'));
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
      const good = { ...find('mse', tagged('random')), id: undefined };
      write('good.json', JSON.stringify({ family: 'mine', schema: 1, cases: [good] }));
      write('notes.txt', 'not a case');
      const { files, unreadable } = await runDirectory(directory);
      expect(unreadable.map((line) => line.split(':')[0])).toEqual([
        'broken.json',
        'list.json',
        'other.json',
      ]);
      expect(files.flatMap((file) => file.results)).toEqual([{ id: 'mine #0', outcome: 'passed' }]);
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
    await expect(runDirectory(directory)).rejects.toThrow();
  });
});

describe('the layout of arrays', () => {
  it('moves axes, merges dimensions, and finds the way back', () => {
    const array = { shape: [2, 3, 2], data: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] };
    const placed = place(array, ['sample', 'class'], ['sample', 'class', 'sample']);
    expect(placed.sizes).toEqual({ sample: 4, class: 3 });
    expect(placed.data).toEqual([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    expect([...placed.toFile(placed.data)]).toEqual(array.data);
    expect(placed.fromFile(array.data)).toEqual(placed.data);
    expect(place({ shape: [], data: [7] }, ['sample', 'output'], [])).toMatchObject({
      data: [7],
      sizes: { sample: 1, output: 1 },
    });
  });

  it('sums on the way back what was repeated', () => {
    const placed = placeRepeated(
      { shape: [2], data: [5, 7] },
      [2, 3],
      ['sample', 'output'],
      ['sample', 'output'],
    );
    expect(placed.data).toEqual([5, 5, 5, 7, 7, 7]);
    expect([...placed.toFile([1, 2, 3, 4, 5, 6])]).toEqual([6, 15]);
    expect(placed.fromFile([8, 9])).toEqual([8, 8, 8, 9, 9, 9]);
  });

  it('repeats from the right, or from the left for weights of rows', () => {
    const two = { shape: [2], data: [1, 2] };
    expect(repeated(two, [3, 2]).data).toEqual([1, 2, 1, 2, 1, 2]);
    expect(repeated(two, [2, 3], true).data).toEqual([1, 1, 1, 2, 2, 2]);
    expect(() => repeated(two, [2, 3])).toThrow(RangeError);
  });
});
