import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { editorNode } from '../../scripts/vscode/setup.ts';
import type { Contender } from './contender.ts';

const root = path.resolve(import.meta.dirname, '../..');
const peers = path.join(root, 'bench/peers');
const out = path.join(root, 'out/bench');

/** The editor's Node where VS Code was set up for this project, else the one that runs. */
export const node = fs.existsSync(editorNode) ? editorNode : process.execPath;

/** Bundles Loss Lab's contender as the trainer is bundled, and returns its file. */
export function buildOurs(): string {
  const outfile = path.join(out, 'ours.cjs');
  buildSync({
    absWorkingDir: root,
    entryPoints: ['bench/steps/ours.ts'],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['webgpu', 'gl'],
    define: { 'import.meta.url': '__bundleUrl', 'import.meta.dirname': '__dirname' },
    banner: { js: 'const __bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: 'error',
  });
  return outfile;
}

/** Everyone who is measured; with `python` PyTorch too, which may have to be installed first. */
export function contenders(options: { readonly python: boolean }): Contender[] {
  const ours = buildOurs();
  const script = installPeers();
  const torch = options.python ? findTorch() : { absent: 'left out of the short form' };
  const javascript = (id: string, name: string, args: readonly string[], more: Partial<Contender> = {}) => ({
    id,
    name,
    threads: 1,
    check: 'losses' as const,
    ...more,
    ...('absent' in script
      ? script
      : { command: [node, path.join(peers, args[0]!), ...args.slice(1)] as const }),
  });
  const pytorch = (threads: number, fused: boolean) => ({
    id: `torch-${threads}${fused ? '-fused' : ''}`,
    name: `PyTorch, ${threads === 1 ? '1 thread' : `${threads} threads`}${fused ? ', fused Adam' : ''}`,
    threads,
    check: 'losses' as const,
    ...('absent' in torch
      ? torch
      : {
          command: [
            torch.python,
            path.join(peers, 'torch_peer.py'),
            String(threads),
            ...(fused ? ['fused'] : []),
          ] as const,
        }),
  });
  return [
    {
      id: 'ours-1',
      name: 'Loss Lab, 1 thread',
      threads: 1,
      check: 'losses',
      command: [node, ours, 'webasm'],
    },
    {
      id: 'ours-2',
      name: 'Loss Lab, 2 threads',
      threads: 2,
      check: 'losses',
      command: [node, ours, 'webasm', '2'],
    },
    javascript('tfjs-wasm', 'TensorFlow.js, wasm', ['tfjs.mjs', 'wasm']),
    javascript('tfjs-cpu', 'TensorFlow.js, cpu', ['tfjs.mjs', 'cpu']),
    javascript('brain', 'brain.js', ['brain.mjs'], {
      check: 'outputs',
      differs: 'it updates after every row, and its output has the hidden activation and squared error',
    }),
    javascript('convnet', 'ConvNetJS', ['convnet.mjs'], {
      check: 'losses of SGD',
      differs: 'it has no Adam; SGD with momentum, which is less work',
    }),
    pytorch(1, false),
    pytorch(2, false),
    pytorch(1, true),
    pytorch(2, true),
  ];
}

/** Installs the JavaScript peers into their own folder, without install scripts, when they are not there. */
function installPeers(): { absent: string } | { installed: true } {
  const wanted = fs.readFileSync(path.join(peers, 'package-lock.json'), 'utf8');
  const stamp = path.join(peers, 'node_modules/.installed');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return { installed: true };
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peers,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (result.status !== 0)
    return { absent: `"npm ci" in bench/peers failed: ${firstLine(result.error?.message ?? result.stderr)}` };
  fs.writeFileSync(stamp, wanted);
  return { installed: true };
}

/**
 * A Python with PyTorch: LOSSLAB_PYTHON, the one of test/frameworks, one of the bench's own, which is made when there is
 * none yet.
 */
function findTorch(): { python: string } | { absent: string } {
  const named = process.env['LOSSLAB_PYTHON'];
  if (named !== undefined)
    return hasTorch(named) ? { python: named } : { absent: `LOSSLAB_PYTHON (${named}) cannot import torch` };
  const own = path.join(out, 'venv');
  const candidates = [path.join(root, '.venv'), own].map((folder) =>
    path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python'),
  );
  const found = candidates.find(hasTorch);
  if (found !== undefined) return { python: found };
  const python = candidates[1]!;
  console.log('Installing PyTorch into out/bench/venv; this happens once, takes minutes and gigabytes …');
  console.log('(LOSSLAB_PYTHON names a Python that has it already.)');
  try {
    execFileSync(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', own], { stdio: 'pipe' });
    const requirements = path.join(peers, 'requirements.txt');
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements], { stdio: 'pipe' });
  } catch (error) {
    return { absent: `no Python with PyTorch: ${firstLine(error instanceof Error ? error.message : '')}` };
  }
  return hasTorch(python) ? { python } : { absent: 'PyTorch was installed and cannot be imported' };
}

function hasTorch(python: string): boolean {
  return spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';
