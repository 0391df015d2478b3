/**
 * Trains the small convolutional network on the digits, a run for each seed, on the float64 device; prints the model, the
 * parts of the data and the validation's final loss and accuracy, as JSON.
 */
import fs from 'node:fs';
import path from 'node:path';
import { float64Device } from '../../src/core/compute/float64.ts';
import { builtins } from '../../src/core/data/builtin.ts';
import { readCsv } from '../../src/core/data/csv.ts';
import type { Part, Table } from '../../src/core/data/dataset.ts';
import { prepareDataset } from '../../src/core/data/prepare.ts';
import { columnUse } from '../../src/core/losses/column.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import type { Result } from '../../src/core/messages/message.ts';
import { presets } from '../../src/core/network/presets.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';
import { createSession } from '../../src/core/training/session.ts';

const seeds = 10;

function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

const file = path.resolve(import.meta.dirname, '../../media/datasets', path.basename(builtins.digits.file));
const table: Table = good(
  await readCsv([fs.readFileSync(file)], { delimiter: ',', decimal: '.', header: 'yes' }),
);
const loss = loadLoss('softmax-cross-entropy')!;

async function run(seed: number) {
  const experiment = good(
    parseExperiment({
      version: 1,
      data: { source: 'builtin', name: 'digits' },
      split: { validation: 0.3 },
      model: presets.find(({ id }) => id === 'cnn-small')!.model,
      loss: { id: loss.id },
      optimizer: { type: 'adam', rate: 0.003 },
      training: { epochs: 4, batch: 32, seed },
    }),
  );
  const dataset = good(prepareDataset(table, experiment, columnUse(loss)!));
  const session = good(
    await createSession(experiment, dataset, loss, float64Device(), { now: () => performance.now() }),
  );
  let last: { validationLoss: number; accuracy: number } | undefined;
  for (let state = 'running'; state === 'running';) {
    const advanced = await session.advance(40);
    state = advanced.state;
    for (const line of advanced.lines) {
      if (line.type === 'epoch')
        last = { validationLoss: line.validationLoss!, accuracy: line.metrics!['accuracy']! };
    }
  }
  await session.dispose();
  const { model, optimizer, training } = experiment;
  return {
    seed,
    model,
    optimizer,
    training,
    shape: dataset.shape,
    parts: { training: plain(dataset.training), validation: plain(dataset.validation!) },
    last,
  };
}

function plain({ features, targets }: Part) {
  return { features: [...features], targets: [...targets] };
}

const runs = [];
for (let seed = 0; seed < seeds; seed++) runs.push(await run(seed));
process.stdout.write(JSON.stringify(runs));
