import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { loadLoss } from '../core/losses/catalogue.ts';
import { inConvention } from '../core/losses/conventions.ts';
import { pairOfPlayers } from '../core/losses/players.ts';
import { hasEnded } from '../core/runs/record.ts';
import type { Experiment } from '../core/training/experiment.ts';
import { RunStore } from '../supervisor/runStore.ts';
import { Supervisor, type SupervisorOptions } from '../supervisor/supervisor.ts';
import { downloadData } from './commands/download.ts';
import { runExperiment, saveAsExperiment, trainAgain } from './commands/experiment.ts';
import {
  continueRun,
  control,
  deleteRun,
  openChart,
  removeWaiting,
  rename,
  reveal,
  startWaiting,
} from './commands/manage.ts';
import { exportWeights, predict } from './commands/model.ts';
import { trainExample, trainFile, trainModel } from './commands/train.ts';
import { readConfig } from './config.ts';
import { commands, type TrainingCommandId } from './contributions.ts';
import type { Host } from './host.ts';
import { describeAll, localise } from './localise.ts';
import type { ExtensionLog } from './log.ts';
import { RunService } from './runs/service.ts';
import { headline } from './runs/summary.ts';
import type { Memory } from './runs/waiting.ts';
import { RememberedChoices } from './train/memory.ts';
import { RunPanels } from './views/runPanels.ts';
import { StatusBar } from './views/statusBar.ts';

/** Everything that trains and shows runs; made when it is first needed. */
export interface Training {
  readonly service: RunService;
  readonly panels: RunPanels;
  run(command: TrainingCommandId, argument: unknown): Promise<void>;
  /** Ends all trainers, within the five seconds that VS Code grants. */
  end(): Promise<void>;
}

type Handler = (host: Host, argument: unknown) => Promise<void> | void;

/** What each command does. One that is missing does not compile. */
const handlers: Readonly<Record<TrainingCommandId, Handler>> = {
  [commands.train]: trainModel,
  [commands.trainFile]: trainFile,
  [commands.trainFolder]: trainFile,
  [commands.trainExample]: trainExample,
  [commands.trainAgain]: trainAgain,
  [commands.runExperiment]: runExperiment,
  [commands.saveAsExperiment]: saveAsExperiment,
  [commands.pause]: (host, argument) => control(host, argument, 'pause'),
  [commands.resume]: (host, argument) => control(host, argument, 'resume'),
  [commands.stop]: (host, argument) => control(host, argument, 'stop'),
  [commands.continueRun]: continueRun,
  [commands.openChart]: openChart,
  [commands.rename]: rename,
  [commands.delete]: deleteRun,
  [commands.reveal]: reveal,
  [commands.predict]: predict,
  [commands.exportWeights]: exportWeights,
  [commands.startWaiting]: startWaiting,
  [commands.removeWaiting]: removeWaiting,
  [commands.download]: downloadData,
};

export function createTraining(context: vscode.ExtensionContext, log: ExtensionLog): Training {
  const dataSets = context.asAbsolutePath(join('media', 'datasets'));
  const supervisor = new Supervisor(supervisorOptions(context, dataSets, log));
  const stores = new Map<string, RunStore>();
  const service: RunService = new RunService({
    stores: () =>
      roots(context).map((root) => {
        const store = stores.get(root) ?? new RunStore(root);
        stores.set(root, store);
        return store;
      }),
    supervisor,
    memory: memory(context.workspaceState),
    whenRunning: () => readConfig(vscode.workspace).whenRunning,
    device: () => readConfig(vscode.workspace).device,
    lossName,
    onBadInput: (name, problems, directory) => {
      // The panel of a run that never was.
      if (directory !== undefined && !existsSync(directory)) panels.close(directory);
      void vscode.window.showErrorMessage(
        vscode.l10n.t('"{0}" cannot be trained. {1}', name, describeAll(problems)),
      );
    },
    onStart: (item) => {
      panels
        .open(item, { preserveFocus: true })
        .catch((error: unknown) =>
          log.error(`The chart of ${item.status.name} cannot be opened: ${String(error)}`),
        );
    },
    now: () => performance.now(),
  });
  const panels: RunPanels = new RunPanels(service, context.extensionUri, log);
  const choices = new RememberedChoices(memory(context.workspaceState));
  const host: Host = { context, log, service, supervisor, panels, choices, dataSets };
  const statusBar = new StatusBar(service);
  context.subscriptions.push(
    service,
    panels,
    statusBar,
    vscode.workspace.onDidChangeWorkspaceFolders(() => service.rewatch()),
    announceEnds(service, panels),
  );
  return {
    service,
    panels,
    run: async (command, argument) => handlers[command](host, argument),
    end: () => {
      // What the trainers still report is for the disk: the window that would show it is going.
      statusBar.dispose();
      panels.dispose();
      service.dispose();
      return supervisor.dispose();
    },
  };
}

/** Where runs are kept: in the workspace's storage, or in the extension's when no folder is open; and where the command line keeps them. */
function roots(context: vscode.ExtensionContext): string[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const own = vscode.workspace.workspaceFolders === undefined ? undefined : context.storageUri;
  return [
    join((own ?? context.globalStorageUri).fsPath, 'runs'),
    ...folders.map(({ uri }) => join(uri.fsPath, '.losslab', 'runs')),
  ];
}

/** The memory limit is looked up whenever a trainer starts, so that a changed setting counts at once. */
function supervisorOptions(
  context: vscode.ExtensionContext,
  dataSets: string,
  log: ExtensionLog,
): SupervisorOptions {
  const options = {
    trainer: context.asAbsolutePath(join('dist', 'trainer.cjs')),
    dataSets,
    cache: join(context.globalStorageUri.fsPath, 'devices.json'),
    log,
  };
  for (const setting of ['memoryLimit', 'threads'] as const) {
    Object.defineProperty(options, setting, {
      enumerable: true,
      get: () => readConfig(vscode.workspace)[setting],
    });
  }
  return options;
}

function memory(memento: vscode.Memento): Memory {
  return { get: (key) => memento.get<unknown>(key), update: (key, value) => memento.update(key, value) };
}

/** "Huber loss (Keras, delta = 1)"; of a GAN the loss of the generator, which is what its steps report. */
function lossName({ task, loss: { id, convention, parameters } }: Experiment): string {
  const named = loadLoss(id);
  const pair = task.type === 'gan' && named !== undefined ? pairOfPlayers(named, loadLoss) : undefined;
  const original = pair?.generator ?? named;
  if (original === undefined) return id;
  const other = original.conventions?.find((one) => one.id === convention);
  const loss = inConvention(original, other?.id);
  const values = loss.parameters.map(
    (parameter) => `${parameter.id} = ${String(parameters[parameter.id] ?? parameter.default)}`,
  );
  const facts = [...(other === undefined ? [] : [other.users]), ...values];
  return facts.length === 0 ? loss.name : `${loss.name} (${facts.join(', ')})`;
}

/** Says how a run ended when its chart is out of sight. A stop by the user is no news to the user. */
function announceEnds(service: RunService, panels: RunPanels): { dispose(): void } {
  const live = new Set<string>();
  return service.onChange((change) => {
    if (change.type !== 'run') return;
    const { directory, status, run } = change.view;
    if (run !== undefined) {
      live.add(directory);
      return;
    }
    if (
      !live.delete(directory) ||
      !hasEnded(status.state) ||
      status.reason === 'user' ||
      status.reason === 'badInput'
    )
      return;
    if (panels.isVisible(directory)) return;
    const open = vscode.l10n.t('Open Chart');
    const text = `${status.name}: ${localise(headline(status))}`;
    const shown =
      status.state === 'finished'
        ? vscode.window.showInformationMessage(text, open)
        : vscode.window.showWarningMessage(text, open);
    void shown.then((picked) => {
      if (picked === open) void vscode.commands.executeCommand(commands.openChart, { directory });
    });
  });
}
