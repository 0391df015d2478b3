import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunView } from '../../src/extension/runs/runView.ts';
import { access, until, workspaceFile } from './access.ts';

/** The run that a command has just started. */
async function started(command: string, argument?: unknown): Promise<RunView> {
  const { service } = await (await access()).training();
  const before = new Set((await service.list()).map(({ directory }) => directory));
  await vscode.commands.executeCommand(command, argument);
  return until(() => service.live.find(({ directory }) => !before.has(directory)), `${command} starts a run`);
}

const hasEnded = (view: RunView): boolean => view.run === undefined;

const runTab = (): vscode.Tab | undefined =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('lossLab.run'));

describe('training', () => {
  afterEach(async () => {
    // What a failed test left running must not fail the next.
    const { service } = await (await access()).training();
    for (const { directory } of service.live)
      await vscode.commands.executeCommand('lossLab.stop', { directory });
    await until(() => service.live.length === 0, 'no run is live', 10_000);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('trains iris to the end, keeps the run and shows it in a panel', async () => {
    const view = await started('lossLab.trainExample');
    await until(() => hasEnded(view), 'the end of the run', 60_000);
    assert.equal(view.status.state, 'finished', JSON.stringify(view.status.note));
    assert.equal(view.status.reason, 'epochs');
    assert.equal(view.status.epoch, view.status.epochs);
    assert.ok(view.status.metrics!['accuracy']! > 0.85, JSON.stringify(view.status.metrics));
    assert.ok(runTab() !== undefined);
    for (const file of ['experiment.json', 'metrics.jsonl', 'status.json'])
      assert.ok(fs.existsSync(path.join(view.directory, file)), file);
    assert.ok(view.history.series.get('loss')!.data().steps.length > 10);
  });

  it('keeps the truth while the panel is hidden, and the panel may be closed', async () => {
    const view = await started('lossLab.runExperiment', workspaceFile('long.losslab.json'));
    await until(() => view.status.step > 10, 'some steps');
    const document = await vscode.workspace.openTextDocument(workspaceFile('hover.py'));
    const column = runTab()!.group.viewColumn;
    await vscode.window.showTextDocument(document, { viewColumn: column }); // hides the panel behind an editor
    const hiddenAt = view.status.step;
    await until(() => view.status.step > hiddenAt + 50, 'steps while hidden');
    await vscode.window.tabGroups.close(runTab()!);
    const closedAt = view.status.step;
    await until(() => view.status.step > closedAt + 50, 'steps while closed');
    await vscode.commands.executeCommand('lossLab.openChart', { directory: view.directory });
    await until(() => runTab() !== undefined, 'the panel is open again');
    await vscode.commands.executeCommand('lossLab.stop', { directory: view.directory });
    await until(() => hasEnded(view), 'the stop', 10_000);
    assert.equal(view.status.state, 'stopped');
    assert.equal(view.status.reason, 'user');
    const { steps } = view.history.series.get('loss')!.data();
    assert.equal(steps[steps.length - 1], view.status.step, 'the last point is the last step');
  });

  it('holds nothing more after a panel was opened and closed ten times', async () => {
    const { service } = await (await access()).training();
    const [item] = await service.list();
    assert.ok(item !== undefined);
    const before = service.held;
    for (let i = 0; i < 10; i++) {
      await vscode.commands.executeCommand('lossLab.openChart', { directory: item.directory });
      await until(() => runTab() !== undefined, 'the panel');
      await vscode.window.tabGroups.close(runTab()!);
    }
    await until(() => service.held.views === before.views, 'the views are let go');
    assert.deepEqual(service.held, before);
  });

  it('pauses and resumes', async () => {
    const view = await started('lossLab.runExperiment', workspaceFile('long.losslab.json'));
    await until(() => view.status.step > 10, 'some steps');
    await vscode.commands.executeCommand('lossLab.pause', { directory: view.directory });
    await until(() => view.status.state === 'paused', 'the pause', 5000);
    const at = view.status.step;
    await new Promise((done) => setTimeout(done, 300));
    assert.equal(view.status.step, at, 'a paused run does not move');
    await vscode.commands.executeCommand('lossLab.resume', { directory: view.directory });
    await until(() => view.status.step > at, 'steps after the pause');
    await vscode.commands.executeCommand('lossLab.stop', { directory: view.directory });
    await until(() => hasEnded(view), 'the stop', 10_000);
  });

  it('leaves no run behind when the data is bad', async () => {
    const { service } = await (await access()).training();
    const before = (await service.list()).length;
    await vscode.commands.executeCommand('lossLab.runExperiment', workspaceFile('bad.losslab.json'));
    await until(
      async () => service.live.length === 0 && (await service.list()).length === before,
      'nothing is left',
      10_000,
    );
  });
});
