import { bad, message, ok, type Problem, type Result } from '../messages/message.ts';
import { parseCell, type Decimal } from './cell.ts';
import type { Forecast, Preprocessing } from './dataset.ts';
import { createRowEncoder, unseenWarnings } from './encode.ts';
import type { FileRow } from './records.ts';
import { secondsOf } from './time.ts';

/** The last moments of a series, encoded, from which its next values are forecast. */
export interface LastWindow {
  /** What the column of the series says; absent where a file is one series. */
  readonly series?: string;
  /** window × width. */
  readonly features: Float64Array;
}

/** Collects the last window of each series from rows in any number. */
export interface LastWindows {
  /** Takes rows whose cells are in the order of the names. Bad when a time cannot be read. */
  add(rows: readonly FileRow[]): Result<void>;
  /**
   * The windows, in the order in which their series came. A series that is too short, or lacks a cell in its window, is
   * left out with a warning; where none is left, that is the problem.
   */
  finish(): Result<readonly LastWindow[]>;
}

interface Moment {
  readonly time: number;
  readonly features: Float64Array;
  /** What is wrong with the row; it matters only where the row is in the window. */
  readonly problem: Problem | undefined;
}

/** Moments of a series that are kept beyond its window until they are sorted. */
const spare = 1024;

/**
 * A collector for rows with these names, in memory for some windows of each series. Rows are sorted by the column of times
 * where the model has one; rows without a time or a series are left out. Bad when a column is missing.
 */
export function lastWindows(
  preprocessing: Preprocessing,
  forecast: Forecast,
  names: readonly string[],
  decimal: Decimal = '.',
): Result<LastWindows> {
  const keys = [forecast.time, forecast.series].filter((name) => name !== undefined);
  const absent = keys.filter((name) => !names.includes(name));
  if (absent.length > 0) {
    const quoted = (all: readonly string[]) => all.map((name) => `"${name}"`).join(', ');
    return bad(
      message('Columns are missing: {absent}. The model needs {needed}.', {
        absent: quoted(absent),
        needed: quoted([...keys, ...preprocessing.features.map(({ name }) => name)]),
      }),
    );
  }
  const encoder = createRowEncoder(preprocessing, names, decimal);
  if (!encoder.ok) return encoder;
  const { width, unseen } = encoder.value;
  const place = {
    time: forecast.time === undefined ? -1 : names.indexOf(forecast.time),
    series: forecast.series === undefined ? -1 : names.indexOf(forecast.series),
  };
  const { window } = forecast;
  const groups = new Map<string, Moment[]>();
  const settle = (moments: Moment[]): void => {
    moments.sort((a, b) => a.time - b.time);
    moments.splice(0, moments.length - window);
  };

  return ok({
    add(rows) {
      for (const { row, cells } of rows) {
        const series = (cells[place.series] ?? '').trim();
        const time = place.time < 0 ? 0 : timeOf((cells[place.time] ?? '').trim(), decimal);
        if (time === undefined) {
          const where = { row, column: forecast.time! };
          return bad(message('Row {row}: "{column}" is neither a number nor a date.', where), where);
        }
        if (Number.isNaN(time) || (place.series >= 0 && parseCell(series, decimal) === 'missing')) continue;
        const features = new Float64Array(width);
        const problem = encoder.value.encode(cells, row, features, 0);
        let moments = groups.get(series);
        if (moments === undefined) groups.set(series, (moments = []));
        moments.push({ time, features, problem });
        if (moments.length >= 2 * window + spare) settle(moments);
      }
      return ok(undefined);
    },
    finish() {
      const windows: LastWindow[] = [];
      const problems: Problem[] = [];
      for (const [series, moments] of groups) {
        settle(moments);
        const problem =
          moments.length < window
            ? tooShort(moments.length, window, place.series < 0 ? undefined : series)
            : moments.find((moment) => moment.problem !== undefined)?.problem;
        if (problem !== undefined) {
          problems.push(problem);
          continue;
        }
        const features = new Float64Array(window * width);
        for (const [i, moment] of moments.entries()) features.set(moment.features, i * width);
        windows.push({ ...(place.series < 0 ? {} : { series }), features });
      }
      return windows.length === 0 && problems.length > 0
        ? { ok: false, problems }
        : ok(windows, [...problems, ...unseenWarnings(unseen)]);
    },
  });
}

/** A number that grows with time; NaN where it is missing, undefined where the cell says something else. */
function timeOf(cell: string, decimal: Decimal): number | undefined {
  const parsed = parseCell(cell, decimal);
  if (parsed === 'missing') return NaN;
  return parsed === 'text' ? secondsOf(cell) : parsed;
}

function tooShort(found: number, window: number, series: string | undefined): Problem {
  return {
    message:
      series === undefined
        ? message('A forecast starts from the last {window} rows of a series, but there are only {found}.', {
            window,
            found,
          })
        : message(
            'A forecast starts from the last {window} rows of a series, but "{series}" has only {found}.',
            { window, found, series },
          ),
  };
}
