// Runs the host suite in a real VS Code against what the VSIX contains. LOSSLAB_VSCODE=desktop takes
// @vscode/test-electron (needs a network), everything else the VS Code server from npm.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import * as esbuild from 'esbuild';
import * as v from 'valibot';
import { openWorkbench, startServer } from '../../scripts/vscode/server.ts';
import { packaged } from '../../scripts/packaged.ts';

const root = path.resolve(import.meta.dirname, '../..');
const outcomesSchema = v.array(v.object({ title: v.string(), error: v.optional(v.string()) }));

/** Bundles the suite for the extension host, which loads CommonJS. */
async function bundleSuite(): Promise<string> {
  const outdir = path.join(root, 'out/host');
  fs.rmSync(outdir, { recursive: true, force: true });
  const tests = fs.readdirSync(path.join(root, 'test/host')).filter((f) => f.endsWith('.test.ts'));
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ['test/host/index.ts', ...tests.map((t) => `test/host/${t}`)],
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return path.join(outdir, 'index.cjs');
}

async function inServer(
  extension: string,
  suite: string,
  workspace: string,
  env: Record<string, string>,
): Promise<number> {
  const server = await startServer({ workspace, env });
  let exit: (code: number) => void = () => undefined;
  const exited = new Promise<number>((done) => (exit = done));
  const workbench = await openWorkbench(
    server.url([
      ['extensionDevelopmentPath', server.remote(extension)],
      ['extensionTestsPath', server.remote(suite)],
    ]),
    {
      automation: {
        log: (type, args) => (type === 'info' ? undefined : console.log('  [host]', type, format(...args))),
        exit: (code) => exit(code),
      },
    },
  );
  const limit = setTimeout(() => exit(-1), Number(process.env['LOSSLAB_TIMEOUT'] ?? 300_000));
  try {
    const code = await exited;
    if (code !== 0) await workbench.page.screenshot({ path: path.join(root, 'out/host-failed.png') });
    if (code === -1) console.error('The host suite did not end in time.');
    return code;
  } finally {
    clearTimeout(limit);
    await workbench.close();
    await server.stop();
  }
}

async function onDesktop(
  extension: string,
  suite: string,
  workspace: string,
  env: Record<string, string>,
): Promise<number> {
  const { runTests } = await import('@vscode/test-electron');
  const executable = process.env['LOSSLAB_VSCODE_PATH'];
  return runTests({
    ...(executable === undefined ? {} : { vscodeExecutablePath: executable }),
    extensionDevelopmentPath: extension,
    extensionTestsPath: suite,
    launchArgs: [workspace, '--disable-workspace-trust'],
    extensionTestsEnv: env,
  });
}

const suite = await bundleSuite();
const extension = packaged();
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'losslab-host-'));
const results = path.join(scratch, 'results.json');
const workspace = path.join(root, 'test/fixtures/workspace');
const env = {
  LOSSLAB_RESULTS: results,
  LOSSLAB_ROOT: root,
  ...(process.env['LOSSLAB_GREP'] === undefined ? {} : { LOSSLAB_GREP: process.env['LOSSLAB_GREP'] }),
};
const run = process.env['LOSSLAB_VSCODE'] === 'desktop' ? onDesktop : inServer;
const code = await run(extension, suite, workspace, env);

const outcomes = fs.existsSync(results)
  ? v.parse(outcomesSchema, JSON.parse(fs.readFileSync(results, 'utf8')))
  : [];
for (const o of outcomes)
  console.log(o.error === undefined ? `  ok    ${o.title}` : `  FAIL  ${o.title}\n${o.error}`);
const failed = outcomes.filter((o) => o.error !== undefined).length;
// Exit code 0 alone could mean that nothing ran; the file alone could be an old one.
const believable = outcomes.length > 1 && (code === 0) === (failed === 0);
console.log(`host: ${outcomes.length - failed} passed, ${failed + (believable ? 0 : 1)} failed`);
fs.rmSync(scratch, { recursive: true, force: true });
process.exitCode = believable && failed === 0 ? 0 : 1;
