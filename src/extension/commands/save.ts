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
    filters: { [vscode.l10n.t('Loss Lab Experiment')]: ['losslab.json'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, fileName) }),
  });
  if (picked === undefined) return;
  // Only files with this ending get the schema, the menu and the completions.
  const uri = picked.path.endsWith(experimentEnding)
    ? picked
    : picked.with({ path: picked.path.replace(/(\.losslab)?(\.json)?$/i, experimentEnding) });
  const text = formatExperiment(experiment, dataFile, path.dirname(uri.fsPath));
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
}
