import * as v from 'valibot';
import { trainingPlan, type TrainingPlan } from '../../src/core/compute/planBuilder.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import type { Model, Parameters } from '../../src/core/network/network.ts';
import type { Optimizer } from '../../src/core/optimizers/rule.ts';
import { modelSchema } from '../../src/core/training/schema/model.ts';
import { optimizerSchema } from '../../src/core/training/schema/optimizer.ts';
import { product, type Problem } from './problem.ts';
import type { Task, TaskLayer } from './tasks.ts';
import { lossObjective } from '../../src/core/compute/objective.ts';

/** What the steps of a check are done with instead of Adam. */
export type OursOptimizer = { readonly type: 'sgd'; readonly rate: number; readonly momentum: number };

/** Loss Lab's own plan of a task's training step. */
export function planOf(task: Task, optimizer?: OursOptimizer): TrainingPlan {
  const id = task.loss === 'softmax' ? 'softmax-cross-entropy' : 'mean-squared-error';
  const loss = loadLoss(id);
  if (loss === undefined) throw new Error(`there is no loss ${id}`);
  const planned = trainingPlan({
    model: modelOf(task),
    inputs: product(task.inputs),
    shape: task.inputs,
    outputs: task.outputs,
    objective: lossObjective(loss, {}),
    rows: task.batch * task.batches,
    batch: task.batch,
    optimizer: optimizerOf(task, optimizer),
  });
  if (!planned.ok) throw new Error(planned.problems.map((problem) => problem.message.template).join(' '));
  return planned.value;
}

function optimizerOf(task: Task, optimizer: OursOptimizer | undefined): Optimizer {
  return v.parse(optimizerSchema, optimizer ?? { type: 'adam', rate: task.rate });
}

/** The task's layers but the last, which every network has. */
function modelOf({ layers }: Task): Model {
  return v.parse(modelSchema, { type: 'layers', layers: layers.slice(0, -1).map(layerOf) });
}

function layerOf(layer: TaskLayer): object {
  switch (layer.type) {
    case 'dense':
      return { type: 'dense', units: layer.units, activation: layer.activation };
    case 'convolution':
      return { type: 'conv2d', filters: layer.filters, size: layer.size, activation: layer.activation };
    case 'max-pool':
      return { type: 'maxPool', size: layer.size };
    case 'flatten':
      return { type: 'flatten' };
  }
}

/** The problem's starting values under the names of the plan's network, which has them in the same order. */
export function parametersOf(plan: TrainingPlan, problem: Problem): Parameters {
  const { parameters } = plan.network;
  if (parameters.length !== problem.parameters.length)
    throw new Error('the network has other parameters than the task');
  return Object.fromEntries(
    parameters.map(({ name, shape }, i) => {
      const given = problem.parameters[i]!;
      if (shape.join() !== given.shape.join())
        throw new Error(`${name} is ${shape.join(' × ')}, not ${given.shape.join(' × ')}`);
      return [name, Float64Array.from(given.values)];
    }),
  );
}
