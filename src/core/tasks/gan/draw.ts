import { decodeRow } from '../../data/encode.ts';
import type { FeatureEncoding } from '../../data/dataset.ts';
import { randomStream } from '../../data/random.ts';
import { predictor, type Trained } from '../../network/predict.ts';

/** Rows from a trained generator, in their own units; each call goes on in one stream of noise, which the seed begins. */
export function rowDrawer(
  generator: Trained,
  columns: readonly FeatureEncoding[],
  seed = 0,
): (rows: number) => Record<string, string | number>[] {
  const generate = predictor(generator);
  const random = randomStream(seed, 'draw');
  return (rows) => {
    const noise = Float64Array.from({ length: rows * generator.inputs }, () => random.normal());
    const values = generate(noise, rows);
    return Array.from({ length: rows }, (_, row) =>
      decodeRow(columns, values.subarray(row * generator.outputs, (row + 1) * generator.outputs)),
    );
  };
}
