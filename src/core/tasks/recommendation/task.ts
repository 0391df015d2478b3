import { evaluationPlan, stepsPerPass, trainingPlan } from '../../compute/planBuilder.ts';
import type { Dataset, Part, Table } from '../../data/dataset.ts';
import { preparingInteractions } from '../../data/interactions.ts';
import type { Prepared } from '../../data/prepare.ts';
import { randomStream } from '../../data/random.ts';
import type { Loss } from '../../losses/loss.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import { ascending, type Sliced } from '../../slices.ts';
import { checkSettings, lossOf } from '../../training/check.ts';
import { evaluator } from '../../training/evaluator.ts';
import type { Experiment } from '../../training/experiment.ts';
import type { RunPlans } from '../../training/plans.ts';
import type { CheckedTask } from '../task.ts';
import { fillSample, interactionEpoch, sampleTables, type Drawing, type SampleTables } from './batches.ts';
import { mostRankedUsers, rankingEvaluator } from './judge.ts';
import { ownedIn, type Owned } from './owned.ts';
import { samplingOf, type Sampling } from './sampling.ts';

type Options = Extract<Experiment['task'], { type: 'recommendation' }>;

/** Every row looks for the others of its user and item: beyond this a step would take long. */
const mostRowsAtOnce = 2 ** 15;

/** Recommends items to users, from interactions. */
export function recommendationTask(experiment: Experiment): Result<CheckedTask> {
  const { task } = experiment;
  if (task.type !== 'recommendation') throw new RangeError(`recommendationTask: the task is ${task.type}`);
  const found = lossOf(experiment);
  if (!found.ok) return found;
  const loss = found.value;
  const parameters = checkSettings(experiment, loss);
  if (!parameters.ok) return parameters;
  const sampling = samplingOf(loss, parameters.value, task.negatives);
  if (sampling === undefined) {
    return bad(
      message(
        '{loss} does not fit recommendation. Choose bpr, warp, margin-ranking, or a loss on two classes such as binary-cross-entropy-logits.',
        { loss: loss.name },
      ),
      { path: 'loss.id' },
    );
  }
  if (experiment.model.type !== 'factorisation') {
    return bad(
      message('Recommendation needs a factorisation of users and items. Set "model" to {model}.', {
        model: '{"type": "factorisation"}',
      }),
      { path: 'model' },
    );
  }
  if (experiment.loss.classWeights !== undefined) {
    return bad(message('There are no classes in recommendation. Remove "classWeights".'), {
      path: 'loss.classWeights',
    });
  }
  return ok(
    {
      prepare: (table) => preparing(table, experiment, task),
      plan: (dataset) => planRecommendation(experiment, task, dataset, sampling, loss),
    },
    parameters.warnings,
  );
}

function* preparing(table: Table, experiment: Experiment, task: Options): Sliced<Result<Prepared>> {
  const prepared = yield* preparingInteractions(table, experiment, task);
  if (!prepared.ok || prepared.value.validation === undefined) return prepared;
  const { validation, notes } = prepared.value;
  const [users, items] = countsOf(prepared.value);
  const { all, ranked } = rankedUsers(ownedIn(validation, users), items, experiment.training.seed);
  if (ranked.length === all) return prepared;
  return ok(
    {
      ...prepared.value,
      notes: [
        ...notes,
        message(
          'NDCG, recall and AUC are measured on {ranked} of the {all} users with validation interactions, drawn by the seed.',
          { ranked: ranked.length, all },
        ),
      ],
    },
    prepared.warnings,
  );
}

/** The users who are ranked for: those with items held out, or some of them where there are many. */
function rankedUsers(held: Owned, items: number, seed: number): { all: number; ranked: Uint32Array } {
  const users = Uint32Array.from({ length: held.users }, (_, user) => user).filter(
    (user) => held.of(user).length > 0,
  );
  const most = mostRankedUsers(items);
  if (users.length <= most) return { all: users.length, ranked: users };
  const drawn = randomStream(seed, 'ranked').permutation(users.length).subarray(0, most);
  return { all: users.length, ranked: drawn.map((place) => users[place]!) };
}

function planRecommendation(
  { model, optimizer, training: settings }: Experiment,
  { negatives, at }: Options,
  dataset: Dataset,
  sampling: Sampling,
  loss: Loss,
): Result<RunPlans> {
  const { training: rows, validation: held } = dataset;
  const [users, items] = countsOf(dataset);
  const { objective, samples } = sampling;
  const batch = settings.batch === 'full' ? rows.rows : Math.min(settings.batch, rows.rows);
  const rowsAtOnce = batch * samples * objective.roles;
  if (rowsAtOnce > mostRowsAtOnce) {
    return bad(
      message(
        'A step of {batch} interactions is too large: {loss} needs {rows} scores for it, where the most is {most}. Choose a batch of at most {advice}, or fewer negatives.',
        {
          batch,
          loss: loss.name,
          rows: rowsAtOnce,
          most: mostRowsAtOnce,
          advice: Math.max(1, Math.floor(mostRowsAtOnce / (samples * objective.roles))),
        },
      ),
      { path: 'training.batch' },
    );
  }
  const shared = {
    model,
    inputs: dataset.width,
    counts: [users, items],
    outputs: dataset.outputs,
    objective,
  };
  const planned = trainingPlan({
    ...shared,
    rows: rows.rows,
    batch: batch * samples,
    steps: stepsPerPass(rows.rows, batch),
    optimizer,
    seed: settings.seed,
    fed: { features: true, targets: objective.targets > 0 },
  });
  if (!planned.ok) return planned;
  const training = planned.value;
  const trained = ownedIn(rows, users);
  const drawing: Drawing = { sampling, negatives, items, owned: trained };
  const { window } = training;
  const { seed } = settings;
  const plans = {
    training,
    load: () => undefined,
    *epoch(epoch: number) {
      const order = yield* settings.shuffle
        ? randomStream(seed, `order/${epoch}`).permuting(rows.rows)
        : ascending(rows.rows);
      return interactionEpoch(drawing, rows, order, { batch, window, seed, epoch });
    },
  };
  if (held === undefined) return ok({ ...plans, others: [] });
  const pass = evaluationPlan({ ...shared, rows: held.rows * samples, weighted: true });
  if (!pass.ok) return pass;
  const heldItems = ownedIn(held, users);
  return ok({
    ...plans,
    others: [pass.value.plan],
    judge: async (device) => {
      const tables = heldOut(drawing, held, seed);
      const judged = evaluator(await device.compile(pass.value.plan), pass.value, {
        part: { rows: pass.value.rows, features: tables.features, targets: tables.targets },
        outputs: dataset.outputs,
        metrics: () => ({ add: () => undefined, value: () => ({}) }),
        weights: tables.weights,
      });
      return rankingEvaluator(judged, {
        users: rankedUsers(heldItems, items, seed).ranked,
        items,
        trained,
        held: heldItems,
        at,
      });
    },
  });
}

/** The held-out interactions as samples of the loss, each with items that are drawn once. */
function heldOut(drawing: Drawing, held: Part, seed: number): SampleTables {
  const tables = sampleTables(drawing.sampling, held.rows);
  const random = randomStream(seed, 'negatives/validation');
  for (let i = 0; i < held.rows; i++) {
    const [user, item] = [held.features[2 * i]!, held.features[2 * i + 1]!];
    fillSample(drawing, tables, held.rows, i, [user, item, held.weights?.[i] ?? 1], random);
  }
  return tables;
}

/** Users and items of prepared interactions. */
function countsOf({ counts = [] }: Pick<Dataset, 'counts'>): readonly [users: number, items: number] {
  const [users, items] = counts;
  if (users === undefined || items === undefined)
    throw new RangeError('a data set of interactions says how many users and items it has');
  return [users, items];
}
