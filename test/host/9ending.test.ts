import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as vscode from 'vscode';
import { access, until } from './access.ts';

/** Trainers that this process has started. */
function trainers(): string[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], {
    encoding: 'utf8',
  }).split('\n');
  return lines.filter((line) => line.includes('trainer.cjs'));
}

/** Must be the last file: it ends the extension and looks at what is left. */
describe('ending', () => {
  it('ends every trainer, listener, timer and command when the extension is disposed', async () => {
    const { context, training, deactivate } = await access();
    const { service } = await training();
    await vscode.commands.executeCommand('lossLab.trainExample');
    await until(() => service.live.length > 0 && trainers().length > 0, 'a live trainer');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await deactivate();
    assert.deepEqual(trainers(), []);
    for (const subscription of [...context.subscriptions].reverse()) subscription.dispose();
    assert.deepEqual(
      (await vscode.commands.getCommands(true)).filter((id) => /^lossLab\.(train|stop|insertLoss)$/.test(id)),
      [],
    );
    assert.deepEqual(service.held, { listeners: 0, views: 0, watchers: 0 });
  });
});
