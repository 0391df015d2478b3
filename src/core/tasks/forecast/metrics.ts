import type { Dataset, Part } from '../../data/dataset.ts';
import { decodeStep, numberOf } from '../../data/forecast.ts';
import { sumOfSquares, type MetricsCollector } from '../../training/metrics.ts';

/**
 * The metrics of a forecast on a part, over all windows and all values of the horizon, in the target's own units:
 * - `rmse`, `mae` and `r2`; of quantiles, those of the level nearest to one half;
 * - `naive rmse`, that of repeating the last value of the window, and `relative mae`, `mae` through that of the same: above
 *   1 the model is worse than nothing (left out where the naive forecast is perfect);
 * - `coverage 0.1` …, the share of the targets at or below the quantile of that level, and `band coverage`, the share
 *   above the lowest and at or below the highest;
 * - `crossing`, the share of the values where the quantiles came out of order. All others judge them sorted, as Predict
 *   gives them.
 */
export function forecastMetrics(dataset: Dataset, part: Part): MetricsCollector {
  const { preprocessing, outputs, width } = dataset;
  const { forecast } = preprocessing;
  if (forecast === undefined) throw new RangeError('not prepared for a forecast');
  const { horizon, quantiles } = forecast;
  const encoding = numberOf(preprocessing.target);
  const { mean, scale } = encoding;
  const itself = preprocessing.features.at(-1);
  if (itself?.kind !== 'number') throw new RangeError('the last feature of a forecast is its target');
  const middle = quantiles === undefined ? 0 : nearestToHalf(quantiles);
  const answers = new Float64Array(quantiles?.length ?? 1);
  const below = new Float64Array(quantiles?.length ?? 0);
  const sums = { squares: 0, distances: 0, naiveSquares: 0, naiveDistances: 0, crossed: 0 };
  let values = 0;
  return {
    add(output, first, rows) {
      for (let row = 0; row < rows; row++) {
        const window = first + row;
        const last = part.features[(window + 1) * width - 1]! * itself.scale + itself.mean;
        for (let step = 0; step < horizon; step++) {
          const at = row * outputs;
          decodeStep(encoding, forecast, output, at, step, answers);
          const truth = part.targets[window * horizon + step]! * scale + mean;
          const error = answers[middle]! - truth;
          sums.squares += error ** 2;
          sums.distances += Math.abs(error);
          sums.naiveSquares += (last - truth) ** 2;
          sums.naiveDistances += Math.abs(last - truth);
          for (let level = 0; level < below.length; level++) if (truth <= answers[level]!) below[level]! += 1;
          for (let level = 1; level < below.length; level++) {
            if (output[at + level * horizon + step]! < output[at + (level - 1) * horizon + step]!) {
              sums.crossed++;
              break;
            }
          }
        }
      }
      values += rows * horizon;
    },
    value() {
      const spread = sumOfSquares(part.targets);
      const covered = below.map((count) => count / values);
      return {
        rmse: Math.sqrt(sums.squares / values),
        mae: sums.distances / values,
        ...(spread > 0 ? { r2: 1 - sums.squares / (spread * scale ** 2) } : {}),
        'naive rmse': Math.sqrt(sums.naiveSquares / values),
        ...(sums.naiveDistances > 0 ? { 'relative mae': sums.distances / sums.naiveDistances } : {}),
        ...Object.fromEntries(quantiles?.map((level, i) => [`coverage ${level}`, covered[i]!]) ?? []),
        ...(covered.length > 1
          ? {
              'band coverage': covered.at(-1)! - covered[0]!,
              crossing: sums.crossed / values,
            }
          : {}),
      };
    },
  };
}

/** The index of the level nearest to one half, the lower of two. */
function nearestToHalf(levels: readonly number[]): number {
  const distances = levels.map((level) => Math.abs(level - 0.5));
  return distances.indexOf(Math.min(...distances));
}
