// Runs a suite inside the extension host of a real VS Code: in a throw-away server (default), or in the desktop
// editor of @vscode/test-electron (LOSSLAB_VSCODE=desktop, needs a network).
import fs from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import * as esbuild from 'esbuild';
import { openWorkbench, startServer } from './server.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Bundles files for the extension host, which loads a suite as CommonJS, and returns the folder. */
export async function bundleForHost(name: string, files: readonly string[]): Promise<string> {
  const outdir = path.join(root, 'out', name);
  fs.rmSync(outdir, { recursive: true, force: true });
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [...files],
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
  return outdir;
}

export interface HostRun {
  /** Folder of the unpacked extension. */
  readonly extension: string;
  /** CommonJS file that exports `run(): Promise<void>`. */
  readonly suite: string;
  readonly workspace: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Exit code of the suite; -1 when it did not end within LOSSLAB_TIMEOUT (5 minutes). */
export async function runInHost(run: HostRun): Promise<number> {
  return process.env['LOSSLAB_VSCODE'] === 'desktop' ? onDesktop(run) : inServer(run);
}

async function inServer({ extension, suite, workspace, env }: HostRun): Promise<number> {
  const server = await startServer({ workspace, env });
  let exit: (code: number) => void = () => undefined;
  const exited = new Promise<number>((done) => (exit = done));
  const address = server.url([
    ['extensionDevelopmentPath', server.remote(extension)],
    ['extensionTestsPath', server.remote(suite)],
  ]);
  const workbench = await openWorkbench(address, {
    automation: {
      log: (type, args) => {
        if (type !== 'info') console.log('  [host]', type, format(...args));
      },
      exit: (code) => {
        exit(code);
      },
    },
  });
  const limit = setTimeout(
    () => {
      exit(-1);
    },
    Number(process.env['LOSSLAB_TIMEOUT'] ?? 300_000),
  );
  try {
    const code = await exited;
    if (code !== 0) await workbench.page.screenshot({ path: path.join(root, 'out/host-failed.png') });
    if (code === -1) console.error('The suite did not end in time.');
    return code;
  } finally {
    clearTimeout(limit);
    await workbench.close();
    await server.stop();
  }
}

async function onDesktop({ extension, suite, workspace, env }: HostRun): Promise<number> {
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
