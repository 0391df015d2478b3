import { lossObjective } from '../compute/objective.ts';
import { trainedObjective } from '../compute/objectives/trained.ts';
import { preparingDataset } from '../data/prepare.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Loss } from '../losses/loss.ts';
import { checkParameters } from '../losses/parameters.ts';
import { ok, type Result } from '../messages/message.ts';
import { checkExperiment, checkFit } from '../training/check.ts';
import type { Experiment } from '../training/experiment.ts';
import { metricsCollector } from '../training/metrics.ts';
import { planRows, type RunPlans } from '../training/plans.ts';
import { trainedProblems } from '../training/trained.ts';
import { rowWeights } from '../training/weights.ts';
import type { CheckedTask } from './task.ts';

/** Predicts a column of a table from the others. */
export function columnTask(experiment: Experiment): Result<CheckedTask> {
  const checked = checkExperiment(experiment);
  if (!checked.ok) return checked;
  const { loss, use, parameters } = checked.value;
  const problems = trainedProblems(experiment, loss, parameters);
  if (problems.length > 0) return { ok: false, problems };
  return ok(
    {
      prepare: (table) => preparingDataset(table, experiment, use),
      plan: (dataset) => planColumn(experiment, dataset, loss),
    },
    checked.warnings,
  );
}

/** Plans a run on a column. Bad when the loss, its parameters, the weights or the model do not fit the data, or sizes are too large. */
export function planColumn(experiment: Experiment, dataset: Dataset, loss: Loss): Result<RunPlans> {
  const fit = checkFit(loss, dataset);
  if (!fit.ok) return fit;
  const parameters = checkParameters(loss, experiment.loss.parameters);
  if (!parameters.ok) return parameters;
  const weights = rowWeights(experiment, dataset);
  if (!weights.ok) return weights;
  const { trained } = experiment.loss;
  const plans = planRows(
    experiment,
    dataset,
    trained === undefined
      ? lossObjective(loss, parameters.value)
      : trainedObjective(loss, parameters.value, trained),
    (part) => metricsCollector(dataset, part),
    weights.value,
  );
  return plans.ok ? ok(plans.value, parameters.warnings) : plans;
}
