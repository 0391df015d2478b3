import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import { readCsv } from '../../../src/core/data/csv.ts';
import type { Dataset, Part, Table } from '../../../src/core/data/dataset.ts';
import { decodeForecast, forecastFields } from '../../../src/core/data/forecast.ts';
import { generators } from '../../../src/core/data/generators.ts';
import type { Prepared } from '../../../src/core/data/prepare.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import { modelArrays } from '../../../src/core/export/weights.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import { presetsFor } from '../../../src/core/network/presets.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { forecastMetrics } from '../../../src/core/tasks/forecast/metrics.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/core/training/checkpoint.ts';
import {
  parseExperiment,
  type Experiment,
  type ExperimentInput,
} from '../../../src/core/training/experiment.ts';
import { createSession, type Session } from '../../../src/core/training/session.ts';
import { runSummary } from '../../../src/core/training/summary.ts';

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map((one) => english(one.message)).join(' '));
  return result.value;
}

const csv = async (text: string): Promise<Table> =>
  value(await readCsv([new TextEncoder().encode(text.trim().replace(/ +/g, ''))]));

const file: ExperimentInput['data'] = { source: 'file', path: 'series.csv', target: 'y' };

function experimentOf(input: Partial<ExperimentInput>): Experiment {
  return value(parseExperiment({ version: 1, data: file, loss: { id: 'mean-squared-error' }, ...input }));
}

const prepare = (table: Table, input: Partial<ExperimentInput>): Result<Prepared> => {
  const checked = checkTask(experimentOf(input));
  return checked.ok ? atOnce(checked.value.prepare(table)) : checked;
};

const sentences = (result: Result<Prepared>): string =>
  (result.ok ? result.value.notes : result.problems.map(({ message }) => message)).map(english).join('\n');

const unscaled = { features: 'none', target: 'none' } as const;
const task = { type: 'forecast', window: 2, horizon: 2 } as const;

/** Trains to the end on the float64 device; the metrics of the last epoch. */
async function trained(
  table: Table,
  input: Partial<ExperimentInput>,
): Promise<{ session: Session; dataset: Dataset; metrics: Record<string, number> }> {
  const experiment = experimentOf(input);
  const checked = value(checkTask(experiment));
  const dataset = value(atOnce(checked.prepare(table)));
  let now = 0;
  const session = value(
    await createSession(experiment, dataset, value(checked.plan(dataset)), float64Device(), {
      now: () => now++,
    }),
  );
  let metrics: Record<string, number> = {};
  for (let state = 'running'; state === 'running';) {
    const advanced = await session.advance(40);
    state = advanced.state;
    for (const line of advanced.lines) if (line.type === 'epoch') metrics = line.metrics ?? {};
  }
  return { session, dataset, metrics };
}

describe('preparing a forecast', () => {
  it('makes windows of features and target, in the order of time', async () => {
    const table = await csv(`
      t,x,y
      3,30,300
      1,10,100
      2,20,200
      4,40,400
      6,60,600
      5,50,500
      7,70,700
      8,80,800`);
    const prepared = value(
      prepare(table, {
        task: { ...task, time: 't' },
        split: { validation: 0.25 },
        scaling: unscaled,
      }),
    );
    expect(prepared).toMatchObject({ width: 4, shape: [2, 2], outputs: 2 });
    expect(prepared.training).toEqual({
      rows: 3,
      features: Float64Array.from([10, 100, 20, 200, 20, 200, 30, 300, 30, 300, 40, 400]),
      targets: Float64Array.from([300, 400, 400, 500, 500, 600]),
    });
    expect(prepared.validation).toEqual({
      rows: 1,
      features: Float64Array.from([50, 500, 60, 600]),
      targets: Float64Array.from([700, 800]),
    });
    expect(prepared.preprocessing.forecast).toEqual({ window: 2, horizon: 2, time: 't' });
    expect(english(prepared.notes[0]!)).toBe(
      'Forecasts the next values of "y" (2) from the last rows (2) of 2 columns, itself among them; 3 windows for training, 1 for validation.',
    );
    expect(english(prepared.notes[1]!)).toMatch(
      /last part in time .* No window for training reaches into it/,
    );
    expect(presetsFor(prepared.shape).map(({ id }) => id)).not.toContain('cnn-series');
    expect(presetsFor([8, 2]).map(({ id }) => id)).toContain('cnn-series');
  });

  it('scales by the moments of the training part alone', async () => {
    // Training covers y = 1, 2, 3, 4, 5 (mean 3, variance 2); the last three are held out.
    const table = await csv('y\n1\n2\n3\n4\n5\n1000\n2000\n3000\n');
    const { training, validation, preprocessing } = value(
      prepare(table, { task: { ...task, horizon: 1 }, split: { validation: 0.375 } }),
    );
    const scaled = (y: number) => (y - 3) / Math.sqrt(2);
    expect([...training.features]).toEqual([1, 2, 2, 3, 3, 4].map(scaled));
    expect([...training.targets]).toEqual([3, 4, 5].map(scaled));
    expect([...validation!.features]).toEqual([4, 5, 5, 1000, 1000, 2000].map(scaled));
    expect(preprocessing).toMatchObject({
      task: 'regression',
      features: [{ name: 'y', mean: 3, scale: Math.sqrt(2) }],
      target: { kind: 'number', name: 'y', mean: 3, scale: Math.sqrt(2) },
    });
  });

  it('stays within each series and out of gaps, and tells what it leaves out', async () => {
    const table = await csv(`
      shop,open,y
      a,yes,1
      a,no,2
      a,yes,3
      a,yes,4
      a,no,5
      b,yes,11
      b,no,12
      b,yes,
      b,yes,14
      b,no,15
      b,,16
      b,no,17
      c,yes,21
      c,no,22
      ,no,99`);
    const result = prepare(table, {
      task: { ...task, horizon: 1, series: 'shop' },
      split: { validation: 0 },
      scaling: unscaled,
    });
    // One-hot "no", "yes", then y. In b only 14, 15 → 16 is whole: a target needs no features.
    expect(value(result).training).toEqual({
      rows: 4,
      features: Float64Array.from(
        [
          [
            [0, 1, 1],
            [1, 0, 2],
          ],
          [
            [1, 0, 2],
            [0, 1, 3],
          ],
          [
            [0, 1, 3],
            [0, 1, 4],
          ],
          [
            [0, 1, 14],
            [1, 0, 15],
          ],
        ].flat(2),
      ),
      targets: Float64Array.from([3, 4, 5, 16]),
    });
    expect(sentences(result)).toMatch(/Windows with a missing cell are left out: 4\./);
    expect(sentences(result)).toMatch(/Series of fewer than 3 rows, .* left out: 1 of 3\./);
    expect(sentences(result)).toMatch(/Rows without a value in "shop" are left out: 1\./);
  });

  it('fills features where it shall, but never the target', async () => {
    const table = await csv('x,y\n1,1\n,2\n3,3\n5,\n5,5\n6,6\n7,7\n8,9\n');
    const given = { task: { ...task, horizon: 1 }, split: { validation: 0 }, scaling: unscaled };
    const data = { source: 'file', path: 'a.csv', target: 'y' } as const;
    const dropped = value(prepare(table, { ...given, data }));
    expect([...dropped.training.targets]).toEqual([7, 9]);
    const filled = value(prepare(table, { ...given, data: { ...data, missing: 'mean' } }));
    // The missing x is the mean of x where windows lie: 1, 3, 5, 6, 7, 8.
    expect([...filled.training.targets]).toEqual([3, 7, 9]);
    expect([...filled.training.features.subarray(0, 4)]).toEqual([1, 1, 5, 2]);
  });

  it('says where rows lie doubly or unevenly in time', async () => {
    const table = await csv('t,y\n1,1\n2,2\n2,3\n3,4\n6,5\n7,6\n');
    const result = prepare(table, { task: { ...task, horizon: 1, time: 't' }, split: { validation: 0 } });
    expect(sentences(result)).toMatch(/same time as another: 1;/);
    expect(sentences(result)).toMatch(/steps in "t" differ: the longest is 3 times the shortest/);
    const even = await csv('t,y\n2024-01,1\n2024-02,2\n2024-03,3\n2024-04,5\n');
    const quiet = prepare(even, { task: { ...task, horizon: 1, time: 't' }, split: { validation: 0 } });
    expect(sentences(quiet)).not.toMatch(/differ/);
  });

  it.each<[string, string, Partial<ExperimentInput>, RegExp]>([
    [
      'a window longer than the data',
      'y\n1\n2\n3\n',
      { task: { ...task, window: 9 } },
      /no window.* needs 11 rows/,
    ],
    ['an unknown time', 'y\n1\n2\n', { task: { ...task, time: 'when' } }, /no column "when"/],
    ['the target as the time', 'y\n1\n2\n', { task: { ...task, time: 'y' } }, /cannot be the time too/],
    ['a constant target', 'x,y\n1,7\n2,7\n3,7\n4,7\n5,7\n6,7\n7,7\n', { task }, /same at every moment/],
    ['a target of words', 'y\na\nb\nc\nd\ne\n', { task }, /needs a target of numbers/],
    ['a loss for classes', 'y\n1\n2\n', { task, loss: { id: 'hinge' } }, /forecast is of numbers/],
    ['quantiles with another loss', 'y\n1\n', { task: { ...task, quantiles: [0.5] } }, /loss "quantile"/],
    [
      'levels that do not ascend',
      'y\n1\n',
      { task: { ...task, quantiles: [0.5, 0.1] }, loss: { id: 'quantile' } },
      /must ascend/,
    ],
    [
      'a level beside the levels',
      'y\n1\n',
      { task: { ...task, quantiles: [0.5] }, loss: { id: 'quantile', parameters: { tau: 0.5 } } },
      /Remove "tau"/,
    ],
    ['weights of rows', 'y,w\n1,1\n', { task, loss: { id: 'huber', weightColumn: 'w' } }, /cannot weigh/],
    ['a shape', 'y\n1\n', { task, data: { source: 'file', path: 'a', shape: [1] } }, /Remove the shape/],
    [
      'a random sample',
      'y\n1\n',
      { task, data: { source: 'file', path: 'a', rows: 9, sample: 'random' } },
      /leaves gaps/,
    ],
    ['images', 'y\n1\n', { task, data: { source: 'images', path: 'a' } }, /no series/],
  ])('refuses %s', async (_, text, input, expected) => {
    const result = prepare(await csv(text), input);
    expect(result.ok).toBe(false);
    expect(sentences(result)).toMatch(expected);
  });

  it('refuses more windows than devices can address, with a stride that helps', () => {
    const rows = 200_000;
    const table = generators.seasonal.generate({ samples: rows, noise: 0.1, outliers: 0, seed: 0 });
    const long = { type: 'forecast', window: 1000, horizon: 1, time: 'time' } as const;
    const result = prepare(table, { task: long, data: { source: 'generated', name: 'seasonal' } });
    // 0.8 of the rows less a window and a horizon, and the one after: each of 1000 values.
    const windows = 0.8 * rows - 1000;
    const [, most, stride] = /the most is (\d+)\. Set "task\.stride" to (\d+)/.exec(sentences(result))!;
    expect(sentences(result)).toContain(`${windows} windows of 1000 values`);
    expect(Math.ceil(windows / Number(stride))).toBeLessThanOrEqual(Number(most));
    expect(Math.ceil(windows / (Number(stride) - 1))).toBeGreaterThan(Number(most));
  });
});

/** Two windows of two moments of y alone, with the next two values; y = 10 + 2 · scaled. */
function smallDataset(quantiles?: readonly number[]): { dataset: Dataset; part: Part } {
  const part: Part = {
    rows: 2,
    features: Float64Array.from([0, 1, 1, 2]),
    targets: Float64Array.from([2, 3, 3, 5]),
  };
  const dataset: Dataset = {
    preprocessing: {
      task: 'regression',
      features: [{ kind: 'number', name: 'y', mean: 10, scale: 2, fill: null }],
      target: { kind: 'number', name: 'y', mean: 10, scale: 2 },
      forecast: { window: 2, horizon: 2, ...(quantiles === undefined ? {} : { quantiles }) },
    },
    width: 2,
    shape: [2, 1],
    outputs: 2 * (quantiles?.length ?? 1),
    training: part,
    validation: part,
  };
  return { dataset, part };
}

describe('the metrics of a forecast', () => {
  it('are in the units of the target, beside those of repeating the last value', () => {
    const { dataset, part } = smallDataset();
    const collector = forecastMetrics(dataset, part);
    collector.add(Float64Array.from([2, 2]), 0, 1);
    collector.add(Float64Array.from([3, 2]), 1, 1);
    // Errors 0, −2, 0, −6; of the last values 12 and 14: −2, −4, −2, −6. The truths are 14, 16, 16, 20, their mean 16.5.
    const { rmse, mae, r2, ...rest } = collector.value();
    expect(rmse).toBeCloseTo(Math.sqrt(40 / 4), 12);
    expect(mae).toBeCloseTo(2, 12);
    expect(r2).toBeCloseTo(1 - 40 / (6.25 + 0.25 + 0.25 + 12.25), 12);
    expect(rest['naive rmse']).toBeCloseTo(Math.sqrt(60 / 4), 12);
    expect(rest['relative mae']).toBeCloseTo(8 / 14, 12);
    expect(Object.keys(rest)).toEqual(['naive rmse', 'relative mae']);
  });

  it('of quantiles count how many targets lie below, and how often the quantiles cross', () => {
    const { dataset, part } = smallDataset([0.1, 0.4, 0.9]);
    const collector = forecastMetrics(dataset, part);
    // Level by level, each with two moments. The first window's second moment is out of order: 2, 9, 4 is taken as 2, 4, 9.
    collector.add(Float64Array.from([1, 2, 2, 9, 3, 4, 4, 1, 5, 4, 6, 4.5]), 0, 2);
    const metrics = collector.value();
    // Truths 2, 3 | 3, 5; the lowest 1, 2 | 4, 1, the middle 2, 4 | 5, 4, the highest 3, 9 | 6, 4.5.
    expect(metrics).toMatchObject({
      'coverage 0.1': 1 / 4,
      'coverage 0.4': 3 / 4,
      'coverage 0.9': 3 / 4,
      'band coverage': 2 / 4,
      crossing: 1 / 4,
    });
    expect(metrics['mae']).toBeCloseTo((2 * (0 + 1 + 2 + 1)) / 4, 12);
  });

  it('judge what Predict answers', () => {
    const { dataset } = smallDataset([0.1, 0.9]);
    const { preprocessing } = dataset;
    const steps = decodeForecast(preprocessing, preprocessing.forecast!, [1, 5, 2, 3]);
    expect(steps).toEqual([
      [12, 14],
      [16, 20],
    ]);
    expect(forecastFields(preprocessing.forecast!)).toEqual(['quantile(0.1)', 'quantile(0.9)']);
    const positive = { target: { kind: 'number', name: 'y', mean: 0, scale: 1, link: 'exp' } } as const;
    expect(decodeForecast(positive, { horizon: 1 }, [0])).toEqual([[1]]);
  });
});

/** y(t) = 1.5 y(t−1) − 0.75 y(t−2) + N(0, 1), stationary. */
function autoregression(rows: number, seed: number): Table {
  const random = randomStream(seed, 'test/autoregression');
  const y = new Float64Array(rows + 100);
  for (let t = 2; t < y.length; t++) y[t] = 1.5 * y[t - 1]! - 0.75 * y[t - 2]! + random.normal();
  return {
    columns: [{ name: 'y', kind: 'number', values: y.slice(100) }],
    rows,
    rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i + 1),
  };
}

/** Solves A x = b for a small matrix by Gaussian elimination with pivoting. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const pivot = rows.slice(k).reduce((best, row) => (Math.abs(row[k]!) > Math.abs(best[k]!) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = row[k]! / pivot[k]!;
      for (let j = k; j <= n; j++) row[j]! -= factor * pivot[j]!;
    }
  }
  return rows.map((row, k) => row[n]! / row[k]!);
}

it('a summary says what a forecast is worth', () => {
  const metrics = { rmse: 0.5, r2: 0.8, 'naive rmse': 0.75, 'coverage 0.1': 0.1234, 'coverage 0.9': 0.875 };
  const { notes } = runSummary(
    {
      version: 1,
      id: 'a',
      name: 'a',
      state: 'finished',
      reason: 'epochs',
      created: '2024-01-01T00:00:00Z',
      step: 10,
      epoch: 5,
      epochs: 5,
      seconds: 1,
      loss: 0.2,
      validationLoss: 0.25,
      best: { step: 10, epoch: 5, loss: 0.25 },
      metrics,
    },
    undefined,
  );
  expect(notes.map(english)).toEqual([
    'Best model: epoch 5, with RMSE 0.5 and loss 0.25 on the validation part. Repeating the last value has RMSE 0.75.',
    'Share of the targets at or below each quantile: 0.1: 12.3 %, 0.9: 87.5 %.',
  ]);
});

describe('a trained forecast', () => {
  it('of an autoregression has the coefficients of least squares', async () => {
    const table = autoregression(1500, 3);
    const y = table.columns[0]!.kind === 'number' ? table.columns[0]!.values : new Float64Array();
    const { session } = await trained(table, {
      task,
      split: { validation: 0.2 },
      scaling: unscaled,
      model: { type: 'mlp', hidden: [] },
      optimizer: { type: 'sgd', rate: 0.1, momentum: 0.8 },
      training: { epochs: 400, batch: 'full' },
    });
    const { parameters } = await session.checkpoint();
    await session.dispose();
    // Normal equations of 1, y(t−2), y(t−1) on the windows of the first 1200 moments.
    const windows = Array.from({ length: 1200 - 3 }, (_, i) => i);
    const row = (i: number) => [1, y[i]!, y[i + 1]!];
    const sum = (of: (i: number) => number) => windows.reduce((total, i) => total + of(i), 0);
    const matrix = [0, 1, 2].map((a) => [0, 1, 2].map((b) => sum((i) => row(i)[a]! * row(i)[b]!)));
    const truth = [
      [-0.75, 1.5],
      [-0.75 * 1.5, 1.5 ** 2 - 0.75],
    ];
    for (const step of [0, 1]) {
      const [bias, before, last] = solve(
        matrix,
        [0, 1, 2].map((a) => sum((i) => row(i)[a]! * y[i + 2 + step]!)),
      );
      const weight = parameters['layers.0.weight']!;
      expect(weight[step]).toBeCloseTo(before!, 6);
      expect(weight[2 + step]).toBeCloseTo(last!, 6);
      expect(parameters['layers.0.bias']![step]).toBeCloseTo(bias!, 6);
      // Both are within sampling error of the truth: the standard error of a coefficient is about 0.02, then 0.04.
      expect(Math.abs(before! - truth[step]![0]!)).toBeLessThan(0.1);
      expect(Math.abs(last! - truth[step]![1]!)).toBeLessThan(0.1);
    }
  });

  it('of quantiles covers what it says, within 2 points, and beats the last value', async () => {
    const quantiles = [0.1, 0.5, 0.9];
    const table = generators.seasonal.generate({ samples: 8000, noise: 0.3, outliers: 0, seed: 1 });
    const { session, metrics, dataset } = await trained(table, {
      data: { source: 'generated', name: 'seasonal' },
      task: { type: 'forecast', window: 24, horizon: 4, time: 'time', quantiles },
      split: { validation: 0.5 },
      model: { type: 'mlp', hidden: [] },
      loss: { id: 'quantile' },
      optimizer: { type: 'adam', rate: 0.01, schedule: { type: 'cosine' } },
      training: { epochs: 15, batch: 64 },
    });
    expect(dataset.outputs).toBe(12);
    for (const level of quantiles)
      expect(Math.abs(metrics[`coverage ${level}`]! - level), `${level}`).toBeLessThan(0.02);
    expect(Math.abs(metrics['band coverage']! - 0.8)).toBeLessThan(0.02);
    expect(metrics['crossing']).toBeLessThan(0.01);
    expect(metrics['relative mae']).toBeLessThan(0.9);
    // Nobody foresees the noise of 0.3; what the window's own noise adds is less than a third of it.
    expect(metrics['rmse']).toBeGreaterThan(0.29);
    expect(metrics['rmse']).toBeLessThan(0.4);

    const checkpoint = session.best()!;
    const again = value(decodeCheckpoint(encodeCheckpoint(checkpoint)));
    expect(again.preprocessing).toEqual(dataset.preprocessing);
    expect(again.shape).toEqual([24, 1]);
    // An exported model says how each of its inputs is scaled.
    const arrays = new Map(modelArrays(again).map((array) => [array.name, array]));
    expect(arrays.get('input.mean')!.shape).toEqual([24]);
    expect(new Set(arrays.get('input.scale')!.values)).toEqual(
      new Set([(dataset.preprocessing.features[0] as { scale: number }).scale]),
    );
    await session.dispose();
  });

  it('takes convolutions along time', async () => {
    const table = generators.seasonal.generate({ samples: 400, noise: 0.1, outliers: 0, seed: 1 });
    const { session, metrics } = await trained(table, {
      data: { source: 'generated', name: 'seasonal' },
      task: { type: 'forecast', window: 16, horizon: 3, time: 'time', stride: 2 },
      model: presetsFor([16, 1]).find(({ id }) => id === 'cnn-series')!.model,
      loss: { id: 'huber' },
      training: { epochs: 20, batch: 16 },
    });
    expect(metrics['relative mae']).toBeLessThan(0.8);
    await session.dispose();
  });
});
