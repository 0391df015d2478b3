import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { DeviceId } from '../../src/core/compute/device.ts';
import { parseLine } from '../../src/core/runs/log.ts';
import type { MetricsLine } from '../../src/core/runs/record.ts';
import type { Experiment } from '../../src/core/training/experiment.ts';
import type { Run } from '../../src/supervisor/run.ts';
import type { RunStore } from '../../src/supervisor/runStore.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';

/** Starts a run that must be possible. */
export async function start(
  supervisor: Supervisor,
  store: RunStore,
  experiment: Experiment,
  device: DeviceId | 'auto' = 'float64',
  dataFile?: string,
): Promise<Run> {
  const result = await supervisor.start(store, experiment, { device, dataFile });
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) throw new Error('unreachable');
  return result.value;
}

/** Resumes a run that must be resumable. */
export async function resume(
  supervisor: Supervisor,
  store: RunStore,
  id: string,
  device: DeviceId | 'auto' = 'float64',
): Promise<Run> {
  const result = await supervisor.resume(store, id, { device });
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) throw new Error('unreachable');
  return result.value;
}

/** The log of a run, every line of which must be readable. */
export function logOf(directory: string): MetricsLine[] {
  const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => {
    const parsed = parseLine(line);
    expect(parsed, line).toBeDefined();
    return parsed!;
  });
}

/** A log without what a clock said. */
export function timeless(lines: readonly MetricsLine[]): unknown[] {
  return lines.map((line) => (line.type === 'epoch' ? { ...line, seconds: undefined } : line));
}

/** The process that trains a run. */
export function trainerOf(run: Run): number {
  const { pid } = run.status;
  expect(pid).toBeGreaterThan(0);
  return pid!;
}
