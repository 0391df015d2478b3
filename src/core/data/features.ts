import { bad, message, ok, type Message, type Problem, type Result } from '../messages/message.ts';
import { sliced, type Sliced } from '../slices.ts';
import type { Column, FeatureEncoding, Part, Table } from './dataset.ts';
import { widthOf } from './encode.ts';
import { someNames } from './target.ts';

export type Warn = (text: Message, where?: Problem['where']) => void;

/** What numbers are brought to: mean 0 and deviation 1, the range 0 … 1, or nothing. */
export type Scaling = 'standard' | 'minmax' | 'none';

/** A column beside the encodings of its values: one, or as many as a row of an array has. */
export interface Fitted {
  readonly index: number;
  readonly encodings: readonly FeatureEncoding[];
}

/** The numbers of a row that a column holds. */
function sizeOf(column: Column): number {
  return column.kind === 'array' ? column.shape.reduce((product, extent) => product * extent, 1) : 1;
}

/**
 * How a row's values lie: the shape that is asked for, else that of the only feature. Undefined for flat rows; a shape
 * that does not fit the features is a problem.
 */
export function shapeOf(
  table: Table,
  features: readonly number[],
  asked: readonly number[] | undefined,
): Result<readonly number[] | undefined> {
  const columns = features.map((index) => table.columns[index]!);
  if (asked === undefined) {
    const [only] = columns;
    return ok(
      columns.length === 1 && only?.kind === 'array' && only.shape.length > 1 ? only.shape : undefined,
    );
  }
  const text = columns.find(({ kind }) => kind === 'text');
  if (text !== undefined) {
    return bad(
      message('"{name}" is text, but values of the shape {shape} must be numbers. Exclude the column.', {
        name: text.name,
        shape: asked.join(' × '),
      }),
      { path: 'data.shape', column: text.name },
    );
  }
  const width = columns.reduce((sum, column) => sum + sizeOf(column), 0);
  const wanted = asked.reduce((product, extent) => product * extent, 1);
  if (wanted === width) return ok(asked.length > 1 ? asked : undefined);
  return bad(
    message('The shape {shape} has {wanted} values, but a row has {width}.', {
      shape: asked.join(' × '),
      wanted,
      width,
    }),
    { path: 'data.shape' },
  );
}

/**
 * Fits the encodings on the training part. Columns of numbers and the single values of flat arrays are scaled each by
 * itself, and a column that is constant is dropped. Where the rows have a shape, nothing is dropped, and all values of a
 * channel (the last axis) are scaled alike.
 */
export function* fitFeatures(
  table: Table,
  features: readonly number[],
  training: Uint32Array,
  {
    scaling,
    filling,
    shape,
  }: {
    readonly scaling: Scaling;
    readonly filling: boolean;
    readonly shape: readonly number[] | undefined;
  },
  warn: Warn,
): Sliced<Result<Fitted[]>> {
  if (shape !== undefined)
    return yield* fitChannels(table, features, training, scaling, filling, shape.at(-1)!);
  const fitted: Fitted[] = [];
  for (const index of features) {
    yield;
    const column = table.columns[index]!;
    const { name } = column;
    const drop = (value: string | Message): void =>
      warn(
        message('Column {column} ("{name}") is not used: it is constant in the training part ({value}).', {
          column: index + 1,
          name,
          value,
        }),
        { column: name },
      );
    if (column.kind === 'text') {
      const there = yield* valuesOf(column.codes, training);
      const categories = [...there].flatMap((code) => (code < 0 ? [] : [column.categories[code]!])).sort();
      if (categories.length < 2) drop(categories[0] ?? message('no values'));
      else fitted.push({ index, encodings: [{ kind: 'one-hot', name, categories }] });
    } else if (column.kind === 'number') {
      const found = yield* moments(column.values, training);
      if (Number.isNaN(found.mean) || found.constant) {
        drop(Number.isNaN(found.mean) ? message('no values') : String(found.mean));
        continue;
      }
      if (!usable(found)) return tooWide(name);
      fitted.push({ index, encodings: [encodingOf(name, found, scaling, filling)] });
    } else if (column.kind === 'array') {
      const size = sizeOf(column);
      const values = yield* groupMoments([{ column, size }], training, size);
      if (!values.every(fits)) return tooWide(name);
      const names = valueNames(name, column.shape);
      fitted.push({
        index,
        encodings: values.map((found, i) => encodingOf(names[i]!, found, scaling, filling)),
      });
    }
  }
  return ok(fitted);
}

function* fitChannels(
  table: Table,
  features: readonly number[],
  training: Uint32Array,
  scaling: Scaling,
  filling: boolean,
  channels: number,
): Sliced<Result<Fitted[]>> {
  const columns = features.map((index) => ({
    column: table.columns[index]!,
    size: sizeOf(table.columns[index]!),
  }));
  const found = yield* groupMoments(columns, training, channels);
  if (!found.every(fits)) return tooWide(columns[0]!.column.name);
  const fitted: Fitted[] = [];
  let place = 0;
  for (const [i, { column, size }] of columns.entries()) {
    const names = column.kind === 'array' ? valueNames(column.name, column.shape) : [column.name];
    const encodings: FeatureEncoding[] = [];
    for (let value = 0; value < size; value++, place++) {
      encodings.push(encodingOf(names[value]!, found[place % channels]!, scaling, filling));
    }
    fitted.push({ index: features[i]!, encodings });
    yield;
  }
  return ok(fitted);
}

/** Names of the single values of an array: `x 1`, `x 2` …, `image 1,1,1` … */
export function valueNames(name: string, shape: readonly number[]): string[] {
  return shape.reduce<string[]>(
    (names, extent, axis) =>
      names.flatMap((before) =>
        Array.from({ length: extent }, (_, i) => `${before}${axis === 0 ? ' ' : ','}${i + 1}`),
      ),
    [name],
  );
}

/** What scaling needs to know of some values; the mean is NaN where there are none. */
interface Moments {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
  readonly constant: boolean;
}

function usable({ mean, deviation }: Moments): boolean {
  return Number.isFinite(mean) && Number.isFinite(deviation) && deviation !== 0;
}

/** As {@link usable}, for values of an array, of which none can be dropped: constant ones are shifted only. */
function fits(found: Moments): boolean {
  return found.constant || Number.isNaN(found.mean) || usable(found);
}

function encodingOf(name: string, found: Moments, scaling: Scaling, filling: boolean): FeatureEncoding {
  const mean = Number.isNaN(found.mean) ? 0 : found.mean;
  const fill = filling ? mean : null;
  if (scaling === 'none') return { kind: 'number', name, mean: 0, scale: 1, fill };
  const varied = !found.constant && !Number.isNaN(found.mean);
  return scaling === 'standard'
    ? { kind: 'number', name, mean, scale: varied ? found.deviation : 1, fill }
    : {
        kind: 'number',
        name,
        mean: Number.isNaN(found.mean) ? 0 : found.least,
        scale: varied ? found.most - found.least : 1,
        fill,
      };
}

/** Numbers that cannot be scaled. */
export function tooWide(name: string): Result<never> {
  return bad(
    message(
      'The numbers in "{name}" are too large or too small to compute with. Scale or exclude the column.',
      { name },
    ),
    { column: name },
  );
}

/** Mean and population standard deviation (divisor n) of the values that are not missing. NaN if there are none. */
export function* moments(values: Float64Array, rows: Uint32Array): Sliced<Moments> {
  const seen = { sum: 0, count: 0, first: NaN, constant: true, least: Infinity, most: -Infinity };
  yield* sliced(rows.length, (start, end) => {
    for (let i = start; i < end; i++) {
      const value = values[rows[i]!]!;
      if (Number.isNaN(value)) continue;
      if (seen.count === 0) seen.first = value;
      else if (value !== seen.first) seen.constant = false;
      if (value < seen.least) seen.least = value;
      if (value > seen.most) seen.most = value;
      seen.sum += value;
      seen.count++;
    }
  });
  const { sum, count, first, constant, least, most } = seen;
  if (count === 0) return { mean: NaN, deviation: NaN, least, most, constant: false };
  if (constant) return { mean: first, deviation: 0, least, most, constant };
  const mean = sum / count;
  let squares = 0;
  yield* sliced(rows.length, (start, end) => {
    for (let i = start; i < end; i++) {
      const value = values[rows[i]!]!;
      if (!Number.isNaN(value)) squares += (value - mean) ** 2;
    }
  });
  return { mean, deviation: Math.sqrt(squares / count), least, most, constant };
}

/**
 * {@link moments} of several groups of values at once: the values of a row, one column after the other, belong to the
 * groups 0, 1 … `groups` − 1, 0, 1 … in turn.
 */
function* groupMoments(
  columns: readonly { readonly column: Column; readonly size: number }[],
  rows: Uint32Array,
  groups: number,
): Sliced<Moments[]> {
  const sums = new Float64Array(groups);
  const counts = new Float64Array(groups);
  const squares = new Float64Array(groups);
  const least = new Float64Array(groups).fill(Infinity);
  const most = new Float64Array(groups).fill(-Infinity);
  function* each(visit: (group: number, value: number) => void): Sliced<void> {
    let place = 0;
    for (const { column, size } of columns) {
      const first = place;
      place += size;
      if (column.kind !== 'number' && column.kind !== 'array') continue;
      const { values } = column;
      yield* sliced(
        rows.length,
        (start, end) => {
          for (let i = start; i < end; i++) {
            const base = rows[i]! * size;
            let group = first % groups;
            for (let k = 0; k < size; k++) {
              const value = values[base + k]!;
              if (!Number.isNaN(value)) visit(group, value);
              group = group + 1 === groups ? 0 : group + 1;
            }
          }
        },
        size,
      );
    }
  }
  yield* each((group, value) => {
    sums[group]! += value;
    counts[group]! += 1;
    if (value < least[group]!) least[group] = value;
    if (value > most[group]!) most[group] = value;
  });
  const means = sums.map((sum, group) => sum / counts[group]!);
  yield* each((group, value) => {
    const distance = value - means[group]!;
    squares[group]! += distance * distance;
  });
  return Array.from({ length: groups }, (_, group): Moments => {
    const constant = counts[group]! > 0 && least[group] === most[group];
    return {
      mean: constant ? least[group]! : means[group]!,
      deviation: constant ? 0 : Math.sqrt(squares[group]! / counts[group]!),
      least: least[group]!,
      most: most[group]!,
      constant,
    };
  });
}

/** Rows as the network sees them; float32 where every feature came with as few bits. */
export function* encodeRowsOf(
  table: Table,
  features: readonly Fitted[],
  rows: Uint32Array,
  width: number,
): Sliced<Part['features']> {
  const compact = features.every(({ index }) => isCompact(table.columns[index]!));
  const encoded = compact ? new Float32Array(rows.length * width) : new Float64Array(rows.length * width);
  let offset = 0;
  for (const { index, encodings } of features) {
    yield;
    const column = table.columns[index]!;
    const first = offset;
    const [encoding] = encodings;
    if (encoding?.kind === 'one-hot' && column.kind === 'text') {
      const position = column.categories.map((category) => encoding.categories.indexOf(category));
      yield* sliced(rows.length, (start, end) => {
        for (let i = start; i < end; i++) {
          const code = column.codes[rows[i]!]!;
          const at = code < 0 ? -1 : position[code]!;
          if (at >= 0) encoded[i * width + first + at] = 1;
        }
      });
    } else if (column.kind === 'number' || column.kind === 'array') {
      yield* encodeNumbers(column.values, encodings, rows, encoded, width, first);
    }
    offset += encodings.reduce((sum, each) => sum + widthOf(each), 0);
  }
  return encoded;
}

function* encodeNumbers(
  values: Extract<Column, { kind: 'number' | 'array' }>['values'],
  encodings: readonly FeatureEncoding[],
  rows: Uint32Array,
  encoded: Part['features'],
  width: number,
  first: number,
): Sliced<void> {
  const size = encodings.length;
  const numbers = encodings.map((encoding) =>
    encoding.kind === 'number' ? encoding : { mean: 0, scale: 1, fill: null },
  );
  const means = Float64Array.from(numbers, ({ mean }) => mean);
  const scales = Float64Array.from(numbers, ({ scale }) => scale);
  const fills = Float64Array.from(numbers, ({ fill }) => fill ?? NaN);
  yield* sliced(
    rows.length,
    (start, end) => {
      for (let i = start; i < end; i++) {
        const from = rows[i]! * size;
        const to = i * width + first;
        for (let k = 0; k < size; k++) {
          const value = values[from + k]!;
          encoded[to + k] = ((Number.isNaN(value) ? fills[k]! : value) - means[k]!) / scales[k]!;
        }
      }
    },
    size,
  );
}

function isCompact(column: Column): boolean {
  return (
    column.kind === 'array' && (column.values.BYTES_PER_ELEMENT < 4 || column.values instanceof Float32Array)
  );
}

/** Warns of categories that only the validation part has. */
export function* noteUnseen(
  table: Table,
  features: readonly Fitted[],
  validation: Uint32Array,
  warn: Warn,
): Sliced<void> {
  for (const {
    index,
    encodings: [encoding],
  } of features) {
    yield;
    const column = table.columns[index]!;
    if (encoding?.kind !== 'one-hot' || column.kind !== 'text') continue;
    const codes = yield* valuesOf(column.codes, validation);
    const unseen = [...codes]
      .flatMap((code) => (code < 0 ? [] : [column.categories[code]!]))
      .filter((category) => !encoding.categories.includes(category));
    if (unseen.length === 0) continue;
    warn(
      message(
        '"{name}" has values in the validation part that the training part lacks ({values}); they count as none.',
        {
          name: encoding.name,
          values: someNames(unseen),
        },
      ),
      { column: encoding.name },
    );
  }
}

/** The different values of some rows. */
export function* valuesOf(values: Float64Array | Int32Array, rows: Uint32Array): Sliced<Set<number>> {
  const there = new Set<number>();
  yield* sliced(rows.length, (start, end) => {
    for (let i = start; i < end; i++) there.add(values[rows[i]!]!);
  });
  return there;
}
