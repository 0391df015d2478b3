import * as vscode from 'vscode';
import { loadCompletion, loadHover } from '../lazy.ts';
import type { ExtensionLog } from '../log.ts';
import { insertKind, provideCodeActions } from './codeAction.ts';

const python: vscode.DocumentFilter = { language: 'python' };
const writable: readonly vscode.DocumentFilter[] = [
  python,
  { language: 'typescript' },
  { language: 'typescriptreact' },
];

/** Registers hovers, actions and completions. Their code, the parser and the losses are loaded when first needed. */
export function registerEditor(context: vscode.ExtensionContext, log: ExtensionLog): void {
  /** A provider must not fail: what goes wrong is logged, and nothing is shown. */
  const quietly = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      log.error(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      return undefined;
    }
  };
  context.subscriptions.push(
    vscode.languages.registerHoverProvider(python, {
      provideHover: (document, position, token) =>
        quietly('hover', async () => (await loadHover()).provideHover(document, position, token)),
    }),
    vscode.languages.registerCodeActionsProvider(
      [...writable],
      { provideCodeActions },
      { providedCodeActionKinds: [insertKind] },
    ),
    vscode.languages.registerCompletionItemProvider(
      [...writable],
      {
        provideCompletionItems: (document, position, token) => {
          // Most keys are answered by a look at the line.
          const typed = document.lineAt(position.line).text.slice(0, position.character);
          if (!/^loss[\w-]*$/.test(typed)) return undefined;
          return quietly('completion', async () =>
            (await loadCompletion()).provideCompletions(document, position, token),
          );
        },
        resolveCompletionItem: (item) =>
          quietly('completion', async () => (await loadCompletion()).resolveCompletion(item)),
      },
      '-',
    ),
  );
}
