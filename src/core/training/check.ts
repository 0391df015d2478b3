import type { Dataset } from '../data/dataset.ts';
import { lossIds, loadLoss } from '../losses/catalogue.ts';
import { inConvention } from '../losses/conventions.ts';
import type { Loss } from '../losses/loss.ts';
import { columnUse, type ColumnUse } from '../losses/column.ts';
import { taskOf, type Task } from '../losses/task.ts';
import { checkParameters } from '../losses/parameters.ts';
import { bad, message, ok, type Message, type Problem, type Result } from '../messages/message.ts';
import type { Experiment } from './experiment.ts';

/** The loss of an experiment, in the definition that it wants, with every parameter filled in. */
export interface CheckedLoss {
  readonly loss: Loss;
  /** How it uses the target column. */
  readonly use: ColumnUse;
  readonly parameters: Readonly<Record<string, number>>;
}

/** The loss of an experiment in the definition that it wants. Bad where there is none of that name. */
export function lossOf(experiment: Experiment): Result<Loss> {
  const { id, convention } = experiment.loss;
  const original = loadLoss(id);
  if (original === undefined) {
    return bad(
      message('There is no loss "{id}". The losses are {ids}.', {
        id,
        ids: lossIds.join(', '),
      }),
      { path: 'loss.id' },
    );
  }
  const conventions = (original.conventions ?? []).map((one) => one.id);
  if (convention !== undefined && !conventions.includes(convention)) {
    const args = { loss: original.name, id: convention, ids: conventions.join(', ') };
    return bad(
      conventions.length === 0
        ? message('{loss} has no definition "{id}"; it has only its own. Remove it.', args)
        : message('{loss} has no definition "{id}"; besides its own it has: {ids}.', args),
      { path: 'loss.convention' },
    );
  }
  return ok(inConvention(original, convention));
}

/**
 * The parameters of an experiment's loss, with every default filled in. Bad where they do not fit, or where the options
 * of the optimizer or the stop rules do not go together.
 */
export function checkSettings(experiment: Experiment, loss: Loss): Result<Readonly<Record<string, number>>> {
  const parameters = checkParameters(loss, experiment.loss.parameters);
  const problems: Problem[] = [
    ...(parameters.ok ? [] : parameters.problems),
    ...optimizerProblems(experiment),
    ...targetProblems(experiment),
  ];
  return parameters.ok && problems.length === 0 ? parameters : { ok: false, problems };
}

/**
 * What a schema cannot say about an experiment on a column, before its data is read: whether the loss exists and its
 * parameters fit, and whether the optimizer's options go together.
 */
export function checkExperiment(experiment: Experiment): Result<CheckedLoss> {
  const found = lossOf(experiment);
  if (!found.ok) return found;
  const loss = found.value;
  const use = columnUse(loss, experiment.loss.parameters);
  if (use === undefined) {
    return bad(
      message(
        '{loss} needs more than a column of a table to train on. Choose a regression or classification loss.',
        {
          loss: loss.name,
        },
      ),
      { path: 'loss.id' },
    );
  }
  const parameters = checkSettings(experiment, loss);
  return parameters.ok ? ok({ loss, use, parameters: parameters.value }, parameters.warnings) : parameters;
}

/** PyTorch's own condition: Nesterov momentum needs a momentum and no dampening. */
function optimizerProblems({ optimizer }: Experiment): Problem[] {
  if (
    optimizer.type !== 'sgd' ||
    !optimizer.nesterov ||
    (optimizer.momentum > 0 && optimizer.dampening === 0)
  )
    return [];
  return [
    {
      message: message(
        'Nesterov momentum needs a momentum above 0 and no dampening. Set "momentum", for example to 0.9, and "dampening" to 0.',
      ),
      where: { path: 'optimizer.nesterov' },
    },
  ];
}

/** A target on a part that is not there would never be reached. */
function targetProblems({ training, split }: Experiment): Problem[] {
  if (training.target?.on !== 'validation' || split.validation > 0) return [];
  return [
    {
      message: message(
        'The target loss is one on the validation part, but there is none. Set "training.target.on" to "training", or hold out rows by "split.validation".',
      ),
      where: { path: 'training.target.on' },
    },
  ];
}

/** Whether a loss fits prepared data: the same task, and targets that it is defined for. */
export function checkFit(loss: Loss, dataset: Dataset): Result<void> {
  const { task, target } = dataset.preprocessing;
  if (taskOf(loss) !== task) {
    return bad(mismatch(loss, task, target.name, target.kind === 'classes' ? target.classes.length : 0), {
      path: 'loss.id',
    });
  }
  if (dataset.training.rows === 0) {
    return bad(message('The training part has no rows. Hold out less for validation, or use more data.'), {
      path: 'split.validation',
    });
  }
  const wrong = unfit(dataset);
  return wrong === undefined ? ok(undefined) : bad(wrong, { path: 'data' });
}

function mismatch(loss: Loss, found: Task, column: string, classes: number): Message {
  const args = { loss: loss.name, column, classes };
  if (taskOf(loss) === 'regression') {
    return message(
      '{loss} is for numbers, but "{column}" holds {classes} classes. Choose a classification loss, or another target column.',
      args,
    );
  }
  if (found === 'regression') {
    return message(
      '{loss} is for classes, but "{column}" holds numbers. Choose a regression loss, or another target column.',
      args,
    );
  }
  return taskOf(loss) === 'binary'
    ? message(
        '{loss} is for two classes, but "{column}" has {classes}. Choose softmax cross-entropy, or another target column.',
        args,
      )
    : message(
        '{loss} is for class indices, but "{column}" was prepared for a binary loss. Choose binary cross-entropy.',
        args,
      );
}

/** Targets outside of what the task's losses are defined for would train silently on nonsense. */
function unfit({ preprocessing, outputs, training, validation }: Dataset): Message | undefined {
  const parts = validation === undefined ? [training] : [training, validation];
  const allowed: Record<Task, (y: number) => boolean> = {
    regression: Number.isFinite,
    binary: (y) => y === 0 || y === 1,
    classes: (y) => Number.isInteger(y) && y >= 0 && y < outputs,
  };
  for (const part of parts) {
    const value = part.targets.find((y) => !allowed[preprocessing.task](y));
    if (value !== undefined) {
      return message('The target "{column}" has the value {value}, which the loss is not defined for.', {
        column: preprocessing.target.name,
        value: String(value),
      });
    }
  }
  return undefined;
}
