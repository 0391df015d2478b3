import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../../src/core/messages/message.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { good } from '../core/tasks/runTask.ts';
import { start } from './runs.ts';

const example = resolve(import.meta.dirname, '../../examples/recommendation-bpr.losslab.json');

describe('the example of recommendation', () => {
  let supervisor: Supervisor;
  let directory: string;

  beforeAll(async () => {
    const installed = await installation();
    supervisor = new Supervisor({
      trainer: installed.trainer,
      dataSets: installed.dataSets,
      log: memoryLog(),
    });
    const experiment = good(parseExperiment(JSON.parse(fs.readFileSync(example, 'utf8'))));
    const run = await start(supervisor, new RunStore(temporaryFolder()), experiment, 'auto');
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'finished', reason: 'epochs' });
    const { metrics = {} } = status;
    expect(metrics['ndcg@10']).toBeGreaterThan(metrics['popularity ndcg@10']! + 0.2);
    expect(metrics['auc']).toBeGreaterThan(metrics['popularity auc']! + 0.05);
    directory = run.directory;
  });
  afterAll(() => supervisor.dispose());

  it('recommends to users by name, and refuses one that it does not know', async () => {
    const { answers } = good(await supervisor.predict(directory, { rows: [{ user: 'user 7' }] }));
    const [answer = {}] = answers;
    expect(Object.keys(answer)).toHaveLength(20);
    expect(answer['prediction']).toMatch(/^item \d+$/);
    expect(answer['score']).toBeGreaterThanOrEqual(Number(answer['score 2']));
    const unknown = await supervisor.predict(directory, { rows: [{ user: 'user 70000' }] });
    expect(unknown.ok ? [] : unknown.problems.map(({ message }) => english(message))).toEqual([
      'Row 1: the training data never had "user 70000" in "user".',
    ]);
  });

  it('recommends to the users of a file', async () => {
    const folder = temporaryFolder();
    const from = join(folder, 'users.csv');
    const to = join(folder, 'answers.csv');
    fs.writeFileSync(from, 'user,town\nuser 1,Rome\nuser 2,Oslo\n');
    expect(await supervisor.predict(directory, { file: { from, to } })).toMatchObject({
      ok: true,
      value: { rows: 2 },
    });
    const lines = fs.readFileSync(to, 'utf8').trim().split(/\r?\n/);
    expect(lines[0]).toMatch(/^user,town,prediction,score,prediction 2,score 2,/);
    expect(lines[2]).toMatch(/^user 2,Oslo,item \d+,-?[\d.]+,item \d+,/);
  });
});
