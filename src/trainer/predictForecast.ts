import { createAnswerWriter } from '../core/data/answers.ts';
import type { FileLayout } from '../core/data/csv.ts';
import type { Forecast } from '../core/data/dataset.ts';
import { decodeForecast, forecastFields } from '../core/data/forecast.ts';
import { lastWindows, type LastWindow, type LastWindows } from '../core/data/lastWindows.ts';
import type { FileRow } from '../core/data/records.ts';
import { ok, type Problem, type Result } from '../core/messages/message.ts';
import { predictor } from '../core/network/predict.ts';
import type { Checkpoint } from '../core/training/checkpoint.ts';

/** What is forecast of a series for a step, from 1. */
interface Answer {
  readonly series?: string;
  readonly step: number;
  readonly values: readonly number[];
}

/** The forecast after the last of some rows: for each series as many answers as the horizon has steps. */
export function forecastRows(
  model: Checkpoint,
  forecast: Forecast,
  rows: readonly Readonly<Record<string, string>>[],
): Result<readonly Record<string, string | number>[]> {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const collected = lastWindows(model.preprocessing, forecast, names);
  if (!collected.ok) return collected;
  const added = collected.value.add(
    rows.map((row, i) => ({
      row: i + 1,
      // Own properties only: a column may be called `constructor`.
      cells: names.map((name) => (Object.hasOwn(row, name) ? row[name]! : '')),
    })),
  );
  if (!added.ok) return added;
  const windows = collected.value.finish();
  if (!windows.ok) return windows;
  const fields = forecastFields(forecast);
  const answers = answersOf(model, forecast, windows.value).map(({ series, step, values }) => ({
    ...(series === undefined || forecast.series === undefined ? {} : { [forecast.series]: series }),
    step,
    ...Object.fromEntries(fields.map((field, i) => [field, values[i]!])),
  }));
  return ok(answers, windows.warnings);
}

/** Writes the forecast after the last rows of a file: a line for each series and step. */
export class ForecastAnswering {
  readonly #model: Checkpoint;
  readonly #forecast: Forecast;
  readonly #write: (text: string) => void;
  #windows: LastWindows | undefined;
  #layout: Pick<FileLayout, 'delimiter' | 'decimal'> = { delimiter: ',', decimal: '.' };
  #warnings: readonly Problem[] = [];
  rows = 0;

  constructor(model: Checkpoint, forecast: Forecast, write: (text: string) => void) {
    this.#model = model;
    this.#forecast = forecast;
    this.#write = write;
  }

  warnings(): readonly Problem[] {
    return this.#warnings;
  }

  begin(names: readonly string[], layout: Pick<FileLayout, 'delimiter' | 'decimal'>): Result<void> {
    if (this.#windows !== undefined) return ok(undefined);
    this.#layout = layout;
    const windows = lastWindows(this.#model.preprocessing, this.#forecast, names, layout.decimal);
    if (!windows.ok) return windows;
    this.#windows = windows.value;
    return ok(undefined);
  }

  answer(rows: readonly FileRow[]): Result<void> {
    return this.#windows?.add(rows) ?? ok(undefined);
  }

  finish(): Result<void> {
    const windows = this.#windows?.finish() ?? ok([]);
    if (!windows.ok) return windows;
    this.#warnings = windows.warnings;
    const { series } = this.#forecast;
    const answers = answersOf(this.#model, this.#forecast, windows.value);
    const { delimiter, decimal } = this.#layout;
    const names = series === undefined ? [] : [series];
    const fields = ['step', ...forecastFields(this.#forecast)];
    const writer = createAnswerWriter(names, fields, delimiter, decimal);
    this.#write(writer.header);
    for (const { series: name, step, values } of answers)
      this.#write(writer.row(name === undefined ? [] : [name], [step, ...values]));
    this.rows = answers.length;
    return ok(undefined);
  }
}

/** One answer for each step of each window. */
function answersOf(model: Checkpoint, forecast: Forecast, windows: readonly LastWindow[]): Answer[] {
  const { preprocessing, inputs, outputs } = model;
  const features = new Float64Array(windows.length * inputs);
  for (const [i, window] of windows.entries()) features.set(window.features, i * inputs);
  const output = predictor(model)(features, windows.length);
  return windows.flatMap(({ series }, i) =>
    decodeForecast(preprocessing, forecast, output.subarray(i * outputs, (i + 1) * outputs)).map(
      (values, step) => ({ ...(series === undefined ? {} : { series }), step: step + 1, values }),
    ),
  );
}
