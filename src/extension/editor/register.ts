import * as vscode from 'vscode';
import { loadCompletion, loadHover } from '../lazy.ts';
import type { ExtensionLog } from '../log.ts';
import { insertKind, provideCodeActions } from './codeAction.ts';

const python: vscode.DocumentFilter = { language: 'python' };
const writable: readonly vscode.DocumentFilter[] = [
  python,
  { language: 'javascript' },
  { language: 'javascriptreact' },
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
    warmUp(quietly),
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

/** How long a Python file is in sight before the code for its hovers is loaded, ms: after the start-up of the window. */
const restBeforeWarmUp = 1000;

/** Loads, once, what the first hover needs, while nobody waits for it. */
function warmUp(quietly: (what: string, work: () => Promise<void>) => Promise<void>): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const look = (editor: vscode.TextEditor | undefined): void => {
    clearTimeout(timer);
    const document = editor?.document;
    if (document === undefined || vscode.languages.match(python, document) === 0) return;
    timer = setTimeout(() => {
      void quietly('warm-up', async () => {
        if (await (await loadHover()).prepareHover(document)) listener.dispose();
      });
    }, restBeforeWarmUp);
  };
  const listener = vscode.window.onDidChangeActiveTextEditor(look);
  look(vscode.window.activeTextEditor);
  return new vscode.Disposable(() => {
    clearTimeout(timer);
    listener.dispose();
  });
}
