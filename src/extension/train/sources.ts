import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { builtins } from '../../core/data/builtin.ts';
import { builtinIds, generatedIds, type BuiltinId, type GeneratedId } from '../../core/data/catalogue.ts';
import { sniff } from '../../core/data/csv.ts';
import { generators } from '../../core/data/generators.ts';
import type { Look } from '../../core/data/look.ts';
import { suggestExperiment, suggestTask } from '../../core/data/suggest.ts';
import type { Task } from '../../core/losses/task.ts';
import { bad, message, ok, type Message, type Result } from '../../core/messages/message.ts';
import { fileProblem } from '../../core/runs/fileProblem.ts';
import { parseExperiment, type Experiment, type ExperimentInput } from '../../core/training/experiment.ts';
import type { ColumnChoice, Data, DataChoice } from './flow.ts';

/** Ids of the rows of the first step: `builtin:iris`, `generated:spiral`, `file:/path` (a folder too), and these two. */
export const browseId = 'browse';
export const browseFolderId = 'browse-folder';
export const exampleId = 'builtin:iris';

/** A shipped data set on which losses of a task can be tried. */
export function exampleFor(task: Task): string {
  return { regression: 'builtin:diabetes', binary: 'builtin:breast-cancer', classes: exampleId }[task];
}

/** The rows of the first step: what was used last, the shipped sets, the generated ones, the files of the workspace. */
export function dataChoices(
  files: readonly { readonly path: string; readonly label: string }[],
  last: string | undefined,
): DataChoice[] {
  const choices: DataChoice[] = [
    ...[...builtinIds]
      .sort((a, b) => Number(b === 'iris') - Number(a === 'iris'))
      .map((id): DataChoice => ({
        id: `builtin:${id}`,
        group: 'examples',
        icon: 'table',
        label: message('{title}', { title: builtins[id].title }),
        detail: message('{description}', { description: builtins[id].description }),
      })),
    ...generatedIds.map((id): DataChoice => ({
      id: `generated:${id}`,
      group: 'generated',
      icon: 'sparkle',
      label: message('{title}', { title: generators[id].title }),
      detail: message('{description}', { description: generators[id].description }),
    })),
    ...files.map(({ path, label }): DataChoice => ({
      id: fileId(path),
      group: 'files',
      icon: 'file',
      label: message('{label}', { label }),
      detail: undefined,
    })),
    {
      id: browseId,
      group: 'files',
      icon: 'folder-opened',
      label: message('Browse…'),
      detail: message('A file from anywhere: CSV, TSV, JSON, JSONL, Parquet, NumPy or IDX.'),
    },
    {
      id: browseFolderId,
      group: 'files',
      icon: 'file-media',
      label: message('Folder of Images…'),
      detail: message('A folder with one folder of PNG images for each class.'),
    },
  ];
  const used = choices.find(({ id }) => id === last && last !== exampleId);
  return used === undefined
    ? choices
    : [{ ...used, group: 'recent' }, ...choices.filter((choice) => choice !== used)];
}

export function fileId(path: string): string {
  return `file:${path}`;
}

/** The path in an id of a file; undefined for other ids. */
export function pathOf(id: string): string | undefined {
  return id.startsWith('file:') ? id.slice('file:'.length) : undefined;
}

/** Has somebody look at a file or a folder of images; nothing of it is parsed in this process. */
export type LookAt = (path: string) => Promise<Result<Look>>;

/** Looks at a data set: its columns and what suits them. `folder` holds the shipped sets. */
export async function loadData(id: string, folder: string, lookAt: LookAt): Promise<Result<Data>> {
  const path = pathOf(id);
  if (path !== undefined) return loadFile(path, lookAt);
  const [kind, name] = id.split(':');
  const builtin = builtinIds.find((one) => one === name);
  if (kind === 'builtin' && builtin !== undefined) return loadBuiltin(builtin, folder);
  const generated = generatedIds.find((one) => one === name);
  if (kind === 'generated' && generated !== undefined) return loadGenerated(generated);
  return bad(message('There is no data set "{id}".', { id }));
}

async function loadBuiltin(id: BuiltinId, folder: string): Promise<Result<Data>> {
  const builtin = builtins[id];
  const path = join(folder, builtin.file);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { ok: false, problems: [fileProblem(error, path, 'read')] };
  }
  const sniffed = sniff(bytes, bytes.length);
  if (!sniffed.ok) return sniffed;
  return ok({
    label: builtin.title,
    dataFile: undefined,
    columns: columnChoices(sniffed.value, new Map([[builtin.target, builtin.task]])),
    target: builtin.target,
    targetIsFixed: false,
    ...(builtin.shape === undefined ? {} : { shape: builtin.shape }),
    suggest: (target) => complete(suggestExperiment({ source: 'builtin', name: id, target }, sniffed.value)),
  });
}

function loadGenerated(id: GeneratedId): Result<Data> {
  const { title, target, task, classes = 0 } = generators[id];
  return ok({
    label: title,
    dataFile: undefined,
    columns: [
      {
        name: target,
        kind: task === 'regression' ? 'number' : 'text',
        samples: [],
        distinct: classes,
        // An item is recommended or it is not.
        tasks: target === 'item' ? [task] : allTasks(task, classes),
      },
    ],
    target,
    targetIsFixed: true,
    suggest: () => complete(suggestExperiment({ source: 'generated', name: id })),
  });
}

async function loadFile(path: string, lookAt: LookAt): Promise<Result<Data>> {
  const looked = await lookAt(path);
  if (!looked.ok) return looked;
  const { source, layout } = looked.value;
  const columns = columnChoices(looked.value);
  const target = columns.findLast((column) => column.tasks.length > 0)?.name;
  if (target === undefined) return bad(noTarget(path, looked.value));
  const shape = shapeOf(looked.value, target);
  return ok(
    {
      label: basename(path),
      dataFile: path,
      ...(layout === undefined ? {} : { layout }),
      columns,
      target,
      targetIsFixed: source === 'images',
      ...(shape === undefined ? {} : { shape }),
      suggest: (wanted) =>
        complete(
          source === 'images'
            ? suggestExperiment({ source, path: basename(path) })
            : suggestExperiment({ source, path: basename(path), target: wanted }, looked.value),
        ),
    },
    looked.warnings,
  );
}

function noTarget(path: string, { columns, totalRows }: Look): Message {
  const file = basename(path);
  if (totalRows === 1) return message('{file} has only one row; at least two are needed to train.', { file });
  if (columns.some(({ kind }) => kind === 'array')) {
    return message(
      'Nothing in {file} can be predicted: it holds arrays, and no column with one value a row.',
      { file },
    );
  }
  return message('No column of {file} can be predicted: every one is empty or holds one value only.', {
    file,
  });
}

/** How the values of a row lie, where an array is all that the target is predicted from. */
function shapeOf({ columns }: Look, target: string): readonly number[] | undefined {
  const features = columns.filter(({ name }) => name !== target);
  const shape = features.length === 1 ? features[0]?.shape : undefined;
  return shape !== undefined && shape.length > 1 ? shape : undefined;
}

function columnChoices(
  seen: Omit<Look, 'source'>,
  known: ReadonlyMap<string, Task> = new Map(),
): ColumnChoice[] {
  return seen.columns.map(({ name, kind, samples, distinct }) => {
    const first = known.get(name) ?? suggestTask(seen, name);
    const few = distinct >= 2 && distinct <= 1000;
    const tasks =
      kind === 'empty' || kind === 'array' || distinct < 2
        ? []
        : allTasks(first, distinct).filter((task) => (task === 'regression' ? kind === 'number' : few));
    return { name, kind, samples, distinct, tasks };
  });
}

/** What can be predicted of a column, the likeliest first. */
function allTasks(first: Task, distinct: number): Task[] {
  const classes: Task[] = distinct === 2 ? ['binary', 'classes'] : ['classes'];
  const ordered: Task[] =
    first === 'regression'
      ? ['regression', ...(distinct <= 20 ? classes : [])]
      : [first, ...classes, 'regression'];
  return [...new Set(ordered)];
}

/** The suggestion with every default filled in. */
function complete(input: ExperimentInput): Experiment {
  const parsed = parseExperiment(input);
  if (!parsed.ok) throw new Error(`The suggested experiment is invalid: ${JSON.stringify(parsed.problems)}`);
  return parsed.value;
}
