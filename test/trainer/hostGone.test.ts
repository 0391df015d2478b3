import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentInput } from '../../src/core/training/experiment.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { eventually, installation, lives, temporaryFolder } from '../supervisor/helpers.ts';

const short: ExperimentInput = {
  version: 1,
  data: { source: 'builtin', name: 'iris' },
  loss: { id: 'softmax-cross-entropy' },
  training: { epochs: 1_000_000 },
};

/** Minutes of arithmetic in one step, between which the trainer's main thread cannot hear anything. */
const longKernel: ExperimentInput = {
  version: 1,
  data: { source: 'builtin', name: 'digits' },
  model: { type: 'mlp', hidden: [2048, 2048] },
  loss: { id: 'softmax-cross-entropy' },
  training: { epochs: 1_000_000, batch: 'full' },
};

interface Told {
  readonly pid?: number;
  readonly state: string;
  readonly step: number;
}

describe('a trainer whose host is gone', () => {
  let installed: Awaited<ReturnType<typeof installation>>;
  beforeAll(async () => {
    installed = await installation();
  });
  const processes: ChildProcess[] = [];
  const pids: number[] = [];
  afterEach(() => {
    for (const child of processes.splice(0)) child.kill('SIGKILL');
    for (const pid of pids.splice(0)) if (lives(pid)) process.kill(pid, 'SIGKILL');
  });

  /** Starts a host in a process of its own and waits until its run is as wished. */
  async function hosted(
    trainer: string,
    root: string,
    experiment: ExperimentInput,
    ready: (told: Told) => boolean,
  ): Promise<{ host: ChildProcess; pid: number; told: Told }> {
    const host = spawn(
      process.execPath,
      [installed.host, trainer, installed.dataSets, root, JSON.stringify(experiment)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    processes.push(host);
    for await (const line of createInterface(host.stdout)) {
      const told = JSON.parse(line) as Told;
      if (told.pid === undefined || !ready(told)) continue;
      pids.push(told.pid);
      return { host, pid: told.pid, told };
    }
    throw new Error('the host ended first');
  }

  it('saves, ends and leaves an interrupted run', async () => {
    const root = temporaryFolder();
    const { host, pid, told } = await hosted(installed.trainer, root, short, ({ step }) => step > 0);
    host.kill('SIGKILL');
    expect(await eventually(() => !lives(pid), 10_000)).toBe(true);
    const store = new RunStore(root);
    const [run] = await store.list();
    expect(run?.status).toMatchObject({ state: 'interrupted', reason: 'hostGone' });
    expect(run!.status.step).toBeGreaterThanOrEqual(told.step);
    expect(fs.existsSync(join(run!.directory, 'last.ckpt'))).toBe(true);
    expect(store.isOwned(run!.id)).toBe(false);
  });

  it('is gone within ten seconds also from within a long kernel', async () => {
    const root = temporaryFolder();
    const { host, pid } = await hosted(
      installed.trainer,
      root,
      longKernel,
      ({ state }) => state === 'running',
    );
    // Into the middle of the first step.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    host.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(lives(pid), 'the main thread had time to notice, so this was no long kernel').toBe(true);
    expect(await eventually(() => !lives(pid), 9000)).toBe(true);
    const store = new RunStore(root);
    expect((await store.list())[0]!.status.state).toBe('running');
    expect((await store.recover()).map(({ status }) => status.state)).toEqual(['interrupted']);
  });

  it('is gone too when its main thread never comes back', async () => {
    const folder = temporaryFolder();
    const trainer = join(folder, 'trainer.cjs');
    // The real watchdog, started as the trainer does, beside a main thread in an endless loop.
    fs.writeFileSync(
      trainer,
      `const { Worker } = require('node:worker_threads');
      const watchdog = new Worker(${JSON.stringify(join(installed.trainer, '../watchdog.cjs'))}, { workerData: { life: 4, parent: process.ppid, graceMs: 2000, silentMs: 30000 } });
      watchdog.once('message', () => process.on('message', (m) => {
        const status = JSON.parse(require('node:fs').readFileSync(m.directory + '/status.json', 'utf8'));
        process.send({ type: 'status', status: { ...status, state: 'running', pid: process.pid } }, () => { for (;;); });
      }));`,
    );
    const { host, pid } = await hosted(
      trainer,
      join(folder, 'runs'),
      short,
      ({ state }) => state === 'running',
    );
    host.kill('SIGKILL');
    expect(await eventually(() => !lives(pid), 10_000)).toBe(true);
  });

  it.runIf(process.platform !== 'win32')(
    'outlives a pause of its own or of its host (stop signals: not on Windows)',
    async () => {
      const { host, pid } = await hosted(installed.trainer, temporaryFolder(), short, ({ step }) => step > 0);
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 6000));
      process.kill(pid, 'SIGCONT');
      process.kill(host.pid!, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 6000));
      process.kill(host.pid!, 'SIGCONT');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(lives(pid)).toBe(true);
    },
  );

  it.runIf(process.platform !== 'win32')(
    'gives up on a host that is silent for too long (stop signals: not on Windows)',
    async () => {
      const folder = temporaryFolder();
      const trainer = join(folder, 'trainer.cjs');
      fs.writeFileSync(
        trainer,
        `const { Worker } = require('node:worker_threads');
      const watchdog = new Worker(${JSON.stringify(join(installed.trainer, '../watchdog.cjs'))}, { workerData: { life: 4, parent: process.ppid, graceMs: 2000, silentMs: 2500 } });
      watchdog.once('message', () => process.on('message', (m) => {
        const status = JSON.parse(require('node:fs').readFileSync(m.directory + '/status.json', 'utf8'));
        process.send({ type: 'status', status: { ...status, state: 'running', pid: process.pid } });
      }));`,
      );
      const { host, pid } = await hosted(
        trainer,
        join(folder, 'runs'),
        short,
        ({ state }) => state === 'running',
      );
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(lives(pid), 'with a host that shows that it lives').toBe(true);
      process.kill(host.pid!, 'SIGSTOP');
      expect(await eventually(() => !lives(pid), 10_000)).toBe(true);
      process.kill(host.pid!, 'SIGCONT');
    },
  );
});
