import { logVarianceName, sumObjective, type Term } from '../../compute/objective.ts';
import type { Dataset } from '../../data/dataset.ts';
import { outputsOf } from '../../data/encode.ts';
import { preparingTargets, type Wanted } from '../../data/prepare.ts';
import { readTarget } from '../../data/target.ts';
import { bad, message, ok, type Problem, type Result } from '../../messages/message.ts';
import { checkExperiment, type CheckedLoss } from '../../training/check.ts';
import type { Experiment } from '../../training/experiment.ts';
import { planRows, type RunPlans } from '../../training/plans.ts';
import { sampleWeights } from '../../training/weights.ts';
import type { CheckedTask } from '../task.ts';
import { outputMetrics } from './metrics.ts';

type OutputsTask = Extract<Experiment['task'], { type: 'outputs' }>;

/** Predicts several columns at once, each by a loss of its own; what is minimised is their weighted sum. */
export function outputsTask(experiment: Experiment): Result<CheckedTask> {
  const { task } = experiment;
  if (task.type !== 'outputs') throw new RangeError('no task of several outputs');
  if (experiment.loss.classWeights !== undefined) {
    return bad(message('Class weights are for a single target. Remove them, or give the targets weights.'), {
      path: 'loss.classWeights',
    });
  }
  const losses: CheckedLoss[] = [];
  const warnings: Problem[] = [];
  for (const [i, { loss }] of task.targets.entries()) {
    const own = loss === undefined ? experiment : { ...experiment, loss };
    const checked = checkExperiment(own);
    if (!checked.ok) return loss === undefined ? checked : within(checked, `task.targets.${i}`);
    losses.push(checked.value);
    warnings.push(...checked.warnings);
  }
  return ok(
    {
      prepare: (table) =>
        preparingTargets(table, experiment, {
          columns: task.targets.map(({ column }) => column),
          *read(from, columns) {
            const wanted: Wanted[] = [];
            const notes: Problem[] = [];
            for (const [i, index] of columns.entries()) {
              const { use } = losses[i]!;
              const target = yield* readTarget(from, index, use);
              if (!target.ok) return target;
              wanted.push({ target: target.value, use });
              notes.push(...target.warnings);
            }
            return ok(wanted, notes);
          },
          describe(encodings) {
            const targets = encodings.map((target, i) => ({ task: losses[i]!.use.task, target }));
            return {
              task: targets[0]!.task,
              target: { kind: 'outputs', name: encodings.map(({ name }) => name).join(', '), targets },
              outputs: targets.reduce((sum, target) => sum + outputsOf(target), 0),
            };
          },
        }),
      plan: (dataset) => planOutputs(experiment, task, dataset, losses),
    },
    warnings,
  );
}

/** Problems of a target's own loss say so. */
function within({ problems }: Extract<Result<unknown>, { ok: false }>, path: string): Result<never> {
  return {
    ok: false,
    problems: problems.map(({ where, ...problem }) => ({
      ...problem,
      where: where?.path?.startsWith('loss.') === true ? { ...where, path: `${path}.${where.path}` } : where!,
    })),
  };
}

function planOutputs(
  experiment: Experiment,
  { targets, weighting }: OutputsTask,
  dataset: Dataset,
  losses: readonly CheckedLoss[],
): Result<RunPlans> {
  const { target: encoded } = dataset.preprocessing;
  if (encoded.kind !== 'outputs') throw new RangeError('the data are not prepared for several outputs');
  let first = 0;
  const terms = encoded.targets.map((each, i): Term => {
    const { loss, parameters } = losses[i]!;
    const count = outputsOf(each);
    const outputs = { first, count };
    first += count;
    const trained = weighting === 'uncertainty';
    return {
      loss,
      parameters,
      outputs,
      targets: { first: i, count: 1 },
      weight: targets[i]!.weight,
      ...(trained ? { uncertainty: each.task === 'regression' ? 'regression' : 'classification' } : {}),
    };
  });
  const objective = sumObjective(terms, terms.length);
  return planRows(
    experiment,
    dataset,
    weighting === 'fixed'
      ? objective
      : {
          ...objective,
          shown: (parameters) =>
            Object.fromEntries(
              targets.map(({ column }, i) => [`${column} log variance`, parameters[logVarianceName(i)]![0]!]),
            ),
        },
    (part) => outputMetrics(dataset, part, encoded.targets),
    sampleWeights(dataset),
  );
}
