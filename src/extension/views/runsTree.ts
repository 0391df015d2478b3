import * as vscode from 'vscode';
import { hasEnded, type RunStatus } from '../../core/runs/record.ts';
import { commands, contextValue } from '../contributions.ts';
import { localise } from '../localise.ts';
import type { Change, RunItem, RunService } from '../runs/service.ts';
import { actionsOf, headline, mainMetric } from '../runs/summary.ts';
import { figure } from '../../core/training/summary.ts';
import type { Waiting } from '../runs/waiting.ts';

/** A row of the Runs view. Commands of its menu get it as their argument. */
export type RunsNode =
  | { readonly kind: 'run'; readonly directory: string; readonly item: RunItem }
  | { readonly kind: 'waiting'; readonly id: string; readonly waiting: Waiting };

const icons: Readonly<Record<RunStatus['state'], readonly [icon: string, colour?: string]>> = {
  starting: ['loading~spin'],
  running: ['loading~spin', 'charts.blue'],
  paused: ['debug-pause', 'list.warningForeground'],
  stopping: ['loading~spin'],
  stopped: ['circle-slash'],
  finished: ['pass-filled', 'charts.green'],
  failed: ['error', 'errorForeground'],
  interrupted: ['warning', 'list.warningForeground'],
};

/** How often the row of a live run is redrawn at most, in milliseconds. */
const redrawEvery = 1000;

/** The list of runs. Loads nothing before VS Code asks for it, which it does when the view is shown. */
export class RunsTree implements vscode.TreeDataProvider<RunsNode>, vscode.Disposable {
  readonly #load: () => Promise<RunService>;
  readonly #changed = new vscode.EventEmitter<RunsNode | undefined>();
  readonly #nodes = new Map<string, RunsNode>();
  #service: RunService | undefined;
  #listener: { dispose(): void } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  readonly #shownStates = new Map<string, RunStatus['state']>();
  #stale = new Set<string>();
  #wholeListStale = false;

  constructor(load: () => Promise<RunService>) {
    this.#load = load;
  }

  readonly onDidChangeTreeData = this.#changed.event;

  async getChildren(parent?: RunsNode): Promise<RunsNode[]> {
    if (parent !== undefined) return [];
    this.#service ??= await this.#load();
    this.#listener ??= this.#service.onChange((change) => this.#onChange(change));
    const items = await this.#service.list();
    this.#nodes.clear();
    const nodes: RunsNode[] = this.#service.waiting.items.map((waiting) => ({
      kind: 'waiting',
      id: waiting.id,
      waiting,
    }));
    for (const item of items) {
      const node: RunsNode = { kind: 'run', directory: item.directory, item };
      this.#nodes.set(item.directory, node);
      nodes.push(node);
    }
    return nodes;
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem(node: RunsNode): vscode.TreeItem {
    return node.kind === 'run' ? this.#runItem(node.item) : waitingItem(node.waiting);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listener?.dispose();
    this.#changed.dispose();
  }

  #runItem(item: RunItem): vscode.TreeItem {
    const live = this.#service?.live.find((view) => view.directory === item.directory);
    const status = live?.status ?? item.status;
    const row = new vscode.TreeItem(status.name);
    row.id = item.directory;
    row.description = describeRun(status);
    const [icon, colour] = icons[status.state];
    row.iconPath = new vscode.ThemeIcon(
      icon,
      colour === undefined ? undefined : new vscode.ThemeColor(colour),
    );
    const words = localise(headline(status, { phase: live?.phase }));
    row.tooltip = tooltip(status, words);
    row.accessibilityInformation = { label: `${status.name}, ${row.description}. ${words}` };
    const trusted = vscode.workspace.isTrusted;
    const actions: string[] = actionsOf(status, { controlled: live !== undefined, trusted });
    if (trusted && hasEnded(status.state)) actions.push('delete');
    row.contextValue = contextValue('run', actions);
    row.command = {
      command: commands.openChart,
      title: vscode.l10n.t('Open Chart'),
      arguments: [{ directory: item.directory, preserveFocus: true }],
    };
    return row;
  }

  #onChange(change: Change): void {
    if (change.type === 'run') {
      const { directory, status } = change.view;
      this.#stale.add(directory);
      // A new state shows at once; the figures of a live run can wait.
      const isNews = this.#shownStates.get(directory) !== status.state;
      this.#shownStates.set(directory, status.state);
      this.#redrawWithin(isNews ? 50 : redrawEvery);
    } else {
      this.#wholeListStale = true;
      this.#redrawWithin(50);
    }
  }

  #redrawWithin(milliseconds: number): void {
    const due = Date.now() + milliseconds;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#redraw(), milliseconds);
  }

  #redraw(): void {
    this.#timer = undefined;
    const stale = this.#stale;
    this.#stale = new Set();
    if (this.#wholeListStale) {
      this.#wholeListStale = false;
      this.#changed.fire(undefined);
      return;
    }
    for (const directory of stale) {
      const node = this.#nodes.get(directory);
      if (node !== undefined) this.#changed.fire(node);
    }
  }
}

function waitingItem({ id, name, held }: Waiting): vscode.TreeItem {
  const row = new vscode.TreeItem(name);
  row.id = id;
  row.description = held ? vscode.l10n.t('not started') : vscode.l10n.t('waits');
  row.tooltip = held
    ? vscode.l10n.t('This run was waiting when the window was reloaded. Start it, or remove it.')
    : vscode.l10n.t('Starts when the present run ends.');
  row.iconPath = new vscode.ThemeIcon('clock');
  row.accessibilityInformation = { label: `${name}, ${row.description}` };
  row.contextValue = contextValue('waiting', []);
  return row;
}

function describeRun(status: RunStatus): string {
  if (status.state === 'starting') return vscode.l10n.t('starting');
  const metric = mainMetric(status.metrics);
  const words: string[] = [];
  if (!hasEnded(status.state))
    words.push(vscode.l10n.t('epoch {0}/{1}', Math.min(status.epoch, status.epochs), status.epochs));
  if (metric !== undefined) words.push(localise(metric));
  else if (status.loss !== undefined) words.push(vscode.l10n.t('loss {0}', figure(status.loss)));
  if (hasEnded(status.state)) {
    if (status.state !== 'finished') words.unshift(stateName(status.state));
    words.push(ago(status.ended ?? status.created));
  }
  return words.join(' · ');
}

function stateName(state: 'stopped' | 'failed' | 'interrupted'): string {
  switch (state) {
    case 'stopped':
      return vscode.l10n.t('stopped');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'interrupted':
      return vscode.l10n.t('interrupted');
  }
}

/** "2 min ago", in the user's language; the date for what is older than a week. */
function ago(date: string): string {
  const then = new Date(date);
  const seconds = (Date.now() - then.getTime()) / 1000;
  if (!Number.isFinite(seconds)) return '';
  const relative = new Intl.RelativeTimeFormat(vscode.env.language, { numeric: 'auto', style: 'short' });
  if (seconds < 60) return vscode.l10n.t('just now');
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return relative.format(-Math.floor(seconds / 3600), 'hour');
  if (seconds < 7 * 86_400) return relative.format(-Math.floor(seconds / 86_400), 'day');
  return then.toLocaleDateString(vscode.env.language);
}

function tooltip(status: RunStatus, words: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendText(`${status.name}\n`);
  text.appendText(`${words}\n`);
  if (status.best !== undefined) {
    text.appendText(
      `${vscode.l10n.t('Best: loss {0} at step {1}', figure(status.best.loss), status.best.step)}\n`,
    );
  }
  if (status.device !== undefined) text.appendText(`${status.device.label}: ${localise(status.device.why)}`);
  return text;
}
