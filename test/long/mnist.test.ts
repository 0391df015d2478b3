import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { presets } from '../../src/core/network/presets.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { installation, memoryLog, temporaryFolder } from '../supervisor/helpers.ts';
import { logOf, start } from '../trainer/runs.ts';
import { good } from './learning.ts';
import { writeMnistLike } from './mnistLike.ts';

const root = resolve(import.meta.dirname, '../..');
const names = ['mnist-squared-error', 'mnist-cnn'] as const;

const results = v.array(
  v.object({
    seed: v.number(),
    epochs: v.array(v.object({ accuracy: v.number(), loss: v.number() })),
    step_ms: v.number(),
  }),
);
const torch = v.parse(
  v.object({ 'mnist-squared-error': results, 'mnist-cnn': results }),
  JSON.parse(readFileSync(join(root, 'test/fixtures/learning/mnist-torch.json'), 'utf8')),
);

/** Fewer where time is short; the experiments have 5. */
const epochs = Number(process.env['MNIST_EPOCHS'] ?? 5);
/** Enough for steps of 150 ms. */
const patience = 1_800_000;

/**
 * The shipped experiments on files of MNIST's size and names. The images are drawn, not MNIST's: PyTorch learns the same
 * ones (test/frameworks/mnist_torch.py) from starting values of its own.
 */
describe('the MNIST experiments on 60,000 + 10,000 images', () => {
  const folder = temporaryFolder();
  let supervisor: Supervisor;
  let store: RunStore;
  beforeAll(async () => {
    mkdirSync(join(folder, 'examples'));
    writeMnistLike(join(folder, 'examples/data'));
    for (const name of names) copyFileSync(file(root, name), file(folder, name));
    const { trainer, dataSets } = await installation();
    supervisor = new Supervisor({ trainer, dataSets, log: memoryLog() });
    store = new RunStore(join(folder, 'runs'));
  });
  afterAll(() => supervisor.dispose());

  /** Trains a shipped experiment to the end; its last epoch, and the memory that its trainer had at most. */
  async function train(name: (typeof names)[number], seed: number) {
    const path = file(folder, name);
    const shipped = experimentOf(path);
    expect(shipped.training).toMatchObject({ epochs: 5, batch: 32 });
    if (shipped.data.source !== 'file') throw new Error('no file');
    const dataFile = resolve(path, '..', shipped.data.path);
    const experiment = { ...shipped, training: { ...shipped.training, epochs, seed } };
    const run = await start(supervisor, store, experiment, 'webasm', dataFile);
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, run.resident ?? 0)), 100);
    await run.ended;
    clearInterval(timer);
    expect(run.status).toMatchObject({ state: 'finished', reason: 'epochs', epoch: epochs });
    const last = logOf(run.directory)
      .filter((line) => line.type === 'epoch')
      .at(-1)!;
    expect(last.step).toBe(1875 * epochs);
    return { accuracy: last.metrics!['accuracy']!, step: (1000 * last.seconds) / last.step, peak };
  }

  it.each(names)(
    '%s',
    async (name) => {
      const ours = [];
      for (const { seed } of torch[name]) ours.push(await train(name, seed));
      const theirs = torch[name].map((run) => run.epochs[epochs - 1]!.accuracy);
      const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      const differences = ours.map(({ accuracy }, i) => accuracy - theirs[i]!);
      const difference = mean(differences);
      const deviation = Math.sqrt(
        mean(differences.map((d) => (d - difference) ** 2)) / Math.max(1, differences.length - 1),
      );
      const peak = Math.max(...ours.map((run) => run.peak));
      console.log(
        `${name}, ${epochs} epochs, ${ours.length} seeds: ${mean(ours.map(({ step }) => step)).toFixed(2)} ms a step with evaluation (the median of PyTorch's steps, one thread, when the fixture was made: ${mean(torch[name].map((run) => run.step_ms)).toFixed(2)} ms); accuracy ${mean(ours.map(({ accuracy }) => accuracy)).toFixed(4)}, less PyTorch's ${difference.toFixed(4)} ± ${deviation.toFixed(4)}; at most ${Math.round(peak / 2 ** 20)} MB`,
      );
      // A single run says nothing about chance; half a point is several times what it does here.
      expect(Math.abs(difference)).toBeLessThanOrEqual(ours.length > 1 ? 2 * deviation : 0.005);
      // The rows as bytes, as float32 and on the device, with all else.
      expect(peak).toBeLessThan(1.5 * 2 ** 30);
    },
    patience,
  );

  it('the network is the preset’s, with Keras’s starting values', () => {
    const { model } = experimentOf(file(root, 'mnist-cnn'));
    const glorot = <Spec extends { readonly type: string }>(layer: Spec) =>
      layer.type === 'conv2d' || layer.type === 'dense' ? { ...layer, initialiser: 'glorotUniform' } : layer;
    const preset = presets.find(({ id }) => id === 'cnn-medium')!.model;
    if (preset.type !== 'layers') throw new Error('no layers');
    expect(model).toMatchObject({ layers: preset.layers.map(glorot), initialiser: 'glorotUniform' });
  });
});

function file(folder: string, name: string): string {
  return join(folder, 'examples', `${name}.losslab.json`);
}

function experimentOf(path: string) {
  return good(parseExperiment(JSON.parse(readFileSync(path, 'utf8'))));
}
