import type { Executable } from '../../compute/device.ts';
import { rowEpochs, writeRows, type Epoch } from '../../compute/feed.ts';
import { piece } from '../../compute/layers/layer.ts';
import type { Objective } from '../../compute/objective.ts';
import { rolesObjective } from '../../compute/objectives/roles.ts';
import { evaluationPlan, trainingPlan, type PlanOptions } from '../../compute/planBuilder.ts';
import type { Dataset } from '../../data/dataset.ts';
import { randomStream } from '../../data/random.ts';
import { bad, message, ok, type Message, type Result } from '../../messages/message.ts';
import { checkWholeNumbers } from '../../network/wholeNumbers.ts';
import { ascending, type Sliced } from '../../slices.ts';
import type { Experiment } from '../../training/experiment.ts';
import type { RunPlans } from '../../training/plans.ts';
import { byClass, drawing } from './drawing.ts';
import { drawnEpochs } from './epochs.ts';
import { comparedRows, heldSamples, type Samples } from './held.ts';
import { embeddingJudge, type Judged } from './judge.ts';
import type { EmbeddingUse } from './use.ts';

/**
 * Plans a run on samples drawn from the training part, or on its rows where the loss compares them with vectors of its
 * own. An epoch has as many steps as there are batches of rows. Bad when there are too few rows of a class, or when the
 * model does not fit.
 */
export function planEmbedding(
  experiment: Experiment,
  perClass: number,
  dataset: Dataset,
  use: EmbeddingUse,
  parameters: Readonly<Record<string, number>>,
): Result<RunPlans> {
  const { training: part, validation: held, outputs } = dataset;
  const { seed, shuffle, batch: asked } = experiment.training;
  const classes = 1 + Math.max(largest(part.targets), largest(held?.targets ?? []));
  const batch = asked === 'full' ? part.rows : asked;
  const shared = {
    model: experiment.model,
    inputs: dataset.width,
    ...(dataset.shape === undefined ? {} : { shape: dataset.shape }),
    outputs,
    objective: rolesObjective(use.loss, parameters, { feature: outputs, class: classes }),
  };
  const sorted = byClass(part.targets, classes);
  if (use.samples !== 'rows' && sorted.paired.length < 2) return tooFewPairs(message('training'), 'data');
  const drawn =
    use.samples === 'rows' ? undefined : drawing(use.samples, sorted, { ...use, batch, perClass });
  const planned = trainingPlan({
    ...shared,
    rows: part.rows,
    batch: drawn?.batch ?? batch,
    optimizer: experiment.optimizer,
    seed,
    ...(drawn === undefined ? {} : { steps: Math.ceil(part.rows / batch) }),
    fed: { targets: drawn?.labels !== undefined },
  });
  if (!planned.ok) return planned;
  const training = planned.value;
  const numbers = checkWholeNumbers(training.network, dataset);
  if (!numbers.ok) return numbers;
  const ofRows = rowEpochs(training);
  const ofSamples = drawn === undefined ? undefined : drawnEpochs(training, drawn, seed);
  const run = {
    training,
    load: (executable: Executable) => writeRows(executable, training, part),
    *epoch(epoch: number): Sliced<Epoch> {
      if (ofSamples !== undefined) return ofSamples(epoch);
      return ofRows(
        yield* shuffle ? randomStream(seed, `order/${epoch}`).permuting(part.rows) : ascending(part.rows),
      );
    },
  };
  if (held === undefined) return ok({ ...run, others: [] });

  const heldByClass = byClass(held.targets, classes);
  if (heldByClass.paired.length < 2) return tooFewPairs(message('validation'), 'split.validation');
  const judged = planJudge(
    shared,
    heldSamples(held, heldByClass, use, { batch, perClass, seed, roles: training.roles }),
    comparedRows(held, heldByClass, outputs, seed),
  );
  if (!judged.ok) return judged;
  const { loss, vectors } = judged.value;
  return ok({
    ...run,
    others: [loss.plan.plan, vectors.plan.plan],
    judge: (device) => embeddingJudge(device, { loss, vectors, dimensions: outputs, nearness: use.nearness }),
  });
}

/** The passes that judge: the loss on samples, the vectors of rows. */
function planJudge(
  shared: Omit<PlanOptions, 'rows'>,
  samples: Samples,
  compared: Judged['vectors']['part'],
): Result<Pick<Judged, 'loss' | 'vectors'>> {
  const { part, batch } = samples;
  const loss = evaluationPlan({ ...shared, rows: part.rows, ...(batch === undefined ? {} : { batch }) });
  if (!loss.ok) return loss;
  const vectors = evaluationPlan({ ...shared, objective: outputsAlone, rows: compared.rows });
  if (!vectors.ok) return vectors;
  return ok({ loss: { plan: loss.value, part }, vectors: { plan: vectors.value, part: compared } });
}

function tooFewPairs(part: Message, path: string): Result<never> {
  return bad(
    message(
      'The {part} part needs at least two rows of at least two classes: an embedding is learned and judged from which rows belong together. Use more data, or another share for validation.',
      { part },
    ),
    { path },
  );
}

/** A pass that only makes vectors. */
const outputsAlone: Objective = {
  roles: 1,
  targets: 0,
  parameters: [],
  kernels: (_, __, { weight, value }) => piece(value, [1], { weight }, 'return weight[0];'),
};

function largest(values: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result = Math.max(result, values[i]!);
  return result;
}
