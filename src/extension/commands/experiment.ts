import { promises as fs } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Host } from '../host.ts';
import { describeAll } from '../localise.ts';
import { dataFileOf, experimentEnding, liesIn, readExperiment } from '../train/experimentFile.ts';
import { launch } from './launch.ts';
import { saveExperiment } from './save.ts';
import { pickRun } from './target.ts';

/** Run Experiment: trains what a `*.losslab.json` says. */
export async function runExperiment(host: Host, argument: unknown): Promise<void> {
  const uri = await experimentUri(argument);
  if (uri === undefined) return;
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open?.isDirty === true && !(await open.save())) return;
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  const read = readExperiment(text);
  if (!read.ok) {
    const show = vscode.l10n.t('Open File');
    const name = path.posix.basename(uri.path);
    const picked = await vscode.window.showErrorMessage(
      vscode.l10n.t('{0} cannot be run. {1}', name, describeAll(read.problems)),
      show,
    );
    if (picked === show) await vscode.window.showTextDocument(uri);
    return;
  }
  const folder = path.dirname(uri.fsPath);
  const dataFile = dataFileOf(read.value, folder);
  if (dataFile !== undefined && !(await mayRead(dataFile, folder))) return;
  await launch(host, { experiment: read.value, dataFile });
}

/** Train Again: the same experiment on the same data, as a new run. */
export async function trainAgain(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'trainAgain',
    vscode.l10n.t('There is no finished run to train again.'),
  );
  const request = item === undefined ? undefined : await requestOf(host, item);
  if (request !== undefined) await launch(host, request);
}

/** Save as Experiment File, from a run. */
export async function saveAsExperiment(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'any',
    vscode.l10n.t('There is no run to save as an experiment.'),
  );
  const request = item === undefined ? undefined : await requestOf(host, item);
  if (item !== undefined && request !== undefined) await saveExperiment(request, item.status.name);
}

async function requestOf(host: Host, item: Parameters<Host['service']['read']>[0]) {
  const read = await host.service.read(item);
  if (read.ok && read.value.experiment !== undefined)
    return { experiment: read.value.experiment, dataFile: read.value.source?.path };
  const reason = read.ok ? vscode.l10n.t('Its experiment file is damaged.') : describeAll(read.problems);
  void vscode.window.showErrorMessage(
    vscode.l10n.t('"{0}" cannot be trained again. {1}', item.status.name, reason),
  );
  return undefined;
}

async function experimentUri(argument: unknown): Promise<vscode.Uri | undefined> {
  if (argument instanceof vscode.Uri) return argument;
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active !== undefined && active.path.endsWith(experimentEnding)) return active;
  const found = await vscode.workspace.findFiles(
    `**/*${experimentEnding}`,
    '**/{node_modules,.losslab}/**',
    100,
  );
  if (found.length === 0) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t(
        'There is no experiment file (*{0}) in this workspace. Train Model saves one on its last step.',
        experimentEnding,
      ),
    );
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    found.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })),
    { title: vscode.l10n.t('Which experiment?') },
  );
  return picked?.uri;
}

/**
 * An experiment names its data by path. Within the experiment's folder and the workspace that is what one expects;
 * for a file elsewhere, also behind a link, the user is asked.
 */
async function mayRead(dataFile: string, folder: string): Promise<boolean> {
  const real = await realPath(dataFile);
  // A file that does not exist is the trainer's to report.
  if (real === undefined) return true;
  const folders = [folder, ...(vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath)];
  const known = (await Promise.all(folders.map((one) => realPath(one)))).filter((one) => one !== undefined);
  if (liesIn(real, known)) return true;
  const read = vscode.l10n.t('Read It');
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('This experiment reads a file outside of your folders.'),
    { modal: true, detail: real },
    read,
  );
  return picked === read;
}

async function realPath(file: string): Promise<string | undefined> {
  try {
    return await fs.realpath(file);
  } catch {
    return undefined;
  }
}
