import * as path from 'node:path';
import * as vscode from 'vscode';
import { runName } from '../../core/runs/name.ts';
import { experimentEnding, fileNameFor, formatExperiment } from '../train/experimentFile.ts';
import type { TrainRequest } from '../runs/waiting.ts';

/** Asks where, writes the experiment there and opens it. */
export async function saveExperiment({ experiment, dataFile }: TrainRequest, name?: string): Promise<void> {
  const folder =
    vscode.workspace.workspaceFolders?.[0]?.uri ??
    (dataFile === undefined ? undefined : vscode.Uri.file(path.dirname(dataFile)));
  const fileName = fileNameFor(name ?? runName(experiment));
  const picked = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save as Experiment File'),
    filters: { [vscode.l10n.t('Loss Lab Experiment')]: ['json'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, fileName) }),
  });
  if (picked === undefined) return;
  // Only files with this ending get the schema, the menu and the completions.
  const uri = picked.path.endsWith(experimentEnding)
    ? picked
    : picked.with({ path: picked.path.replace(/(\.losslab)?(\.json)?$/i, experimentEnding) });
  // The dialog has asked only about the name that was typed.
  if (uri.path !== picked.path && (await exists(uri)) && !(await mayReplace(uri))) return;
  const text = formatExperiment(experiment, dataFile, path.dirname(uri.fsPath));
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}

async function mayReplace(uri: vscode.Uri): Promise<boolean> {
  const replace = vscode.l10n.t('Replace');
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('"{0}" exists already. Replace it?', path.posix.basename(uri.path)),
    { modal: true },
    replace,
  );
  return picked === replace;
}
