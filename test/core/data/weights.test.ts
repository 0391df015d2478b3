import { describe, expect, it } from 'vitest';
import { createCsvReader } from '../../../src/core/data/csv.ts';
import { prepareDataset, type Prepared } from '../../../src/core/data/prepare.ts';
import { loadLoss } from '../../../src/core/losses/catalogue.ts';
import { columnUse } from '../../../src/core/losses/column.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import { parseExperiment } from '../../../src/core/training/experiment.ts';

function prepare(csv: string, weightColumn: string, validation = 0): Result<Prepared> {
  const experiment = parseExperiment({
    version: 1,
    data: { source: 'file', path: 'x.csv' },
    split: { validation },
    scaling: { features: 'none', target: 'none' },
    loss: { id: 'mean-squared-error', weightColumn },
  });
  const reader = createCsvReader();
  reader.push(new TextEncoder().encode(csv));
  const table = reader.finish();
  if (!experiment.ok || !table.ok) throw new Error('bad experiment or table');
  return prepareDataset(table.value, experiment.value, columnUse(loadLoss('mean-squared-error')!)!);
}

const problemOf = (result: Result<Prepared>): readonly [object | undefined, string] | undefined =>
  result.ok ? undefined : [result.problems[0]!.where, english(result.problems[0]!.message)];

describe('a column of weights', () => {
  it('is no feature and goes with its rows into the parts', () => {
    const csv = `x,w,y\n${Array.from({ length: 20 }, (_, i) => `${i},${i + 1},${2 * i}`).join('\n')}\n`;
    const data = prepare(csv, 'w', 0.25);
    if (!data.ok) throw new Error(problemOf(data)![1]);
    const { preprocessing, training, validation } = data.value;
    expect(preprocessing.features.map(({ name }) => name)).toEqual(['x']);
    for (const part of [training, validation!])
      expect([...part.weights!]).toEqual([...part.features].map((x) => x + 1));
  });

  it('leaves out rows without a weight, and says how many', () => {
    const data = prepare('x,w,y\n1,1,1\n2,,2\n3,0,3\n4,0.5,4\n', 'w');
    if (!data.ok) throw new Error(problemOf(data)![1]);
    expect([...data.value.training.features]).toEqual([1, 4]);
    expect([...data.value.training.weights!]).toEqual([1, 0.5]);
    expect(data.value.notes.map(english)).toContain('Rows without a weight above 0 in "w" are left out: 2.');
  });

  it('is refused where it is not there, no numbers, negative, or the target', () => {
    const at = { path: 'loss.weightColumn' };
    expect(problemOf(prepare('x,w,y\n1,1,1\n2,2,2\n', 'v'))).toEqual([at, expect.stringContaining('"v"')]);
    expect(problemOf(prepare('x,w,y\n1,a,1\n2,b,2\n', 'w'))).toEqual([
      at,
      expect.stringContaining('numbers'),
    ]);
    expect(problemOf(prepare('x,w,y\n1,1,1\n2,2,2\n', 'y'))).toEqual([at, expect.stringContaining('target')]);
    expect(problemOf(prepare('x,w,y\n1,1,1\n2,-2,2\n', 'w'))).toEqual([
      { row: 3, column: 'w' },
      'The weight in row 3 is -2; weights are finite numbers of at least 0.',
    ]);
  });
});
