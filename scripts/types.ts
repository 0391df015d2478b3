// Type-checks every folder under its own tsconfig, which withholds the globals that the folder must not use.
import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const projects = [
  'src/core',
  'src/trainer',
  'src/supervisor',
  'src/cli',
  'src/extension',
  'src/webview',
  '.',
];
const queue = [...projects];
let failed = 0;

async function check(): Promise<void> {
  for (let project = queue.shift(); project !== undefined; project = queue.shift()) {
    const args = [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', project, '--pretty', 'false'];
    const code = await new Promise((done) =>
      spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }).on('exit', done),
    );
    if (code !== 0) failed++;
  }
}
await Promise.all([check(), check()]);
process.exitCode = failed > 0 ? 1 : 0;
