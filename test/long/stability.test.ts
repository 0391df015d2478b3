import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generators } from '../../src/core/data/generators.ts';
import { prepareDataset } from '../../src/core/data/prepare.ts';
import { checkExperiment } from '../../src/core/training/check.ts';
import { type SessionState } from '../../src/core/training/session.ts';
import type { Run } from '../../src/supervisor/run.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { openDevice } from '../../src/trainer/device/open.ts';
import { experiment, installation, temporaryFolder, until } from '../supervisor/helpers.ts';
import { start } from '../trainer/runs.ts';
import { openSession } from '../core/training/datasets.ts';

const MB = 2 ** 20;
const collect = collector();
const silent = (): void => undefined;
/** Eighty steps an epoch, each next to nothing. */
const tiny = experiment({
  data: { source: 'generated', name: 'noisy-line', samples: 400 },
  model: { type: 'mlp', hidden: [] },
  loss: { id: 'mean-squared-error' },
  training: { epochs: 10_000_000, batch: 4 },
});

describe('over a long time', () => {
  let supervisor: Supervisor;
  let store: RunStore;
  beforeAll(async () => {
    const { trainer, dataSets } = await installation();
    // A log that remembered would grow with every run.
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    supervisor = new Supervisor({ trainer, dataSets, log });
    store = new RunStore(temporaryFolder());
  });
  afterAll(() => supervisor.dispose());

  it('a million steps leave no more behind than the first hundred thousand', async () => {
    const device = await openDevice('webasm');
    const what = { ...tiny, training: { ...tiny.training, steps: 1_000_000 } };
    const checked = checkExperiment(what);
    if (!checked.ok || what.data.source !== 'generated') throw new Error('a bad experiment');
    const dataset = prepareDataset(generators[what.data.name].generate(what.data), what, checked.value.use);
    if (!dataset.ok) throw new Error('bad data');
    const session = await openSession(what, dataset.value, checked.value.loss, device, {
      now: () => performance.now(),
    });
    if (!session.ok) throw new Error(JSON.stringify(session.problems));
    /** Everything that is alive: objects, and arrays outside of the heap. */
    const alive: { readonly step: number; readonly bytes: number }[] = [];
    for (let state: SessionState = 'running', next = 100_000; state === 'running';) {
      ({ state } = await session.value.advance(16));
      const { step } = session.value.position;
      if (step < next) continue;
      next = step + 100_000;
      collect();
      const { heapUsed, external } = process.memoryUsage();
      alive.push({ step, bytes: heapUsed + external });
    }
    console.log(alive.map(({ step, bytes }) => `${step}: ${(bytes / MB).toFixed(2)} MB`).join(', '));
    expect(session.value.position.step).toBe(1_000_000);
    expect(alive.length).toBeGreaterThan(5);
    expect(alive.at(-1)!.bytes - alive[0]!.bytes).toBeLessThan(MB);
    await session.value.dispose();
    await device.dispose();
  });

  it('a million steps in a trainer stay within the memory that its garbage takes', async () => {
    const steps = 1_000_000;
    const run = await start(supervisor, store, { ...tiny, training: { ...tiny.training, steps } }, 'webasm');
    const seen = await residents(run);
    expect(run.status).toMatchObject({ state: 'finished', reason: 'steps', step: steps });
    const lowest = (from: number, to: number) =>
      Math.min(...seen.filter(({ step }) => step >= from * steps && step <= to * steps).map((s) => s.bytes));
    const [early, late] = [lowest(0.1, 0.4), lowest(0.7, 1)];
    console.log(
      `${seen.length} looks; ${Math.round(early / MB)} MB early, ${Math.round(late / MB)} MB late, ${run.status.seconds.toFixed(1)} s`,
    );
    // Garbage that waits for its collection comes to some 50 MB and goes again; 64 bytes a step kept would be more.
    expect(late - early).toBeLessThan(64 * MB);
  });

  it('500 starts and stops leave the host’s heap and its handles where they were', async () => {
    const line = experiment({
      data: { source: 'builtin', name: 'line' },
      model: { type: 'mlp', hidden: [] },
      loss: { id: 'mean-squared-error' },
      training: { epochs: 1_000_000 },
    });
    const once = async (): Promise<void> => {
      const run = await start(supervisor, store, line);
      await until(run, ({ state, step }) => state === 'running' && step > 0);
      run.stop();
      expect(await run.ended).toMatchObject({ state: 'stopped', reason: 'user' });
      expect((await store.delete(run.id)).ok).toBe(true);
    };
    const several = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 2) await Promise.all([once(), once()]);
    };
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const handles = (): number => process.getActiveResourcesInfo().length;
    await several(50);
    const before = { heap: heap(), handles: handles() };
    await several(450);
    const after = { heap: heap(), handles: handles() };
    console.log(
      `heap ${(before.heap / MB).toFixed(2)} MB after 50, ${(after.heap / MB).toFixed(2)} MB after 500; handles ${before.handles}, ${after.handles}`,
    );
    expect(after.heap - before.heap).toBeLessThan(MB);
    expect(after.handles).toBeLessThanOrEqual(before.handles);
  }, 1_200_000);
});

/** The trainer's resident sizes and the steps at which they were read, until its run ends. */
async function residents(run: Run): Promise<{ readonly step: number; readonly bytes: number }[]> {
  const seen: { step: number; bytes: number }[] = [];
  const timer = setInterval(() => {
    if (run.resident !== undefined) seen.push({ step: run.status.step, bytes: run.resident });
  }, 250);
  await run.ended;
  clearInterval(timer);
  return seen;
}

/** The collection of garbage, which Node gives to those who ask for it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  };
}
