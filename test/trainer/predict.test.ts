import * as fs from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english, type Problem } from '../../src/core/messages/message.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { experiment, installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { start } from './runs.ts';

const sentences = (problems: readonly Problem[]): string =>
  problems.map(({ message }) => english(message)).join(' ');

describe('Predict', () => {
  let supervisor: Supervisor;
  let line: string;
  let colours: string;
  const log = memoryLog();

  beforeAll(async () => {
    const installed = await installation();
    supervisor = new Supervisor({ trainer: installed.trainer, dataSets: installed.dataSets, log });
    const store = new RunStore(temporaryFolder());
    // y = 2x: the least squares solution is exact, so what the model says at x = 4 is known.
    const exact = experiment({
      data: { source: 'builtin', name: 'line' },
      split: { validation: 0 },
      scaling: { features: 'none', target: 'none' },
      model: { type: 'mlp', hidden: [] },
      loss: { id: 'mean-squared-error' },
      optimizer: { type: 'sgd', rate: 0.1 },
      training: { epochs: 2000, batch: 'full' },
    });
    const run = await start(supervisor, store, exact);
    expect(await run.ended).toMatchObject({ state: 'finished' });
    line = run.directory;

    const csv = join(temporaryFolder(), 'colours.csv');
    const rows = Array.from({ length: 90 }, (_, i) =>
      [
        ['red', '#f00', 1],
        ['green', '#0f0', 2],
        ['blue', '#00f', 3],
      ][i % 3]!.join(','),
    );
    fs.writeFileSync(csv, `name,code,size\n${rows.join('\n')}\n`);
    const classes = experiment({
      data: { source: 'file', path: csv, target: 'name' },
      loss: { id: 'softmax-cross-entropy' },
      training: { epochs: 60 },
    });
    const second = await start(supervisor, store, classes, 'float64', csv);
    expect(await second.ended).toMatchObject({ state: 'finished', metrics: { accuracy: 1 } });
    colours = second.directory;
  });
  afterAll(() => supervisor.dispose());

  it('answers rows with numbers in the target’s own units', async () => {
    const result = await supervisor.predict(line, { rows: [{ x: '4' }, { x: '-1' }] });
    expect(result).toMatchObject({ ok: true, value: { rows: 2 } });
    const [four, minusOne] = result.ok ? result.value.answers : [];
    expect(four?.['prediction']).toBeCloseTo(8, 6);
    expect(minusOne?.['prediction']).toBeCloseTo(-2, 6);
  });

  it('answers rows with classes and their probabilities', async () => {
    const result = await supervisor.predict(colours, { rows: [{ code: '#0f0', size: '2' }] });
    const answer = result.ok ? result.value.answers[0]! : {};
    expect(answer['prediction']).toBe('green');
    const probabilities = ['red', 'green', 'blue'].map((name) => Number(answer[`probability(${name})`]));
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(probabilities[1]).toBeGreaterThan(0.5);
  });

  it('says what a row lacks', async () => {
    const missing = await supervisor.predict(line, { rows: [{ x: '' }] });
    expect(missing.ok ? '' : sentences(missing.problems)).toMatch(/"x"/);
    const text = await supervisor.predict(line, { rows: [{ x: 'four' }] });
    expect(text.ok ? '' : sentences(text.problems)).toMatch(/four/);
  });

  it('writes a copy of a file with the answers, and tells of values it never saw', async () => {
    const folder = temporaryFolder();
    const from = join(folder, 'new.csv');
    const to = join(folder, 'answers.csv');
    fs.writeFileSync(from, 'code,size\n#f00,1\n#00f,3\n#fff,2\n');
    const shares: number[] = [];
    const result = await supervisor.predict(
      colours,
      { file: { from, to } },
      { onProgress: (share) => shares.push(share) },
    );
    expect(result).toMatchObject({ ok: true, value: { rows: 3, answers: [] } });
    const rows = fs.readFileSync(to, 'utf8').trimEnd().split('\n');
    expect(rows[0]).toMatch(
      /^code,size,prediction,probability\(\w+\),probability\(\w+\),probability\(\w+\)$/,
    );
    expect(rows.slice(1, 3).map((row) => row.split(',')[2])).toEqual(['red', 'blue']);
    expect(rows.length).toBe(4);
    expect(shares.at(-1)).toBe(1);
    expect(log.lines.join('\n')).toContain('#fff');
    expect(fs.readdirSync(folder).sort()).toEqual(['answers.csv', 'new.csv']);
  });

  it('reads and writes numbers with the decimal mark of the file', async () => {
    const folder = temporaryFolder();
    const training = join(folder, 'comma.csv');
    // y = 2x again, as a spreadsheet in a country with decimal commas writes it.
    fs.writeFileSync(training, 'x;y\n0,5;1\n1,25;2,5\n1,5;3\n2,75;5,5\n');
    const store = new RunStore(temporaryFolder());
    const run = await start(
      supervisor,
      store,
      experiment({
        data: { source: 'file', path: training },
        split: { validation: 0 },
        scaling: { features: 'none', target: 'none' },
        model: { type: 'mlp', hidden: [] },
        loss: { id: 'mean-squared-error' },
        optimizer: { type: 'sgd', rate: 0.1 },
        training: { epochs: 3000, batch: 'full' },
      }),
      'float64',
      training,
    );
    expect(await run.ended).toMatchObject({ state: 'finished' });
    const from = join(folder, 'new.csv');
    const to = join(folder, 'answers.csv');
    fs.writeFileSync(from, 'x;name\n0,25;"a,b"\n-1,75;c\n');
    const result = await supervisor.predict(run.directory, { file: { from, to } });
    expect(result).toMatchObject({ ok: true, value: { rows: 2 } });
    const [header, ...rows] = fs.readFileSync(to, 'utf8').trimEnd().split(/\r?\n/);
    expect(header).toBe('x;name;prediction');
    const cells = rows.map((row) => row.split(';'));
    expect(cells.map(([x, name]) => [x, name])).toEqual([
      ['0,25', 'a,b'],
      ['-1,75', 'c'],
    ]);
    for (const [i, expected] of [0.5, -3.5].entries()) {
      expect(cells[i]![2]).toMatch(/^-?\d+,\d+$/);
      expect(Number(cells[i]![2]!.replace(',', '.'))).toBeCloseTo(expected, 6);
    }
  });

  it.each([
    ['new.json', (rows: object[]) => JSON.stringify(rows)],
    ['new.jsonl.gz', (rows: object[]) => gzipSync(rows.map((row) => JSON.stringify(row)).join('\n'))],
    ['new.csv.gz', () => gzipSync('code,size\n#f00,1\n#00f,3\n')],
  ])('answers the rows of %s as those of CSV', async (name, written) => {
    const folder = temporaryFolder();
    const [from, to] = [join(folder, name), join(folder, 'answers.csv')];
    const rows = [
      { code: '#f00', size: 1 },
      { code: '#00f', size: 3 },
    ];
    fs.writeFileSync(from, written(rows));
    expect(await supervisor.predict(colours, { file: { from, to } })).toMatchObject({ value: { rows: 2 } });
    const answers = fs.readFileSync(to, 'utf8');
    const [plain, other] = [join(folder, 'plain.csv'), join(folder, 'other.csv')];
    fs.writeFileSync(plain, 'code,size\n#f00,1\n#00f,3\n');
    await supervisor.predict(colours, { file: { from: plain, to: other } });
    expect(answers).toBe(fs.readFileSync(other, 'utf8'));
    expect(answers).toMatch(/\n#f00,1,red,.*\n#00f,3,blue,/);
  });

  it('answers images that have no labels', async () => {
    const folder = temporaryFolder();
    // Class 1 where the first of four pixels is bright.
    const bright = (i: number): boolean => i % 3 === 0;
    const idx = (shape: number[], bytes: number[]): Uint8Array => {
      const header = [0, 0, 8, shape.length, ...shape.flatMap((extent) => [0, 0, extent >> 8, extent & 255])];
      return Uint8Array.from([...header, ...bytes]);
    };
    const pixels = (count: number): number[] =>
      Array.from({ length: 4 * count }, (_, i) => (i % 4 === 0 ? (bright(i / 4) ? 250 : 5) : (i * 37) % 200));
    const images = join(folder, 'train-images-idx3-ubyte');
    fs.writeFileSync(images, idx([300, 2, 2], pixels(300)));
    const labels = Array.from({ length: 300 }, (_, i) => Number(bright(i)));
    fs.writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([300], labels));
    const run = await start(
      supervisor,
      new RunStore(temporaryFolder()),
      experiment({
        data: { source: 'file', path: images, target: 'label' },
        scaling: { features: 'minmax' },
        loss: { id: 'softmax-cross-entropy' },
        training: { epochs: 60 },
      }),
      'float64',
      images,
    );
    expect(await run.ended).toMatchObject({ state: 'finished', metrics: { accuracy: 1 } });
    const [from, to] = [join(folder, 'new.idx.gz'), join(folder, 'answers.csv')];
    fs.writeFileSync(from, gzipSync(idx([9, 2, 2], pixels(9))));
    expect(await supervisor.predict(run.directory, { file: { from, to } })).toMatchObject({
      value: { rows: 9 },
    });
    const [header, ...lines] = fs.readFileSync(to, 'utf8').trimEnd().split('\n');
    expect(header).toBe('prediction,probability(0),probability(1)');
    expect(lines.map((line) => line.split(',')[0])).toEqual(
      Array.from({ length: 9 }, (_, i) => String(Number(bright(i)))),
    );
  });

  it('writes no file of answers where a row is bad, or the rows are not there', async () => {
    const folder = temporaryFolder();
    const from = join(folder, 'new.csv');
    const to = join(folder, 'answers.csv');
    fs.writeFileSync(from, `x\n${'1\n'.repeat(5000)}oops\n`);
    const bad = await supervisor.predict(line, { file: { from, to } });
    expect(bad.ok ? '' : sentences(bad.problems)).toMatch(/5002|oops/);
    const none = await supervisor.predict(line, { file: { from: join(folder, 'none.csv'), to } });
    expect(none.ok ? '' : sentences(none.problems)).toMatch(/does not exist/);
    const itself = await supervisor.predict(line, { file: { from, to: from } });
    expect(itself.ok ? '' : sentences(itself.problems)).toMatch(/replace/);
    expect(fs.readdirSync(folder)).toEqual(['new.csv']);
  });

  it('can be cancelled', async () => {
    const folder = temporaryFolder();
    const from = join(folder, 'new.csv');
    fs.writeFileSync(from, `x\n${'1\n'.repeat(2_000_000)}`);
    const controller = new AbortController();
    const result = await supervisor.predict(
      line,
      { file: { from, to: join(folder, 'answers.csv') } },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    expect(result.ok ? '' : sentences(result.problems)).toMatch(/cancelled/);
    expect(fs.existsSync(join(folder, 'answers.csv'))).toBe(false);
  });

  it('says so where there is no model', async () => {
    const result = await supervisor.predict(temporaryFolder(), { rows: [{ x: '1' }] });
    expect(result.ok ? '' : sentences(result.problems)).toMatch(/no trained model/);
  });
});
