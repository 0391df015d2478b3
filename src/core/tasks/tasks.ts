import { bad, message, type Result } from '../messages/message.ts';
import type { Experiment } from '../training/experiment.ts';
import { columnTask } from './column.ts';
import { embeddingTask } from './embedding/task.ts';
import { forecastTask } from './forecast/task.ts';
import { ganTask } from './gan/task.ts';
import { labelsTask } from './labels/task.ts';
import { outputsTask } from './outputs/task.ts';
import { recommendationTask } from './recommendation/task.ts';
import type { CheckedTask } from './task.ts';

type TaskType = Experiment['task']['type'];

const tasks: Readonly<Record<TaskType, (experiment: Experiment) => Result<CheckedTask>>> = {
  column: columnTask,
  embedding: embeddingTask,
  recommendation: recommendationTask,
  labels: labelsTask,
  outputs: outputsTask,
  forecast: forecastTask,
  gan: ganTask,
};

/** The task of an experiment, checked as far as that goes without its data: loss, parameters, options that go together. */
export function checkTask(experiment: Experiment): Result<CheckedTask> {
  const { task, loss } = experiment;
  if (loss.trained !== undefined && task.type !== 'column') {
    return bad(message('Parameters of a loss are trained on a single target only. Remove "loss.trained".'), {
      path: 'loss.trained',
    });
  }
  return tasks[task.type](experiment);
}
