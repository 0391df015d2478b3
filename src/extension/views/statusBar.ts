import * as vscode from 'vscode';
import { commands, contextKeys } from '../contributions.ts';
import type { RunService } from '../runs/service.ts';
import { figure } from '../../core/training/summary.ts';

/** How often the item is rewritten at most, in milliseconds. */
const rewriteEvery = 250;

/** The status bar item: there while a run of this window is alive, gone otherwise. A click opens the chart. */
export class StatusBar implements vscode.Disposable {
  readonly #service: RunService;
  readonly #item: vscode.StatusBarItem;
  readonly #listener: { dispose(): void };
  #timer: NodeJS.Timeout | undefined;
  #live = false;

  constructor(service: RunService) {
    this.#service = service;
    this.#item = vscode.window.createStatusBarItem('lossLab.run', vscode.StatusBarAlignment.Left, 0);
    this.#item.name = vscode.l10n.t('Loss Lab Training');
    this.#listener = service.onChange(() => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#write();
      }, rewriteEvery);
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listener.dispose();
    this.#item.dispose();
  }

  #write(): void {
    const live = this.#service.live;
    if (live.length > 0 !== this.#live) {
      this.#live = live.length > 0;
      void vscode.commands.executeCommand('setContext', contextKeys.live, this.#live);
    }
    const view = live[0];
    if (view === undefined) {
      this.#item.hide();
      return;
    }
    const { name, state, epoch, epochs, loss } = view.status;
    const icon = state === 'paused' ? '$(debug-pause)' : '$(loading~spin)';
    const progress = vscode.l10n.t('epoch {0}/{1}', Math.min(epoch, epochs), epochs);
    const figures =
      loss === undefined ? progress : `${progress} · ${vscode.l10n.t('loss {0}', figure(loss))}`;
    const others = live.length > 1 ? ` (+${String(live.length - 1)})` : '';
    this.#item.text = `${icon} ${name}: ${figures}${others}`;
    this.#item.tooltip = vscode.l10n.t('Open the chart of "{0}"', name);
    this.#item.accessibilityInformation = {
      label: vscode.l10n.t('Loss Lab trains {0}: {1}', name, figures),
      role: 'button',
    };
    this.#item.command = {
      command: commands.openChart,
      title: vscode.l10n.t('Open Chart'),
      arguments: [{ directory: view.directory }],
    };
    this.#item.show();
  }
}
