import type { Epoch } from '../../compute/feed.ts';
import type { TrainingPlan } from '../../compute/planBuilder.ts';
import { randomStream } from '../../data/random.ts';
import type { Drawing } from './drawing.ts';

/** The epochs of a plan whose batches are drawn: each from the seed, the epoch's number and the step alone. */
export function drawnEpochs(
  plan: TrainingPlan,
  { draw, labels }: Drawing,
  seed: number,
): (epoch: number) => Epoch {
  const { batch, roles, window } = plan;
  const rows = new Float64Array(window * roles * batch);
  const weights = new Float64Array(window * batch).fill(1);
  const targets = labels === undefined ? undefined : repeated(labels, window);
  return (epoch) => ({
    write(executable, stepInEpoch, steps) {
      for (let i = 0; i < steps; i++) {
        const random = randomStream(seed, `samples/${epoch}/${stepInEpoch + i}`);
        draw(random, rows.subarray(i * roles * batch, (i + 1) * roles * batch));
      }
      executable.write('order', rows);
      executable.write('weights', weights);
      if (targets !== undefined) executable.write('targets', targets);
    },
    weight: () => batch,
  });
}

/** An array several times. */
export function repeated(values: Float64Array, times: number): Float64Array {
  const result = new Float64Array(values.length * times);
  for (let i = 0; i < times; i++) result.set(values, i * values.length);
  return result;
}
