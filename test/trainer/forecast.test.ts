import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { english } from '../../src/core/messages/message.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { experiment, installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { start } from './runs.ts';

/** Two series that obey y(t) = y(t−1) − y(t−2), which a linear model of the last two values forecasts without error. */
const wave = { a: [1, 2, 1, -1, -2, -1], b: [3, 0, -3, -3, 0, 3] } as const;
const at = (series: keyof typeof wave, t: number): number => wave[series][t % 6]!;

/** Rows of both series at the times 0 … `end` − 1, out of order. */
function rows(end: number): string {
  const times = Array.from({ length: end }, (_, i) => (i * 7) % end);
  return times
    .flatMap((t) => (['a', 'b'] as const).map((series) => `${series};${at(series, t)},0;${t}`))
    .join('\n');
}

describe('a forecast, from a file to a file', () => {
  let supervisor: Supervisor;
  let directory: string;
  const log = memoryLog();

  beforeAll(async () => {
    const installed = await installation();
    supervisor = new Supervisor({ trainer: installed.trainer, dataSets: installed.dataSets, log });
    const csv = join(temporaryFolder(), 'waves.csv');
    fs.writeFileSync(csv, `series;value;time\n${rows(60)}\n`);
    const store = new RunStore(temporaryFolder());
    const run = await start(
      supervisor,
      store,
      experiment({
        data: { source: 'file', path: csv, target: 'value' },
        task: { type: 'forecast', window: 2, horizon: 3, time: 'time', series: 'series' },
        model: { type: 'mlp', hidden: [] },
        loss: { id: 'mean-squared-error' },
        optimizer: { type: 'sgd', rate: 0.3 },
        training: { epochs: 300, batch: 'full' },
      }),
      'float64',
      csv,
    );
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'finished' });
    expect(status.metrics!['rmse']).toBeLessThan(1e-6);
    expect(status.metrics!['naive rmse']).toBeGreaterThan(1);
    expect(status.dataNotes!.map(english).join(' ')).toMatch(/Forecasts the next values of "value" \(3\)/);
    directory = run.directory;
  });
  afterAll(() => supervisor.dispose());

  it('answers with the next values of every series', async () => {
    const folder = temporaryFolder();
    const from = join(folder, 'new.csv');
    const to = join(folder, 'answers.csv');
    fs.writeFileSync(from, `series;value;time\n${rows(11)}\nc;1,0;5\n`);
    const result = await supervisor.predict(directory, { file: { from, to } });
    expect(result).toMatchObject({ ok: true, value: { rows: 6, answers: [] } });
    const [header, ...lines] = fs.readFileSync(to, 'utf8').trimEnd().split(/\r?\n/);
    expect(header).toBe('series;step;prediction');
    const answers = lines.map((line) => line.split(';'));
    expect(answers.map(([series, step]) => `${series}${step}`)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
    for (const [series, step, answer] of answers) {
      expect(Number(answer!.replace(',', '.'))).toBeCloseTo(
        at(series === 'a' ? 'a' : 'b', 10 + Number(step)),
        5,
      );
    }
    expect(log.lines.join('\n')).toContain('but "c" has only 1.');
  });

  it('answers rows that are given, and says when there are too few', async () => {
    const row = (time: number) => ({ series: 'a', time: String(time), value: String(at('a', time)) });
    const result = await supervisor.predict(directory, { rows: [row(1), row(0)] });
    const answers = result.ok ? result.value.answers : [];
    expect(answers.map(({ series, step }) => [series, step])).toEqual([
      ['a', 1],
      ['a', 2],
      ['a', 3],
    ]);
    answers.forEach(({ prediction }, i) => expect(prediction).toBeCloseTo(at('a', 2 + i), 5));
    const one = await supervisor.predict(directory, { rows: [row(1)] });
    expect(one.ok ? '' : english(one.problems[0]!.message)).toMatch(/last 2 rows .* has only 1/);
  });

  it('writes nothing where no series is long enough', async () => {
    const folder = temporaryFolder();
    const from = join(folder, 'new.csv');
    fs.writeFileSync(from, 'series,value,time\na,1,1\n');
    const result = await supervisor.predict(directory, { file: { from, to: join(folder, 'answers.csv') } });
    expect(result.ok ? '' : english(result.problems[0]!.message)).toMatch(/has only 1/);
    expect(fs.readdirSync(folder)).toEqual(['new.csv']);
  });
});
