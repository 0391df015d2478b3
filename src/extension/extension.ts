import * as vscode from 'vscode';
import { commands, panels, views, type CommandId } from './contributions.ts';
import { registerEditor } from './editor/register.ts';
import { loadCatalogue, loadCopy, loadInsertion, loadTraining } from './lazy.ts';
import { createLog, reportFailure, type ExtensionLog } from './log.ts';
import type { Training } from './training.ts';
import { CatalogueTree } from './views/catalogueTree.ts';
import { RunsTree } from './views/runsTree.ts';

/** Ends what was started; set by {@link activate}. */
let end: () => Promise<void> = () => Promise.resolve();

/** Commands that only read, and so may run in a workspace that is not trusted. */
const readOnly: ReadonlySet<CommandId> = new Set([
  commands.openChart,
  commands.reveal,
  commands.copyLoss,
  commands.showLog,
]);

/** What tests in the extension host reach; nobody else gets anything from `activate`. */
export interface TestAccess {
  readonly context: vscode.ExtensionContext;
  readonly training: () => Promise<Training>;
  readonly catalogue: CatalogueTree;
  readonly deactivate: () => Promise<void>;
}

/** Wires commands and views to what does the work, and loads none of it. */
export function activate(context: vscode.ExtensionContext): TestAccess | undefined {
  // Not among the subscriptions: VS Code disposes those while `deactivate` still waits for the trainers, which log.
  const log = createLog();
  try {
    const wired = wire(context, log);
    return context.extensionMode === vscode.ExtensionMode.Test
      ? { context, ...wired, deactivate }
      : undefined;
  } catch (error) {
    void reportFailure(log, vscode.l10n.t('Starting Loss Lab'), error);
    throw error;
  }
}

/** VS Code waits up to five seconds for the trainers to end. */
export function deactivate(): Promise<void> {
  return end();
}

function wire(
  context: vscode.ExtensionContext,
  log: ExtensionLog,
): Pick<TestAccess, 'training' | 'catalogue'> {
  let made: Promise<Training> | undefined;
  const training = (): Promise<Training> =>
    (made ??= loadTraining().then(({ createTraining }) => createTraining(context, log)));

  registerEditor(context, log);

  for (const id of Object.values(commands)) {
    const run = async (argument: unknown): Promise<void> => {
      if (id === commands.showLog) {
        log.show();
        return;
      }
      if (!readOnly.has(id) && !vscode.workspace.isTrusted) {
        await askForTrust();
        return;
      }
      try {
        if (id === commands.insertLoss) await (await loadInsertion()).insertLoss(argument);
        else if (id === commands.copyLoss) await (await loadCopy()).copyLoss(argument);
        else await (await training()).run(id, argument);
      } catch (error) {
        log.error(`${id} failed.`);
        void reportFailure(log, vscode.l10n.t('The command'), error);
      }
    };
    context.subscriptions.push(vscode.commands.registerCommand(id, run));
  }

  const tree = new RunsTree(async () => (await training()).service);
  const catalogue = new CatalogueTree(loadCatalogue);
  const view = vscode.window.createTreeView(views.runs, { treeDataProvider: tree });
  context.subscriptions.push(
    tree,
    view,
    followWhileVisible(view, training, log),
    catalogue,
    vscode.window.createTreeView(views.catalogue, { treeDataProvider: catalogue, showCollapseAll: true }),
  );
  end = async () => {
    tree.dispose();
    try {
      await (await made)?.end();
    } finally {
      log.dispose();
    }
  };

  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer(panels.run, {
      deserializeWebviewPanel: async (panel, state: unknown) => {
        try {
          await (await training()).panels.restore(panel, state);
        } catch (error) {
          panel.dispose();
          void reportFailure(log, vscode.l10n.t('Restoring a chart'), error);
        }
      },
    }),
  );

  putCliOnPath(context);
  return { training, catalogue };
}

/** Runs of other processes are looked after while the view is visible, and not otherwise. */
function followWhileVisible(
  view: vscode.TreeView<unknown>,
  training: () => Promise<Training>,
  log: ExtensionLog,
): vscode.Disposable {
  let watching: Promise<{ dispose(): void }> | undefined;
  const follow = (visible: boolean): void => {
    if (visible) {
      watching ??= training().then(
        ({ service }) => service.watch(),
        (error: unknown) => {
          void reportFailure(log, vscode.l10n.t('Listing the runs'), error);
          return { dispose: () => undefined };
        },
      );
    } else {
      void watching?.then((ending) => ending.dispose());
      watching = undefined;
    }
  };
  follow(view.visible);
  const listener = view.onDidChangeVisibility((event) => follow(event.visible));
  return new vscode.Disposable(() => {
    listener.dispose();
    follow(false);
  });
}

async function askForTrust(): Promise<void> {
  const manage = vscode.l10n.t('Manage Workspace Trust');
  const picked = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'Loss Lab only reads in Restricted Mode: it trains, downloads and writes files once you trust this workspace.',
    ),
    manage,
  );
  if (picked === manage) await vscode.commands.executeCommand('workbench.trust.manage');
}

/** In the editor's own terminals `loss-lab` runs on the editor's own Node. */
function putCliOnPath(context: vscode.ExtensionContext): void {
  const environment = context.environmentVariableCollection;
  environment.persistent = false;
  environment.description = vscode.l10n.t('Puts `loss-lab` on the PATH.');
  environment.prepend(
    'PATH',
    context.asAbsolutePath('dist/bin') + (process.platform === 'win32' ? ';' : ':'),
  );
  environment.replace('LOSSLAB_NODE', process.execPath);
}
