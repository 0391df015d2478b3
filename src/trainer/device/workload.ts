import type { Executable } from '../../core/compute/device.ts';
import { writeOptimizerState, writeParameters, writeWindow } from '../../core/compute/feed.ts';
import type { Dataset, Part } from '../../core/data/dataset.ts';
import { ok, type Result } from '../../core/messages/message.ts';
import { initialParameters } from '../../core/network/initial.ts';
import { atOnce } from '../../core/slices.ts';
import type { CheckedTask } from '../../core/tasks/task.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import type { Workload } from './parity.ts';

/** Rows on which devices are compared: of a larger data set these, or as many as a batch has up to the second number. */
const comparedRows = 1 << 13;
const mostComparedRows = 1 << 16;

/**
 * The first steps of a run: what devices are compared on before one is chosen. A large data set is cut: more rows would
 * not tell more, and the reference, which is no fast device, goes through all of them.
 */
export function trainingWorkload(
  experiment: Experiment,
  dataset: Dataset,
  task: Pick<CheckedTask, 'plan'>,
): Result<Workload> {
  const whole = task.plan(dataset);
  if (!whole.ok) return whole;
  const { batch, seed } = experiment.training;
  const { training } = dataset;
  const wanted = Math.max(comparedRows, batch === 'full' ? training.rows : batch);
  const rows = Math.min(training.rows, wanted, mostComparedRows);
  const isCut = rows < training.rows;
  const planned = isCut ? task.plan({ ...dataset, training: firstRows(training, rows, dataset) }) : whole;
  if (!planned.ok) return planned;
  const plans = planned.value;
  const plan = plans.training;
  const drawn = initialParameters(plan, seed, experiment.model.initial);
  if (!drawn.ok) return drawn;
  const values = new Map<string, Float64Array>();
  const recorder: Executable = {
    write: (buffer, given) => void values.set(buffer, Float64Array.from(given)),
    run: () => Promise.reject(new Error('a recorder runs nothing')),
    read: () => Promise.reject(new Error('a recorder holds nothing to read')),
    dispose: () => Promise.resolve(),
  };
  plans.load(recorder);
  writeParameters(recorder, plan, drawn.value);
  writeOptimizerState(recorder, plan, {});
  const steps = writeWindow(recorder, plan, atOnce(plans.epoch(0)), 0, 1);
  return ok({ plan: plan.plan, values, steps, ...(isCut ? { whole: whole.value.training.plan } : {}) });
}

function firstRows(part: Part, rows: number, { width }: Dataset): Part {
  const { features, targets, weights } = part;
  return {
    rows,
    features: features.subarray(0, rows * width),
    targets: targets.subarray(0, (targets.length / part.rows) * rows),
    ...(weights === undefined ? {} : { weights: weights.subarray(0, rows) }),
  };
}
