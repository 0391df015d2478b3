import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/core/compute/device.ts';
import type { MetricsLine } from '../../src/core/runs/record.ts';
import { openDevice } from '../../src/trainer/device/open.ts';
import { good, learningCases, learningRun, learningSeeds, type LearningCase } from './learning.ts';
import { openSession } from '../core/training/datasets.ts';

const metrics = v.record(v.string(), v.number());
const schema = v.object({
  made_by: v.string(),
  cases: v.record(
    v.string(),
    v.object({
      model: v.unknown(),
      loss: v.unknown(),
      optimizer: v.unknown(),
      training: v.unknown(),
      runs: v.array(v.object({ seed: v.number(), same: metrics, own: metrics })),
    }),
  ),
});
const fixture = path.resolve(import.meta.dirname, '../fixtures/learning/torch.json');
const torch = v.parse(schema, JSON.parse(fs.readFileSync(fixture, 'utf8')));

const names = Object.keys(learningCases) as LearningCase[];

/**
 * Two-sided 5 % for the mean of ten differences, shared among all comparisons: starting values and orders that differ
 * make every comparison a draw of its own, and of so many some lie beyond two standard errors by chance. The quantile of
 * Student's t with 9 degrees of freedom at 1 − 0.025/22.
 */
const manyComparisons = 4.21;

describe('learning against PyTorch, ten seeds', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('webasm');
  });
  afterAll(() => device.dispose());

  it.each(names)('%s', async (name) => {
    const { runs, ...described } = torch.cases[name]!;
    expect(runs.map(({ seed }) => seed)).toEqual(learningSeeds);
    const ours: Readonly<Record<string, number>>[] = [];
    for (const seed of learningSeeds) {
      const { experiment, dataset, loss } = await learningRun(name, seed);
      const { model, optimizer, training } = experiment;
      const budget = { ...training, seed: undefined };
      expect(described).toEqual({ model, loss: experiment.loss, optimizer, training: budget });
      const session = good(
        await openSession(experiment, dataset, loss, device, { now: () => performance.now() }),
      );
      const lines: MetricsLine[] = [];
      for (let state = 'running'; state === 'running';) {
        const advanced = await session.advance(40);
        state = advanced.state;
        lines.push(...advanced.lines);
      }
      await session.dispose();
      const last = lines.filter((line) => line.type === 'epoch').at(-1)!;
      ours.push({ loss: last.validationLoss!, ...last.metrics });
    }
    for (const metric of Object.keys(runs[0]!.own)) {
      const compare = (start: 'same' | 'own') =>
        meanAndStandardError(ours.map((run, i) => run[metric]! - runs[i]![start][metric]!));
      const [same, own] = [compare('same'), compare('own')];
      const { mean } = meanAndStandardError(ours.map((run) => run[metric]!));
      console.log(
        `${name}: ${metric} ${mean.toFixed(4)}, less PyTorch's from the same start ${same.mean.toExponential(1)} ± ${same.error.toExponential(1)}, from its own ${own.mean.toFixed(4)} ± ${own.error.toFixed(4)}`,
      );
      // From the same start only rounding parts the two: what is left may be steady, and is then next to nothing.
      expect(Math.abs(same.mean)).toBeLessThanOrEqual(Math.max(2 * same.error, 1e-4 * Math.abs(mean)));
      expect(Math.abs(own.mean)).toBeLessThanOrEqual(manyComparisons * own.error);
    }
  });

  it('the absolute and the Huber loss withstand outliers that mislead the squared one, in both', () => {
    const rmse = (name: LearningCase) =>
      meanAndStandardError(torch.cases[name]!.runs.map((run) => run.own['rmse']!)).mean;
    for (const robust of ['absolute', 'Huber'] as const) {
      expect(rmse(`diabetes with outliers, ${robust}`)).toBeLessThan(rmse('diabetes with outliers, squared'));
    }
  });
});

function meanAndStandardError(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}
