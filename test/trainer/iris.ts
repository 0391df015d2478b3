// The iris experiment as `Train Model` suggests it, for 20 seeds.
import fs from 'node:fs';
import path from 'node:path';
import { builtins } from '../../src/core/data/builtin.ts';
import { readCsv } from '../../src/core/data/csv.ts';
import type { Dataset, Table } from '../../src/core/data/dataset.ts';
import { prepareDataset } from '../../src/core/data/prepare.ts';
import { suggestExperiment } from '../../src/core/data/suggest.ts';
import { columnUse } from '../../src/core/losses/column.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import type { Loss } from '../../src/core/losses/loss.ts';
import type { Result } from '../../src/core/messages/message.ts';
import { parseExperiment, type Experiment } from '../../src/core/training/experiment.ts';

export const irisSeeds = Array.from({ length: 20 }, (_, seed) => seed);

function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

const file = path.resolve(import.meta.dirname, '../../media/datasets', path.basename(builtins.iris.file));
const table: Table = good(
  await readCsv([fs.readFileSync(file)], { delimiter: ',', decimal: '.', header: 'yes' }),
);

/** Experiment, data and loss of one seed. */
export function irisRun(seed: number): { experiment: Experiment; dataset: Dataset; loss: Loss } {
  const suggested = suggestExperiment({ source: 'builtin', name: 'iris' });
  const experiment = good(parseExperiment({ ...suggested, training: { ...suggested.training, seed } }));
  const loss = loadLoss(experiment.loss.id);
  if (loss === undefined) throw new Error(`no loss ${experiment.loss.id}`);
  return {
    experiment,
    loss,
    dataset: good(prepareDataset(table, experiment, columnUse(loss)!)),
  };
}
