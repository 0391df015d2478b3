// Writes the runs of test/long/learning.ts for learning_torch.py, one JSON object a line:
//   npx tsx test/frameworks/learningParts.ts | .venv/bin/python test/frameworks/learning_torch.py > test/fixtures/learning/torch.json
import { writeSync } from 'node:fs';
import type { Part } from '../../src/core/data/dataset.ts';
import { randomStream } from '../../src/core/data/random.ts';
import { initialParameters } from '../../src/core/network/initial.ts';
import { buildNetwork } from '../../src/core/network/network.ts';
import { good, learningCases, learningRun, learningSeeds, type LearningCase } from '../long/learning.ts';

const part = ({ rows, features, targets }: Part) => ({
  rows,
  features: Array.from(features),
  targets: Array.from(targets),
});

for (const name of Object.keys(learningCases) as LearningCase[]) {
  for (const seed of learningSeeds) {
    const { experiment, dataset, small, enlarge } = await learningRun(name, seed);
    const { model, loss, optimizer, training } = experiment;
    const { width: inputs, shape, outputs, preprocessing } = dataset;
    const network = good(buildNetwork({ model, inputs, outputs, ...(shape === undefined ? {} : { shape }) }));
    const start = good(initialParameters(network, seed));
    const line = {
      case: name,
      seed,
      task: preprocessing.task,
      target_scale: preprocessing.target.kind === 'number' ? preprocessing.target.scale : 1,
      model,
      loss,
      optimizer,
      training,
      shape: shape ?? [inputs],
      outputs,
      enlarge: enlarge ?? null,
      training_part: part(small.training),
      validation_part: part(small.validation!),
      start: network.parameters.map((p) => ({
        name: p.name,
        shape: p.shape,
        values: Array.from(start[p.name]!),
      })),
      orders: Array.from({ length: training.epochs }, (_, epoch) =>
        Array.from(randomStream(seed, `order/${epoch}`).permutation(dataset.training.rows)),
      ),
    };
    write(`${JSON.stringify(line)}\n`);
  }
}

/** Waits for the reader of a pipe: a line takes megabytes. */
function write(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
