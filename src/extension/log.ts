import * as vscode from 'vscode';

/** Makes the one log channel of the extension. */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('Loss Lab', { log: true });
}

/** Tells the user that something failed that should not, and keeps the details in the log. */
export async function reportFailure(
  log: vscode.LogOutputChannel,
  what: string,
  error: unknown,
): Promise<void> {
  log.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const show = vscode.l10n.t('Show Log');
  const reason = error instanceof Error ? error.message : String(error);
  const picked = await vscode.window.showErrorMessage(
    vscode.l10n.t('Loss Lab: {0} failed: {1}', what, reason),
    show,
  );
  if (picked === show) log.show();
}
