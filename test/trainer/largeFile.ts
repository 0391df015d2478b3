import * as fs from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/data/random.ts';
import type { PhaseName } from '../../src/core/protocol/trainer.ts';
import type { RunStatus } from '../../src/core/runs/record.ts';
import type { Run } from '../../src/supervisor/run.ts';
import { RunStore } from '../../src/supervisor/runStore.ts';
import { Supervisor } from '../../src/supervisor/supervisor.ts';
import { experiment, installation, memoryLog, temporaryFolder, until } from '../supervisor/helpers.ts';
import { words } from '../words.ts';
import { logOf, resume, start } from './runs.ts';

/** Writes a table of numbers and text, at least so many bytes, with a target that follows from it; some cells are empty. */
function writeLargeFile(path: string, bytes: number): number {
  const random = randomStream(1, 'test/large');
  const cities = ['Bergen', 'Oslo', 'Tromsø', ''];
  const file = fs.openSync(path, 'w');
  let size = fs.writeSync(file, 'a,b,c,d,e,city,y\n');
  let rows = 0;
  while (size < bytes) {
    const lines: string[] = [];
    for (let i = 0; i < 5000; i++) {
      const values = Array.from({ length: 5 }, () => 100 * random.next());
      const city = random.below(4);
      const y = 3 * values[0]! - values[1]! + 20 * city;
      const cells = values.map((value) => value.toFixed(4));
      if (random.next() < 0.01) cells[2] = '';
      lines.push(`${cells.join(',')},${cities[city]!},${y.toFixed(4)}\n`);
    }
    rows += lines.length;
    size += fs.writeSync(file, lines.join(''));
  }
  fs.closeSync(file);
  return rows;
}

/** What happened in a run up to its end. */
interface Watched {
  readonly phases: readonly PhaseName[];
  readonly shares: readonly number[];
  readonly batches: number;
  /** Different figures of memory: each came with a sign of life of the trainer. */
  readonly heartbeats: number;
  readonly status: RunStatus;
}

async function watch(run: Run): Promise<Watched> {
  const phases: PhaseName[] = [];
  const shares: number[] = [];
  const resident = new Set<number>();
  let batches = 0;
  run.onEvent((event) => {
    if (event.type === 'batch') batches++;
    if (event.type !== 'phase') return;
    if (phases.at(-1) !== event.phase) phases.push(event.phase);
    if (event.phase === 'reading') shares.push(event.share ?? NaN);
  });
  const timer = setInterval(() => run.resident !== undefined && resident.add(run.resident), 100);
  const status = await run.ended;
  clearInterval(timer);
  return { phases, shares, batches, heartbeats: resident.size, status };
}

function reached(run: Run, phase: PhaseName, share = 0): Promise<void> {
  return new Promise((resolve) => {
    const listening = run.onEvent((event) => {
      if (event.type !== 'phase' || event.phase !== phase || (event.share ?? 0) < share) return;
      listening.dispose();
      resolve();
    });
  });
}

/** Training on a file of so many bytes: progress, stop at every stage, resuming. `report` gets what a clock said. */
export function describeLargeFile(bytes: number, report: (text: string) => void): void {
  describe(`a file of ${Math.round(bytes / 1e6)} MB`, () => {
    let path: string;
    let rows: number;
    let supervisor: Supervisor;
    const store = new RunStore(temporaryFolder());
    const lag = monitorEventLoopDelay({ resolution: 10 });

    beforeAll(async () => {
      path = join(temporaryFolder(), 'large.csv');
      rows = writeLargeFile(path, bytes);
      const { trainer, dataSets } = await installation();
      supervisor = new Supervisor({ trainer, dataSets, log: memoryLog() });
      lag.enable();
    });
    afterAll(async () => {
      lag.disable();
      report(
        `the host's event loop was late by ${(lag.percentile(99) / 1e6).toFixed(0)} ms at most in 99 % of cases, ${(lag.max / 1e6).toFixed(0)} ms once`,
      );
      await supervisor.dispose();
    });

    /** A run that is stopped has more epochs than time. */
    const train = (epochs = 100_000): Promise<Run> =>
      start(
        supervisor,
        store,
        experiment({
          data: { source: 'file', path: 'large.csv', missing: 'mean' },
          model: { type: 'mlp', hidden: [8] },
          loss: { id: 'huber' },
          training: { epochs, batch: 1024 },
        }),
        'auto',
        path,
      );

    /** Stops and expects that the trainer itself ended the run: nobody had to end the trainer. */
    async function stop(run: Run, where: string): Promise<RunStatus> {
      const began = performance.now();
      run.stop();
      const status = await run.ended;
      report(`stopped while ${where}: after ${Math.round(performance.now() - began)} ms`);
      expect(status).toMatchObject({ state: 'stopped', reason: 'user' });
      expect(words(status.note)).toMatch(/^Stopped (before the first step|after step \d+)\. Resume /);
      expect((await store.read(run.id)).ok && status).toEqual(status);
      expect(fs.existsSync(join(run.directory, 'lock.json'))).toBe(false);
      return status;
    }

    it('is trained on, with progress at every stage', async () => {
      const began = performance.now();
      const run = await train(1);
      const { phases, shares, batches, heartbeats, status } = await watch(run);
      const seconds = Math.floor((performance.now() - began) / 1000);
      report(`${heartbeats} signs of life in ${seconds} s`);
      expect(status).toMatchObject({ state: 'finished', epoch: 1 });
      expect(phases).toEqual(['reading', 'preparing', 'device', 'compiling']);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(shares.at(-1)).toBe(1);
      expect(batches).toBeGreaterThan(1);
      // One comes every second; a trainer that is deaf for long sends fewer.
      expect(heartbeats).toBeGreaterThanOrEqual(Math.floor(seconds / 3));
      const notes = words(...(status.dataNotes ?? []));
      const validation = Math.round(0.2 * rows);
      expect(notes).toContain(
        `from 6 columns (8 inputs); ${rows - validation} rows for training, ${validation} for validation`,
      );
      const lines = logOf(run.directory);
      expect(lines.at(-1)).toMatchObject({ type: 'epoch', epoch: 1 });
    });

    it('can be stopped while it is read, and the run resumed', async () => {
      const run = await train();
      await reached(run, 'reading', 0.1);
      const status = await stop(run, 'reading');
      expect(status.step).toBe(0);
      const again = await resume(supervisor, store, run.id, 'auto');
      await until(again, ({ step }) => step > 0);
      await stop(again, 'training');
    });

    it('can be stopped while its rows are prepared, a device chosen, kernels compiled', async () => {
      for (const phase of ['preparing', 'device', 'compiling'] as const) {
        const run = await train();
        await reached(run, phase);
        await stop(run, phase);
      }
    });
  });
}
