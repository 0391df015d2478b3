import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../../src/core/messages/message.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { experiment, installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { start } from './runs.ts';

describe('an embedding, from a data set to vectors', () => {
  let supervisor: Supervisor;
  let directory: string;
  const log = memoryLog();

  beforeAll(async () => {
    const installed = await installation();
    supervisor = new Supervisor({ trainer: installed.trainer, dataSets: installed.dataSets, log });
    const run = await start(
      supervisor,
      new RunStore(temporaryFolder()),
      experiment({
        data: { source: 'builtin', name: 'wine' },
        task: { type: 'embedding', dimensions: 3 },
        // With centres of classes that are trained beside the network.
        loss: { id: 'arcface', parameters: { scale: 8 } },
        optimizer: { type: 'adam', rate: 0.01 },
        training: { epochs: 20, batch: 16 },
      }),
    );
    const status = await run.ended;
    expect(status, status.note && english(status.note)).toMatchObject({ state: 'finished' });
    expect(status.metrics!['recall@1']).toBeGreaterThan(0.8);
    expect(status.dataNotes!.map((note) => english(note)).join(' ')).toContain('Learns vectors of 3 numbers');
    directory = run.directory;
  });
  afterAll(() => supervisor.dispose());

  it('answers rows with coordinates that lie together where the cultivar is the same', async () => {
    const file = resolve(import.meta.dirname, '../../media/datasets/wine.csv');
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
    const chosen = [1, 2, 3, 4, 5, 174, 175, 176, 177, 178];
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'wines.csv'), join(folder, 'vectors.csv')];
    fs.writeFileSync(from, [lines[0]!, ...chosen.map((at) => lines[at]!)].join('\n'));
    expect(await supervisor.predict(directory, { file: { from, to } })).toMatchObject({
      ok: true,
      value: { rows: chosen.length },
    });
    const [header, ...answers] = fs.readFileSync(to, 'utf8').trimEnd().split(/\r?\n/);
    expect(header!.split(',').slice(-3)).toEqual(['e0', 'e1', 'e2']);
    const vectors = answers.map((line) => line.split(',').slice(-3).map(Number));
    const cosine = (a: readonly number[], b: readonly number[]) => {
      const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    const between = (first: readonly number[][], second: readonly number[][]) =>
      first.flatMap((a) => second.flatMap((b) => (a === b ? [] : [cosine(a, b)])));
    const [left, right] = [vectors.slice(0, 5), vectors.slice(5)];
    expect(Math.min(...between(left, left), ...between(right, right))).toBeGreaterThan(
      Math.max(...between(left, right)),
    );
  });
});
