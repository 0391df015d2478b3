// What the host suite sees of the extension: its own API in test mode, and what VS Code knows about it.
import fs from 'node:fs';
import inspector from 'node:inspector';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as vscode from 'vscode';
import type { TestAccess } from '../../src/extension/extension.ts';

export const extensionId = 'loss-lab.loss-lab';

export function extension(): vscode.Extension<TestAccess> {
  const found = vscode.extensions.getExtension<TestAccess>(extensionId);
  if (found === undefined) throw new Error(`${extensionId} is not installed`);
  return found;
}

/** Activates the extension and returns what it shows to tests. */
export async function access(): Promise<TestAccess> {
  return extension().activate();
}

/** Files of the extension that the engine has parsed so far, relative to its folder. */
export function loadedFiles(): string[] {
  const session = new inspector.Session();
  const urls: string[] = [];
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => urls.push(params.url));
  session.post('Debugger.enable');
  session.post('Debugger.disable');
  session.disconnect();
  const root = extension().extensionPath;
  return urls
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url))
    .filter((file) => file.startsWith(root + path.sep))
    .map((file) => path.relative(root, file).replaceAll(path.sep, '/'));
}

interface Metafile {
  readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, unknown>> }>>;
}

/** Source files that were bundled into a file of dist/, as the build recorded it. */
export function sourcesOf(bundle: string): string[] {
  const file = path.join(process.env['LOSSLAB_ROOT'] ?? '', 'out/meta/extension.json');
  const { outputs } = JSON.parse(fs.readFileSync(file, 'utf8')) as Metafile;
  const output = outputs[bundle];
  if (output === undefined) throw new Error(`${bundle} is not of this build: build and package again`);
  return Object.keys(output.inputs);
}

/** Waits until `probe` gives something, and returns it. */
export async function until<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  ms = 30_000,
): Promise<T> {
  for (const start = Date.now(); ;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() - start > ms) throw new Error(`waited ${ms} ms for: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** The workspace folder of the suite. */
export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('the suite needs its workspace folder');
  return vscode.Uri.joinPath(folder.uri, name);
}
