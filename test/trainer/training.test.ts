import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeCheckpoint } from '../../src/core/training/checkpoint.ts';
import type { MetricsLine } from '../../src/core/runs/record.ts';
import type { RunEvent } from '../../src/supervisor/run.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor, type SupervisorOptions } from '../../src/supervisor/supervisor.ts';
import {
  eventually,
  experiment,
  installation,
  lives,
  memoryLog,
  temporaryFolder,
  until,
} from '../supervisor/helpers.ts';
import { logOf, resume, start, timeless, trainerOf } from './runs.ts';
import { words } from '../words.ts';

/** A run that is long enough to be interrupted, on any machine. */
const long = experiment({
  data: { source: 'builtin', name: 'diabetes' },
  model: { type: 'mlp', hidden: [16] },
  loss: { id: 'mean-squared-error' },
  training: { epochs: 1_000_000 },
});
const iris = experiment({
  data: { source: 'builtin', name: 'iris' },
  loss: { id: 'softmax-cross-entropy' },
  training: { epochs: 60, batch: 16 },
});

describe('a training run', () => {
  let installed: Awaited<ReturnType<typeof installation>>;
  beforeAll(async () => {
    installed = await installation();
  });
  const supervisors: Supervisor[] = [];
  afterEach(async () => {
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.dispose()));
  });

  function bench(options: Partial<SupervisorOptions> = {}): {
    supervisor: Supervisor;
    store: RunStore;
    log: ReturnType<typeof memoryLog>;
  } {
    const log = memoryLog();
    const supervisor = new Supervisor({
      trainer: installed.trainer,
      dataSets: installed.dataSets,
      log,
      ...options,
    });
    supervisors.push(supervisor);
    return { supervisor, store: new RunStore(temporaryFolder()), log };
  }

  it('goes from iris to a model', async () => {
    const { supervisor, store } = bench();
    const run = await start(supervisor, store, iris, 'auto');
    const events: RunEvent[] = [];
    run.onEvent((event) => events.push(event));
    expect(await run.started).toMatchObject({ ok: true });
    const status = await run.ended;
    expect(status).toMatchObject({
      state: 'finished',
      reason: 'epochs',
      epoch: 60,
      step: 480,
      steps: 480,
      parameters: 16 * 4 + 16 + 3 * 16 + 3,
    });
    expect(status.metrics?.['accuracy']).toBeGreaterThan(0.9);
    expect(words(status.device?.why)).not.toBe('');
    expect(status.dataNotes?.length).toBeGreaterThan(0);
    expect((await store.list())[0]!.status).toEqual(status);

    const log = logOf(run.directory);
    const steps = log.filter((line) => line.type === 'step').map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 480 }, (_, i) => i + 1));
    const epochs = log.filter((line) => line.type === 'epoch');
    expect(epochs.length).toBe(60);
    const best = Math.min(...epochs.map((line) => line.validationLoss!));
    expect(status.best).toMatchObject({ loss: best });
    const checkpoint = decodeCheckpoint(fs.readFileSync(join(run.directory, 'best.ckpt')));
    expect(checkpoint).toMatchObject({ ok: true, value: { position: { epoch: status.best?.epoch } } });

    const told = events.flatMap((event) => (event.type === 'batch' ? event.lines : []));
    // What the host is told may be thinned, but nothing is invented and the end is there.
    const all = new Set(timeless(log).map((line) => JSON.stringify(line)));
    expect(timeless(told).filter((line) => !all.has(JSON.stringify(line)))).toEqual([]);
    expect(timeless(told).slice(-2)).toEqual(timeless(log).slice(-2));
    expect(told.map(({ step }) => step)).toEqual(told.map(({ step }) => step).sort((a, b) => a - b));
    for (const event of events)
      if (event.type === 'batch') expect(event.lines.length).toBeLessThanOrEqual(256);
    expect(fs.readdirSync(run.directory).sort()).toEqual([
      'best.ckpt',
      'experiment.json',
      'last.ckpt',
      'metrics.jsonl',
      'status.json',
    ]);
  });

  it.each(['float64', 'webasm', 'cpu'] as const)('says the same twice on %s', async (device) => {
    const { supervisor, store } = bench();
    const runs = await Promise.all([
      start(supervisor, store, iris, device),
      start(supervisor, store, iris, device),
    ]);
    for (const run of runs)
      expect(await run.ended).toMatchObject({ state: 'finished', device: { id: device } });
    expect(timeless(logOf(runs[0].directory))).toEqual(timeless(logOf(runs[1].directory)));
  });

  it('pauses, goes on and stops', async () => {
    const { supervisor, store } = bench();
    const run = await start(supervisor, store, long, 'webasm');
    await until(run, ({ step }) => step > 0);
    run.pause();
    const paused = await until(run, ({ state }) => state === 'paused');
    let told = 0;
    const listening = run.onEvent(() => told++);
    await new Promise((resolve) => setTimeout(resolve, 400));
    listening.dispose();
    expect(told).toBe(0);
    expect((await store.list())[0]!.status).toMatchObject({ state: 'paused', step: paused.step });
    expect(logOf(run.directory).at(-1)!.step).toBe(paused.step);
    run.resume();
    await until(run, ({ state, step }) => state === 'running' && step > paused.step);
    const pid = trainerOf(run);
    run.stop();
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'stopped', reason: 'user' });
    expect(words(status.note)).not.toContain('did not answer');
    expect(logOf(run.directory).at(-1)!.step).toBe(status.step);
    expect(lives(pid)).toBe(false);
  });

  it('pauses when asked before it has begun, and stops while paused', async () => {
    const { supervisor, store } = bench();
    const run = await start(supervisor, store, long);
    run.pause();
    const status = await until(run, ({ state }) => state === 'paused');
    expect(status.step).toBe(0);
    run.stop();
    expect(await run.ended).toMatchObject({ state: 'stopped', reason: 'user', step: 0 });
  });

  it('takes a new name while it trains', async () => {
    const { supervisor, store } = bench();
    const run = await start(supervisor, store, long);
    await until(run, ({ state }) => state === 'running');
    expect(await store.rename(run.id, 'A better name')).toMatchObject({ ok: true });
    await until(run, ({ name }) => name === 'A better name');
    run.stop();
    await run.ended;
    expect((await store.list())[0]!.status.name).toBe('A better name');
  });

  it('stops where the loss is not finite and keeps what was before', async () => {
    const { supervisor, store, log: said } = bench();
    const wild = experiment({
      data: { source: 'builtin', name: 'diabetes' },
      scaling: { features: 'none', target: 'none' },
      loss: { id: 'mean-squared-error' },
      optimizer: { type: 'sgd', rate: 10 },
      training: { epochs: 100 },
    });
    const run = await start(supervisor, store, wild);
    const live: MetricsLine[] = [];
    run.onEvent((event) => event.type === 'batch' && live.push(...event.lines));
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'stopped', reason: 'notFinite' });
    expect(words(status.note)).toContain(`step ${status.step}`);
    expect(words(status.note)).toContain('learning rate');
    const log = logOf(run.directory).filter((line) => line.type === 'step');
    expect(log.map(({ step }) => step)).toEqual(Array.from({ length: status.step }, (_, i) => i + 1));
    expect(log.slice(0, -1).every(({ loss }) => Number.isFinite(loss))).toBe(true);
    // A number that is none came to the host as well.
    expect(live.filter((line) => line.type === 'step').map(({ loss }) => loss)).toEqual(
      log.map(({ loss }) => loss),
    );
    expect(log.at(-1)!.loss).not.toSatisfy(Number.isFinite);
    expect(said.lines.filter((line) => !/^(debug|info) /.test(line))).toEqual([]);
  });

  it('ends before it takes more memory than it may', async () => {
    const { supervisor, store } = bench({ memoryLimit: 1 << 20 });
    const run = await start(supervisor, store, long);
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'failed', reason: 'memory' });
    expect(words(status.note)).toContain('memory');
  });

  it('is refused with numbers where its memory cannot fit, and tells what it takes where it can', async () => {
    const wide = experiment({
      data: { source: 'builtin', name: 'diabetes' },
      model: { type: 'mlp', hidden: [2000, 2000] },
      loss: { id: 'mean-squared-error' },
    });
    const { supervisor, store } = bench({ memoryLimit: 400 * 2 ** 20 });
    const run = await start(supervisor, store, wide, 'float64');
    const refused = await run.started;
    expect(refused.ok ? '' : words(refused.problems[0]!.message)).toMatch(
      /needs about [\d.]+ [MG]B of memory besides the [\d.]+ MB that it has taken, but may take 400 MB/,
    );
    expect(await run.ended).toMatchObject({ state: 'failed', reason: 'badInput' });
    expect(await store.list()).toEqual([]);
    const small = await start(supervisor, store, { ...long, training: { ...long.training, steps: 3 } });
    const ended = await small.ended;
    expect(ended).toMatchObject({ state: 'finished', reason: 'steps', step: 3 });
    expect(words(ended.device?.why)).toMatch(/193 parameters; training takes about .* a step/);
  });

  it('is interrupted when its host goes in an orderly way, and goes on later', async () => {
    const { supervisor, store } = bench();
    const run = await start(supervisor, store, long);
    await until(run, ({ step }) => step > 50);
    await supervisor.dispose();
    expect(run.status).toMatchObject({ state: 'interrupted', reason: 'hostGone' });
    const at = run.status.step;
    expect(logOf(run.directory).at(-1)!.step).toBe(at);
    const next = bench().supervisor;
    const again = await resume(next, store, run.id);
    const status = await until(again, ({ state, step }) => state === 'running' && step > at);
    expect(status.reason).toBeUndefined();
    again.stop();
    await again.ended;
    const steps = logOf(run.directory)
      .filter((line): line is Extract<MetricsLine, { type: 'step' }> => line.type === 'step')
      .map(({ step }) => step);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  });

  describe.runIf(process.platform !== 'win32')('whose trainer is killed (signals: not on Windows)', () => {
    it.each([
      ['float64', 400],
      ['webasm', 1500],
    ] as const)('resumes on %s as if nothing had happened', async (device, epochs) => {
      const { supervisor, store } = bench();
      const limited = { ...long, training: { ...long.training, epochs } };
      const whole = await start(supervisor, store, limited, device);
      expect(await whole.ended).toMatchObject({ state: 'finished' });

      let run = await start(supervisor, store, limited, device);
      await until(run, ({ step }) => step > 20);
      run.pause();
      const { step } = await until(run, ({ state }) => state === 'paused');
      await eventually(() => fs.existsSync(join(run.directory, 'last.ckpt')), 5000);
      run.resume();
      await until(run, (status) => status.step > step);
      process.kill(trainerOf(run), 'SIGKILL');
      const killed = await run.ended;
      expect(killed).toMatchObject({ state: 'failed', reason: 'killed' });
      expect(words(killed.note)).toContain(`up to step ${killed.step}`);
      expect((await store.metrics(run.id, () => undefined)).lines).toBeGreaterThan(0);

      run = await resume(supervisor, store, run.id, device);
      await until(run, (status) => status.state === 'running' && status.step > step);
      run.pause();
      await until(run, ({ state }) => state === 'paused');
      process.kill(trainerOf(run), 'SIGSEGV');
      expect(await run.ended).toMatchObject({ state: 'failed', reason: 'crash' });

      run = await resume(supervisor, store, run.id, device);
      const status = await run.ended;
      expect(status).toMatchObject({ state: 'finished' });
      const { loss, validationLoss, metrics, best } = whole.status;
      expect(status).toMatchObject({ loss, validationLoss, metrics, best });
      expect(timeless(logOf(run.directory))).toEqual(timeless(logOf(whole.directory)));
    });

    it.each(['SIGKILL', 'SIGSEGV'] as const)('by %s while it starts', async (signal) => {
      const { supervisor, store } = bench();
      const folder = temporaryFolder();
      const file = join(folder, 'large.csv');
      fs.writeFileSync(file, `x,y\n${'1.5,2.5\n2.5,4\n'.repeat(1_000_000)}`);
      const large = experiment({
        data: { source: 'file', path: file },
        loss: { id: 'mean-squared-error' },
        training: { epochs: 1_000_000, batch: 4096 },
      });
      const run = await start(supervisor, store, large, 'float64', file);
      await new Promise<void>((resolve) => {
        run.onEvent((event) => {
          if (event.type === 'phase' && (event.share ?? 0) > 0) resolve();
        });
      });
      process.kill(trainerOf(run), signal);
      const status = await run.ended;
      expect(status).toMatchObject({
        state: 'failed',
        reason: signal === 'SIGKILL' ? 'killed' : 'crash',
        step: 0,
      });
      expect(words(status.note)).toContain('had not saved a step');
      const again = await resume(supervisor, store, run.id);
      again.stop();
      expect(await again.ended).toMatchObject({ state: 'stopped', reason: 'user', step: 0 });
    });

    it('falls back to the checkpoint before when the last one is damaged', async () => {
      const { supervisor, store } = bench();
      const run = await start(supervisor, store, long);
      for (let checkpoints = 0; checkpoints < 2; checkpoints++) {
        const { step } = run.status;
        await until(run, (status) => status.state === 'running' && status.step > step);
        run.pause();
        await until(run, ({ state }) => state === 'paused');
        await eventually(() => fs.existsSync(join(run.directory, 'last.ckpt')), 5000);
        run.resume();
      }
      run.stop();
      await run.ended;
      const last = fs.readFileSync(join(run.directory, 'last.ckpt'));
      last[last.length >> 1]! ^= 0xff;
      fs.writeFileSync(join(run.directory, 'last.ckpt'), last);
      const again = await resume(supervisor, store, run.id);
      const status = await until(again, ({ state }) => state === 'running');
      expect(words(...(status.dataNotes ?? []))).toContain('damaged');
      again.stop();
      await again.ended;
    });
  });
});
