import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtins } from '../core/data/builtin.ts';
import { readCsv } from '../core/data/csv.ts';
import type { Table } from '../core/data/dataset.ts';
import { generators } from '../core/data/generators.ts';
import { bad, message, ok, type Problem, type Result } from '../core/messages/message.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { readDataFile, type ReadOptions } from './dataFile.ts';
import { changedSince, type Fingerprint } from './fileBytes.ts';
import { readImageFolder } from './imageFolder.ts';
import type { RunFolder } from './runFolder.ts';

export interface LoadOptions extends Omit<ReadOptions, 'seed'> {
  readonly folder: RunFolder;
  /** Folder of the shipped data sets. */
  readonly dataSets: string;
  /** The data's file or folder. */
  readonly dataFile: string | undefined;
}

/** The rows of an experiment, from wherever they come. */
export async function loadTable(
  { data, training: { seed } }: Experiment,
  { folder, dataSets, dataFile, ...options }: LoadOptions,
): Promise<Result<Table>> {
  options.onProgress(0);
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
    case 'file':
    case 'images': {
      if (dataFile === undefined)
        return bad(message('The data file "{path}" has no known place.', { path: data.path }), {
          path: 'data.path',
        });
      const read =
        data.source === 'file'
          ? await readDataFile(dataFile, data, { ...options, seed })
          : await readImageFolder(dataFile, data, { ...options, seed });
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
