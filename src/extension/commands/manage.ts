import * as path from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { Host } from '../host.ts';
import { describeAll } from '../localise.ts';
import { report } from './launch.ts';
import { pickRun } from './target.ts';

/** Pause, Resume and Stop: the trainer is told at once. */
export async function control(
  host: Host,
  argument: unknown,
  action: 'pause' | 'resume' | 'stop',
): Promise<void> {
  const nothing = {
    pause: vscode.l10n.t('No run of this window is training.'),
    resume: vscode.l10n.t('No run of this window is paused.'),
    stop: vscode.l10n.t('No run of this window is training.'),
  }[action];
  const item = await pickRun(host, argument, action, nothing);
  const run = host.service.live.find((view) => view.directory === item?.directory)?.run;
  run?.[action]();
}

/** Resume Run: continues an ended run from its last checkpoint. */
export async function continueRun(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'continue',
    vscode.l10n.t('There is no run that could be continued.'),
  );
  if (item === undefined) return;
  const beside = host.service.live[0]?.status.name;
  const resumed = await host.service.resume(item);
  if (resumed.ok) {
    if (beside !== undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('"{0}" trains beside "{1}"; both are a little slower.', item.status.name, beside),
      );
    }
    await host.panels.open(item, { preserveFocus: true });
  } else
    void vscode.window.showErrorMessage(
      vscode.l10n.t('"{0}" cannot be continued. {1}', item.status.name, describeAll(resumed.problems)),
    );
}

const openSchema = v.object({ preserveFocus: v.optional(v.boolean()) });

export async function openChart(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'any',
    vscode.l10n.t('There are no runs yet. Train a model first.'),
  );
  if (item === undefined) return;
  const options = v.safeParse(openSchema, argument);
  await host.panels.open(item, { preserveFocus: options.success && options.output.preserveFocus === true });
}

export async function rename(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(host, argument, 'any', vscode.l10n.t('There is no run to rename.'));
  if (item === undefined) return;
  const name = await vscode.window.showInputBox({
    title: vscode.l10n.t('Rename Run'),
    value: item.status.name,
    validateInput: (text) =>
      text.trim() === '' || text.trim().length > 200
        ? vscode.l10n.t('Enter a name of 1 to 200 characters.')
        : undefined,
  });
  if (name === undefined) return;
  const renamed = await host.service.rename(item, name);
  if (!renamed.ok) void vscode.window.showErrorMessage(describeAll(renamed.problems));
}

export async function deleteRun(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(
    host,
    argument,
    'ended',
    vscode.l10n.t('There is no ended run to delete. Stop a run before you delete it.'),
  );
  if (item === undefined) return;
  const confirm = vscode.l10n.t('Delete');
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t('Delete the run "{0}"?', item.status.name),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Its curve, its checkpoints and its experiment are removed from disk. This cannot be undone.',
      ),
    },
    confirm,
  );
  if (picked !== confirm) return;
  host.panels.close(item.directory);
  const deleted = await host.service.delete(item);
  if (!deleted.ok) void vscode.window.showErrorMessage(describeAll(deleted.problems));
}

/** Shows a run's folder in the system's file manager, or, in a remote window, its experiment in an editor. */
export async function reveal(host: Host, argument: unknown): Promise<void> {
  const item = await pickRun(host, argument, 'any', vscode.l10n.t('There are no runs yet.'));
  if (item === undefined) return;
  const folder = vscode.Uri.file(item.directory);
  const isLocal = vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
  if (isLocal) {
    await vscode.commands.executeCommand('revealFileInOS', folder);
  } else if (vscode.workspace.getWorkspaceFolder(folder) !== undefined) {
    await vscode.commands.executeCommand('revealInExplorer', folder);
  } else {
    await vscode.window.showTextDocument(vscode.Uri.file(path.join(item.directory, 'experiment.json')));
  }
}

const waitingSchema = v.object({ id: v.string() });

export async function startWaiting(host: Host, argument: unknown): Promise<void> {
  const given = v.safeParse(waitingSchema, argument);
  const id = given.success ? given.output.id : host.service.waiting.items[0]?.id;
  if (id === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t('No run waits.'));
    return;
  }
  const beside = host.service.live[0]?.status.name;
  await report(host, await host.service.startWaiting(id), beside);
}

export function removeWaiting(host: Host, argument: unknown): void {
  const given = v.safeParse(waitingSchema, argument);
  if (given.success) host.service.removeWaiting(given.output.id);
}
