import type { Executable } from '../../compute/device.ts';
import type { Epoch } from '../../compute/feed.ts';
import type { Part } from '../../data/dataset.ts';
import { randomStream, type RandomStream } from '../../data/random.ts';
import { drawOther, type Owned } from './owned.ts';
import type { Sampling } from './sampling.ts';

/** What draws the other items of an interaction. */
export interface Drawing {
  readonly sampling: Sampling;
  readonly negatives: number;
  readonly items: number;
  /** What the users have: such items are not drawn for them. */
  readonly owned: Owned;
}

/** Tables of a loss on some interactions: role-major rows [user, item], and the target and weight of each sample. */
export interface SampleTables {
  readonly features: Float64Array;
  readonly targets: Float64Array;
  readonly weights: Float64Array;
}

/** Room for a number of interactions. */
export function sampleTables({ objective, samples }: Sampling, interactions: number): SampleTables {
  const count = interactions * samples;
  return {
    features: new Float64Array(2 * objective.roles * count),
    targets: new Float64Array(objective.targets * count),
    weights: new Float64Array(count),
  };
}

/** Fills the place of an interaction in the tables of `interactions`, with items drawn for its user. */
export function fillSample(
  { sampling: { objective, samples, rows, target }, negatives, items, owned }: Drawing,
  into: SampleTables,
  interactions: number,
  place: number,
  [user, item, weight]: readonly [user: number, item: number, weight: number],
  random: RandomStream,
): void {
  const own = owned.of(user);
  const drawn = Array.from({ length: negatives }, () => drawOther(own, items, random));
  for (const { role, sample, draw } of rows) {
    const row = (role * interactions + place) * samples + sample;
    into.features[2 * row] = user;
    into.features[2 * row + 1] = draw < 0 ? item : drawn[draw]!;
  }
  for (let sample = 0; sample < samples; sample++) {
    const at = place * samples + sample;
    into.weights[at] = weight;
    if (objective.targets > 0) into.targets[at] = target(sample);
  }
}

/**
 * The batches of an epoch, fed to the device: its interactions in an order, and for each the items that are drawn for it,
 * by the seed, the epoch and the step alone.
 * @param batch interactions of a step
 * @param window steps that are fed at once
 */
export function interactionEpoch(
  drawing: Drawing,
  part: Part,
  order: ArrayLike<number>,
  of: { readonly batch: number; readonly window: number; readonly seed: number; readonly epoch: number },
): Epoch {
  const { batch, window, seed, epoch } = of;
  const weightOf = (interaction: number) => part.weights?.[interaction] ?? 1;
  return {
    write(executable: Executable, stepInEpoch, steps) {
      const one = sampleTables(drawing.sampling, batch);
      const all: SampleTables = {
        features: new Float64Array(window * one.features.length),
        targets: new Float64Array(window * one.targets.length),
        weights: new Float64Array(window * one.weights.length),
      };
      for (let i = 0; i < steps; i++) {
        const step = stepInEpoch + i;
        const random = randomStream(seed, `negatives/${epoch}/${step}`);
        const first = step * batch;
        for (let place = 0; place < batch; place++) {
          // Places without an interaction repeat the last one of the batch, and do not count.
          const isThere = first + place < order.length;
          const interaction = order[isThere ? first + place : order.length - 1]!;
          const [user, item] = [part.features[2 * interaction]!, part.features[2 * interaction + 1]!];
          fillSample(drawing, one, batch, place, [user, item, isThere ? weightOf(interaction) : 0], random);
        }
        all.features.set(one.features, i * one.features.length);
        all.targets.set(one.targets, i * one.targets.length);
        all.weights.set(one.weights, i * one.weights.length);
      }
      executable.write('features', all.features);
      executable.write('weights', all.weights);
      if (drawing.sampling.objective.targets > 0) executable.write('targets', all.targets);
    },
    weight(stepInEpoch) {
      const end = Math.min((stepInEpoch + 1) * batch, order.length);
      let sum = 0;
      for (let i = stepInEpoch * batch; i < end; i++) sum += weightOf(order[i]!);
      return sum;
    },
  };
}
