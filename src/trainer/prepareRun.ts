import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtins } from '../core/data/builtin.ts';
import { readCsv } from '../core/data/csv.ts';
import type { Dataset, Table } from '../core/data/dataset.ts';
import { generators } from '../core/data/generators.ts';
import { preparingDataset } from '../core/data/prepare.ts';
import type { Loss } from '../core/losses/loss.ts';
import { bad, message, ok, type Message, type Problem, type Result } from '../core/messages/message.ts';
import { inSlices } from '../core/slices.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import { checkExperiment } from '../core/training/check.ts';
import { decodeCheckpoint, type Checkpoint } from '../core/training/checkpoint.ts';
import { parseExperiment, type Experiment } from '../core/training/experiment.ts';
import { changedSince, readDataFile, type Fingerprint } from './dataFile.ts';
import { pauses } from './pauses.ts';
import type { RunFolder } from './runFolder.ts';

/** Everything about a run that is known before its device. */
export interface PreparedRun {
  readonly experiment: Experiment;
  readonly loss: Loss;
  readonly dataset: Dataset;
  /** What was read and done to the data, a sentence each. */
  readonly notes: readonly Message[];
  /** Where a resumed run goes on. */
  readonly checkpoint: Checkpoint | undefined;
}

export interface PrepareOptions {
  readonly folder: RunFolder;
  readonly dataSets: string;
  readonly dataFile: string | undefined;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  /** Share of the file that is read. */
  readonly onProgress: (share: number) => void;
  /** The file is read; its rows are made ready. */
  readonly onRead: () => void;
}

/** Reads and checks everything. Problems are those of the input: the run cannot be as it is described. */
export async function prepareRun(options: PrepareOptions): Promise<Result<PreparedRun>> {
  const { folder } = options;
  const experiment = readExperiment(folder);
  if (!experiment.ok) return experiment;
  const checked = checkExperiment(experiment.value);
  if (!checked.ok) return checked;
  const { loss, use } = checked.value;
  const loaded = await loadTable(experiment.value, options);
  if (!loaded.ok) return loaded;
  options.onRead();
  const preparing = preparingDataset(loaded.value, experiment.value, use);
  const dataset =
    (await inSlices(preparing, pauses(options.signal))) ?? bad(message('The preparation was cancelled.'));
  if (!dataset.ok) return dataset;
  const checkpoint = options.resume ? readCheckpoint(folder) : ok(undefined);
  if (!checkpoint.ok) return checkpoint;
  return ok({
    experiment: experiment.value,
    loss,
    dataset: dataset.value,
    notes: [
      ...dataset.value.notes,
      ...[...loaded.warnings, ...checkpoint.warnings].map((warning) => warning.message),
    ],
    checkpoint: checkpoint.value,
  });
}

function readExperiment(folder: RunFolder): Result<Experiment> {
  try {
    return parseExperiment(folder.experiment());
  } catch (error) {
    return { ok: false, problems: [fileProblem(error, folder.file('experiment'), 'read')] };
  }
}

async function loadTable(
  { data }: Experiment,
  { folder, dataSets, dataFile, signal, onProgress }: PrepareOptions,
): Promise<Result<Table>> {
  onProgress(0);
  switch (data.source) {
    case 'generated':
      return ok(generators[data.name].generate(data));
    case 'builtin': {
      const path = join(dataSets, builtins[data.name].file);
      try {
        return await readCsv([await readFile(path)], { delimiter: ',', decimal: '.', header: 'yes' });
      } catch (error) {
        return { ok: false, problems: [fileProblem(error, path, 'read')] };
      }
    }
    case 'file': {
      if (dataFile === undefined)
        return bad(message('The data file "{path}" has no known place.', { path: data.path }), {
          path: 'data.path',
        });
      const read = await readDataFile(dataFile, { layout: data, signal, onProgress });
      if (!read.ok) return read;
      const same = sameFile(folder, dataFile, read.value.fingerprint);
      return same === undefined ? ok(read.value.table, read.warnings) : { ok: false, problems: [same] };
    }
  }
}

/** Remembers what file the run began with; a resumed run must find the same content. */
function sameFile(folder: RunFolder, path: string, fingerprint: Fingerprint): Problem | undefined {
  const was = folder.source();
  if (was?.sha256 !== undefined) return was.sha256 === fingerprint.sha256 ? undefined : changedSince(path);
  try {
    folder.writeSource({ path, ...fingerprint });
    return undefined;
  } catch (error) {
    return fileProblem(error, folder.path, 'write');
  }
}

/** The newest checkpoint that is not damaged; none where the run never got to one. */
function readCheckpoint(folder: RunFolder): Result<Checkpoint | undefined> {
  const warnings: Problem[] = [];
  let found = false;
  for (const name of ['last', 'previous'] as const) {
    const bytes = folder.checkpoint(name);
    if (bytes === undefined) continue;
    found = true;
    const decoded = decodeCheckpoint(bytes);
    if (decoded.ok) return ok(decoded.value, warnings);
    warnings.push(...decoded.problems);
  }
  return found ? { ok: false, problems: warnings } : ok(undefined);
}
