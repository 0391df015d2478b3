import { bad, message, ok, type Result } from '../messages/message.ts';
import { ascending, sliced, type Sliced } from '../slices.ts';
import type { Column, Part, Table } from './dataset.ts';
import { secondsOf } from './time.ts';

/** The rows of one series: places `first` … `end` − 1 of {@link Moments.rows}, in the order of time. */
export interface Series {
  readonly first: number;
  readonly end: number;
  /** Whether all of it came for validation, in a file of its own; the file for training has none for validation then. */
  readonly part: 'training' | 'validation' | 'both';
}

/** The rows of a table as moments in time: one series after the other, each in the order of time. */
export interface Moments {
  readonly rows: Uint32Array;
  readonly series: readonly Series[];
  /** Rows without a time or without a series, which are left out. */
  readonly placeless: number;
  /** Rows at the same time as another of their series. */
  readonly doubled: number;
  /** How many times as long as the shortest the longest step in time is, in the series where it is worst; 1 without times. */
  readonly unevenness: number;
}

/**
 * Puts the rows of a table in the order of time, equal times as they come. Bad when a column cannot say what it should.
 * @param columns by which rows are sorted and told apart; absent: as they come, and one series
 */
export function* orderMoments(
  table: Table,
  columns: { readonly time?: Column; readonly series?: Column },
): Sliced<Result<Moments>> {
  const times = columns.time === undefined ? undefined : yield* timesOf(columns.time);
  if (columns.time !== undefined && times === undefined) {
    return bad(
      message(
        'The times in "{column}" cannot be put in order. Write them as numbers or as dates such as 2024-05-31 14:00, or leave "time" out where the rows are in order already.',
        { column: columns.time.name },
      ),
      { path: 'task.time', column: columns.time.name },
    );
  }
  const series = columns.series === undefined ? undefined : yield* seriesOf(columns.series);
  if (columns.series !== undefined && series === undefined) {
    return bad(
      message('"{column}" cannot tell series apart: it needs text with at most 1000 values, or numbers.', {
        column: columns.series.name,
      }),
      { path: 'task.series', column: columns.series.name },
    );
  }
  const { validationFrom = Infinity } = table;
  const held = validationFrom === Infinity ? 'both' : 'training';
  const groups = new Map<number, { readonly rows: number[]; readonly part: Series['part'] }>();
  let placeless = 0;
  yield* sliced(table.rows, (start, end) => {
    for (let row = start; row < end; row++) {
      const code = series?.[row] ?? 0;
      if (code < 0 || (times !== undefined && Number.isNaN(times[row]!))) {
        placeless++;
        continue;
      }
      const key = 2 * code + (row >= validationFrom ? 1 : 0);
      let group = groups.get(key);
      if (group === undefined) {
        group = { rows: [], part: row >= validationFrom ? 'validation' : held };
        groups.set(key, group);
      }
      group.rows.push(row);
    }
  });
  const rows = new Uint32Array(table.rows - placeless);
  const all: Series[] = [];
  let doubled = 0;
  let unevenness = 1;
  let first = 0;
  for (const group of groups.values()) {
    yield;
    if (times !== undefined) {
      if (group.rows.some((row, i) => i > 0 && times[row]! < times[group.rows[i - 1]!]!))
        group.rows.sort((a, b) => times[a]! - times[b]! || a - b);
      let [least, most] = [Infinity, 0];
      for (let i = 1; i < group.rows.length; i++) {
        const step = times[group.rows[i]!]! - times[group.rows[i - 1]!]!;
        if (step === 0) doubled++;
        else if (step < least) least = step;
        if (step > most) most = step;
      }
      if (most > 0) unevenness = Math.max(unevenness, most / least);
    }
    rows.set(group.rows, first);
    const end = first + group.rows.length;
    all.push({ first, end, part: group.part });
    first = end;
  }
  return ok({ rows, series: all, placeless, doubled, unevenness });
}

/** A number for each row that grows with time; NaN where the cell is missing. Undefined where it holds something else. */
function* timesOf(column: Column): Sliced<Float64Array | undefined> {
  if (column.kind === 'number') return column.values;
  if (column.kind === 'unusable') return column.times;
  if (column.kind !== 'text') return undefined;
  const categories = column.categories.map(secondsOf);
  if (categories.includes(undefined)) return undefined;
  const times = new Float64Array(column.codes.length);
  yield* sliced(times.length, (start, end) => {
    for (let row = start; row < end; row++) times[row] = categories[column.codes[row]!] ?? NaN;
  });
  return times;
}

/** The number of each row's series; −1 where the cell is missing. */
function* seriesOf(column: Column): Sliced<Int32Array | undefined> {
  if (column.kind === 'text') return column.codes;
  if (column.kind !== 'number') return undefined;
  const known = new Map<number, number>();
  const codes = new Int32Array(column.values.length);
  yield* sliced(codes.length, (start, end) => {
    for (let row = start; row < end; row++) {
      const value = column.values[row]!;
      if (!Number.isNaN(value) && !known.has(value)) known.set(value, known.size);
      codes[row] = known.get(value) ?? -1;
    }
  });
  return codes;
}

/** What windows are like. */
export interface WindowOptions {
  /** Moments that a forecast starts from. */
  readonly window: number;
  /** Moments that are forecast, right after them. */
  readonly horizon: number;
  /** Moments from one window to the next. */
  readonly stride: number;
  /** Share of the moments of each series, the last ones, whose targets are for validation. */
  readonly validation: number;
}

/** The windows of the two parts, each as the place of its first target. */
export interface Windows {
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
  /** Windows that are left out, because a cell in them is missing. */
  readonly broken: number;
  /** Series that are shorter than a window and its horizon. */
  readonly short: number;
}

/**
 * Chooses the windows of every series. The targets for validation are the last round(share · n) of its n moments, at
 * least a horizon: their windows may look back across that border, but no window for training reaches over it, with its
 * inputs or its targets. From the border on and back, windows follow each other by the stride.
 * @param missing places of moments that cannot be an input, and of those that cannot be a target
 */
export function* chooseWindows(
  { series, rows }: Pick<Moments, 'series' | 'rows'>,
  missing: { readonly input: Uint8Array; readonly target: Uint8Array },
  { window, horizon, stride, validation }: WindowOptions,
): Sliced<Windows> {
  const inputs = yield* counted(missing.input);
  const targets = yield* counted(missing.target);
  const training = new Uint32Array(rows.length);
  const held = new Uint32Array(rows.length);
  let trained = 0;
  let validated = 0;
  let broken = 0;
  let short = 0;
  const isWhole = (place: number): boolean =>
    inputs[place] === inputs[place - window] && targets[place + horizon] === targets[place];
  for (const { first, end, part } of series) {
    yield;
    if (end - first < window + horizon) {
      short++;
      continue;
    }
    const share =
      validation === 0 ? 0 : Math.max(horizon, Math.min(end - first, Math.round(validation * (end - first))));
    const border = { training: end, validation: first + window, both: end - share }[part];
    const back = Math.floor((border - horizon - first - window) / stride);
    yield* sliced(back + 1, (from, to) => {
      for (let i = from; i < to; i++) {
        const place = border - horizon - (back - i) * stride;
        if (isWhole(place)) training[trained++] = place;
        else broken++;
      }
    });
    const skipped = Math.max(0, Math.ceil((first + window - border) / stride));
    const start = border + skipped * stride;
    yield* sliced(Math.floor((end - horizon - start) / stride) + 1, (from, to) => {
      for (let i = from; i < to; i++) {
        const place = start + i * stride;
        if (isWhole(place)) held[validated++] = place;
        else broken++;
      }
    });
  }
  return { training: training.slice(0, trained), validation: held.slice(0, validated), broken, short };
}

/** How many of the first 0, 1, 2 … are set. */
function* counted(flags: Uint8Array): Sliced<Uint32Array> {
  const counts = new Uint32Array(flags.length + 1);
  yield* sliced(flags.length, (start, end) => {
    for (let i = start; i < end; i++) counts[i + 1] = counts[i]! + flags[i]!;
  });
  return counts;
}

/** The places that windows cover, inputs and targets, ascending and each once. */
export function* covered(
  windows: Uint32Array,
  places: number,
  { window, horizon }: Pick<WindowOptions, 'window' | 'horizon'>,
): Sliced<Uint32Array> {
  const begin = new Int32Array(places + 1);
  for (const place of windows) {
    begin[place - window]! += 1;
    begin[place + horizon]! -= 1;
  }
  const all = yield* ascending(places);
  let open = 0;
  return all.filter((place) => (open += begin[place]!) > 0);
}

/**
 * The inputs and targets of windows as rows: `window` × width numbers, one moment after the other, and `horizon` numbers.
 * @param moments the encoded moments, places × width
 * @param values the scaled target at every place
 */
export function* cutWindows(
  windows: Uint32Array,
  moments: Part['features'],
  width: number,
  values: Float64Array,
  { window, horizon }: Pick<WindowOptions, 'window' | 'horizon'>,
): Sliced<Part> {
  const size = window * width;
  const features =
    moments instanceof Float32Array
      ? new Float32Array(windows.length * size)
      : new Float64Array(windows.length * size);
  const targets = new Float64Array(windows.length * horizon);
  yield* sliced(
    windows.length,
    (start, end) => {
      for (let i = start; i < end; i++) {
        const place = windows[i]!;
        features.set(moments.subarray((place - window) * width, place * width), i * size);
        targets.set(values.subarray(place, place + horizon), i * horizon);
      }
    },
    size + horizon,
  );
  return { rows: windows.length, features, targets };
}
