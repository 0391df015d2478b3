import type { Device, Executable } from '../compute/device.ts';
import { rowEpochs, writeRows, type Epoch } from '../compute/feed.ts';
import type { Objective } from '../compute/objective.ts';
import { evaluationPlan, trainingPlan, type StepsPlan } from '../compute/planBuilder.ts';
import type { Plan } from '../compute/plan.ts';
import type { Dataset, Part } from '../data/dataset.ts';
import { randomStream } from '../data/random.ts';
import { ok, type Result } from '../messages/message.ts';
import type { Parameters } from '../network/network.ts';
import { checkWholeNumbers } from '../network/wholeNumbers.ts';
import type { Metrics } from '../runs/record.ts';
import { ascending, type Sliced } from '../slices.ts';
import { evaluator, type Evaluator } from './evaluator.ts';
import type { Experiment } from './experiment.ts';
import type { MetricsCollector } from './metrics.ts';
import type { RowWeights } from './weights.ts';

/** All that a run computes. */
export interface RunPlans {
  readonly training: StepsPlan;
  /** The other plans that it compiles, for its cost. */
  readonly others: readonly Plan[];
  /** Copies to the device what stays there through the run. */
  load(executable: Executable): void;
  /** The batches of an epoch. They depend on the seed and the epoch's number alone, so that a resumed run sees the same. */
  epoch(epoch: number): Sliced<Epoch>;
  /** Numbers of the objective that people want to see after every epoch. */
  shown?(parameters: Parameters): Metrics;
  /** Makes what judges the model after every epoch; absent where nothing is held out. */
  readonly judge?: (device: Device) => Promise<Evaluator>;
}

/**
 * Plans a run whose samples are the rows of a data set: an epoch is a pass over the training part, judged by the same
 * objective and by metrics on the validation part.
 * @param metrics collects the metrics of a part
 */
export function planRows(
  experiment: Experiment,
  dataset: Dataset,
  objective: Objective,
  metrics: (part: Part) => MetricsCollector,
  weights: RowWeights = {},
): Result<RunPlans> {
  const { batch, seed, shuffle } = experiment.training;
  const { training: rows, validation: held } = dataset;
  const shared = {
    model: experiment.model,
    inputs: dataset.width,
    ...(dataset.shape === undefined ? {} : { shape: dataset.shape }),
    outputs: dataset.outputs,
    objective,
  };
  const planned = trainingPlan({
    ...shared,
    rows: rows.rows,
    batch: batch === 'full' ? rows.rows : batch,
    optimizer: experiment.optimizer,
    seed,
  });
  if (!planned.ok) return planned;
  const training = planned.value;
  const numbers = checkWholeNumbers(training.network, dataset);
  if (!numbers.ok) return numbers;
  const epochs = rowEpochs(training, weights.training);
  const plans = {
    training,
    ...(objective.shown === undefined ? {} : { shown: objective.shown }),
    load: (executable: Executable) => writeRows(executable, training, rows),
    *epoch(epoch: number): Sliced<Epoch> {
      return epochs(
        yield* shuffle ? randomStream(seed, `order/${epoch}`).permuting(rows.rows) : ascending(rows.rows),
      );
    },
  };
  if (held === undefined) return ok({ ...plans, others: [] });
  const pass = evaluationPlan({ ...shared, rows: held.rows, weighted: weights.validation !== undefined });
  if (!pass.ok) return pass;
  return ok({
    ...plans,
    others: [pass.value.plan],
    judge: async (device) =>
      evaluator(await device.compile(pass.value.plan), pass.value, {
        part: held,
        outputs: dataset.outputs,
        metrics: () => metrics(held),
        ...(weights.validation === undefined ? {} : { weights: weights.validation }),
      }),
  });
}
