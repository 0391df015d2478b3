import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import type { Run } from '../../src/supervisor/run.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { good } from '../core/tasks/runTask.ts';
import { installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { start } from './runs.ts';

const examples = resolve(import.meta.dirname, '../../examples');

describe('runs on several targets, in a process of their own', () => {
  let supervisor: Supervisor;
  let store: RunStore;
  beforeAll(async () => {
    const { trainer, dataSets } = await installation();
    supervisor = new Supervisor({ trainer, dataSets, log: memoryLog() });
    store = new RunStore(temporaryFolder());
  });
  afterAll(() => supervisor.dispose());

  async function runOf(name: string): Promise<Run> {
    const written: unknown = JSON.parse(readFileSync(join(examples, `${name}.losslab.json`), 'utf8'));
    const experiment = good(parseExperiment(written));
    const { data } = experiment;
    const file = data.source === 'file' ? join(examples, data.path) : undefined;
    const run = await start(supervisor, store, experiment, 'webasm', file);
    expect(await run.ended).toMatchObject({ state: 'finished' });
    return run;
  }

  it('answer with the labels that hold, and a probability each', async () => {
    const run = await runOf('discs');
    expect(run.status.metrics).toHaveProperty('hamming loss');
    // The first lies in all three discs, the second in none.
    const answers = good(
      await supervisor.predict(run.directory, {
        rows: [
          { x: '0', y: '0.1' },
          { x: '-1.9', y: '1.9' },
        ],
      }),
    );
    expect(answers.answers.map(({ prediction }) => prediction)).toEqual(['left, right, lower', '']);
    expect(answers.answers[0]!['probability(left)']).toBeGreaterThan(0.5);
    const folder = temporaryFolder();
    const [from, to] = [join(folder, 'points.csv'), join(folder, 'answers.csv')];
    writeFileSync(from, 'x,y\n0,0.1\n');
    good(await supervisor.predict(run.directory, { file: { from, to } }));
    expect(readFileSync(to, 'utf8')).toMatch(
      /^x,y,prediction,probability\(left\),probability\(right\),probability\(lower\)\r?\n0,0\.1,"left, right, lower",0\.\d+,/,
    );
  });

  it('answer with all targets', async () => {
    const run = await runOf('wine-two-targets');
    const [names, first] = readFileSync(resolve(examples, '../media/datasets/wine.csv'), 'utf8').split(
      /\r?\n/,
    );
    const cells = first!.split(',');
    const row = Object.fromEntries(names!.split(',').map((name, i) => [name, cells[i]!]));
    const [answer] = good(await supervisor.predict(run.directory, { rows: [row] })).answers;
    expect(answer!['prediction(cultivar)']).toBe(row['cultivar']);
    expect(Math.abs(Number(answer!['prediction(alcohol)']) - Number(row['alcohol']))).toBeLessThan(2);
    expect(Object.keys(answer!)).toHaveLength(5);
  });

  it('keep what the loss has learnt beside the metrics', async () => {
    const { status } = await runOf('noisy-line-adaptive');
    expect(Object.keys(status.metrics!)).toEqual(['rmse', 'r2', 'alpha', 'c']);
    expect(status.metrics!['alpha']).toBeLessThan(0.5);
  });
});
