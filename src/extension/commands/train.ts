import { promises as fs } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { dataFileName, noDataFileName } from '../../core/data/formats.ts';
import { losses } from '../../core/losses/catalogue.ts';
import { inConvention } from '../../core/losses/conventions.ts';
import { settable } from '../../core/losses/parameters.ts';
import { taskOf } from '../../core/losses/task.ts';
import { readWish } from '../editor/wish.ts';
import type { Host } from '../host.ts';
import { describeAll } from '../localise.ts';
import { askField, askScreen } from '../train/ask.ts';
import { TrainFlow, type Data } from '../train/flow.ts';
import {
  browseFolderId,
  browseId,
  dataChoices,
  exampleFor,
  exampleId,
  fileId,
  loadData,
  pathOf,
} from '../train/sources.ts';
import { dataFilters } from './filters.ts';
import { launch, showBadInput } from './launch.ts';
import { saveExperiment } from './save.ts';

/** Files that the first step lists; more are found by Browse. */
const mostFiles = 50;

/** Train Model: the whole conversation, with a loss that a link asks for. */
export async function trainModel(host: Host, argument: unknown): Promise<void> {
  const { loss, convention, parameters } = readWish(argument);
  const files = await workspaceFiles();
  const last = host.choices.last;
  const wanted = loss === undefined ? undefined : inConvention(loss, convention);
  const task = wanted === undefined ? undefined : taskOf(wanted);
  await converse(
    host,
    new TrainFlow({
      choices: dataChoices(files, last),
      losses: losses(),
      preferred: task === undefined ? last : exampleFor(task),
      loss:
        wanted === undefined
          ? undefined
          : {
              id: wanted.id,
              ...(convention === undefined ? {} : { convention }),
              parameters: { ...settable(wanted, parameters) },
            },
    }),
    undefined,
  );
}

/** Train Model on This File, or on this folder of images: the conversation without its first step. */
export async function trainFile(host: Host, argument: unknown): Promise<void> {
  const uri = argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined || !(await mayHoldData(uri))) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        'Open or select a file with rows first (CSV, TSV, JSON, JSONL, Parquet, NumPy or IDX), or a folder of images.',
      ),
    );
    return;
  }
  const id = fileId(uri.fsPath);
  const data = await load(host, id);
  if (data === undefined) return;
  const flow = new TrainFlow({
    choices: [],
    losses: losses(),
    data,
    experiment: host.choices.experiment(id),
  });
  await converse(host, flow, { id, data });
}

/** The welcome view's button: the first data set with every default. */
export async function trainExample(host: Host): Promise<void> {
  const data = await load(host, exampleId);
  if (data !== undefined) await launch(host, { experiment: data.suggest(data.target), dataFile: undefined });
}

interface Chosen {
  readonly id: string;
  readonly data: Data;
}

async function converse(host: Host, flow: TrainFlow, preset: Chosen | undefined): Promise<void> {
  let chosen = preset;
  for (;;) {
    const title =
      chosen === undefined
        ? vscode.l10n.t('Train Model')
        : vscode.l10n.t('Train Model on {0}', chosen.data.label);
    const answer = await askScreen(title, flow.screen());
    if (answer.kind === 'cancel') return;
    if (answer.kind === 'back') {
      flow.back();
      continue;
    }
    const effect = flow.pick(answer.value);
    switch (effect.type) {
      case 'none':
        break;
      case 'load': {
        const id = await browsed(effect.id);
        const data = id === undefined ? undefined : await load(host, id);
        if (id === undefined || data === undefined) break;
        chosen = { id, data };
        flow.setData(data, host.choices.experiment(id));
        break;
      }
      case 'edit': {
        const edited = await askField(title, effect.field, flow.experiment!);
        // Escape and Back both return to the list: a slip must not cost the whole conversation.
        if (edited.kind === 'value') flow.setExperiment(edited.value);
        break;
      }
      case 'start':
      case 'save': {
        const request = { experiment: effect.experiment, dataFile: effect.dataFile };
        if (chosen !== undefined) await host.choices.remember(chosen.id, effect.experiment);
        await (effect.type === 'start'
          ? launch(host, request)
          : saveExperiment(request, chosen && nameOf(chosen.data)));
        return;
      }
    }
  }
}

/** A name for what is made of this data. */
function nameOf({ label, dataFile }: Data): string {
  return dataFile === undefined ? label : path.parse(dataFile).name;
}

/** How long a look at data may take before its progress is shown, in milliseconds. */
const promptMs = 2000;

/** Looks at a data set. A look that takes longer shows its progress and can be cancelled. */
async function load(host: Host, id: string): Promise<Data | undefined> {
  const controller = new AbortController();
  let onShare: (share: number) => void = () => undefined;
  const loading = loadData(id, host.dataSets, (file) =>
    host.supervisor.look(file, { signal: controller.signal, onProgress: (share) => onShare(share) }),
  );
  const name = path.basename(pathOf(id) ?? id);
  const soon = await Promise.race([
    loading,
    new Promise<undefined>((later) => setTimeout(() => later(undefined), promptMs)),
  ]);
  const loaded =
    soon ??
    (await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        cancellable: true,
        title: vscode.l10n.t('Looking at {0}', name),
      },
      (progress, token) => {
        token.onCancellationRequested(() => controller.abort());
        let before = 0;
        onShare = (share) => {
          progress.report({ increment: 100 * (share - before) });
          before = share;
        };
        return loading;
      },
    ));
  if (!loaded.ok) {
    if (!controller.signal.aborted)
      showBadInput(vscode.l10n.t('{0} cannot be used.', name), describeAll(loaded.problems));
    return undefined;
  }
  for (const warning of loaded.warnings) host.log.warn(`${id}: ${describeAll([warning])}`);
  return loaded.value;
}

async function mayHoldData({ scheme, fsPath }: vscode.Uri): Promise<boolean> {
  if (scheme !== 'file') return false;
  const name = path.basename(fsPath);
  if (dataFileName.test(name)) return !noDataFileName.test(name);
  return (await fs.stat(fsPath).catch(() => undefined))?.isDirectory() === true;
}

/** The data set of a row of the first step; for those that browse, what the user finds. */
async function browsed(id: string): Promise<string | undefined> {
  if (id !== browseId && id !== browseFolderId) return id;
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Data to Train On'),
    openLabel: vscode.l10n.t('Use'),
    ...(id === browseFolderId
      ? { canSelectFolders: true, canSelectFiles: false }
      : { filters: dataFilters() }),
  });
  const uri = picked?.[0];
  return uri === undefined ? undefined : fileId(uri.fsPath);
}

/** Files of the workspace that may hold rows. What else is JSON comes last: most of it belongs to programs. */
async function workspaceFiles(): Promise<{ path: string; label: string }[]> {
  const find = async (pattern: string, most: number): Promise<vscode.Uri[]> => {
    const found = await vscode.workspace.findFiles(
      pattern,
      '**/{node_modules,.losslab,.git,.venv,.vscode}/**',
      most,
    );
    return found.filter(({ scheme }) => scheme === 'file');
  };
  const tables = await find(
    '**/*.{csv,tsv,jsonl,ndjson,parquet,pq,npy,npz,idx,csv.gz,tsv.gz,jsonl.gz,npy.gz,idx.gz}',
    mostFiles,
  );
  const images = await find('**/*images?idx[0-9]-*', mostFiles);
  const json = (await find('**/*.json', 4 * mostFiles)).filter(
    ({ path: full }) => !noDataFileName.test(path.posix.basename(full)),
  );
  const listed = (uris: readonly vscode.Uri[]): { path: string; label: string }[] =>
    uris
      .map((uri) => ({ path: uri.fsPath, label: vscode.workspace.asRelativePath(uri) }))
      .sort((a, b) => a.label.localeCompare(b.label));
  return [...listed([...tables, ...images]), ...listed(json)].slice(0, mostFiles);
}
