import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { english, type Problem, type Result } from '../../src/core/messages/message.ts';
import type { Experiment, ExperimentInput } from '../../src/core/training/experiment.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import {
  eventually,
  experiment,
  installation,
  memoryLog,
  temporaryFolder,
  until,
} from '../supervisor/helpers.ts';
import { logOf, resume, start } from './runs.ts';
import { words } from '../words.ts';

const sentences = (problems: readonly Problem[]): string =>
  problems.map(({ message }) => english(message)).join(' ');

describe('bad input', () => {
  let installed: Awaited<ReturnType<typeof installation>>;
  beforeAll(async () => {
    installed = await installation();
  });
  const supervisors: Supervisor[] = [];
  afterEach(async () => {
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.dispose()));
  });
  const mounted: string[] = [];
  afterAll(() => {
    for (const folder of mounted) execFileSync('umount', ['-l', folder]);
  });

  function newSupervisor(): Supervisor {
    const supervisor = new Supervisor({
      trainer: installed.trainer,
      dataSets: installed.dataSets,
      log: memoryLog(),
    });
    supervisors.push(supervisor);
    return supervisor;
  }

  /** Tries to train and returns why it cannot be; nothing may be left of the run. */
  async function refusal(trained: Experiment, dataFile?: string): Promise<string> {
    const store = new RunStore(temporaryFolder());
    const result = await newSupervisor().start(store, trained, { device: 'float64', dataFile });
    let problems: Result<unknown> = result;
    if (result.ok) {
      problems = await result.value.started;
      expect(await result.value.ended).toMatchObject({ state: 'failed', reason: 'badInput' });
    }
    expect(problems.ok).toBe(false);
    expect(fs.readdirSync(store.root)).toEqual([]);
    return problems.ok ? '' : sentences(problems.problems);
  }

  function csv(text: string): string {
    const path = join(temporaryFolder(), 'data.csv');
    fs.writeFileSync(path, text);
    return path;
  }
  const onFile = (path: string, loss = 'mean-squared-error', target = 'y'): Experiment =>
    experiment({ data: { source: 'file', path, target }, loss: { id: loss } });
  const refusedFile = (text: string, loss?: string, target?: string): Promise<string> => {
    const path = csv(text);
    return refusal(onFile(path, loss, target), path);
  };
  const numbers = Array.from({ length: 30 }, (_, i) => `${i},${2 * i}`).join('\n');

  it('an empty file', async () => expect(await refusedFile('')).toMatch(/empty/));
  it('a header without rows', async () => expect(await refusedFile('x,y\n')).toMatch(/header.*no rows/));
  it('one row', async () => expect(await refusedFile('x,y\n1,2\n')).toMatch(/row/i));
  it('text as a regression target', async () =>
    expect(await refusedFile(`x,y\n1,red\n2,green\n3,blue\n4,red\n5,green\n6,blue\n`)).toMatch(/"y"/));
  it('an infinite cell', async () =>
    expect(await refusedFile(`x,y\n${numbers}\n1e999,5\n`)).toMatch(/(?=.*32)(?=.*1e999)/));
  it('a target column that is not there', async () =>
    expect(await refusedFile(`x,y\n${numbers}\n`, undefined, 'z')).toMatch(/"z"/));
  it('a loss that does not fit the target', async () => {
    expect(await refusedFile(`x,y\n${numbers}\n`, 'binary-cross-entropy-logits')).toMatch(/"y"/);
  });
  it('a loss that does not exist', async () => {
    expect(
      await refusal(experiment({ data: { source: 'builtin', name: 'iris' }, loss: { id: 'no-such-loss' } })),
    ).toMatch(/no-such-loss/);
  });
  it('a parameter out of range', async () => {
    const wrong: ExperimentInput['loss'] = { id: 'huber', parameters: { delta: -1 } };
    expect(await refusal(experiment({ data: { source: 'builtin', name: 'diabetes' }, loss: wrong }))).toMatch(
      /delta|δ/,
    );
  });
  it('a file that is not there, or is a folder', async () => {
    const folder = temporaryFolder();
    expect(await refusal(onFile(join(folder, 'gone.csv')), join(folder, 'gone.csv'))).toMatch(
      /gone\.csv does not exist/,
    );
    expect(await refusal(onFile(folder), folder)).toMatch(/is not a file/);
  });

  it('cells that are missing are reported, not read as zero', async () => {
    const path = csv(`x,y\n${numbers}\nNaN,5\n`);
    const store = new RunStore(temporaryFolder());
    const run = await start(
      newSupervisor(),
      store,
      { ...onFile(path), training: { ...onFile(path).training, epochs: 2 } },
      'float64',
      path,
    );
    expect(await run.ended).toMatchObject({ state: 'finished' });
    expect(words(...(run.status.dataNotes ?? []))).toMatch(/32/);
  });

  it('a file that is cut while it is read', async () => {
    const path = csv(`x,y\n${'1.5,2.5\n2.5,4\n'.repeat(1_500_000)}`);
    const store = new RunStore(temporaryFolder());
    const started = await newSupervisor().start(store, onFile(path), { device: 'float64', dataFile: path });
    if (!started.ok) throw new Error('unreachable');
    const run = started.value;
    await new Promise<void>((resolve) =>
      run.onEvent((event) => event.type === 'phase' && (event.share ?? 0) > 0 && resolve()),
    );
    fs.truncateSync(path, 1000);
    const result = await run.started;
    expect(result.ok ? '' : sentences(result.problems)).toMatch(/changed while it was being read/);
    await run.ended;
    expect(fs.readdirSync(store.root)).toEqual([]);
  });

  it('a file that is deleted during the training: the run goes on and says so; resuming needs the file', async () => {
    const path = csv(`x,y\n${numbers}\n`);
    const store = new RunStore(temporaryFolder());
    const supervisor = newSupervisor();
    const long = { ...onFile(path), training: { ...onFile(path).training, epochs: 1_000_000 } };
    const run = await start(supervisor, store, long, 'float64', path);
    await until(run, ({ step }) => step > 0);
    fs.rmSync(path);
    const status = await until(run, ({ dataNotes }) => words(...(dataNotes ?? [])).includes('deleted'));
    expect(status.state).toBe('running');
    run.stop();
    const stopped = await run.ended;
    expect(stopped).toMatchObject({ state: 'stopped', reason: 'user' });

    const again = await resume(supervisor, store, run.id);
    const result = await again.started;
    expect(result.ok ? '' : sentences(result.problems)).toMatch(/does not exist/);
    await again.ended;
    expect((await store.list())[0]!.status).toEqual(stopped);

    fs.writeFileSync(path, `x,y\n${numbers}\n99,99\n`);
    const changed = await resume(supervisor, store, run.id);
    const refused = await changed.started;
    expect(refused.ok ? '' : sentences(refused.problems)).toMatch(/has changed since this run began/);
    await changed.ended;

    fs.writeFileSync(path, `x,y\n${numbers}\n`);
    const good = await resume(supervisor, store, run.id);
    await until(good, ({ state, step }) => state === 'running' && step > stopped.step);
    good.stop();
    await good.ended;
  });

  const iris = experiment({
    data: { source: 'builtin', name: 'iris' },
    loss: { id: 'softmax-cross-entropy' },
    training: { epochs: 1_000_000 },
  });

  it('a file where the folder for runs should be', async () => {
    const file = csv('');
    const result = await newSupervisor().start(new RunStore(join(file, 'runs')), iris, { device: 'float64' });
    expect(result.ok ? '' : sentences(result.problems)).toMatch(/is not a folder/);
  });

  it.runIf(process.platform === 'linux')(
    'a log that cannot be written, as on a full disk (/dev/full: Linux)',
    async () => {
      /** Its runs have a log on the device that is always full. */
      class FullStore extends RunStore {
        override async create(...given: Parameters<RunStore['create']>): ReturnType<RunStore['create']> {
          const created = await super.create(...given);
          if (created.ok) fs.symlinkSync('/dev/full', join(created.value.directory, 'metrics.jsonl'));
          return created;
        }
      }
      const store = new FullStore(temporaryFolder());
      const run = await start(newSupervisor(), store, iris);
      const status = await run.ended;
      expect(status).toMatchObject({ state: 'failed', reason: 'disk' });
      expect(words(status.note)).toMatch(/disk is full/);
      expect((await store.list())[0]!.status).toEqual(status);
    },
  );

  /** A file system of its own; none where this process may not mount one. */
  function mountMemory(options: string): string | undefined {
    const folder = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    mounted.push(folder);
    return folder;
  }
  const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountable();

  it.runIf(canMount)('a disk that is full or fills up (needs the right to mount)', async () => {
    const folder = mountMemory('size=400k')!;
    const ballast = join(folder, 'ballast');
    const fill = (): void => {
      try {
        fs.writeFileSync(ballast, Buffer.alloc(1 << 20));
      } catch {
        // That is the point.
      }
    };
    fill();
    const store = new RunStore(join(folder, 'runs'));
    const supervisor = newSupervisor();
    const refused = await supervisor.start(store, iris, { device: 'float64' });
    expect(refused.ok ? '' : sentences(refused.problems)).toMatch(/disk is full/);
    expect(await store.list()).toEqual([]);

    fs.truncateSync(ballast, 100_000);
    const run = await start(supervisor, store, iris);
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'failed', reason: 'disk' });
    expect(words(status.note)).toMatch(/disk is full/);
    expect((await store.list())[0]!.status).toEqual(status);
    expect(fs.readdirSync(run.directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect((await store.metrics(run.id, () => undefined)).lines).toBeGreaterThan(100);

    fs.rmSync(ballast);
    const again = await resume(supervisor, store, run.id);
    await until(again, ({ state }) => state === 'running');
    again.stop();
    expect(await again.ended).toMatchObject({ state: 'stopped' });
    logOf(run.directory);
  });

  it.runIf(canMount || process.getuid?.() !== 0)(
    'a folder that is read-only (needs the right to mount, or not to be root)',
    async () => {
      const folder = mountMemory('ro') ?? temporaryFolder();
      if (!mounted.includes(folder)) fs.chmodSync(folder, 0o555);
      const result = await newSupervisor().start(new RunStore(join(folder, 'runs')), iris, {
        device: 'float64',
      });
      expect(result.ok ? '' : sentences(result.problems)).toMatch(/read-only/);
      expect(fs.readdirSync(folder)).toEqual([]);
    },
  );

  it('a run whose folder is deleted while it trains', async () => {
    const store = new RunStore(temporaryFolder());
    const run = await start(newSupervisor(), store, iris);
    await until(run, ({ step }) => step > 0);
    fs.renameSync(run.directory, join(temporaryFolder(), 'elsewhere'));
    expect(await run.ended).toMatchObject({ state: 'failed', reason: 'disk' });
    expect(await eventually(() => fs.readdirSync(store.root).length === 0, 1000)).toBe(true);
  });
});

function mountable(): boolean {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
