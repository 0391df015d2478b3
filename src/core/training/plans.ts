import { evaluationPlan, trainingPlan, type RowsPlan, type TrainingPlan } from '../compute/planBuilder.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Loss } from '../losses/loss.ts';
import { checkParameters } from '../losses/parameters.ts';
import { ok, type Result } from '../messages/message.ts';
import { checkWholeNumbers } from '../network/wholeNumbers.ts';
import { checkFit } from './check.ts';
import type { Experiment } from './experiment.ts';
import { rowWeights, type RowWeights } from './weights.ts';

/** All that a run computes. */
export interface RunPlans {
  readonly training: TrainingPlan;
  /** Absent without a validation part. */
  readonly validation: RowsPlan | undefined;
  readonly weights: RowWeights;
}

/** Plans a run. Bad when the loss, its parameters, the weights or the model do not fit the data, or sizes are too large. */
export function planRun(experiment: Experiment, dataset: Dataset, loss: Loss): Result<RunPlans> {
  const fit = checkFit(loss, dataset);
  if (!fit.ok) return fit;
  const lossParameters = checkParameters(loss, experiment.loss.parameters);
  if (!lossParameters.ok) return lossParameters;
  const weights = rowWeights(experiment, dataset);
  if (!weights.ok) return weights;

  const shared = {
    model: experiment.model,
    inputs: dataset.width,
    ...(dataset.shape === undefined ? {} : { shape: dataset.shape }),
    outputs: dataset.outputs,
    loss,
    lossParameters: lossParameters.value,
  };
  const { batch } = experiment.training;
  const { rows } = dataset.training;
  const training = trainingPlan({
    ...shared,
    rows,
    batch: batch === 'full' ? rows : batch,
    optimizer: experiment.optimizer,
    seed: experiment.training.seed,
  });
  if (!training.ok) return training;
  const numbers = checkWholeNumbers(training.value.network, dataset);
  if (!numbers.ok) return numbers;
  const validation =
    dataset.validation === undefined
      ? ok(undefined)
      : evaluationPlan({
          ...shared,
          rows: dataset.validation.rows,
          weighted: weights.value.validation !== undefined,
        });
  if (!validation.ok) return validation;
  const plans = { training: training.value, validation: validation.value, weights: weights.value };
  return ok(plans, lossParameters.warnings);
}
