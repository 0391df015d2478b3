import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll } from 'vitest';
import {
  parseExperiment,
  type Experiment,
  type ExperimentInput,
} from '../../src/core/training/experiment.ts';
import type { RunStatus } from '../../src/core/runs/record.ts';
import type { Run, RunEvent } from '../../src/supervisor/run.ts';
import type { Log } from '../../src/supervisor/trainerProcess.ts';

const root = resolve(import.meta.dirname, '../..');

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'loss-lab-test-'));
  folders.push(folder);
  return folder;
}

/**
 * The layout of the package (dist, media, package.json) with the bundles of today's sources.
 * @param replaced files that stand in for sources, by the end of the import that names them
 * @param constants of these files
 */
export async function installation(
  replaced: Readonly<Record<string, string>> = {},
  constants: Readonly<Record<string, string>> = {},
): Promise<{
  readonly folder: string;
  readonly trainer: string;
  readonly cli: string;
  /** A program that trains the experiment it is given, see host.ts. */
  readonly host: string;
  readonly dataSets: string;
}> {
  const folder = temporaryFolder();
  const dist = join(folder, 'dist');
  await esbuild.build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
    entryPoints: {
      trainer: 'src/trainer/main.ts',
      watchdog: 'src/trainer/watchdog.ts',
      cli: 'src/cli/main.ts',
      host: 'test/supervisor/host.ts',
    },
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    external: ['webgpu', 'gl'],
    plugins: [
      {
        name: 'stand-ins',
        setup(build) {
          build.onResolve({ filter: /\.ts$/ }, ({ path, importer }) => {
            const end = Object.keys(replaced).find((name) => path.endsWith(name));
            // The stand-in itself may import what it stands in for.
            if (end === undefined || importer === replaced[end]) return undefined;
            return { path: replaced[end]! };
          });
        },
      },
    ],
    define: { ...constants, 'import.meta.url': '__bundleUrl', 'import.meta.dirname': '__dirname' },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
  });
  mkdirSync(join(folder, 'media'));
  symlinkSync(join(root, 'media/datasets'), join(folder, 'media/datasets'), 'junction');
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  return {
    folder,
    trainer: join(dist, 'trainer.cjs'),
    cli: join(dist, 'cli.cjs'),
    host: join(dist, 'host.cjs'),
    dataSets: join(folder, 'media/datasets'),
  };
}

/** An experiment with every default filled in. */
export function experiment(input: Omit<ExperimentInput, 'version'>): Experiment {
  const parsed = parseExperiment({ version: 1, ...input });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** A log that remembers. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Fulfilled when an event satisfies the condition, or the latest status does. */
export function until(run: Run, holds: (status: RunStatus) => boolean): Promise<RunStatus> {
  return new Promise((fulfil, reject) => {
    const check = (status: RunStatus): boolean => {
      if (!holds(status)) return false;
      listening.dispose();
      fulfil(status);
      return true;
    };
    const listening = run.onEvent((event: RunEvent) => {
      if (event.type === 'phase' || check(event.status)) return;
      if (event.type === 'ended') reject(new Error(`The run ended first: ${JSON.stringify(event.status)}`));
    });
    check(run.status);
  });
}

/** Whether a process lives; a zombie does not. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // Dead, but its parent has not asked yet: it may be stopped, or an init that does not reap.
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return true;
  }
}

/** Looks again every 50 ms until it holds; false after the time. */
export async function eventually(holds: () => boolean, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    if (holds()) return true;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return holds();
}
