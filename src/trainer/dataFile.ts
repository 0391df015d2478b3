import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Table } from '../core/data/dataset.ts';
import { joinTables } from '../core/data/joinTables.ts';
import type { LayoutOptions } from '../core/data/layout.ts';
import { randomStream } from '../core/data/random.ts';
import { Cancellation, paused, Refusal, type Reading } from '../core/data/readers/bytes.ts';
import { labelsBeside } from '../core/data/readers/format.ts';
import { readTable, type TableOptions } from '../core/data/readers/readTable.ts';
import type { RowsWanted } from '../core/data/readers/rowChoice.ts';
import { bad, message, ok, type Problem, type Result } from '../core/messages/message.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { FileBytes, joined, zlibDecompression, type Fingerprint } from './fileBytes.ts';
import { pauses } from './pauses.ts';

type FileData = Extract<Experiment['data'], { source: 'file' }>;

/** How a reading is watched and bounded. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Share of the file that is read, 0…1. Throws to give up. */
  readonly onProgress: (share: number) => void;
  /** Bytes that the data set may take from the file to the device. */
  readonly mostBytes: number;
  /** Seed of the run, for a random sample of rows. */
  readonly seed: number;
}

/** What was read, and of what. */
export interface ReadData {
  readonly table: Table;
  readonly fingerprint: Fingerprint;
}

/**
 * Reads the files of an experiment: the rows, the labels and rows for validation that lie beside it. A file that
 * changes meanwhile is refused: half of it would be of another version.
 */
export async function readDataFile(
  path: string,
  data: FileData,
  options: ReadOptions,
): Promise<Result<ReadData>> {
  const folder = dirname(path);
  const prints: Fingerprint[] = [];
  const training = await readPart(path, data.labels, data, options, prints);
  if (!training.ok || data.validation === undefined) return withPrint(training, prints);
  const validation = await readPart(
    join(folder, data.validation),
    data.validationLabels,
    data,
    options,
    prints,
  );
  if (!validation.ok) return validation;
  if (training.value.validationFrom !== undefined) {
    return bad(
      message('{path} has a part for validation of its own, so that "data.validation" has no place.', {
        path: basename(path),
      }),
      { path: 'data.validation' },
    );
  }
  const whole = await joinedTables(training.value, validation.value, options);
  return whole.ok
    ? withPrint(ok(whole.value, [...training.warnings, ...validation.warnings]), prints)
    : whole;
}

/** {@link joinTables} with pauses. */
export async function joinedTables(
  training: Table,
  validation: Table,
  options: ReadOptions,
): Promise<Result<Table>> {
  try {
    return ok(await paused(joinTables(training, validation), readingOf(options)));
  } catch (error) {
    return { ok: false, problems: [problemOf(error)] };
  }
}

/** The rows that an experiment wants of a file; undefined for all. */
export function rowsWanted(
  { rows, sample }: Pick<FileData, 'rows' | 'sample'>,
  { seed }: Pick<ReadOptions, 'seed'>,
): RowsWanted | undefined {
  if (rows === undefined) return undefined;
  return sample === 'first' ? { most: rows } : { most: rows, random: randomStream(seed, 'rows') };
}

/** What a reader in core needs of this process. */
export function readingOf({ signal, mostBytes }: Pick<ReadOptions, 'signal' | 'mostBytes'>): Reading {
  return { decompression: zlibDecompression, pause: pauses(signal), mostBytes };
}

/** What a reader threw, as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Cancellation) return { message: message('Reading was cancelled.') };
  if (error instanceof Refusal) return error.problem;
  throw error;
}

function withPrint(table: Result<Table>, prints: readonly Fingerprint[]): Result<ReadData> {
  return table.ok ? ok({ table: table.value, fingerprint: joined(prints) }, table.warnings) : table;
}

async function readPart(
  path: string,
  labels: string | undefined,
  data: FileData,
  options: ReadOptions,
  prints: Fingerprint[],
): Promise<Result<Table>> {
  const open: FileBytes[] = [];
  try {
    const file = await FileBytes.open(path, options.onProgress);
    open.push(file);
    const labelPath = labelsOf(path, labels);
    if (labelPath !== undefined) open.push(await FileBytes.open(labelPath, () => undefined));
    const read = await readTable(file, tableOptions(data, open[1], options), readingOf(options));
    // That a file was changed says more than what the reader made of it.
    for (const each of open) prints.push(await each.fingerprint());
    if (read.ok) return ok(read.value, [...read.warnings, ...partly(read.value, data)]);
    return {
      ok: false,
      problems: read.problems.map((problem) => ({ ...problem, where: { file: path, ...problem.where } })),
    };
  } catch (error) {
    return { ok: false, problems: [problemOf(error)] };
  } finally {
    for (const each of open) await each.close();
  }
}

/** That rows were left out, for the notes of the run. */
function partly(
  { rows: all, validationFrom: rows = all }: Table,
  data: Pick<FileData, 'rows' | 'sample'>,
): Problem[] {
  if (data.rows === undefined || rows < data.rows) return [];
  return [
    {
      message:
        data.sample === 'first'
          ? message('No more than the first {rows} rows of the file are used ("data.rows").', { rows })
          : message('No more than {rows} rows of the file are used, drawn at random ("data.rows").', {
              rows,
            }),
    },
  ];
}

/** The file of the labels: as it is named, else beside images that are named as MNIST's. */
function labelsOf(path: string, named: string | undefined): string | undefined {
  if (named !== undefined) return join(dirname(path), named);
  const usual = labelsBeside(basename(path));
  if (usual === undefined) return undefined;
  const found = join(dirname(path), usual);
  return existsSync(found) ? found : undefined;
}

function tableOptions(data: FileData, labels: FileBytes | undefined, options: ReadOptions): TableOptions {
  const layout: LayoutOptions = data;
  const arrays =
    data.features === undefined || data.target === undefined ? undefined : [...data.features, data.target];
  return { format: data.format, layout, rows: rowsWanted(data, options), labels, arrays };
}
