import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { float64Device } from '../../src/core/compute/float64.ts';
import { builtins } from '../../src/core/data/builtin.ts';
import { createCsvReader } from '../../src/core/data/csv.ts';
import type { Table } from '../../src/core/data/dataset.ts';
import { generators } from '../../src/core/data/generators.ts';
import { atOnce } from '../../src/core/slices.ts';
import { checkTask } from '../../src/core/tasks/tasks.ts';
import { parseExperiment, type Experiment } from '../../src/core/training/experiment.ts';
import { openDevice } from '../../src/trainer/device/open.ts';
import { compareWithReference, referenceOf } from '../../src/trainer/device/parity.ts';
import { trainingWorkload } from '../../src/trainer/device/workload.ts';
import { hasAdapter, useAdapter, withoutAdapter } from './device/software.ts';
import { good, runTask } from '../core/tasks/runTask.ts';

const root = resolve(import.meta.dirname, '../..');

function experimentOf(name: string): Experiment {
  return good(parseExperiment(JSON.parse(readFileSync(join(root, `examples/${name}.losslab.json`), 'utf8'))));
}

function tableOf({ data }: Experiment): Table {
  if (data.source === 'generated') return generators[data.name].generate(data);
  if (data.source === 'images') throw new Error('no table');
  const path =
    data.source === 'builtin' ? `media/datasets/${builtins[data.name].file}` : `examples/${data.path}`;
  const reader = createCsvReader();
  reader.push(readFileSync(join(root, path)));
  return good(reader.finish());
}

/** What the examples should reach on their validation parts. */
const floors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  discs: { 'subset accuracy': 0.8, 'macro F1': 0.85, 'micro F1': 0.85 },
  // Where a tenth of the rows are outliers, the line that made the data itself has an R² of about 0.45.
  'noisy-line-adaptive': { r2: 0.4 },
  'wine-two-targets': { 'alcohol r2': 0.4, 'cultivar accuracy': 0.9 },
};

describe.each(Object.entries(floors))('the example %s', (name, least) => {
  const experiment = experimentOf(name);

  async function check(id: 'webasm' | 'cpu' | 'webgpu'): Promise<void> {
    const task = good(checkTask(experiment));
    const dataset = good(atOnce(task.prepare(tableOf(experiment))));
    const workload = good(trainingWorkload(experiment, dataset, task));
    const reference = await referenceOf(float64Device(), workload, id, 5);
    const device = await openDevice(id);
    const executable = await device.compile(workload.plan);
    expect(await compareWithReference(executable, reference, workload)).toEqual({ passed: true });
    await executable.dispose();
    await device.dispose();
  }

  it.each(['webasm', 'cpu'] as const)('computes on %s what float64 does', check);

  it.skipIf(!hasAdapter)(`computes on webgpu what float64 does${withoutAdapter}`, async () => {
    useAdapter();
    await check('webgpu');
  });

  it('learns on WebAssembly', async () => {
    const device = await openDevice('webasm');
    const { metrics } = await runTask(experiment, tableOf(experiment), device);
    await device.dispose();
    for (const [metric, value] of Object.entries(least))
      expect(metrics.at(-1)![metric], metric).toBeGreaterThan(value);
  });
});
