// `npm start`: builds Loss Lab and opens a real VS Code on examples/ with it: the `code` on the PATH if there is one,
// else a VS Code server from npm, whose address is printed. The sample folder is copied, so that it stays as it is.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startServer } from './vscode/server.ts';

const root = path.resolve(import.meta.dirname, '..');
const build = spawnSync(process.execPath, ['--import', 'tsx', path.join(root, 'scripts/build.ts')], {
  cwd: root,
  stdio: 'inherit',
});
if (build.status !== 0) process.exit(build.status ?? 1);

const examples = path.join(root, 'examples');
const code = spawnSync(process.platform === 'win32' ? 'where' : 'which', ['code'], {
  encoding: 'utf8',
}).stdout.split(/\r?\n/)[0];
if (code !== undefined && code !== '' && process.env['LOSSLAB_START'] !== 'server') {
  const workspace = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-examples-'));
  fs.cpSync(examples, workspace, { recursive: true });
  spawn(code, ['--new-window', `--extensionDevelopmentPath=${root}`, workspace], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  console.log(`VS Code opens on ${workspace}. Press F1 and choose "Loss Lab: Train Model".`);
} else {
  const port = process.env['PORT'] === undefined ? {} : { port: Number(process.env['PORT']) };
  const server = await startServer({
    workspace: examples,
    settings: { 'workbench.startupEditor': 'readme' },
    ...port,
  });
  const url = server.url([['extensionDevelopmentPath', server.remote(root)]]);
  console.log(
    `\nVS Code with Loss Lab is at\n\n  ${url}\n\nOpen it in a browser, press F1 and choose "Loss Lab: Train Model". Ctrl-C ends it.`,
  );
  const end = () => void server.stop().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
