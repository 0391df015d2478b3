import type { Part } from '../../data/dataset.ts';
import { randomStream } from '../../data/random.ts';
import { drawing, type ByClass } from './drawing.ts';
import { repeated } from './epochs.ts';
import type { EmbeddingUse } from './use.ts';

/**
 * Held-out rows that are compared with each other, at most: every one is with every other, after every epoch. Fewer of long
 * vectors, so that it takes a fraction of a second.
 */
export function mostCompared(dimensions: number): number {
  return Math.max(256, Math.min(2000, Math.floor(Math.sqrt(2 ** 26 / dimensions))));
}

/** Held-out samples of the loss: so many that their mean is steady, so few that they are quick. */
const [leastSamples, mostSamples] = [256, 4096];

/** Samples for a pass: the features of all rows of the first role, then those of the next. */
export interface Samples {
  readonly part: Part;
  /** How many are compared at once, where that matters. */
  readonly batch?: number;
}

/** Samples of a part for its loss, drawn once: the rows of all roles. */
export function heldSamples(
  held: Part,
  sorted: ByClass,
  use: EmbeddingUse,
  { batch, perClass, seed, roles }: { batch: number; perClass: number; seed: number; roles: number },
): Samples {
  if (use.samples === 'rows') return { part: held };
  const drawn = drawing(use.samples, sorted, { ...use, batch: Math.min(batch, held.rows), perClass });
  const wanted = Math.min(Math.max(held.rows, leastSamples), mostSamples);
  const batches = Math.ceil(wanted / drawn.batch);
  const samples = batches * drawn.batch;
  const order = new Uint32Array(roles * samples);
  const one = new Float64Array(roles * drawn.batch);
  for (let i = 0; i < batches; i++) {
    drawn.draw(randomStream(seed, `held/${i}`), one);
    for (let role = 0; role < roles; role++) {
      const rows = one.subarray(role * drawn.batch, (role + 1) * drawn.batch);
      order.set(rows, role * samples + i * drawn.batch);
    }
  }
  const rows = rowsOf(held, order);
  return {
    part: {
      rows: samples,
      features: rows.features,
      targets: drawn.labels === undefined ? rows.targets : repeated(drawn.labels, batches),
    },
    // Of rows that are all compared with each other, how many there are decides.
    ...(use.samples === 'triplets' || use.samples === 'pairs' ? {} : { batch: drawn.batch }),
  };
}

/** The held-out rows whose vectors are compared: all, or as many as can be, of every class alike. */
export function comparedRows(held: Part, sorted: ByClass, dimensions: number, seed: number): Part {
  const most = mostCompared(dimensions);
  if (held.rows <= most) return held;
  const { batch, draw } = drawing('classes', sorted, { batch: most, perClass: 2 });
  const rows = new Float64Array(batch);
  draw(randomStream(seed, 'compared'), rows);
  return rowsOf(held, rows);
}

/** Some rows of a part. */
function rowsOf({ rows, features, targets }: Part, order: ArrayLike<number>): Part {
  const width = features.length / rows;
  const chosen =
    features instanceof Float32Array
      ? new Float32Array(order.length * width)
      : new Float64Array(order.length * width);
  const classes = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) {
    chosen.set(features.subarray(order[i]! * width, (order[i]! + 1) * width), i * width);
    classes[i] = targets[order[i]!]!;
  }
  return { rows: order.length, features: chosen, targets: classes };
}
