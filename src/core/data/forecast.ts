import { linked } from '../losses/column.ts';
import type { Forecast, Preprocessing, TargetEncoding } from './dataset.ts';

/**
 * What the network's output, levels × horizon from `first` on, says of a step of the horizon, in the target's own units: a
 * value, or a quantile for each level, ascending. Quantiles that cross are sorted, which brings none of them further from
 * the truth (Chernozhukov, Fernández-Val, Galichon 2010, Quantile and Probability Curves Without Crossing).
 * @param into receives the numbers, one for each level
 */
export function decodeStep(
  { mean, scale, link = 'identity' }: NumberEncoding,
  { horizon }: Pick<Forecast, 'horizon'>,
  output: ArrayLike<number>,
  first: number,
  step: number,
  into: Float64Array,
): void {
  for (let level = 0; level < into.length; level++)
    into[level] = linked(link, output[first + level * horizon + step]!) * scale + mean;
  if (into.length > 1) into.sort();
}

/** The forecast of a window, step after step, see {@link decodeStep}. */
export function decodeForecast(
  { target }: Pick<Preprocessing, 'target'>,
  forecast: Pick<Forecast, 'horizon' | 'quantiles'>,
  output: ArrayLike<number>,
): number[][] {
  const encoding = numberOf(target);
  const values = new Float64Array(forecast.quantiles?.length ?? 1);
  return Array.from({ length: forecast.horizon }, (_, step) => {
    decodeStep(encoding, forecast, output, 0, step, values);
    return [...values];
  });
}

/** The names of the numbers of a step: `prediction`, or `quantile(0.1)` … */
export function forecastFields({ quantiles }: Pick<Forecast, 'quantiles'>): string[] {
  return quantiles?.map((level) => `quantile(${level})`) ?? ['prediction'];
}

type NumberEncoding = Extract<TargetEncoding, { kind: 'number' }>;

/** The encoding of a numeric target, which that of a forecast is. */
export function numberOf(target: TargetEncoding): NumberEncoding {
  if (target.kind !== 'number') throw new RangeError('a forecast is of numbers');
  return target;
}
