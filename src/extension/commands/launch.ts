import * as vscode from 'vscode';
import { commands } from '../contributions.ts';
import type { Host } from '../host.ts';
import { describeAll } from '../localise.ts';
import type { Outcome } from '../runs/service.ts';
import type { TrainRequest } from '../runs/waiting.ts';

/** Starts training, shows its chart, and says so when it has to wait or trains beside another run. */
export async function launch(host: Host, request: TrainRequest): Promise<void> {
  const beside = host.service.live[0]?.status.name;
  await report(host, await host.service.train(request), beside);
}

/** Tells the user what became of a wish to train. */
export async function report(host: Host, outcome: Outcome, beside?: string): Promise<void> {
  switch (outcome.kind) {
    case 'bad':
      showBadInput(vscode.l10n.t('Training did not start.'), describeAll(outcome.problems));
      return;
    case 'waits': {
      const now = vscode.l10n.t('Start Now');
      const text = vscode.l10n.t(
        '"{0}" waits: it starts when "{1}" ends. The setting lossLab.whenRunning changes this.',
        outcome.item.name,
        outcome.behind,
      );
      void vscode.window.showInformationMessage(text, now).then((picked) => {
        if (picked === now)
          void vscode.commands.executeCommand(commands.startWaiting, { id: outcome.item.id });
      });
      return;
    }
    case 'started':
      if (beside !== undefined) {
        void vscode.window.showInformationMessage(
          vscode.l10n.t(
            '"{0}" trains beside "{1}"; both are a little slower. The setting lossLab.whenRunning changes this.',
            outcome.view.status.name,
            beside,
          ),
        );
      }
      await host.panels.open(outcome.item, { preserveFocus: true });
  }
}

/** An error that the user can do something about; the reasons stand in it. */
export function showBadInput(what: string, reasons: string): void {
  void vscode.window.showErrorMessage(`${what} ${reasons}`);
}
