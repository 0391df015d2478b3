import { ganTrainingPlan } from '../../compute/adversarial/ganPlan.ts';
import { samplesPlan } from '../../compute/adversarial/samplesPlan.ts';
import type { Dataset } from '../../data/dataset.ts';
import { randomStream } from '../../data/random.ts';
import { loadLoss } from '../../losses/catalogue.ts';
import { pairOfPlayers, type AdversarialPair } from '../../losses/players.ts';
import { bad, message, ok, type Problem, type Result } from '../../messages/message.ts';
import { ascending } from '../../slices.ts';
import { checkSettings, lossOf } from '../../training/check.ts';
import type { Experiment } from '../../training/experiment.ts';
import type { RunPlans } from '../../training/plans.ts';
import type { CheckedTask } from '../task.ts';
import { realRows, samplesEvaluator } from './judge.ts';
import { preparingRows } from './prepare.ts';

type Options = Extract<Experiment['task'], { type: 'gan' }>;

/** The losses whose discriminator is a critic without a limit to its slope, and without a border between real and fake. */
const critic = 'wasserstein-critic';
/** The discriminator whose scores are probabilities: 1 for real, 0 for generated. */
const leastSquares = 'least-squares-gan-discriminator';

/** Two networks against each other: the model learns to draw rows like those of a table. */
export function ganTask(experiment: Experiment): Result<CheckedTask> {
  const { task } = experiment;
  if (task.type !== 'gan') throw new RangeError(`ganTask: the task is ${task.type}`);
  const found = lossOf(experiment);
  if (!found.ok) return found;
  const named = loadLoss(experiment.loss.id)!;
  const losses = pairOfPlayers(named, loadLoss, experiment.loss.convention);
  if (losses === undefined) {
    return bad(
      message(
        '{loss} does not make a GAN. Choose minimax-gan-discriminator, non-saturating-gan-generator, least-squares-gan-discriminator, hinge-gan-discriminator or wasserstein-critic.',
        { loss: named.name },
      ),
      { path: 'loss.id' },
    );
  }
  const settings = checkSettings(experiment, found.value);
  if (!settings.ok) return settings;
  const problems = optionProblems(experiment);
  if (problems.length > 0) return { ok: false, problems };
  const warnings =
    losses.discriminator.id === critic && task.gradientPenalty === undefined
      ? [
          {
            message: message(
              'Nothing limits the slope of the critic, so its loss falls without end. Set "task.gradientPenalty" to {value}.',
              { value: '{}' },
            ),
            where: { path: 'task.gradientPenalty' },
          },
        ]
      : [];
  return ok(
    {
      prepare: (table) => preparingRows(table, experiment, task.latent),
      plan: (dataset) => planGan(experiment, task, dataset, losses),
    },
    [...settings.warnings, ...warnings],
  );
}

/** What rows without targets and classes have no use for, and what would not be heard. */
function optionProblems({ loss, task }: Experiment): Problem[] {
  const useless = (['classWeights', 'weightColumn'] as const)
    .filter((key) => loss[key] !== undefined)
    .map((key) => ({
      message: message('A GAN takes every row alike. Remove "{key}".', { key: `loss.${key}` }),
      where: { path: `loss.${key}` },
    }));
  if (task.type !== 'gan' || task.discriminator.initial === undefined) return useless;
  const misplaced = {
    message: message(
      'Starting values of both networks stand in "model.initial"; there the names of the discriminator begin with "discriminator.". Move them.',
    ),
    where: { path: 'task.discriminator.initial' },
  };
  return [...useless, misplaced];
}

/** Plans a run of alternating steps. Bad where the networks do not fit the rows, or sizes are too large. */
export function planGan(
  experiment: Experiment,
  task: Options,
  dataset: Dataset,
  losses: AdversarialPair,
): Result<RunPlans> {
  const { model, optimizer } = experiment;
  const { batch, seed, shuffle } = experiment.training;
  const { training, outputs: columns, preprocessing } = dataset;
  const { target } = preprocessing;
  if (target.kind !== 'rows') throw new RangeError('planGan: the data set is not one of rows');
  const { latent, discriminator, discriminatorSteps, discriminatorRate, gradientPenalty } = task;
  const game = { generator: model, discriminator, losses, latent, columns };
  const planned = ganTrainingPlan({
    ...game,
    rows: training.rows,
    batch: batch === 'full' ? training.rows : batch,
    optimizer,
    discriminatorSteps,
    ...(discriminatorRate === undefined ? {} : { discriminatorRate }),
    ...(gradientPenalty === undefined ? {} : { gradientPenalty }),
    seed,
  });
  if (!planned.ok) return planned;
  const plan = planned.value;
  const real = realRows(dataset, seed);
  const pass = samplesPlan(game, real.held.rows);
  if (!pass.ok) return pass;
  return ok({
    training: plan,
    others: [pass.value.plan],
    load(executable) {
      for (const { buffer, first, rows } of plan.chunks)
        executable.write(buffer, training.targets.subarray(first * columns, (first + rows) * columns));
    },
    *epoch(number) {
      const order = shuffle
        ? yield* randomStream(seed, `order/${number}`).permuting(training.rows)
        : yield* ascending(training.rows);
      return plan.epoch(number, order);
    },
    judge: async (device) =>
      samplesEvaluator(await device.compile(pass.value.plan), pass.value, {
        real,
        columns: target.columns,
        latent,
        seed,
        threshold: thresholdOf(losses),
      }),
  });
}

/** The score between real and generated rows; undefined for a critic. */
function thresholdOf({ discriminator: { id } }: AdversarialPair): number | undefined {
  if (id === critic) return undefined;
  return id === leastSquares ? 0.5 : 0;
}
