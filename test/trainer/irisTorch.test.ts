import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { openDevice } from '../../src/trainer/device/open.ts';
import { irisRun, irisSeeds } from './iris.ts';
import { openSession } from '../core/training/datasets.ts';

const schema = v.object({
  made_by: v.string(),
  experiment: v.object({ model: v.unknown(), training: v.unknown(), optimizer: v.unknown() }),
  runs: v.array(v.object({ seed: v.number(), best_accuracy: v.number(), last_accuracy: v.number() })),
});
const torch = v.parse(
  schema,
  JSON.parse(fs.readFileSync(path.resolve(import.meta.dirname, '../fixtures/iris-torch.json'), 'utf8')),
);

/** Validation accuracy of one seed after the last epoch and at the best one. */
async function accuracies(seed: number): Promise<{ last: number; best: number; losses: number[] }> {
  const { experiment, dataset, loss } = irisRun(seed);
  const device = await openDevice('webasm');
  const session = await openSession(experiment, dataset, loss, device, { now: () => performance.now() });
  if (!session.ok) throw new Error(JSON.stringify(session.problems));
  const epochs: { validationLoss: number; accuracy: number }[] = [];
  const losses: number[] = [];
  for (let state = 'running'; state === 'running';) {
    const advanced = await session.value.advance(40);
    state = advanced.state;
    for (const line of advanced.lines) {
      if (line.type === 'step') losses.push(line.loss);
      else if (line.type === 'epoch')
        epochs.push({ validationLoss: line.validationLoss!, accuracy: line.metrics!['accuracy']! });
    }
  }
  await session.value.dispose();
  await device.dispose();
  const best = epochs.reduce((a, b) => (b.validationLoss < a.validationLoss ? b : a));
  return { last: epochs.at(-1)!.accuracy, best: best.accuracy, losses };
}

function meanAndStandardError(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

describe('iris against PyTorch, 20 seeds', () => {
  it('was measured on the experiment that Loss Lab suggests now', () => {
    const { model, optimizer, training } = irisRun(0).experiment;
    expect(torch.experiment).toEqual({ model, optimizer, training });
    expect(torch.runs.map((r) => r.seed)).toEqual(irisSeeds);
  });

  it('reaches the same validation accuracy: the mean paired difference lies within two standard errors of zero', async () => {
    const ours = [];
    for (const seed of irisSeeds) ours.push(await accuracies(seed));
    for (const kind of ['last', 'best'] as const) {
      const differences = ours.map((run, i) => run[kind] - torch.runs[i]![`${kind}_accuracy`]);
      const { mean, error } = meanAndStandardError(differences);
      console.log(
        `iris, ${kind} epoch: mean accuracy ${meanAndStandardError(ours.map((r) => r[kind])).mean.toFixed(4)}, paired difference ${mean.toFixed(4)} ± ${error.toFixed(4)}`,
      );
      expect(Math.abs(mean)).toBeLessThanOrEqual(2 * error);
    }
    expect(meanAndStandardError(ours.map((r) => r.last)).mean).toBeGreaterThan(0.9);
  });

  it('gives the same losses for the same seed', async () => {
    const [first, second] = [await accuracies(3), await accuracies(3)];
    expect(second.losses).toEqual(first.losses);
    expect(first.losses.length).toBe(100 * 8);
  });
});
