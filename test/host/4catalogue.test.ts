import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { losses } from '../../src/core/losses/catalogue.ts';
import { taskOf } from '../../src/core/losses/task.ts';
import type { CatalogueNode } from '../../src/extension/views/catalogueTree.ts';
import { access, until, workspaceFile } from './access.ts';

/** The row of a loss, as VS Code hands it to the commands of its menu. */
async function rowOf(id: string): Promise<CatalogueNode> {
  const { catalogue } = await access();
  for (const family of await catalogue.getChildren())
    for (const node of await catalogue.getChildren(family))
      if (node.kind === 'loss' && node.loss === id) return node;
  throw new Error(`the catalogue has no row ${id}`);
}

/** Takes the active row of every quick pick that comes up until a command is done, or until something has happened. */
async function acceptUntil(
  done: () => boolean | Promise<boolean>,
  what: string,
  before: readonly string[] = [],
): Promise<void> {
  await until(async () => {
    if (await done()) return true;
    for (const command of [...before, 'workbench.action.acceptSelectedQuickOpenItem'])
      await vscode.commands.executeCommand(command);
    await new Promise((later) => setTimeout(later, 200));
    return done();
  }, what);
}

describe('Loss Catalogue', () => {
  before(access);
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('lists families and in them every loss', async () => {
    const { catalogue } = await access();
    const families = await catalogue.getChildren();
    assert.ok(families.length >= 10);
    const rows = (await Promise.all(families.map((family) => catalogue.getChildren(family)))).flat();
    assert.deepEqual(
      rows.map((row) => (row.kind === 'loss' ? row.loss : '')).sort(),
      losses()
        .map(({ id }) => id)
        .sort(),
    );
    for (const family of families) {
      const item = catalogue.getTreeItem(family);
      assert.equal(item.collapsibleState, vscode.TreeItemCollapsibleState.Collapsed);
      assert.match(item.accessibilityInformation?.label ?? '', /^\w+, \d+ losses$/);
    }
  });

  it('offers training where a data set fits, and says each loss in words', async () => {
    const { catalogue } = await access();
    for (const loss of losses()) {
      const item = catalogue.getTreeItem(await rowOf(loss.id));
      assert.equal(item.label, loss.name);
      assert.equal(item.contextValue?.includes(':loss:'), true);
      assert.equal(item.contextValue.includes(':train:'), taskOf(loss) !== undefined, loss.id);
      assert.ok(item.accessibilityInformation?.label.includes(loss.meaning), loss.id);
      assert.equal(item.tooltip, undefined, 'nothing is drawn before the row is looked at');
    }
  });

  it('shows formula and plot of the row that is looked at', async () => {
    const { catalogue } = await access();
    for (const id of ['dice', 'nt-xent', 'l2-penalty']) {
      const node = await rowOf(id);
      const { tooltip } = await catalogue.resolveTreeItem(catalogue.getTreeItem(node), node);
      assert.ok(tooltip instanceof vscode.MarkdownString);
      assert.match(tooltip.value, /data:image\/svg\+xml;base64,[A-Za-z0-9+/=]{1000,}/);
      assert.ok(
        tooltip.value.length < 100_000,
        `${tooltip.value.length} characters, VS Code cuts at 100,000`,
      );
    }
  });

  it('inserts the loss of a row into the active editor', async () => {
    const editor = await vscode.window.showTextDocument(
      await vscode.workspace.openTextDocument(workspaceFile('insert.py')),
    );
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await vscode.commands.executeCommand('lossLab.insertLoss', await rowOf('tversky'));
    assert.match(editor.document.getText(), /^def tversky/m);
  });

  it('copies the code of a row in the language that is picked', async () => {
    await vscode.env.clipboard.writeText('');
    let isDone = false;
    const copying = vscode.commands.executeCommand('lossLab.copyLoss', await rowOf('quantile'));
    void copying.then(() => (isDone = true));
    await acceptUntil(() => isDone, 'the loss is copied');
    const code = await vscode.env.clipboard.readText();
    assert.match(code, /^import numpy as np\n/);
    assert.match(code, /\ndef quantile/);
  });

  it('trains with the loss of a row', async () => {
    const { service } = await (await access()).training();
    void vscode.commands.executeCommand('lossLab.train', await rowOf('quantile'));
    await acceptUntil(() => service.live.length > 0, 'the conversation ends in a run');
    const [view] = service.live;
    assert.match(view?.status.name ?? '', /quantile/i);
    await vscode.commands.executeCommand('lossLab.stop', { directory: view!.directory });
    await until(() => service.live.length === 0, 'the stop', 10_000);
  });
});
