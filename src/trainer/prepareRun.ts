import type { Dataset } from '../core/data/dataset.ts';
import { bad, message, ok, type Message, type Problem, type Result } from '../core/messages/message.ts';
import { inSlices } from '../core/slices.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import { decodeCheckpoint, type Checkpoint } from '../core/training/checkpoint.ts';
import { parseExperiment, type Experiment } from '../core/training/experiment.ts';
import type { CheckedTask } from '../core/tasks/task.ts';
import { checkTask } from '../core/tasks/tasks.ts';
import { loadTable } from './loadTable.ts';
import { pauses } from './pauses.ts';
import type { RunFolder } from './runFolder.ts';

/** Everything about a run that is known before its device. */
export interface PreparedRun {
  readonly experiment: Experiment;
  readonly task: CheckedTask;
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
  /** Bytes that the data set may take from the file to the device; absent: no limit. */
  readonly mostBytes?: number;
  /** The file is read; its rows are made ready. */
  readonly onRead: () => void;
}

/** Reads and checks everything. Problems are those of the input: the run cannot be as it is described. */
export async function prepareRun(options: PrepareOptions): Promise<Result<PreparedRun>> {
  const { folder } = options;
  const experiment = readExperiment(folder);
  if (!experiment.ok) return experiment;
  const task = checkTask(experiment.value);
  if (!task.ok) return task;
  const loaded = await loadTable(experiment.value, { mostBytes: Infinity, ...options });
  if (!loaded.ok) return loaded;
  options.onRead();
  const preparing = task.value.prepare(loaded.value);
  const dataset =
    (await inSlices(preparing, pauses(options.signal))) ?? bad(message('The preparation was cancelled.'));
  if (!dataset.ok) return dataset;
  const checkpoint = options.resume ? readCheckpoint(folder) : ok(undefined);
  if (!checkpoint.ok) return checkpoint;
  return ok({
    experiment: experiment.value,
    task: task.value,
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
