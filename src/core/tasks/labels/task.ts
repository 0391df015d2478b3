import { lossObjective, type Objective } from '../../compute/objective.ts';
import { literal } from '../../compute/kernelText.ts';
import { join, piece } from '../../compute/layers/layer.ts';
import type { LossExtras } from '../../compute/lossKernels.ts';
import type { Dataset, Part, TargetEncoding } from '../../data/dataset.ts';
import { preparingTargets } from '../../data/prepare.ts';
import { columnUse, type ColumnUse } from '../../losses/column.ts';
import { pairOf, predictionsOf, targetsOf, type Loss } from '../../losses/loss.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import { checkSettings, lossOf } from '../../training/check.ts';
import type { Experiment } from '../../training/experiment.ts';
import { planRows, type RunPlans } from '../../training/plans.ts';
import { sampleWeights } from '../../training/weights.ts';
import type { CheckedTask } from '../task.ts';
import { labelMetrics, rankingMetrics } from './metrics.ts';
import { readLabels } from './read.ts';

type Labels = Extract<TargetEncoding, { kind: 'labels' }>;

/** The option of losses that is the factor of a label where it holds. */
const positiveWeight = 'positiveWeight';

/** Predicts several labels of a row at once: one output a label, with a loss of yes and no on each or of all together. */
export function labelsTask(experiment: Experiment): Result<CheckedTask> {
  const { task } = experiment;
  if (task.type !== 'labels') throw new RangeError('no task of labels');
  const found = lossOf(experiment);
  if (!found.ok) return found;
  const loss = found.value;
  const checked = useOf(loss, experiment.loss.parameters);
  if (!checked.ok) return checked;
  const { use, ranked } = checked.value;
  const parameters = checkSettings(experiment, loss);
  if (!parameters.ok) return parameters;
  const weighs = (loss.options ?? []).some(({ id }) => id === positiveWeight);
  if (experiment.loss.classWeights !== undefined && !weighs) {
    return bad(
      message(
        '{loss} has no weights for labels that hold. Remove "loss.classWeights", or choose binary-cross-entropy-logits.',
        { loss: loss.name },
      ),
      { path: 'loss.classWeights' },
    );
  }
  return ok(
    {
      prepare: (table) =>
        preparingTargets(table, experiment, {
          columns: task.targets,
          read: (from, columns) => readLabels(from, columns, use),
          describe: (encodings) => {
            const labels = encodings.map(({ name }) => name);
            return {
              task: 'binary',
              target: {
                kind: 'labels',
                name: labels.join(', '),
                labels,
                ...(ranked ? { ranked: true as const } : {}),
              },
              outputs: labels.length,
            };
          },
        }),
      plan: (dataset) => planLabels(experiment, dataset, loss, parameters.value),
    },
    parameters.warnings,
  );
}

/** How a loss judges labels. `ranked`: it takes the sets of those that hold, and its scores only order them. */
function useOf(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
): Result<{ readonly use: ColumnUse; readonly ranked: boolean }> {
  const use = columnUse(loss, parameters);
  if (use?.task === 'binary') {
    const { kind, axes } = pairOf(loss).prediction;
    // Of a distance the smaller one means yes.
    const says = kind === 'logit' || kind === 'score' || kind === 'probability';
    if (says && axes.includes('output')) return ok({ use, ranked: false });
  }
  const [target, further] = targetsOf(loss);
  if (target?.kind === 'label-set' && further === undefined && predictionsOf(loss).length === 1) {
    const each = { task: 'binary', link: 'identity', target: 'value', shiftsFreely: false } as const;
    return ok({ use: { name: loss.name, ...each }, ranked: true });
  }
  return bad(
    message(
      '{loss} does not judge several labels at once. Choose binary-cross-entropy-logits, binary-focal, multilabel-soft-margin or another loss of yes and no.',
      { loss: loss.name },
    ),
    { path: 'loss.id' },
  );
}

function planLabels(
  experiment: Experiment,
  dataset: Dataset,
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
): Result<RunPlans> {
  const { target } = dataset.preprocessing;
  if (target.kind !== 'labels') throw new RangeError('the data are not prepared for labels');
  const { training, validation, outputs } = dataset;
  const weights = positiveWeights(experiment, target, training);
  if (!weights.ok) return weights;
  const forLoss = target.ranked
    ? {
        ...dataset,
        training: withSets(training, outputs),
        validation: validation === undefined ? undefined : withSets(validation, outputs),
      }
    : dataset;
  return planRows(
    experiment,
    forLoss,
    labelObjective(loss, parameters, outputs, weights.value),
    // Metrics see the labels as 0 and 1.
    () => (target.ranked ? rankingMetrics : labelMetrics)(validation!, outputs),
    sampleWeights(dataset),
  );
}

/** A loss on all labels, each with a factor where it holds. */
function labelObjective(
  loss: Loss,
  parameters: Readonly<Record<string, number>>,
  labels: number,
  weights: readonly number[] | undefined,
): Objective {
  if (weights === undefined) return lossObjective(loss, parameters, labels);
  const buffer = `loss.${positiveWeight}`;
  const extras: LossExtras = { held: [{ id: positiveWeight, buffer, axes: ['output'] }] };
  const objective = lossObjective(loss, parameters, labels, extras);
  const lines = weights.map((weight, k) => `if (this.thread.x >= ${k}) { v = ${literal(weight)}; }`);
  return {
    ...objective,
    kernels: (samples, outputs, buffers) =>
      join(
        piece(buffer, [labels], {}, `let v = 1.0;\n${lines.join('\n')}\nreturn v;`),
        objective.kernels(samples, outputs, buffers),
      ),
  };
}

/**
 * The factor of each label where it holds. `balanced`: the rows where it does not hold through those where it does, as
 * PyTorch advises for `pos_weight`.
 */
function positiveWeights(
  { loss: { classWeights, parameters } }: Experiment,
  { labels }: Labels,
  { targets, rows }: Part,
): Result<readonly number[] | undefined> {
  if (classWeights === undefined) return ok(undefined);
  const at = { path: 'loss.classWeights' };
  if (parameters[positiveWeight] !== undefined) {
    return bad(
      message('Give either "loss.classWeights" or the parameter "{id}", not both.', { id: positiveWeight }),
      at,
    );
  }
  if (classWeights !== 'balanced') {
    const unknown = Object.keys(classWeights).find((name) => !labels.includes(name));
    if (unknown === undefined) return ok(labels.map((name) => classWeights[name] ?? 1));
    return bad(
      message('There is no label "{name}". The labels are {all}.', {
        name: unknown,
        all: labels.map((name) => `"${name}"`).join(', '),
      }),
      { path: `${at.path}.${unknown}` },
    );
  }
  const held = new Float64Array(labels.length);
  for (const [i, holds] of targets.entries()) held[i % labels.length]! += holds;
  const never = held.indexOf(0);
  if (never < 0) return ok(Array.from(held, (count) => Math.max(1, rows - count) / count));
  return bad(
    message(
      'The label "{name}" never holds in the training part, so that its weight cannot be balanced. Give the weights by name, or leave the label out.',
      { name: labels[never]! },
    ),
    at,
  );
}

/** Labels of 0 and 1 as sets: the indices of those that hold, then −1. */
function withSets(part: Part, labels: number): Part {
  const targets = new Float64Array(part.targets.length).fill(-1);
  for (let row = 0; row < part.rows; row++) {
    let place = row * labels;
    for (let k = 0; k < labels; k++) if (part.targets[row * labels + k] === 1) targets[place++] = k;
  }
  return { ...part, targets };
}
