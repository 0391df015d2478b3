import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { access, extension, loadedFiles, sourcesOf } from './access.ts';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
  };
}

describe('activation', () => {
  before(access);

  it('loads the wiring and nothing else: no losses, no expressions, no trainer, no data reader, no formulas, no parser', () => {
    const loaded = loadedFiles();
    assert.ok(loaded.includes('dist/extension.js'), `the inspector saw ${loaded.join(', ')}`);
    const sources = loaded.flatMap(sourcesOf);
    assert.ok(sources.includes('src/extension/extension.ts'));
    const heavy =
      /^src\/core\/(losses|expression|figures|code|data|network|compute|optimizers)\/|^src\/(supervisor|trainer)\/|mathjax|gpu\.js|lezer|papaparse|fflate/;
    assert.deepEqual(
      sources.filter((file) => heavy.test(file)),
      [],
    );
  });

  it('registers exactly the commands that package.json declares', async () => {
    const { contributes } = extension().packageJSON as Manifest;
    const declared = contributes.commands.map(({ command }) => command).sort();
    const registered = (await vscode.commands.getCommands(true)).filter(
      (id) =>
        id.startsWith('lossLab.') &&
        !/\.(focus|open|resetViewLocation|removeView|toggleVisibility)$/.test(id),
    );
    assert.ok(declared.length > 10);
    assert.deepEqual(registered.sort(), declared);
  });
});
