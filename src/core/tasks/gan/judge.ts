import type { SamplesPlan } from '../../compute/adversarial/samplesPlan.ts';
import type { Executable } from '../../compute/device.ts';
import { writeParameters } from '../../compute/feed.ts';
import type { Dataset, FeatureEncoding, Part } from '../../data/dataset.ts';
import { widthOf } from '../../data/encode.ts';
import { randomStream } from '../../data/random.ts';
import type { Parameters } from '../../network/network.ts';
import type { Samples } from '../../runs/record.ts';
import type { Evaluator } from '../../training/evaluator.ts';
import { energyDistance, meanDistance, type Rows } from './energyDistance.ts';

/** Rows that generated ones are compared with, at most: all pairs of them take some milliseconds. */
const mostCompared = 500;
/** Points of each kind that are drawn, at most. */
const mostDrawn = 300;
/** Digits of a drawn number. */
const digits = 5;

/** Real rows in two samples of one size: what is generated is compared with the first, and so is the second, for scale. */
export interface RealRows {
  readonly held: Rows;
  readonly other: Rows;
}

/**
 * Held-out rows and as many rows of training, drawn by the seed. Where nothing is held out both are halves of the rows for
 * training.
 */
export function realRows({ training, validation, outputs }: Dataset, seed: number): RealRows {
  const order = (part: Part, name: string) => randomStream(seed, `judge/${name}`).permutation(part.rows);
  const first = order(training, 'training');
  const rows = Math.min(
    mostCompared,
    ...(validation === undefined ? [Math.floor(training.rows / 2)] : [validation.rows, training.rows]),
  );
  const other = chosen(training, first.subarray(0, rows), outputs);
  const held =
    validation === undefined
      ? chosen(training, first.subarray(rows, 2 * rows), outputs)
      : chosen(validation, order(validation, 'validation').subarray(0, rows), outputs);
  return { held, other };
}

function chosen({ targets }: Part, order: Uint32Array, width: number): Rows {
  const values = new Float64Array(order.length * width);
  order.forEach((row, i) => values.set(targets.subarray(row * width, (row + 1) * width), i * width));
  return { values, rows: order.length, width };
}

/**
 * Judges a generator after every epoch by the energy distance of as many generated rows, always from the same noise, to held-out
 * ones, in scaled units.
 * @param of.threshold between the discriminator's scores of generated and of real rows; absent for a critic, whose scores have none
 */
export function samplesEvaluator(
  executable: Executable,
  plan: SamplesPlan,
  of: {
    readonly real: RealRows;
    readonly columns: readonly FeatureEncoding[];
    readonly latent: number;
    readonly seed: number;
    readonly threshold: number | undefined;
  },
): Evaluator {
  const { held, other } = of.real;
  const { rows, width } = held;
  const random = randomStream(of.seed, 'judge/noise');
  executable.write(
    'noise',
    Float64Array.from({ length: rows * of.latent }, () => random.normal()),
  );
  executable.write('rows', Float64Array.from(held.values));
  const within = meanDistance(held, held);
  const yardstick = energyDistance(held, other, { a: within });
  const drawn = drawnColumns(of.columns);
  return {
    begin(parameters: Parameters) {
      writeParameters(executable, plan, parameters);
    },
    async next() {
      const [loss] = await executable.run(1);
      const { buffer, stride } = plan.generated;
      const padded = await executable.read(buffer);
      const values = new Float64Array(rows * width);
      for (let row = 0; row < rows; row++)
        values.set(padded.subarray(row * stride, row * stride + width), row * width);
      const generated = { values, rows, width };
      const distance = energyDistance(held, generated, { a: within });
      const accuracy = of.threshold === undefined ? undefined : await accuracyAt(of.threshold);
      return {
        loss: distance,
        metrics: {
          'energy distance': distance,
          'energy distance of real rows': yardstick,
          'discriminator loss': loss!,
          ...(accuracy === undefined ? {} : { 'discriminator accuracy': accuracy }),
        },
        ...(drawn.length === 0 ? {} : { samples: points(drawn, held, generated) }),
      };
    },
    dispose: () => executable.dispose(),
  };

  async function accuracyAt(threshold: number): Promise<number> {
    const real = await executable.read(plan.scores.real);
    const fake = await executable.read(plan.scores.fake);
    const right = real.filter((score) => score > threshold).length;
    return (right + fake.filter((score) => !(score > threshold)).length) / (2 * rows);
  }
}

interface Drawn {
  readonly name: string;
  readonly mean: number;
  readonly scale: number;
  /** Place in an encoded row. */
  readonly at: number;
}

/** The first two columns of numbers. */
function drawnColumns(columns: readonly FeatureEncoding[]): readonly Drawn[] {
  const found: Drawn[] = [];
  let at = 0;
  for (const column of columns) {
    if (column.kind === 'number' && found.length < 2) found.push({ ...column, at });
    at += widthOf(column);
  }
  return found;
}

/** Points in the columns' own units; rows that are no longer finite cannot be drawn. */
function points(columns: readonly Drawn[], held: Rows, generated: Rows): Samples {
  const of = ({ values, rows, width }: Rows) =>
    Array.from({ length: Math.min(rows, mostDrawn) }, (_, row) =>
      columns.map(({ at, scale, mean }) =>
        Number((values[row * width + at]! * scale + mean).toPrecision(digits)),
      ),
    ).filter((point) => point.every(Number.isFinite));
  return { columns: columns.map(({ name }) => name), real: of(held), generated: of(generated) };
}
