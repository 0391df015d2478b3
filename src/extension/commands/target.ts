import * as v from 'valibot';
import * as vscode from 'vscode';
import type { PanelAction } from '../../core/protocol/panel.ts';
import { hasEnded } from '../../core/runs/record.ts';
import type { Host } from '../host.ts';
import type { RunItem } from '../runs/service.ts';
import { actionsOf } from '../runs/summary.ts';

const argumentSchema = v.object({ directory: v.string() });

/** What a command needs of a run: an action that it allows, an end, or nothing. */
export type Need = PanelAction | 'ended' | 'any';

function allows(item: RunItem, need: Need): boolean {
  if (need === 'any') return true;
  if (need === 'ended') return hasEnded(item.status.state);
  return actionsOf(item.status, {
    controlled: item.controlled,
    trusted: vscode.workspace.isTrusted,
  }).includes(need);
}

/**
 * The run that a command is about: the one it was called for, else the one whose panel has the focus, else the only
 * one that fits, else the user's choice. Undefined when there is none, after saying so, or when the user thinks better
 * of it.
 */
export async function pickRun(
  host: Host,
  argument: unknown,
  need: Need,
  nothing: string,
): Promise<RunItem | undefined> {
  const given = v.safeParse(argumentSchema, argument);
  if (given.success) {
    const item = await host.service.find(given.output.directory);
    if (item === undefined)
      void vscode.window.showInformationMessage(vscode.l10n.t('This run has been deleted.'));
    else if (!allows(item, need)) void vscode.window.showInformationMessage(nothing);
    else return item;
    return undefined;
  }
  const items = (await host.service.list()).filter((item) => allows(item, need));
  const active = host.panels.active;
  const shown = items.find((item) => item.directory === active);
  if (shown !== undefined) return shown;
  if (items.length === 0) {
    void vscode.window.showInformationMessage(nothing);
    return undefined;
  }
  if (items.length === 1) return items[0];
  const picked = await vscode.window.showQuickPick(
    items.map((item) => ({
      label: item.status.name,
      description: new Date(item.status.created).toLocaleString(vscode.env.language),
      item,
    })),
    { title: vscode.l10n.t('Which run?'), matchOnDescription: true },
  );
  return picked?.item;
}
