import * as vscode from 'vscode';

/** The one log channel of the extension. Writing never throws, also while the window goes and its channels are closed. */
export interface ExtensionLog {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  show(): void;
  dispose(): void;
}

export function createLog(): ExtensionLog {
  const channel = vscode.window.createOutputChannel('Loss Lab', { log: true });
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (text: string) => {
    try {
      channel[level](text);
    } catch {
      // VS Code closes channels before `deactivate` has ended; trainers may still report then.
    }
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    show: () => channel.show(),
    dispose: () => channel.dispose(),
  };
}

/** Tells the user that something failed that should not, and keeps the details in the log. */
export async function reportFailure(log: ExtensionLog, what: string, error: unknown): Promise<void> {
  log.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const show = vscode.l10n.t('Show Log');
  const reason = error instanceof Error ? error.message : String(error);
  const picked = await vscode.window.showErrorMessage(
    vscode.l10n.t('Loss Lab: {0} failed: {1}', what, reason),
    show,
  );
  if (picked === show) log.show();
}
