import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../../src/core/compute/device.ts';
import type { Table } from '../../src/core/data/dataset.ts';
import { generators } from '../../src/core/data/generators.ts';
import { presets } from '../../src/core/network/presets.ts';
import { atOnce } from '../../src/core/slices.ts';
import { rowDrawer } from '../../src/core/tasks/gan/draw.ts';
import { energyDistance, type Rows } from '../../src/core/tasks/gan/energyDistance.ts';
import { checkTask } from '../../src/core/tasks/tasks.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { createSession } from '../../src/core/training/session.ts';
import { openDevice } from '../../src/trainer/device/open.ts';
import { good } from '../core/tasks/runTask.ts';

const seeds = [0, 1, 2, 3, 4];
/** Points of each of the samples that are compared at the end; none of them was seen in training. */
const compared = 1000;

interface Options {
  readonly rate?: number;
  readonly batch?: number;
  readonly epochs?: number;
  readonly task?: object;
}

/** The five pairs with what each is usually trained with. */
const cases: Readonly<Record<string, Options>> = {
  'minimax-gan-discriminator': {},
  'non-saturating-gan-generator': {},
  'least-squares-gan-discriminator': {},
  'hinge-gan-discriminator': { rate: 0.0005 },
  'wasserstein-critic': {
    batch: 32,
    task: { discriminatorSteps: 5, gradientPenalty: { weight: 0.1 } },
    epochs: 400,
  },
};

function moons(samples: number, seed: number): Table {
  return generators['two-moons'].generate({ samples, noise: 0.1, outliers: 0, seed });
}

/** Random points of moons: a set as a whole is spread more evenly than points that are drawn one by one. */
function freshPoints(seed: number): Rows {
  const table = moons(20 * compared, seed);
  const [x, y] = table.columns;
  if (x?.kind !== 'number' || y?.kind !== 'number') throw new Error('no points');
  const values = Array.from({ length: compared }, (_, row) => [x.values[row]!, y.values[row]!]).flat();
  return { values, rows: compared, width: 2 };
}

describe('two moons', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice('webasm');
  });
  afterAll(() => device.dispose());

  /** Trains with a seed; what the best generator draws, from noise that no epoch was judged by. */
  async function drawnBy(loss: string, options: Options, seed: number): Promise<Rows> {
    const { rate = 0.001, batch = 64, epochs = 200, task = {} } = options;
    const experiment = good(
      parseExperiment({
        version: 1,
        data: { source: 'generated', name: 'two-moons' },
        split: { validation: 0.25 },
        task: { type: 'gan', ...task },
        model: presets.find(({ id }) => id === 'gan-small')!.model,
        loss: { id: loss },
        optimizer: { type: 'adam', rate, beta1: 0.5 },
        training: { epochs, batch, seed },
      }),
    );
    const checked = good(checkTask(experiment));
    const dataset = good(atOnce(checked.prepare(moons(2000, 0))));
    const plans = good(checked.plan(dataset));
    const session = good(
      await createSession(experiment, dataset, plans, device, { now: () => performance.now() }),
    );
    while ((await session.advance(40)).state === 'running');
    const best = session.best()!;
    await session.dispose();
    const { target } = best.preprocessing;
    if (target.kind !== 'rows') throw new Error(target.kind);
    const rows = rowDrawer(best, target.columns, seed)(compared);
    return { values: rows.flatMap(({ x1, x2 }) => [Number(x1), Number(x2)]), rows: compared, width: 2 };
  }

  it.each(Object.entries(cases))('are drawn nearly as other moons are: %s', async (loss, options) => {
    const fresh = freshPoints(1);
    // Between two samples of moons, as between a perfect generator's and one.
    const yardsticks = seeds.map((seed) => energyDistance(fresh, freshPoints(100 + seed)));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const reached: number[] = [];
    for (const seed of seeds) reached.push(energyDistance(fresh, await drawnBy(loss, options, seed)));
    // Before training it is several hundred times as far.
    expect(mean(reached)).toBeLessThan(6 * mean(yardsticks));
  });
});
