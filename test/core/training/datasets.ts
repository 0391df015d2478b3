import type { Device } from '../../../src/core/compute/device.ts';
import type { Dataset, Part } from '../../../src/core/data/dataset.ts';
import { randomStream } from '../../../src/core/data/random.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import type { Task } from '../../../src/core/losses/task.ts';
import type { Result } from '../../../src/core/messages/message.ts';
import { planColumn } from '../../../src/core/tasks/column.ts';
import type { Checkpoint } from '../../../src/core/training/checkpoint.ts';
import { createSession, type Session } from '../../../src/core/training/session.ts';
import {
  parseExperiment,
  type Experiment,
  type ExperimentInput,
} from '../../../src/core/training/experiment.ts';

/** The three-point line of the first introductory program: x = 1, 2, 3 → y = 2, 4, 6, neither split nor scaled. */
export const line: Dataset = {
  preprocessing: {
    task: 'regression',
    features: [{ kind: 'number', name: 'x', mean: 0, scale: 1, fill: null }],
    target: { kind: 'number', name: 'y', mean: 0, scale: 1 },
  },
  width: 1,
  outputs: 1,
  training: { rows: 3, features: Float64Array.of(1, 2, 3), targets: Float64Array.of(2, 4, 6) },
  validation: undefined,
};

/** Random rows of any task. */
export function randomDataset(
  task: Task,
  options: { width: number; classes?: number; training: number; validation?: number },
): Dataset {
  const { width, classes = 3, training, validation = 0 } = options;
  const random = randomStream(1, `test/${task}`);
  const part = (rows: number): Part => ({
    rows,
    features: Float64Array.from({ length: rows * width }, () => random.normal()),
    targets: Float64Array.from({ length: rows }, () =>
      task === 'regression' ? random.normal() : random.below(task === 'binary' ? 2 : classes),
    ),
  });
  const names = Array.from({ length: task === 'binary' ? 2 : classes }, (_, i) => `class ${i}`);
  return {
    preprocessing: {
      task,
      features: Array.from({ length: width }, (_, i) => ({
        kind: 'number',
        name: `x${i}`,
        mean: 0,
        scale: 1,
        fill: null,
      })),
      target:
        task === 'regression'
          ? { kind: 'number', name: 'y', mean: 3, scale: 2 }
          : { kind: 'classes', name: 'y', classes: names },
    },
    width,
    outputs: task === 'classes' ? classes : 1,
    training: part(training),
    validation: validation === 0 ? undefined : part(validation),
  };
}

/** An experiment with its defaults filled in. Its data part does not matter to a session. */
export function experiment(input: Omit<ExperimentInput, 'version' | 'data'>): Experiment {
  const parsed = parseExperiment({ version: 1, data: { source: 'builtin', name: 'line' }, ...input });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** Plans a run that predicts a column, and opens it. */
export async function openSession(
  what: Experiment,
  dataset: Dataset,
  loss: Loss,
  device: Device,
  options: { readonly now: () => number; readonly resume?: Checkpoint },
): Promise<Result<Session>> {
  const plans = planColumn(what, dataset, loss);
  return plans.ok ? createSession(what, dataset, plans.value, device, options) : plans;
}
