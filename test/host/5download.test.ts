import assert from 'node:assert/strict';
import fs from 'node:fs';
import * as vscode from 'vscode';
import { access, workspaceFile } from './access.ts';

describe('Download Data', () => {
  before(access);
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeQuickOpen'));

  it('is registered, and asks before it fetches or writes anything', async () => {
    assert.ok((await vscode.commands.getCommands(true)).includes('lossLab.download'));
    const { fetch } = globalThis;
    const fetched: unknown[] = [];
    globalThis.fetch = (address, ...rest) => {
      fetched.push(address);
      return fetch(address, ...rest);
    };
    try {
      const state = { ended: false };
      const running = Promise.resolve(vscode.commands.executeCommand('lossLab.download')).then(() => {
        state.ended = true;
      });
      // The first data set, the first folder; the last question is a modal, which VS Code refuses to show in tests.
      for (let i = 0; !state.ended && i < 50; i++) {
        await new Promise((later) => setTimeout(later, 200));
        if (i === 5) assert.ok(!state.ended, 'it waits for an answer');
        if (i > 5) await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      }
      await running;
      assert.deepEqual(fetched, []);
      assert.ok(!fs.existsSync(workspaceFile('data').fsPath));
    } finally {
      globalThis.fetch = fetch;
    }
  });
});
