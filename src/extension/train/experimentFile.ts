import { isAbsolute, relative, resolve, sep } from 'node:path';
import { bad, message, type Result } from '../../core/messages/message.ts';
import { parseExperiment, type Experiment } from '../../core/training/experiment.ts';

/** How the files that the extension writes and recognises end. */
export const experimentEnding = '.losslab.json';

/** Reads an experiment from the text of its file. */
export function readExperiment(text: string): Result<Experiment> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return bad(
      message('The file is no valid JSON: {error}.', {
        error: error instanceof Error ? error.message : String(error),
      }),
    );
  }
  return parseExperiment(value);
}

/** The absolute path of an experiment's data; its own path is relative to the folder that its file lies in. */
export function dataFileOf(experiment: Experiment, folder: string): string | undefined {
  return 'path' in experiment.data ? resolve(folder, experiment.data.path) : undefined;
}

/** The text of an experiment file in `folder`: the path of the data is relative to it, with slashes on every system. */
export function formatExperiment(
  experiment: Experiment,
  dataFile: string | undefined,
  folder: string,
): string {
  const { data } = experiment;
  const saved =
    'path' in data && dataFile !== undefined
      ? { ...experiment, data: { ...data, path: portable(dataFile, folder) } }
      : experiment;
  return `${JSON.stringify(saved, null, 2)}\n`;
}

/** On Windows a file on another drive has no relative path. */
function portable(file: string, folder: string): string {
  const path = relative(folder, file);
  return (isAbsolute(path) ? file : path).split(sep).join('/');
}

/** Whether `file` lies in one of the folders; both must be real paths, without links. */
export function liesIn(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => {
    const path = relative(folder, file);
    return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
  });
}

/** A file name for an experiment of this name. */
export function fileNameFor(name: string): string {
  const stem = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N} ._-]+/gu, ' ')
    .trim()
    .replace(/[ .]+/g, '-')
    .slice(0, 60);
  return `${stem === '' ? 'experiment' : stem}${experimentEnding}`;
}
