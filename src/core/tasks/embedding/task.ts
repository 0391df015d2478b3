import type { Dataset, Table } from '../../data/dataset.ts';
import { preparingDataset, type Prepared } from '../../data/prepare.ts';
import { bad, message, ok, type Message, type Problem, type Result } from '../../messages/message.ts';
import type { Sliced } from '../../slices.ts';
import { checkSettings, lossOf } from '../../training/check.ts';
import type { Experiment } from '../../training/experiment.ts';
import type { CheckedTask } from '../task.ts';
import { byClass } from './drawing.ts';
import { mostCompared } from './held.ts';
import { planEmbedding } from './plan.ts';
import { embeddingUse, type EmbeddingUse } from './use.ts';

type EmbeddingTask = Extract<Experiment['task'], { type: 'embedding' }>;

/** Turns rows into vectors that lie close together where the rows are of one class. */
export function embeddingTask(experiment: Experiment): Result<CheckedTask> {
  const { task } = experiment;
  if (task.type !== 'embedding') throw new RangeError('not an embedding');
  const found = lossOf(experiment);
  if (!found.ok) return found;
  const parameters = checkSettings(experiment, found.value);
  if (!parameters.ok) return parameters;
  const use = embeddingUse(found.value, parameters.value);
  if (use === undefined) {
    return bad(
      message(
        '{loss} does not compare vectors, so it trains no embedding. Choose a loss such as triplet-margin, contrastive or info-nce.',
        { loss: found.value.name },
      ),
      { path: 'loss.id' },
    );
  }
  const problems = unfit(experiment, use);
  if (problems.length > 0) return { ok: false, problems };
  return ok(
    {
      prepare: (table) => preparing(table, experiment, task, use),
      plan: (dataset) => planEmbedding(experiment, task.perClass, dataset, use, parameters.value),
    },
    parameters.warnings,
  );
}

function unfit({ loss, training }: Experiment, { samples }: EmbeddingUse): readonly Problem[] {
  const problems: Problem[] = [];
  for (const option of ['weightColumn', 'classWeights'] as const) {
    if (loss[option] === undefined) continue;
    problems.push({
      message: message(
        'An embedding is trained on samples that are drawn, without weights of rows or classes.',
      ),
      where: { path: `loss.${option}` },
    });
  }
  if (samples !== 'rows' && samples !== 'triplets' && training.batch === 1) {
    problems.push({
      message: message('A batch of one has nothing to compare. Choose a batch of at least 2.'),
      where: { path: 'training.batch' },
    });
  }
  return problems;
}

function* preparing(
  table: Table,
  experiment: Experiment,
  { dimensions }: EmbeddingTask,
  use: EmbeddingUse,
): Sliced<Result<Prepared>> {
  const prepared = yield* preparingDataset(table, experiment, {
    name: use.loss.name,
    task: 'classes',
    link: 'identity',
    target: 'value',
    shiftsFreely: false,
  });
  if (!prepared.ok) return prepared;
  const { value } = prepared;
  const { target } = value.preprocessing;
  if (target.kind !== 'classes') throw new RangeError('an embedding was not prepared with classes');
  const [summary, ...others] = value.notes;
  const told = advice(experiment, { ...value, outputs: dimensions }, target.name, target.classes.length, use);
  return ok(
    {
      ...value,
      preprocessing: { ...value.preprocessing, target: { kind: 'vector', name: target.name, dimensions } },
      outputs: dimensions,
      notes: [...(summary === undefined ? [] : [described(summary, dimensions)]), ...others, ...told],
    },
    [...prepared.warnings, ...told.map((text) => ({ message: text }))],
  );
}

/** What is learned from what, in place of what would be predicted. */
function described({ args }: Message, dimensions: number): Message {
  const all = { ...args, dimensions };
  return args['validation'] === undefined
    ? message(
        'Learns vectors of {dimensions} numbers from {columns} ({inputs}), by the classes of "{target}"; {training} for training, none for validation.',
        all,
      )
    : message(
        'Learns vectors of {dimensions} numbers from {columns} ({inputs}), by the classes of "{target}"; {training} for training, {validation} for validation.',
        all,
      );
}

/** What the user should know of the classes. */
function advice(
  { training: { batch } }: Experiment,
  { training, validation, outputs }: Dataset,
  column: string,
  classes: number,
  { samples }: EmbeddingUse,
): Message[] {
  const { paired } = byClass(training.targets, classes);
  const alone = classes - paired.length;
  const told: Message[] = [];
  if (alone > 0 && samples !== 'rows') {
    told.push(
      message(
        samples === 'triplets' || samples === 'pairs'
          ? 'Classes of "{column}" with a single row in the training part: {alone}. They have no pair of their own, and only serve as what others differ from.'
          : 'Classes of "{column}" with a single row in the training part: {alone}. They have no pair, and take no part in the training.',
        { column, alone },
      ),
    );
  }
  const size = batch === 'full' ? training.rows : batch;
  if (samples === 'views' && size > paired.length) {
    told.push(
      message(
        'A batch has {batch} pairs, but "{column}" has only {classes} classes for them: pairs of one class are pushed apart, too. Choose a batch of at most {classes}, or a loss with labels such as supervised-contrastive.',
        { batch: size, column, classes: paired.length },
      ),
    );
  }
  const most = mostCompared(outputs);
  if (validation !== undefined && validation.rows > most) {
    told.push(
      message('Neighbours are looked for among {most} of the {rows} rows for validation.', {
        most,
        rows: validation.rows,
      }),
    );
  }
  return told;
}
