import { describe, expect, it } from 'vitest';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Dataset, Part } from '../../../src/core/data/dataset.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { taskOf } from '../../../src/core/losses/task.ts';
import { checkExperiment } from '../../../src/core/training/check.ts';
import { experiment, randomDataset } from './datasets.ts';
import { openSession } from './datasets.ts';

const definitions = losses().flatMap((loss) =>
  (loss.conventions ?? []).flatMap(({ id }) => {
    const task = taskOf(inConvention(loss, id));
    return task === undefined ? [] : [{ loss: loss.id, convention: id, task }];
  }),
);

/** Amounts are above 0 in data for losses of amounts. */
function positive(dataset: Dataset): Dataset {
  const part = (rows: Part): Part => ({ ...rows, targets: rows.targets.map((y) => Math.abs(y) + 0.1) });
  return { ...dataset, training: part(dataset.training) };
}

describe('other definitions of losses', () => {
  it('are some', () => expect(definitions.length).toBeGreaterThan(20));

  it.each(definitions)(
    '$loss as in $convention trains: the loss falls',
    async ({ loss, convention, task }) => {
      const wish = experiment({
        loss: { id: loss, convention },
        model: { type: 'mlp', hidden: [4], activation: 'tanh' },
        optimizer: { type: 'adam', rate: 0.01 },
        training: { epochs: 30, batch: 'full' },
        split: { validation: 0 },
      });
      const checked = checkExperiment(wish);
      if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
      const random = randomDataset(task, { width: 3, training: 12 });
      const dataset = checked.value.use.target === 'value' ? random : positive(random);
      const session = await openSession(wish, dataset, checked.value.loss, float64Device(), {
        now: () => 0,
      });
      if (!session.ok) throw new Error(JSON.stringify(session.problems));
      const values: number[] = [];
      for (let state = 'running'; state === 'running';) {
        const { lines, state: next } = await session.value.advance(10);
        values.push(...lines.flatMap((line) => (line.type === 'step' ? [line.loss] : [])));
        state = next;
      }
      await session.value.dispose();
      expect(values.every(Number.isFinite)).toBe(true);
      expect(values.at(-1)).toBeLessThan(values[0]!);
    },
  );
});
