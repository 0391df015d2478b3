import type { Executable } from '../../core/compute/device.ts';
import { writeOptimizerState, writeParameters, writeRows, writeWindow } from '../../core/compute/feed.ts';
import { trainingPlan } from '../../core/compute/planBuilder.ts';
import type { Dataset } from '../../core/data/dataset.ts';
import type { Loss } from '../../core/losses/loss.ts';
import { checkParameters } from '../../core/losses/parameters.ts';
import { ok, type Result } from '../../core/messages/message.ts';
import { initialParameters } from '../../core/network/initial.ts';
import type { Experiment } from '../../core/training/experiment.ts';
import type { Workload } from './parity.ts';

/** Rows on which devices are compared: of a larger data set these, or as many as a batch has up to the second number. */
const comparedRows = 1 << 13;
const mostComparedRows = 1 << 16;

/**
 * The first steps of a run, rows in their order: what devices are compared on before one is chosen. A large data set is
 * cut: more rows would not tell more, and the reference, which is no fast device, goes through all of them.
 */
export function trainingWorkload(experiment: Experiment, dataset: Dataset, loss: Loss): Result<Workload> {
  const lossParameters = checkParameters(loss, experiment.loss.parameters);
  if (!lossParameters.ok) return lossParameters;
  const { batch, seed } = experiment.training;
  const { training, width } = dataset;
  const planOf = (rows: number) =>
    trainingPlan({
      model: experiment.model,
      inputs: width,
      ...(dataset.shape === undefined ? {} : { shape: dataset.shape }),
      outputs: dataset.outputs,
      loss,
      lossParameters: lossParameters.value,
      rows,
      batch: batch === 'full' ? rows : batch,
      optimizer: experiment.optimizer,
      seed,
    });
  const whole = planOf(training.rows);
  if (!whole.ok) return whole;
  const wanted = Math.max(comparedRows, batch === 'full' ? training.rows : batch);
  const rows = Math.min(training.rows, wanted, mostComparedRows);
  const isCut = rows < training.rows;
  const planned = isCut ? planOf(rows) : whole;
  if (!planned.ok) return planned;
  const drawn = initialParameters(planned.value.network, seed, experiment.model.initial);
  if (!drawn.ok) return drawn;
  const values = new Map<string, Float64Array>();
  const recorder: Executable = {
    write: (buffer, given) => void values.set(buffer, Float64Array.from(given)),
    run: () => Promise.reject(new Error('a recorder runs nothing')),
    read: () => Promise.reject(new Error('a recorder holds nothing to read')),
    dispose: () => Promise.resolve(),
  };
  writeRows(recorder, planned.value, {
    rows,
    features: training.features.subarray(0, rows * width),
    targets: training.targets.subarray(0, rows),
  });
  writeParameters(recorder, planned.value.network, drawn.value);
  writeOptimizerState(recorder, planned.value, {});
  const order = Array.from({ length: rows }, (_, row) => row);
  const steps = writeWindow(recorder, planned.value, order, 0, 1);
  return ok({
    plan: planned.value.plan,
    values,
    steps,
    ...(isCut ? { whole: whole.value.plan } : {}),
  });
}
