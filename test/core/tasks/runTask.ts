import type { Device } from '../../../src/core/compute/device.ts';
import { float64Device } from '../../../src/core/compute/float64.ts';
import type { Column, Dataset, Table } from '../../../src/core/data/dataset.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import type { Metrics } from '../../../src/core/runs/record.ts';
import { atOnce } from '../../../src/core/slices.ts';
import { checkTask } from '../../../src/core/tasks/tasks.ts';
import type { Checkpoint } from '../../../src/core/training/checkpoint.ts';
import {
  parseExperiment,
  type Experiment,
  type ExperimentInput,
} from '../../../src/core/training/experiment.ts';
import type { RunPlans } from '../../../src/core/training/plans.ts';
import { createSession } from '../../../src/core/training/session.ts';

/** A table from its columns: numbers, text, or arrays of numbers. */
export function tableOf(
  columns: Readonly<Record<string, readonly number[] | readonly string[] | readonly (readonly number[])[]>>,
): Table {
  const made = Object.entries(columns).map(([name, cells]): Column => {
    const [first] = cells;
    if (typeof first === 'string') {
      const categories = [...new Set(cells as readonly string[])];
      const codes = Int32Array.from(cells as readonly string[], (cell) => categories.indexOf(cell));
      return { name, kind: 'text', codes, categories };
    }
    if (typeof first === 'object') {
      const values = Float64Array.from((cells as readonly (readonly number[])[]).flat());
      return { name, kind: 'array', shape: [first.length], values };
    }
    return { name, kind: 'number', values: Float64Array.from(cells as readonly number[]) };
  });
  const rows = Object.values(columns)[0]!.length;
  return { columns: made, rows, rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i + 1) };
}

/** An experiment on a file, with its defaults. */
export function experimentOf(input: Omit<ExperimentInput, 'version' | 'data'>): Experiment {
  return good(parseExperiment({ version: 1, data: { source: 'file', path: 'x.csv' }, ...input }));
}

/** The value of a good result. */
export function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => english(message)).join('\n'));
  return result.value;
}

/** The sentences of a bad one. */
export function problemsOf(result: Result<unknown>): string[] {
  return result.ok ? [] : result.problems.map(({ message }) => english(message));
}

export interface TaskRun {
  readonly dataset: Dataset;
  readonly plans: RunPlans;
  /** Loss of each step. */
  readonly losses: readonly number[];
  readonly validationLosses: readonly number[];
  /** Metrics of each epoch. */
  readonly metrics: readonly Metrics[];
  /** As it stands after the last step. */
  readonly last: Checkpoint;
}

/** Trains an experiment on a table to its end. */
export async function runTask(
  experiment: Experiment,
  table: Table,
  device: Device = float64Device(),
): Promise<TaskRun> {
  const task = good(checkTask(experiment));
  const dataset = good(atOnce(task.prepare(table)));
  const plans = good(task.plan(dataset));
  const session = good(await createSession(experiment, dataset, plans, device, { now: () => 0 }));
  const losses: number[] = [];
  const validationLosses: number[] = [];
  const metrics: Metrics[] = [];
  for (let state = 'running'; state === 'running';) {
    const advanced = await session.advance(40);
    state = advanced.state;
    for (const line of advanced.lines) {
      if (line.type === 'step') losses.push(line.loss);
      else if (line.type === 'epoch') {
        metrics.push(line.metrics ?? {});
        if (line.validationLoss !== undefined) validationLosses.push(line.validationLoss);
      }
    }
  }
  const last = await session.checkpoint();
  await session.dispose();
  return { dataset, plans, losses, validationLosses, metrics, last };
}
