import * as vscode from 'vscode';
import type { Experiment } from '../../core/training/experiment.ts';
import { localise } from '../localise.ts';
import { isRefusal, type Field } from './fields.ts';
import type { Row, Screen } from './flow.ts';

/** What the user did with a question. */
export type Answer<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'back' } | { readonly kind: 'cancel' };

interface Item extends vscode.QuickPickItem {
  readonly value?: string;
}

function toItems(rows: readonly Row[]): Item[] {
  return rows.flatMap((row): Item[] => [
    ...(row.heading === undefined
      ? []
      : [{ label: localise(row.heading), kind: vscode.QuickPickItemKind.Separator }]),
    {
      value: row.value,
      label: localise(row.label),
      iconPath: new vscode.ThemeIcon(row.icon),
      ...(row.description === undefined ? {} : { description: localise(row.description) }),
      ...(row.detail === undefined ? {} : { detail: localise(row.detail) }),
    },
  ]);
}

/** Shows one screen and waits for a pick, Back or Escape. */
export function askScreen(title: string, screen: Screen): Promise<Answer<string>> {
  const picker = vscode.window.createQuickPick<Item>();
  picker.title = title;
  picker.step = screen.number;
  picker.totalSteps = screen.total;
  picker.placeholder = localise(screen.placeholder);
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.ignoreFocusOut = true;
  picker.buttons = screen.canGoBack ? [vscode.QuickInputButtons.Back] : [];
  const items = toItems(screen.rows);
  picker.items = items;
  picker.activeItems = items.filter((item) => item.value === screen.active);
  return new Promise((resolve) => {
    const listeners: vscode.Disposable[] = [
      picker.onDidAccept(() => {
        const value = picker.activeItems[0]?.value;
        if (value !== undefined) end({ kind: 'value', value });
      }),
      picker.onDidTriggerButton(() => end({ kind: 'back' })),
      picker.onDidHide(() => end({ kind: 'cancel' })),
    ];
    const end = (answer: Answer<string>): void => {
      for (const listener of listeners) listener.dispose();
      picker.dispose();
      resolve(answer);
    };
    picker.show();
  });
}

/** Lets the user type one value; the box says at once what is wrong with it. */
export function askField(title: string, field: Field, experiment: Experiment): Promise<Answer<Experiment>> {
  const box = vscode.window.createInputBox();
  box.title = `${title}: ${localise(field.label)}`;
  box.prompt = localise(field.hint);
  box.value = field.text(experiment);
  box.ignoreFocusOut = true;
  box.buttons = [vscode.QuickInputButtons.Back];
  return new Promise((resolve) => {
    const check = (): Experiment | undefined => {
      const changed = field.change(experiment, box.value);
      box.validationMessage = isRefusal(changed) ? localise(changed) : undefined;
      return isRefusal(changed) ? undefined : changed;
    };
    const listeners: vscode.Disposable[] = [
      box.onDidChangeValue(check),
      box.onDidAccept(() => {
        const value = check();
        if (value !== undefined) end({ kind: 'value', value });
      }),
      box.onDidTriggerButton(() => end({ kind: 'back' })),
      box.onDidHide(() => end({ kind: 'cancel' })),
    ];
    const end = (answer: Answer<Experiment>): void => {
      for (const listener of listeners) listener.dispose();
      box.dispose();
      resolve(answer);
    };
    box.show();
  });
}
