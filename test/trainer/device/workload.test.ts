import { describe, expect, it } from 'vitest';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { trainingWorkload } from '../../../src/trainer/device/workload.ts';
import { experiment, randomDataset } from '../../core/training/datasets.ts';
import { planColumn } from '../../../src/core/tasks/column.ts';

function workloadOf(rows: number, batch: number | 'full') {
  const what = experiment({
    model: { type: 'mlp', hidden: [2] },
    loss: { id: 'huber' },
    training: { batch },
  });
  const dataset = randomDataset('regression', { width: 3, training: rows });
  const result = trainingWorkload(what, dataset, {
    plan: (data) => planColumn(what, data, loadLoss('huber')!),
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { plan, whole, values } = result.value;
  const rowsOf = (of: typeof plan) => of.buffers.find(({ name }) => name === 'targets')!.size;
  return { compared: rowsOf(plan), whole: whole && rowsOf(whole), given: values.get('targets')!.length };
}

describe('what devices are compared on', () => {
  it('is the run itself where its data set is small', () => {
    expect(workloadOf(150, 32)).toEqual({ compared: 150, whole: undefined, given: 150 });
    expect(workloadOf(8192, 'full')).toEqual({ compared: 8192, whole: undefined, given: 8192 });
  });

  it('is cut to a part of a large one, but not below a batch', () => {
    expect(workloadOf(20_000, 32)).toEqual({ compared: 8192, whole: 20_000, given: 8192 });
    expect(workloadOf(20_000, 10_000)).toEqual({ compared: 10_000, whole: 20_000, given: 10_000 });
    expect(workloadOf(80_000, 'full')).toEqual({ compared: 65_536, whole: 80_000, given: 65_536 });
  });
});
