import * as v from 'valibot';
import { count, title } from '../fields.ts';

const column = (text: string) => v.optional(v.pipe(v.string(), v.minLength(1), title(text)));

/** Forecast the next values of a series from the last rows of a table whose rows are moments in time. */
export const forecastSchema = v.strictObject({
  type: v.literal('forecast'),
  window: v.pipe(
    count,
    v.maxValue(16_384),
    title('Rows that a forecast starts from: the target and all features at the last moments.'),
  ),
  horizon: v.pipe(
    count,
    v.maxValue(4096),
    title('Values of the target that are forecast, the next ones in time.'),
  ),
  stride: v.optional(v.pipe(count, title('Rows from one window to the next.')), 1),
  quantiles: v.optional(
    v.pipe(
      v.array(v.pipe(v.number(), v.gtValue(0), v.ltValue(1))),
      v.minLength(1),
      v.maxLength(32),
      title(
        'Levels of the quantiles that are forecast, ascending, such as [0.1, 0.5, 0.9]; the loss is then "quantile", averaged over the levels. Default: one value for each moment.',
      ),
    ),
  ),
  time: column(
    'Column of the times, numbers or dates such as 2024-05-31 14:00: the rows are sorted by it. Default: the rows are in the order of time.',
  ),
  series: column(
    'Column that says which series a row belongs to, where a table holds several. No window crosses from one to another.',
  ),
});
