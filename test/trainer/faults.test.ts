import * as fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PhaseName } from '../../src/core/protocol/trainer.ts';
import type { RunStatus } from '../../src/core/runs/record.ts';
import type { Run } from '../../src/supervisor/run.ts';
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
import { words } from '../words.ts';
import { logOf, resume, start, timeless, trainerOf } from './runs.ts';

/** Long enough to be in the middle of it, short enough to be run to its end. */
const diabetes = experiment({
  data: { source: 'builtin', name: 'diabetes' },
  model: { type: 'mlp', hidden: [8] },
  loss: { id: 'huber' },
  training: { epochs: 150, batch: 32 },
});

describe('faults', () => {
  const supervisors: Supervisor[] = [];
  afterEach(async () => {
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.dispose()));
  });
  const installed = installation();

  async function bench(at = installed): Promise<{ supervisor: Supervisor; store: RunStore }> {
    const { trainer, dataSets } = await at;
    const supervisor = new Supervisor({ trainer, dataSets, log: memoryLog() });
    supervisors.push(supervisor);
    return { supervisor, store: new RunStore(temporaryFolder()) };
  }

  /** The steps of a log, which must have no gap and none twice. */
  function stepsOf(run: Run): number {
    const steps = logOf(run.directory).filter(({ type }) => type === 'step');
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1));
    return steps.length;
  }

  it.each([
    ['lost', { reason: 'crash' }, /device was lost.*choose another device/i],
    ['memory', { reason: 'memory' }, /not enough memory at step \d+.*smaller batch/i],
  ] as const)('of the device (%s) keep every step before', async (fault, expected, sentence) => {
    const failing = installation(
      { './open.ts': join(import.meta.dirname, 'failingDevice.ts') },
      { FAULT: JSON.stringify(fault) },
    );
    const { supervisor, store } = await bench(failing);
    const run = await start(supervisor, store, diabetes);
    const status = await run.ended;
    expect(status).toMatchObject({ state: 'failed', ...expected });
    expect(words(status.note)).toMatch(sentence);
    expect(status.step).toBeGreaterThan(0);
    expect(status.step).toBeLessThanOrEqual(200);
    expect(stepsOf(run)).toBe(status.step);
    expect((await store.list())[0]!.status).toEqual(status);

    // On a device that works the run goes on, and comes to the end of one that never failed.
    const { supervisor: sound } = await bench();
    const again = await resume(sound, store, run.id);
    expect(await again.ended).toMatchObject({ state: 'finished', reason: 'epochs' });
    const whole = await start(sound, store, diabetes);
    await whole.ended;
    expect(timeless(logOf(again.directory))).toEqual(timeless(logOf(whole.directory)));
  });

  describe.runIf(process.platform === 'linux')('of the disk (/dev/full: Linux)', () => {
    /** The next replacement of a file by its trainer meets a full disk. */
    const fill = (run: Run, name: string): void =>
      fs.symlinkSync('/dev/full', join(run.directory, `${name}.${trainerOf(run)}.tmp`));

    it.each([
      ['last.ckpt.next', 'a checkpoint'],
      ['best.ckpt', 'the best model'],
    ])('at %s end the run with what was written before', async (name) => {
      const { supervisor, store } = await bench();
      const endless = { ...diabetes, training: { ...diabetes.training, epochs: 1_000_000 } };
      let run = await start(supervisor, store, endless);
      await until(run, ({ step }) => step > 20);
      run.pause();
      const { step } = await until(run, ({ state }) => state === 'paused');
      // The first checkpoint is written now; the fault hits the next one.
      expect(await eventually(() => fs.existsSync(join(run.directory, 'last.ckpt')), 5000)).toBe(true);
      fill(run, name);
      run.resume();
      await until(run, (status) => status.step > step);
      run.stop();
      const status = await run.ended;
      expect(status).toMatchObject({ state: 'failed', reason: 'disk' });
      expect(words(status.note)).toMatch(/disk is full.*Resume continues from the last checkpoint/);
      expect(stepsOf(run)).toBe(status.step);
      expect(fs.readdirSync(run.directory).filter((file) => file.endsWith('.tmp'))).toEqual([]);
      expect((await store.list())[0]!.status).toEqual(status);

      run = await resume(supervisor, store, run.id);
      await until(run, (now) => now.state === 'running' && now.step > status.step);
      run.stop();
      const end = await run.ended;
      expect(end).toMatchObject({ state: 'stopped', reason: 'user' });
      expect(stepsOf(run)).toBe(end.step);
    });
  });

  describe.runIf(process.platform !== 'win32')('by a kill (signals: not on Windows)', () => {
    it.each<PhaseName | RunStatus['state']>([
      'preparing',
      'device',
      'compiling',
      'running',
      'paused',
      'stopping',
    ])('in the phase "%s" leave a run that can be resumed to the same end', async (phase) => {
      const { supervisor, store } = await bench();
      let run = await start(supervisor, store, diabetes);
      await new Promise<void>((reached) => {
        run.onEvent((event) => {
          if (event.type === 'phase' ? event.phase === phase : event.status.state === phase) reached();
          else if (event.type === 'status' && event.status.state === 'running') {
            if (phase === 'paused') run.pause();
            if (phase === 'stopping') run.stop();
          }
        });
      });
      process.kill(trainerOf(run), 'SIGKILL');
      const killed = await run.ended;
      if (phase === 'stopping') expect(killed).toMatchObject({ state: 'stopped', reason: 'user' });
      else expect(killed).toMatchObject({ state: 'failed', reason: 'killed' });
      expect(words(killed.note)).toContain('Resume');
      expect((await store.list())[0]!.status).toEqual(killed);
      expect(store.isOwned(run.id)).toBe(false);

      run = await resume(supervisor, store, run.id);
      expect(await run.ended).toMatchObject({ state: 'finished', reason: 'epochs' });
      const whole = await start(supervisor, store, diabetes);
      await whole.ended;
      expect(timeless(logOf(run.directory))).toEqual(timeless(logOf(whole.directory)));
    });
  });

  it('of one run leave another beside it alone', async () => {
    const { supervisor, store } = await bench();
    const [doomed, healthy] = await Promise.all([
      start(supervisor, store, diabetes),
      start(supervisor, store, diabetes),
    ]);
    await until(doomed, ({ state }) => state === 'running');
    doomed.kill();
    await doomed.ended;
    expect(await healthy.ended).toMatchObject({ state: 'finished', reason: 'epochs' });
    const alone = await start(supervisor, store, diabetes);
    await alone.ended;
    expect(timeless(logOf(healthy.directory))).toEqual(timeless(logOf(alone.directory)));
  });
});
