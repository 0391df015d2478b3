import { maxBufferSize } from '../../compute/plan.ts';
import { maxFeatureValues } from '../../compute/rows.ts';
import { missingCells } from '../../data/cell.ts';
import type { Column, Part, Table } from '../../data/dataset.ts';
import { encodedWidth } from '../../data/encode.ts';
import { encodeRowsOf, fitFeatures, noteUnseen, type Warn } from '../../data/features.ts';
import {
  chooseColumns,
  fitTarget,
  isMissingAt,
  someReasons,
  usableFeatures,
  type Prepared,
} from '../../data/prepare.ts';
import { readTarget } from '../../data/target.ts';
import { chooseWindows, covered, cutWindows, orderMoments, type Moments } from '../../data/windows.ts';
import type { ColumnUse } from '../../losses/column.ts';
import { bad, message, ok, type Message, type Problem, type Result } from '../../messages/message.ts';
import { sliced, type Sliced } from '../../slices.ts';
import type { Experiment } from '../../training/experiment.ts';

/** The options of a forecast. */
export type ForecastTask = Extract<Experiment['task'], { type: 'forecast' }>;

/**
 * Makes windows out of a table whose rows are moments in time: a row of the data set is the last `window` moments, each
 * with all features and the target itself, and its targets are the next `horizon` values of the target.
 * - The last share of each series is for validation, as {@link chooseWindows} says; rows that came for validation are
 *   series of their own.
 * - A window with a missing cell is left out, and so are rows without a time or a series; `missing: mean` fills features,
 *   never the target.
 * - Scaling is fitted on the moments that windows for training cover.
 */
export function* preparingForecast(
  table: Table,
  experiment: Experiment,
  task: ForecastTask,
  loss: ColumnUse,
): Sliced<Result<Prepared>> {
  const { data } = experiment;
  const notes: Message[] = [];
  const warnings: Problem[] = [];
  const warn: Warn = (text, where) => {
    notes.push(text);
    warnings.push(where === undefined ? { message: text } : { message: text, where });
  };

  const chosen = chooseColumns(table, data, undefined, undefined);
  if (!chosen.ok) return chosen;
  const index = chosen.value.targets[0]!;
  const roles = findRoles(table, task, index);
  if (!roles.ok) return roles;
  const target = yield* readTarget(table, index, loss);
  if (!target.ok) return target;
  const { name, values } = target.value;
  const candidates = chosen.value.features.filter((feature) => !Object.values(roles.value).includes(feature));
  const usable = yield* usableFeatures(table, candidates, warn);
  if (!usable.ok) return usable;

  const columnOf = (place: number | undefined): Column | undefined =>
    place === undefined ? undefined : table.columns[place];
  const { time, series } = { time: columnOf(roles.value.time), series: columnOf(roles.value.series) };
  const ordered = yield* orderMoments(table, {
    ...(time === undefined ? {} : { time }),
    ...(series === undefined ? {} : { series }),
  });
  if (!ordered.ok) return ordered;
  const moments = ordered.value;
  const filling = data.source === 'file' && data.missing === 'mean';
  const missing = yield* missingAt(table, moments.rows, values, filling ? [] : usable.value);
  const windows = yield* chooseWindows(moments, missing, {
    ...task,
    validation: experiment.split.validation,
  });
  noteOrder(moments, task, warn);
  noteLeftOut(windows, task, moments.series.length, notes);
  if (windows.training.length === 0) return noWindows(task, moments, windows.validation.length, notes);

  const places = yield* covered(windows.training, moments.rows.length, task);
  const training = places.map((place) => moments.rows[place]!);
  const scaling = { scaling: experiment.scaling.features, filling, shape: undefined };
  const features = yield* fitFeatures(table, usable.value, training, scaling, warn);
  if (!features.ok) return features;
  const itself = yield* fitFeatures(
    table,
    [index],
    training,
    { ...scaling, filling: false },
    () => undefined,
  );
  if (!itself.ok) return itself;
  if (itself.value.length === 0) {
    return bad(
      message('The target "{target}" is the same at every moment of the training part.', { target: name }),
      { column: name },
    );
  }
  const encoding = yield* fitTarget(
    target.value,
    undefined,
    training,
    loss,
    experiment.scaling.target,
    notes,
    warn,
  );
  if (!encoding.ok) return encoding;
  if (encoding.value.kind !== 'number') throw new RangeError('a forecast is of numbers');
  const { mean, scale } = encoding.value;

  const fitted = [...features.value, ...itself.value];
  const encodings = fitted.flatMap((one) => one.encodings);
  const width = encodedWidth(encodings);
  const size = task.window * width;
  const most = Math.floor(Math.min(maxFeatureValues / size, maxBufferSize / task.horizon));
  const largest = Math.max(windows.training.length, windows.validation.length);
  if (largest > most) {
    return bad(
      message(
        'A part of the data has {windows} windows of {size} values, but the most is {most}. Set "task.stride" to {stride} or more, or choose a shorter window.',
        { windows: largest, size, most, stride: task.stride * Math.ceil(largest / most) },
      ),
      { path: 'task.stride' },
    );
  }
  const encoded = yield* encodeRowsOf(table, fitted, moments.rows, width);
  const scaled = new Float64Array(moments.rows.length);
  yield* sliced(scaled.length, (start, end) => {
    for (let i = start; i < end; i++) scaled[i] = (values[moments.rows[i]!]! - mean) / scale;
  });
  function* part(of: Uint32Array): Sliced<Part> {
    return yield* cutWindows(of, encoded, width, scaled, task);
  }
  const validation = windows.validation.length === 0 ? undefined : yield* part(windows.validation);
  if (validation !== undefined) {
    const held = yield* covered(windows.validation, moments.rows.length, task);
    yield* noteUnseen(
      table,
      fitted,
      held.map((place) => moments.rows[place]!),
      warn,
    );
  }
  const { window, horizon, quantiles } = task;
  return ok(
    {
      preprocessing: {
        task: 'regression',
        features: encodings,
        target: encoding.value,
        forecast: {
          window,
          horizon,
          ...(quantiles === undefined ? {} : { quantiles }),
          ...(task.time === undefined ? {} : { time: task.time }),
          ...(task.series === undefined ? {} : { series: task.series }),
        },
      },
      width: size,
      shape: [task.window, width],
      outputs: task.horizon * (task.quantiles?.length ?? 1),
      training: yield* part(windows.training),
      validation,
      notes: [
        summary(name, task, fitted.length, windows.training.length, validation?.rows),
        ...(validation === undefined ? [] : [howHeldOut(table)]),
        ...notes,
      ],
    },
    warnings,
  );
}

/** The columns of the times and of the series, by index. */
function findRoles(
  { columns }: Table,
  task: ForecastTask,
  target: number,
): Result<{ readonly time?: number; readonly series?: number }> {
  const found: { time?: number; series?: number } = {};
  for (const role of ['time', 'series'] as const) {
    const name = task[role];
    if (name === undefined) continue;
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) {
      return bad(
        message('There is no column "{name}". The columns are {all}.', {
          name,
          all: columns.map((column) => `"${column.name}"`).join(', '),
        }),
        { path: `task.${role}` },
      );
    }
    if (index === target) {
      return bad(message('The target "{name}" cannot be the {role} too.', { name, role }), {
        path: `task.${role}`,
      });
    }
    found[role] = index;
  }
  return ok(found);
}

/** The places of moments without a target, and of those that lack anything a window's inputs need. */
function* missingAt(
  table: Table,
  rows: Uint32Array,
  values: Float64Array,
  needed: readonly number[],
): Sliced<{ input: Uint8Array; target: Uint8Array }> {
  const columns = needed.map((index) => table.columns[index]!);
  const target = new Uint8Array(rows.length);
  const input = new Uint8Array(rows.length);
  yield* sliced(
    rows.length,
    (start, end) => {
      for (let i = start; i < end; i++) {
        const row = rows[i]!;
        if (Number.isNaN(values[row]!)) target[i] = 1;
        if (target[i] === 1 || columns.some((column) => isMissingAt(column, row, table.rows))) input[i] = 1;
      }
    },
    1 + columns.length,
  );
  return { input, target };
}

function noteOrder(
  { placeless, doubled, unevenness }: Moments,
  { time, series }: ForecastTask,
  warn: Warn,
): void {
  const columns = [time, series].flatMap((name) => (name === undefined ? [] : [`"${name}"`])).join(', ');
  if (placeless > 0) {
    warn(
      message('Rows without a value in {columns} are left out: {count}. {rule}', {
        columns,
        count: placeless,
        rule: missingCells,
      }),
    );
  }
  if (doubled > 0) {
    warn(
      message('Rows at the same time as another: {count}; they count as one after the other.', {
        count: doubled,
      }),
      { column: time! },
    );
  }
  // A month is not twice another, a lost row makes a step at least twice as long.
  if (unevenness >= 1.999) {
    warn(
      message(
        'The steps in "{time}" differ: the longest is {ratio} times the shortest. Every row counts as one step; add rows with empty cells where moments are missing, and no window will reach across.',
        { time: time!, ratio: Number(unevenness.toPrecision(3)) },
      ),
      { column: time! },
    );
  }
}

function noteLeftOut(
  { broken, short }: { readonly broken: number; readonly short: number },
  { window, horizon }: ForecastTask,
  series: number,
  notes: Message[],
): void {
  if (broken > 0) {
    notes.push(
      message('Windows with a missing cell are left out: {count}. {rule}', {
        count: broken,
        rule: missingCells,
      }),
    );
  }
  if (short > 0) {
    notes.push(
      message(
        'Series of fewer than {needed} rows, a window and its horizon, are left out: {count} of {all}.',
        {
          needed: window + horizon,
          count: short,
          all: series,
        },
      ),
    );
  }
}

function noWindows(
  { window, horizon }: ForecastTask,
  { series }: Moments,
  validated: number,
  notes: readonly Message[],
): Result<never> {
  const longest = series.reduce((most, { first, end }) => Math.max(most, end - first), 0);
  return bad(
    message(
      'There is no window for training: each needs {needed} rows in a row, and the validation part {horizon} more; the longest series has {longest}. Choose a shorter window or horizon. {reasons}',
      {
        needed: window + horizon,
        horizon,
        longest,
        reasons: someReasons(
          notes,
          message(validated > 0 ? 'Or hold out less for validation.' : 'Or use more data.'),
        ),
      },
    ),
    { path: 'task.window' },
  );
}

/** What is forecast from what, in one sentence. */
function summary(
  target: string,
  { window, horizon }: ForecastTask,
  columns: number,
  training: number,
  validation: number | undefined,
): Message {
  const source =
    columns === 1
      ? message('its own last values ({window})', { window })
      : message('the last rows ({window}) of {columns} columns, itself among them', { window, columns });
  const args = { target, horizon, source, training };
  return validation === undefined
    ? message(
        'Forecasts the next values of "{target}" ({horizon}) from {source}; {training} windows for training, none for validation.',
        args,
      )
    : message(
        'Forecasts the next values of "{target}" ({horizon}) from {source}; {training} windows for training, {validation} for validation.',
        { ...args, validation },
      );
}

function howHeldOut({ validationFrom }: Table): Message {
  return validationFrom === undefined
    ? message(
        'Validation is the last part in time of each series. No window for training reaches into it; those with targets on both sides of its border are left out.',
      )
    : message('Validation is the file of its own; no window reaches from one file into the other.');
}
