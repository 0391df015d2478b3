import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { builtins } from '../../src/core/data/builtin.ts';
import { readCsv } from '../../src/core/data/csv.ts';
import type { Metrics } from '../../src/core/runs/record.ts';
import { atOnce } from '../../src/core/slices.ts';
import { neighbourMetrics } from '../../src/core/tasks/embedding/neighbours.ts';
import { checkTask } from '../../src/core/tasks/tasks.ts';
import { parseExperiment, type Experiment } from '../../src/core/training/experiment.ts';
import { createSession } from '../../src/core/training/session.ts';
import { webAssemblyDevice } from '../../src/trainer/device/webAssembly.ts';
import { good, learningSeeds } from './learning.ts';

const root = resolve(import.meta.dirname, '../..');

type Change = Partial<Pick<Experiment, 'loss'>> & { readonly training?: Partial<Experiment['training']> };

/** Neighbours among the same held-out digits by their pixels and, after the last epoch, by vectors as in the example. */
async function neighboursOf(change: Change): Promise<{ pixels: readonly Metrics[]; vectors: Metrics }> {
  const written: unknown = JSON.parse(
    readFileSync(resolve(root, 'examples/digits-triplets.losslab.json'), 'utf8'),
  );
  const example = good(parseExperiment(written));
  const experiment = { ...example, ...change, training: { ...example.training, ...change.training } };
  const file = resolve(root, 'media/datasets', builtins.digits.file);
  const table = good(await readCsv([readFileSync(file)], { delimiter: ',', decimal: '.', header: 'yes' }));
  const task = good(checkTask(experiment));
  const dataset = good(atOnce(task.prepare(table)));
  const held = dataset.validation!;
  const device = await webAssemblyDevice('resident');
  const session = good(
    await createSession(experiment, dataset, good(task.plan(dataset)), device, {
      now: () => performance.now(),
    }),
  );
  let vectors: Metrics | undefined;
  for (let state = 'running'; state === 'running';) {
    const advanced = await session.advance(1000);
    state = advanced.state;
    for (const line of advanced.lines) if (line.type === 'epoch') vectors = line.metrics;
  }
  await session.dispose();
  await device.dispose();
  const pixels = (['euclidean', 'cosine'] as const).map((nearness) =>
    atOnce(neighbourMetrics(Float64Array.from(held.features), held.targets, dataset.width, nearness)),
  );
  return { pixels, vectors: vectors! };
}

/** Mean and standard error over ten splits of what the vectors have more than the pixels. */
async function gainsOf(change: Change) {
  const gains: Record<string, number[]> = { 'recall@1': [], 'map@r': [], silhouette: [] };
  for (const seed of learningSeeds) {
    const { pixels, vectors } = await neighboursOf({ ...change, training: { ...change.training, seed } });
    // By the nearness that serves the pixels better.
    for (const [name, values] of Object.entries(gains))
      values.push(vectors[name]! - Math.max(...pixels.map((of) => of[name]!)));
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  return Object.fromEntries(
    Object.entries(gains).map(([name, values]) => {
      const centre = mean(values);
      const error = Math.sqrt(mean(values.map((gain) => (gain - centre) ** 2)) / (values.length - 1));
      console.log(`${name}: ${centre.toFixed(4)} ± ${error.toFixed(4)} above the pixels`);
      return [name, { centre, error }];
    }),
  );
}

it('triplets make classes of digits that lie together, with nearest neighbours as good', async () => {
  const gains = await gainsOf({});
  for (const name of ['map@r', 'silhouette'])
    expect(gains[name]!.centre, name).toBeGreaterThan(2 * gains[name]!.error);
  // The nearest of all pixels is right in 97 of 100 already: triplets do not have to be better there.
  expect(gains['recall@1']!.centre).toBeGreaterThan(-2 * gains['recall@1']!.error);
}, 600_000);

it('supervised contrastive vectors find better nearest neighbours than pixels', async () => {
  const loss = { id: 'supervised-contrastive', parameters: {} };
  const gains = await gainsOf({ loss, training: { epochs: 30, batch: 64 } });
  for (const [name, { centre, error }] of Object.entries(gains))
    expect(centre, name).toBeGreaterThan(2 * error);
}, 600_000);
