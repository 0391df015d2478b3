import { linked } from '../losses/column.ts';
import type { Forecast, Preprocessing, TargetEncoding } from './dataset.ts';

/** What a forecast says of one moment, in the target's own units: a value, or a quantile for each level, ascending. */
export type ForecastStep = readonly number[];

/**
 * The forecast of a window from the network's output, levels × horizon: its steps in the order of time. Quantiles that
 * cross are sorted, which brings none of them further from the truth (Chernozhukov, Fernández-Val, Galichon 2010,
 * Quantile and Probability Curves Without Crossing).
 */
export function decodeForecast(
  { target }: Pick<Preprocessing, 'target'>,
  { horizon, quantiles }: Pick<Forecast, 'horizon' | 'quantiles'>,
  output: ArrayLike<number>,
): ForecastStep[] {
  const { mean, scale, link = 'identity' } = numberOf(target);
  const levels = quantiles?.length ?? 1;
  return Array.from({ length: horizon }, (_, step) =>
    Array.from({ length: levels }, (__, level) => output[level * horizon + step]!)
      .sort((a, b) => a - b)
      .map((value) => linked(link, value) * scale + mean),
  );
}

/** The names of the numbers of a {@link ForecastStep}: `prediction`, or `quantile(0.1)` … */
export function forecastFields({ quantiles }: Pick<Forecast, 'quantiles'>): string[] {
  return quantiles?.map((level) => `quantile(${level})`) ?? ['prediction'];
}

/** The encoding of a numeric target, which that of a forecast is. */
export function numberOf(target: TargetEncoding): Extract<TargetEncoding, { kind: 'number' }> {
  if (target.kind !== 'number') throw new RangeError('a forecast is of numbers');
  return target;
}
