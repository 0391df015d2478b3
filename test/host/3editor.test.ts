import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { editionFile, editions } from '../../src/core/code/fitting.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import { access, extension, workspaceFile } from './access.ts';

async function open(name: string): Promise<vscode.TextEditor> {
  return vscode.window.showTextDocument(await vscode.workspace.openTextDocument(workspaceFile(name)));
}

/** The text of our hovers at the `nth` occurrence of a word. */
async function hoverText(document: vscode.TextDocument, word: string, nth = 0): Promise<string> {
  let at = -1;
  for (let i = 0; i <= nth; i++) at = document.getText().indexOf(word, at + 1);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    document.positionAt(at + 1),
  );
  return hovers
    .flatMap(({ contents }) => contents.map((c) => (c instanceof vscode.MarkdownString ? c.value : '')))
    .join('\n');
}

describe('hover', () => {
  before(access);

  const cases: readonly [word: string, nth: number, loss: string][] = [
    ['HuberLoss', 0, 'Huber loss'],
    ['nn.MSELoss', 0, 'Mean squared error'],
    ['L()', 0, 'Mean squared error'],
    ['CrossEntropyLoss', 0, 'cross-entropy'],
    ['mse_loss', 0, 'Mean squared error'],
    ['Huber()', 0, 'Huber loss'],
    ['mse"', 0, 'Mean squared error'],
  ];
  for (const [word, nth, loss] of cases) {
    it(`shows formula and plot of ${loss} at ${word}`, async () => {
      const { document } = await open('hover.py');
      const text = await hoverText(document, word, nth);
      assert.ok(text.toLowerCase().includes(loss.toLowerCase()), text.slice(0, 300));
      assert.match(text, /data:image\/svg\+xml;base64,[A-Za-z0-9+/=]{1000,}/);
      assert.ok(text.length < 100_000, `${text.length} characters, VS Code cuts at 100,000`);
    });
  }

  it('names the argument that is given', async () => {
    const { document } = await open('hover.py');
    assert.match(await hoverText(document, 'HuberLoss'), /delta=0\.5/);
  });

  it('is silent for a class of the same name that is not the library’s', async () => {
    const { document } = await open('hover.py');
    assert.equal(await hoverText(document, 'MSELoss()', 2), '');
    assert.equal(await hoverText(document, 'own = MSELoss'), '');
  });
});

describe('insert', () => {
  before(access);
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('offers a code action in Python and TypeScript', async () => {
    for (const name of ['insert.py', 'insert.ts']) {
      const { document } = await open(name);
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        new vscode.Range(1, 0, 1, 0),
      );
      const titles = actions.map(({ title }) => title);
      assert.ok(titles.includes('Insert loss implementation…'), `${name}: ${titles.join(', ')}`);
    }
  });

  it('inserts in the manner of the file, merging imports, and one undo takes it back', async () => {
    const editor = await open('insert.py');
    const before = editor.document.getText();
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await vscode.commands.executeCommand('lossLab.insertLoss', { loss: 'huber' });
    const text = editor.document.getText();
    assert.match(text, /^import numpy as npy$/m);
    assert.equal([...text.matchAll(/^import numpy/gm)].length, 1, 'the import is merged');
    assert.match(text, /^def huber/m);
    assert.match(text, /npy\./);
    assert.doesNotMatch(text, /\bnp\./);
    await vscode.commands.executeCommand('undo');
    assert.equal(editor.document.getText(), before);
  });

  it('keeps CRLF', async () => {
    const document = await vscode.workspace.openTextDocument({
      language: 'python',
      content: 'import torch\r\n\r\nx = 1\r\n',
    });
    const editor = await vscode.window.showTextDocument(document);
    await editor.edit((edit) => edit.setEndOfLine(vscode.EndOfLine.CRLF));
    editor.selection = new vscode.Selection(1, 0, 1, 0);
    await vscode.commands.executeCommand('lossLab.insertLoss', { loss: 'mean-squared-error' });
    assert.match(document.getText(), /def mean_squared_error/);
    assert.match(document.getText(), /torch\./);
    assert.doesNotMatch(document.getText(), /[^\r]\n/);
  });

  for (const [language, head] of [
    ['python', 'import numpy as np\n\n'],
    ['typescript', "import * as tf from '@tensorflow/tfjs';\n\n"],
    ['javascript', "const fs = require('fs');\n\n"],
  ] as const)
    it(`completes loss-… with the implementation of any loss in ${language}`, async () => {
      const document = await vscode.workspace.openTextDocument({ language, content: `${head}loss-` });
      await vscode.window.showTextDocument(document);
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        document.positionAt(document.getText().length),
      );
      const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
      const own = labels.filter((label) => label.startsWith('loss-'));
      assert.equal(own.length, losses().length, labels.join(', '));
      const huber = list.items[labels.indexOf('loss-huber')];
      assert.ok(typeof huber?.insertText === 'string');
      assert.match(huber.insertText, language === 'python' ? /def huber_loss/ : /function huberLoss/);
    });

  it('ships the catalogue as printed code', async () => {
    for (const edition of editions) {
      const file = vscode.Uri.joinPath(extension().extensionUri, 'dist', editionFile(edition));
      const bytes = await vscode.workspace.fs.readFile(file);
      const printed = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, { code?: string }>;
      assert.deepEqual(
        Object.keys(printed),
        losses().map(({ id }) => id),
      );
      // A loss that an edition cannot express has a reason in place of code.
      for (const one of Object.values(printed)) assert.ok(typeof one === 'string' || one.code !== undefined);
    }
  });
});
