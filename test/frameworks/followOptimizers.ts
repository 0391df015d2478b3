/** Reads cases from standard input and prints the parameters after every step by our update kernels in float64, as JSON. */
import fs from 'node:fs';
import * as v from 'valibot';
import { afterEpoch, plateauStart } from '../../src/core/optimizers/plateau.ts';
import { optimizerSchema } from '../../src/core/training/schema/optimizer.ts';
import { follow } from '../golden/updates.ts';

const tensors = v.record(v.string(), v.array(v.number()));
const casesSchema = v.array(
  v.object({
    optimizer: optimizerSchema,
    start: tensors,
    gradients: v.array(tensors),
    stepsPerEpoch: v.number(),
    /** The loss after each epoch, for schedules that look at it. */
    losses: v.array(v.number()),
  }),
);

const cases = v.parse(casesSchema, JSON.parse(fs.readFileSync(0, 'utf8')));
const answers = cases.map(async ({ optimizer, start, gradients, stepsPerEpoch, losses }) => {
  let state = plateauStart;
  const factors = losses.map((loss) => {
    const { factor } = state;
    state = afterEpoch(optimizer, state, loss);
    return factor;
  });
  const steps = await follow(optimizer, start, gradients, {
    moment: (index) => {
      const epoch = Math.floor(index / stepsPerEpoch);
      const factor = factors[epoch] ?? 1;
      return { step: index + 1, epoch, stepsPerEpoch, totalSteps: gradients.length, factor };
    },
  });
  return steps.map(({ parameters }) => parameters);
});
process.stdout.write(JSON.stringify(await Promise.all(answers)));
