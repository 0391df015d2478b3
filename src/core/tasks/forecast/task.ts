import { lossObjective, sumObjective, type Objective } from '../../compute/objective.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Loss } from '../../losses/loss.ts';
import { checkParameters } from '../../losses/parameters.ts';
import { message, ok, type Message, type Problem, type Result } from '../../messages/message.ts';
import { checkExperiment, type CheckedLoss } from '../../training/check.ts';
import type { Experiment } from '../../training/experiment.ts';
import { planRows, type RunPlans } from '../../training/plans.ts';
import { rowWeights } from '../../training/weights.ts';
import type { CheckedTask } from '../task.ts';
import { forecastMetrics } from './metrics.ts';
import { preparingForecast, type ForecastTask } from './prepare.ts';

/** Forecasts the next values of series from windows of the last. */
export function forecastTask(experiment: Experiment): Result<CheckedTask> {
  const { task } = experiment;
  if (task.type !== 'forecast') throw new RangeError('not a forecast');
  const checked = checkExperiment(experiment);
  if (!checked.ok) return checked;
  const problems = unfit(experiment, task, checked.value);
  if (problems.length > 0) return { ok: false, problems };
  const { loss, use } = checked.value;
  return ok(
    {
      prepare: (table) => preparingForecast(table, experiment, task, use),
      plan: (dataset) => planForecast(experiment, dataset, loss),
    },
    checked.warnings,
  );
}

/**
 * Plans a run on windows: the loss over all values of the horizon, for quantiles the mean of the quantile loss over the
 * levels. Bad when the loss's parameters, weights or the model do not fit the data, or sizes are too large.
 */
export function planForecast(experiment: Experiment, dataset: Dataset, loss: Loss): Result<RunPlans> {
  const { forecast } = dataset.preprocessing;
  if (forecast === undefined) throw new RangeError('not prepared for a forecast');
  const parameters = checkParameters(loss, experiment.loss.parameters);
  if (!parameters.ok) return parameters;
  const weights = rowWeights(experiment, dataset);
  if (!weights.ok) return weights;
  const { horizon, quantiles } = forecast;
  const objective =
    quantiles === undefined
      ? lossObjective(loss, parameters.value, horizon)
      : quantileObjective(loss, quantiles, horizon);
  const plans = planRows(experiment, dataset, objective, (part) => forecastMetrics(dataset, part));
  return plans.ok ? ok(plans.value, parameters.warnings) : plans;
}

/** The mean over the levels of the quantile loss; outputs are levels × horizon, all compared with the same targets. */
export function quantileObjective(loss: Loss, levels: readonly number[], horizon: number): Objective {
  return sumObjective(
    levels.map((tau, i) => ({
      loss,
      parameters: { tau },
      outputs: { first: i * horizon, count: horizon },
      targets: { first: 0, count: horizon },
      weight: 1 / levels.length,
    })),
    horizon,
  );
}

/** What does not go together with a forecast. */
function unfit(
  { data, loss: asked }: Experiment,
  { quantiles, time, series }: ForecastTask,
  { loss, use }: CheckedLoss,
): Problem[] {
  const problems: Problem[] = [];
  const problem = (text: Message, path: string): void =>
    void problems.push({ message: text, where: { path } });
  if (use.task !== 'regression') {
    problem(
      message('{loss} is for classes, but a forecast is of numbers. Choose a regression loss.', {
        loss: loss.name,
      }),
      'loss.id',
    );
  }
  if (quantiles !== undefined && loss.id !== 'quantile') {
    problem(
      message('Quantiles are forecast with the loss "quantile", not with {loss}.', { loss: loss.name }),
      'loss.id',
    );
  }
  if (quantiles !== undefined && asked.parameters['tau'] !== undefined) {
    problem(
      message('The levels are those of "task.quantiles". Remove "tau", or the quantiles.'),
      'loss.parameters.tau',
    );
  }
  if (quantiles?.some((level, i) => i > 0 && level <= quantiles[i - 1]!) === true)
    problem(message('The levels of the quantiles must ascend, each once.'), 'task.quantiles');
  if (time !== undefined && time === series)
    problem(message('One column cannot hold both the times and the series.'), 'task.series');
  if (asked.weightColumn !== undefined)
    problem(message('A forecast cannot weigh rows: a window has many. Remove it.'), 'loss.weightColumn');
  if (data.source === 'images')
    problem(message('Images are no series. Choose a table whose rows are moments in time.'), 'data.source');
  if (data.source === 'file' && data.shape !== undefined)
    problem(message('A forecast makes windows of its own. Remove the shape.'), 'data.shape');
  if (data.source === 'file' && data.rows !== undefined && data.sample === 'random') {
    problem(
      message('A random sample of rows leaves gaps in the series. Set "data.sample" to "first".'),
      'data.sample',
    );
  }
  return problems;
}
