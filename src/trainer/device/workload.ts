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

/** The first steps of a run, rows in their order: what devices are compared on before one is chosen. */
export function trainingWorkload(experiment: Experiment, dataset: Dataset, loss: Loss): Result<Workload> {
  const lossParameters = checkParameters(loss, experiment.loss.parameters);
  if (!lossParameters.ok) return lossParameters;
  const { batch, seed } = experiment.training;
  const { rows } = dataset.training;
  const planned = trainingPlan({
    model: experiment.model,
    inputs: dataset.width,
    outputs: dataset.outputs,
    loss,
    lossParameters: lossParameters.value,
    rows,
    batch: batch === 'full' ? rows : batch,
    optimizer: experiment.optimizer,
  });
  if (!planned.ok) return planned;
  const drawn = initialParameters(planned.value.network, seed, experiment.model.initial);
  if (!drawn.ok) return drawn;
  const values = new Map<string, Float64Array>();
  const recorder: Executable = {
    write: (buffer, given) => void values.set(buffer, given),
    run: () => Promise.reject(new Error('a recorder runs nothing')),
    read: () => Promise.reject(new Error('a recorder holds nothing to read')),
    dispose: () => Promise.resolve(),
  };
  writeRows(recorder, planned.value, dataset.training);
  writeParameters(recorder, planned.value.network, drawn.value);
  writeOptimizerState(recorder, planned.value, {});
  const order = Array.from({ length: rows }, (_, row) => row);
  const steps = writeWindow(recorder, planned.value, order, 0, 1);
  return ok({ plan: planned.value.plan, values, steps });
}
