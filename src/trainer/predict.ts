import * as fs from 'node:fs';
import { createAnswerWriter } from '../core/data/answers.ts';
import { createRecordReader, type FileLayout } from '../core/data/csv.ts';
import {
  answerFields,
  createRowEncoder,
  decodeOutput,
  encodeRows,
  unseenWarnings,
  type RowEncoder,
} from '../core/data/encode.ts';
import { Refusal } from '../core/data/readers/bytes.ts';
import { detectFormat } from '../core/data/readers/format.ts';
import type { FileRow } from '../core/data/records.ts';
import { bad, english, message, ok, type Problem, type Result } from '../core/messages/message.ts';
import { predictor } from '../core/network/predict.ts';
import type { ToTrainer } from '../core/protocol/trainer.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import { rowDrawer } from '../core/tasks/gan/draw.ts';
import { recommendationFields, recommender } from '../core/tasks/recommendation/recommend.ts';
import { decodeCheckpoint, type Checkpoint } from '../core/training/checkpoint.ts';
import type { Channel } from './channel.ts';
import type { Control } from './control.ts';
import { FileBytes } from './fileBytes.ts';
import { ForecastAnswering, forecastRows } from './predictForecast.ts';
import { cellTable } from './predictTable.ts';
import { RunFolder } from './runFolder.ts';

type Order = Extract<ToTrainer, { type: 'predict' }>;

/** Rows of a file that go through the network at once. */
const blockRows = 1024;

/** Answers rows, or a whole file, with the best model of a run. Never rejects. */
export async function predictRows(order: Order, control: Control, channel: Channel): Promise<void> {
  const model = bestModel(new RunFolder(order.directory));
  const result = !model.ok
    ? model
    : order.file === undefined
      ? answerRows(model.value, order.rows ?? [])
      : await answerFile(model.value, order.file, control, (share) =>
          channel.send({ type: 'phase', phase: 'reading', share }),
        );
  if (!result.ok) {
    await channel.deliver({ type: 'problems', problems: [...result.problems] });
    return;
  }
  for (const warning of result.warnings) channel.log('warn', english(warning.message));
  await channel.deliver({ type: 'predicted', answers: [...result.value.answers], rows: result.value.rows });
}

interface Answers {
  readonly answers: readonly Record<string, string | number>[];
  readonly rows: number;
}

/** The best checkpoint, else the newest. */
function bestModel(folder: RunFolder): Result<Checkpoint> {
  let problems: readonly Problem[] = [
    {
      message: message('This run has no trained model yet. Train it for at least one epoch.'),
      where: { file: folder.path },
    },
  ];
  for (const name of ['best', 'last', 'previous'] as const) {
    const bytes = folder.checkpoint(name);
    if (bytes === undefined) continue;
    const decoded = decodeCheckpoint(bytes);
    if (decoded.ok) return decoded;
    problems = decoded.problems;
  }
  return { ok: false, problems };
}

function answerRows(model: Checkpoint, rows: readonly Record<string, string>[]): Result<Answers> {
  const { forecast } = model.preprocessing;
  if (forecast !== undefined) {
    const answers = forecastRows(model, forecast, rows);
    return answers.ok
      ? ok({ answers: answers.value, rows: answers.value.length }, answers.warnings)
      : answers;
  }
  const features = encodeRows(model.preprocessing, rows);
  if (!features.ok) return features;
  const answers = answererOf(model).answer(features.value, rows.length);
  return ok({ answers, rows: rows.length }, features.warnings);
}

/** What answers encoded rows, and the names of an answer's fields. */
interface Answerer {
  readonly fields: readonly string[];
  answer(features: Float64Array, rows: number): Record<string, string | number>[];
}

function answererOf(model: Checkpoint): Answerer {
  const { preprocessing, outputs } = model;
  if (preprocessing.target.kind === 'items') {
    const recommend = recommender(model, preprocessing.target);
    return {
      fields: recommendationFields(preprocessing.target),
      answer: (features, rows) => Array.from({ length: rows }, (_, row) => recommend(features[row]!)),
    };
  }
  if (preprocessing.target.kind === 'rows') {
    const draw = rowDrawer(model, preprocessing.target.columns);
    return { fields: answerFields(preprocessing), answer: (_, rows) => draw(rows) };
  }
  const predict = predictor(model);
  return {
    fields: answerFields(preprocessing),
    answer(features, rows) {
      const values = predict(features, rows);
      return Array.from({ length: rows }, (_, row) =>
        decodeOutput(preprocessing, values.subarray(row * outputs, (row + 1) * outputs)),
      );
    },
  };
}

/** Reads in pieces, writes beside the goal, and renames at the end: there is a whole file of answers or none. */
async function answerFile(
  model: Checkpoint,
  { from, to }: { readonly from: string; readonly to: string },
  control: Control,
  onProgress: (share: number) => void,
): Promise<Result<Answers>> {
  if (sameFile(from, to))
    return bad(
      message('The answers would replace the rows that they answer. Choose another file for them.'),
      { file: to },
    );
  const temporary = `${to}.${process.pid}.tmp`;
  let source: FileBytes | undefined;
  let file: number | undefined;
  try {
    source = await FileBytes.open(from, onProgress);
    file = fs.openSync(temporary, 'w');
    const { forecast } = model.preprocessing;
    const open = file;
    const answering =
      forecast === undefined
        ? new FileAnswering(model, open)
        : new ForecastAnswering(model, forecast, (text) => write(open, text));
    const done = (await isPlainText(source))
      ? await answerText(source, answering, control)
      : await answerTable(source, model, answering, control);
    if (!done.ok) return inFile(done, from);
    const finished = answering.finish();
    if (!finished.ok) return inFile(finished, from);
    await source.fingerprint();
    if (answering.rows === 0) return bad(message('The file has a header but no rows.'), { file: from });
    fs.fsyncSync(file);
    fs.closeSync(file);
    file = undefined;
    fs.renameSync(temporary, to);
    return ok({ answers: [], rows: answering.rows }, [...done.warnings, ...answering.warnings()]);
  } catch (error) {
    return {
      ok: false,
      problems: [error instanceof Refusal ? error.problem : fileProblem(error, to, 'write')],
    };
  } finally {
    if (file !== undefined) fs.closeSync(file);
    fs.rmSync(temporary, { force: true });
    await source?.close();
  }
}

const cancelled = (): Result<never> => bad(message('The prediction was cancelled.'));

/** Whether a file is CSV or TSV as it stands, which is read as a stream of any length. */
async function isPlainText(source: FileBytes): Promise<boolean> {
  const head = await source.read(0, Math.min(1 << 12, source.size));
  const format = detectFormat(source.name, head);
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  return !isPacked && (format === 'csv' || format === 'tsv');
}

/** What takes the rows of a file and writes the answers. */
interface Answering {
  /** Lines written. */
  readonly rows: number;
  /** Called before the first rows, and again before further ones. */
  begin(
    names: readonly string[],
    layout: Pick<FileLayout, 'delimiter' | 'decimal'>,
    shown?: readonly number[],
  ): Result<void>;
  answer(rows: readonly FileRow[]): Result<void>;
  /** After the last rows. */
  finish(): Result<void>;
  warnings(): readonly Problem[];
}

async function answerText(source: FileBytes, answering: Answering, control: Control): Promise<Result<void>> {
  const reader = createRecordReader();
  const take = (read: Result<readonly FileRow[]>): Result<void> => {
    if (!read.ok) return read;
    const { layout } = reader;
    if (layout === undefined) return ok(undefined);
    const ready = answering.begin(layout.names, layout);
    return ready.ok ? answering.answer(read.value) : ready;
  };
  for await (const piece of source.pieces()) {
    if (control.ending() !== undefined) return cancelled();
    const done = take(reader.push(piece));
    if (!done.ok) return done;
  }
  const done = take(reader.finish());
  return done.ok ? ok(undefined, reader.warnings) : done;
}

/** A file of another format is read into memory. Arrays are not repeated beside the answers. */
async function answerTable(
  source: FileBytes,
  { preprocessing }: Checkpoint,
  answering: Answering,
  control: Control,
): Promise<Result<void>> {
  const needed = new Set(preprocessing.features.map(({ name }) => name));
  const table = await cellTable(source, needed, control.signal);
  if (!table.ok) return table;
  const { names, shown, rows, row } = table.value;
  const begun = answering.begin(names, { delimiter: ',', decimal: '.' }, shown);
  if (!begun.ok) return begun;
  for (let start = 0; start < rows; start += blockRows) {
    if (control.ending() !== undefined) return cancelled();
    const block = Array.from({ length: Math.min(blockRows, rows - start) }, (_, i) => row(start + i));
    const done = answering.answer(block);
    if (!done.ok) return done;
    // Lets the host's wish to end in.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return ok(undefined, table.warnings);
}

/** Turns the rows of a file into lines of the file of answers. */
class FileAnswering implements Answering {
  readonly #model: Checkpoint;
  readonly #answerer: Answerer;
  readonly #file: number;
  #encoder: RowEncoder | undefined;
  #writer: ReturnType<typeof createAnswerWriter> | undefined;
  #shown: readonly number[] | undefined;
  rows = 0;

  constructor(model: Checkpoint, file: number) {
    this.#model = model;
    this.#answerer = answererOf(model);
    this.#file = file;
  }

  warnings(): Problem[] {
    return this.#encoder === undefined ? [] : unseenWarnings(this.#encoder.unseen);
  }

  /** Writes the header, once; `shown` are the columns that are repeated beside the answers, all unless given. */
  begin(
    names: readonly string[],
    { delimiter, decimal }: Pick<FileLayout, 'delimiter' | 'decimal'>,
    shown?: readonly number[],
  ): Result<void> {
    if (this.#encoder !== undefined) return ok(undefined);
    const encoder = createRowEncoder(this.#model.preprocessing, names, decimal);
    if (!encoder.ok) return encoder;
    this.#encoder = encoder.value;
    this.#shown = shown;
    const headed = shown === undefined ? names : shown.map((i) => names[i]!);
    this.#writer = createAnswerWriter(headed, this.#answerer.fields, delimiter, decimal);
    write(this.#file, this.#writer.header);
    return ok(undefined);
  }

  answer(rows: readonly FileRow[]): Result<void> {
    if (this.#encoder === undefined || this.#writer === undefined) return ok(undefined);
    for (let start = 0; start < rows.length; start += blockRows) {
      const problem = this.#block(rows.slice(start, start + blockRows), this.#encoder, this.#writer);
      if (problem !== undefined) return { ok: false, problems: [problem] };
    }
    return ok(undefined);
  }

  finish(): Result<void> {
    return ok(undefined);
  }

  #block(
    rows: readonly FileRow[],
    encoder: RowEncoder,
    writer: ReturnType<typeof createAnswerWriter>,
  ): Problem | undefined {
    const features = new Float64Array(rows.length * encoder.width);
    for (const [i, { row, cells }] of rows.entries()) {
      const problem = encoder.encode(cells, row, features, i * encoder.width);
      if (problem !== undefined) return problem;
    }
    const answers = this.#answerer.answer(features, rows.length);
    write(
      this.#file,
      rows
        .map(({ cells }, i) =>
          writer.row(this.#shown?.map((column) => cells[column]!) ?? cells, Object.values(answers[i]!)),
        )
        .join(''),
    );
    this.rows += rows.length;
    return undefined;
  }
}

function write(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += fs.writeSync(file, bytes, at, bytes.length - at);
}

/** Problems of rows say in which file. */
function inFile(result: Extract<Result<unknown>, { ok: false }>, file: string): Result<never> {
  return {
    ok: false,
    problems: result.problems.map((problem) => ({ ...problem, where: { file, ...problem.where } })),
  };
}

function sameFile(a: string, b: string): boolean {
  try {
    return fs.realpathSync(a) === fs.realpathSync(b);
  } catch {
    return false;
  }
}
