import * as v from 'valibot';
import * as vscode from 'vscode';
import { panelStrings } from '../../core/protocol/panelStrings.ts';
import {
  fromPanelSchema,
  type FromPanel,
  type PanelAction,
  type PanelRun,
  type ToPanel,
} from '../../core/protocol/panel.ts';
import { toPlainJson } from '../../core/runs/log.ts';
import type { RunStatus } from '../../core/runs/record.ts';
import { commands, panels, type CommandId } from '../contributions.ts';
import type { Ending } from '../events.ts';
import { describeAll, localise } from '../localise.ts';
import type { ExtensionLog } from '../log.ts';
import { PanelFeed } from '../runs/feed.ts';
import type { RunView } from '../runs/runView.ts';
import type { RunItem, RunService } from '../runs/service.ts';
import { judgeName } from '../../core/training/summary.ts';
import { actionsOf, headline, notes } from '../runs/summary.ts';
import { panelHtml } from './panelHtml.ts';

/** What a page may ask for, and the command that does it. */
const actionCommands: Readonly<Record<PanelAction, CommandId>> = {
  pause: commands.pause,
  resume: commands.resume,
  stop: commands.stop,
  continue: commands.continueRun,
  trainAgain: commands.trainAgain,
  predict: commands.predict,
  exportWeights: commands.exportWeights,
  saveAsExperiment: commands.saveAsExperiment,
  showLog: commands.showLog,
};

const stateSchema = v.object({ run: v.string() });

/** The panels of this window, at most one a run. */
export class RunPanels implements vscode.Disposable {
  readonly #service: RunService;
  readonly #extension: vscode.Uri;
  readonly #log: ExtensionLog;
  readonly #panels = new Map<string, RunPanel>();
  /** Runs whose panel is there and whose curve is still being read. */
  readonly #opening = new Set<string>();

  constructor(service: RunService, extension: vscode.Uri, log: ExtensionLog) {
    this.#service = service;
    this.#extension = extension;
    this.#log = log;
  }

  /** The directory of the run whose panel has the focus. */
  get active(): string | undefined {
    return [...this.#panels].find(([, panel]) => panel.active)?.[0];
  }

  isVisible(directory: string): boolean {
    return this.#panels.get(directory)?.visible === true;
  }

  /** Shows a run, beside the editor unless its panel is open already. */
  async open(
    item: Pick<RunItem, 'id' | 'directory' | 'store' | 'status'>,
    options: { readonly preserveFocus: boolean },
  ): Promise<void> {
    const known = this.#panels.get(item.directory);
    if (known !== undefined) {
      known.reveal(options.preserveFocus);
      return;
    }
    if (this.#opening.has(item.directory)) return;
    const panel = vscode.window.createWebviewPanel(
      panels.run,
      item.status.name,
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: options.preserveFocus },
      this.#options(),
    );
    await this.#fill(panel, item, true);
  }

  /** Fills a panel that VS Code has brought back after a reload. `state` comes from the page and is not to be trusted. */
  async restore(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    panel.webview.options = this.#options();
    const parsed = v.safeParse(stateSchema, state);
    // A directory that no store lists is not opened, whatever the state says.
    const item = parsed.success ? await this.#service.find(parsed.output.run) : undefined;
    if (item === undefined) {
      this.#fail(
        panel,
        vscode.l10n.t('This run has been deleted, or its folder is not open in this window.'),
      );
      return;
    }
    if (this.#panels.has(item.directory) || this.#opening.has(item.directory)) {
      panel.dispose();
      return;
    }
    await this.#fill(panel, item, false);
  }

  /** Closes the panel of a run that is being deleted. */
  close(directory: string): void {
    this.#panels.get(directory)?.close();
  }

  dispose(): void {
    // The panels stay: VS Code keeps them for the next window, and only lets go of what feeds them.
    for (const panel of this.#panels.values()) panel.dispose();
    this.#panels.clear();
  }

  async #fill(
    panel: vscode.WebviewPanel,
    item: Pick<RunItem, 'id' | 'directory' | 'store'>,
    isNew: boolean,
  ): Promise<void> {
    const life = { closed: false };
    const onClose = panel.onDidDispose(() => (life.closed = true));
    this.#opening.add(item.directory);
    const view = await this.#service.acquire(item);
    this.#opening.delete(item.directory);
    onClose.dispose();
    if (life.closed) {
      if (view.ok) this.#service.release(item.directory);
      return;
    }
    if (!view.ok) {
      // Gone between the list and now, such as a run whose input was bad.
      if (isNew) panel.dispose();
      else this.#fail(panel, describeAll(view.problems));
      return;
    }
    const watching = this.#service.watch();
    const icon = (theme: string): vscode.Uri =>
      vscode.Uri.joinPath(this.#extension, 'media', `chart-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const made = new RunPanel(panel, view.value, this.#log, (run) =>
      this.#html(panel, run, view.value.status.name),
    );
    this.#panels.set(item.directory, made);
    panel.onDidDispose(() => {
      made.dispose();
      watching.dispose();
      this.#panels.delete(item.directory);
      this.#service.release(item.directory);
    });
  }

  /** A panel that can only say why it shows no run. */
  #fail(panel: vscode.WebviewPanel, text: string): void {
    const failure: ToPanel = { type: 'failure', text };
    const listener = panel.webview.onDidReceiveMessage((raw: unknown) => {
      const parsed = v.safeParse(fromPanelSchema, raw);
      if (parsed.success && parsed.output.type === 'ready') post(panel.webview, failure);
    });
    panel.onDidDispose(() => {
      listener.dispose();
    });
    panel.webview.html = this.#html(panel, '', 'Loss Lab');
  }

  #html(panel: vscode.WebviewPanel, run: string, title: string): string {
    const file = (name: string): string =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(this.#extension, 'dist', name)).toString();
    return panelHtml({
      script: file('webview.js'),
      style: file('webview.css'),
      cspSource: panel.webview.cspSource,
      run,
      title,
      language: vscode.env.language,
    });
  }

  #options(): vscode.WebviewOptions & vscode.WebviewPanelOptions {
    return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(this.#extension, 'dist')] };
  }
}

/** One panel and what feeds it. */
class RunPanel implements Ending {
  readonly #panel: vscode.WebviewPanel;
  readonly #view: RunView;
  readonly #log: ExtensionLog;
  readonly #feed: PanelFeed;
  readonly #endings: Ending[] = [];
  #disposed = false;

  constructor(panel: vscode.WebviewPanel, view: RunView, log: ExtensionLog, html: (run: string) => string) {
    this.#panel = panel;
    this.#view = view;
    this.#log = log;
    const load = (): void => {
      panel.webview.html = html(view.directory);
    };
    this.#feed = new PanelFeed({
      source: { run: () => panelRun(view), series: view.history.series, samples: () => view.history.samples },
      strings: Object.fromEntries(
        Object.entries(panelStrings).map(([key, text]) => [key, vscode.l10n.t(text)]),
      ),
      post: (message) => this.#post(message),
      reload: () => {
        log.warn(`The panel of ${view.status.name} does not answer; its page is loaded again.`);
        load();
      },
      giveUp: () => {
        log.error(`The panel of ${view.status.name} does not answer.`);
        void vscode.window.showErrorMessage(
          vscode.l10n.t(
            'The chart of "{0}" does not come up. Close its tab and open it again from the Runs view.',
            view.status.name,
          ),
        );
      },
      now: () => performance.now(),
      after: (milliseconds, then) => {
        const timer = setTimeout(then, milliseconds);
        return { dispose: () => clearTimeout(timer) };
      },
    });
    this.#feed.setVisible(panel.visible);
    this.#endings.push(
      panel.webview.onDidReceiveMessage((raw: unknown) => this.#receive(raw)),
      panel.onDidChangeViewState(() => this.#feed.setVisible(panel.visible)),
      view.onChange(() => {
        if (panel.title !== view.status.name) panel.title = view.status.name;
        this.#feed.changed();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#feed.changed()),
    );
    panel.title = view.status.name;
    load();
  }

  get active(): boolean {
    return this.#panel.active;
  }

  get visible(): boolean {
    return this.#panel.visible;
  }

  reveal(preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
  }

  close(): void {
    this.#panel.dispose();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#feed.dispose();
    for (const ending of this.#endings) ending.dispose();
  }

  #post(message: ToPanel): void {
    if (!this.#disposed) post(this.#panel.webview, message);
  }

  #receive(raw: unknown): void {
    const parsed = v.safeParse(fromPanelSchema, raw);
    if (!parsed.success) {
      this.#log.warn(`The panel of ${this.#view.status.name} sent something that nobody knows.`);
      return;
    }
    const message: FromPanel = parsed.output;
    switch (message.type) {
      case 'ready':
      case 'resync':
      case 'ack':
        this.#feed.receive(message);
        break;
      case 'action':
        void vscode.commands.executeCommand(actionCommands[message.action], {
          directory: this.#view.directory,
        });
        break;
      case 'error':
        this.#log.error(`The panel of ${this.#view.status.name}: ${message.text}`);
        break;
      default:
        message satisfies never;
    }
  }
}

/** Everything of a run but its curves, in the user's language. */
function panelRun(view: RunView): PanelRun {
  const { status, speed } = view;
  const judge = view.experiment === undefined ? undefined : judgeName(view.experiment);
  return {
    status: panelStatus(status),
    lossName: view.lossName,
    ...(judge === undefined ? {} : { judgeName: localise(judge) }),
    ...(speed === undefined ? {} : { speed }),
    headline: localise(headline(status, view)),
    notes: notes(status, { experiment: view.experiment, controlled: view.run !== undefined }).map((note) =>
      localise(note),
    ),
    actions: actionsOf(status, { controlled: view.run !== undefined, trusted: vscode.workspace.isTrusted }),
  };
}

/** The status as the page gets it: its sentences in the user's language. */
function panelStatus({ note: _, device, dataNotes, ...plain }: RunStatus): PanelRun['status'] {
  return {
    ...plain,
    ...(device === undefined ? {} : { device: { label: device.label, why: localise(device.why) } }),
    ...(dataNotes === undefined ? {} : { dataNotes: dataNotes.map((note) => localise(note)) }),
  };
}

/** Posts and forgets: a panel that has just been closed is no error. Numbers that JSON lacks go as their names. */
function post(webview: vscode.Webview, message: ToPanel): void {
  const sent: unknown =
    'run' in message
      ? {
          ...message,
          run: { ...message.run, status: toPlainJson(message.run.status) },
        }
      : message;
  try {
    void webview.postMessage(sent).then(undefined, () => undefined);
  } catch {
    // Disposed between the check and the call.
  }
}
