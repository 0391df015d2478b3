import type * as vscode from 'vscode';
import type { Settings } from './contributions.ts';

/** The settings as they are now, in the units of the code. */
export interface Config {
  readonly device: Settings['device'];
  readonly whenRunning: Settings['whenRunning'];
  /** Bytes; undefined for the trainer's own limit. */
  readonly memoryLimit: number | undefined;
  /** Threads of a training; undefined for the trainer's own choice. */
  readonly threads: number | undefined;
}

/** Reads every setting. A value of the wrong kind, which settings.json may hold, counts as the default. */
export function readConfig(workspace: Pick<typeof vscode.workspace, 'getConfiguration'>): Config {
  const settings = workspace.getConfiguration('lossLab');
  const get = (id: keyof Settings): unknown => settings.get(id);
  const device = get('device');
  const memoryLimit = get('memoryLimit');
  const threads = get('threads');
  return {
    device: device === 'webgpu' || device === 'webasm' || device === 'cpu' ? device : 'auto',
    whenRunning: get('whenRunning') === 'parallel' ? 'parallel' : 'queue',
    memoryLimit:
      typeof memoryLimit === 'number' && Number.isFinite(memoryLimit) && memoryLimit > 0
        ? memoryLimit * 1024 * 1024
        : undefined,
    threads: typeof threads === 'number' && Number.isInteger(threads) && threads > 0 ? threads : undefined,
  };
}
