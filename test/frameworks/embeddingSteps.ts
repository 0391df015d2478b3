/**
 * Trains embeddings for one step on the float64 device: reads cases from the standard input as JSON, and prints for each the
 * rows of every role, the fed targets, the loss, and what a step of rate 1 takes off the parameters: the gradients. Of
 * `vectors` it prints how well their neighbours are of the own class.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import {
  readParameters,
  writeOptimizerState,
  writeParameters,
  writeWindow,
} from '../../src/core/compute/feed.ts';
import { float64Device } from '../../src/core/compute/float64.ts';
import type { Dataset } from '../../src/core/data/dataset.ts';
import { english, type Result } from '../../src/core/messages/message.ts';
import { initialParameters } from '../../src/core/network/initial.ts';
import { atOnce } from '../../src/core/slices.ts';
import { neighbourMetrics } from '../../src/core/tasks/embedding/neighbours.ts';
import { checkTask } from '../../src/core/tasks/tasks.ts';
import { parseExperiment } from '../../src/core/training/experiment.ts';

const numbers = v.array(v.number());
const inputSchema = v.object({
  steps: v.array(
    v.object({
      loss: v.record(v.string(), v.unknown()),
      batch: v.number(),
      dimensions: v.number(),
      seed: v.number(),
      width: v.number(),
      features: numbers,
      classes: numbers,
    }),
  ),
  vectors: v.array(
    v.object({
      points: numbers,
      labels: numbers,
      dimensions: v.number(),
      nearness: v.picklist(['euclidean', 'cosine']),
    }),
  ),
});

const given = v.parse(inputSchema, JSON.parse(readFileSync(0, 'utf8')));
process.stdout.write(
  JSON.stringify({
    steps: await Promise.all(given.steps.map(step)),
    metrics: given.vectors.map(({ points, labels, dimensions, nearness }) =>
      atOnce(neighbourMetrics(Float64Array.from(points), labels, dimensions, nearness)),
    ),
  }),
);

function good<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(({ message }) => english(message)).join('\n'));
  return result.value;
}

async function step(of: v.InferOutput<typeof inputSchema>['steps'][number]) {
  const { width, dimensions, seed } = of;
  const experiment = good(
    parseExperiment({
      version: 1,
      data: { source: 'file', path: 'x.csv' },
      task: { type: 'embedding', dimensions },
      model: { type: 'mlp', hidden: [6], activation: 'tanh' },
      loss: of.loss,
      optimizer: { type: 'sgd', rate: 1 },
      training: { batch: of.batch, seed },
    }),
  );
  const dataset: Dataset = {
    preprocessing: { task: 'classes', features: [], target: { kind: 'vector', name: 'y', dimensions } },
    width,
    outputs: dimensions,
    training: {
      rows: of.classes.length,
      features: Float64Array.from(of.features),
      targets: Float64Array.from(of.classes),
    },
    validation: undefined,
  };
  const plans = good(good(checkTask(experiment)).plan(dataset));
  const plan = plans.training;
  const executable = await float64Device().compile(plan.plan);
  const fed: Record<string, number[]> = {};
  const watched = {
    ...executable,
    write(name: string, values: Float64Array | Float32Array) {
      fed[name] = Array.from(values);
      executable.write(name, values);
    },
  };
  plans.load(executable);
  const before = good(initialParameters(plan, seed));
  writeParameters(executable, plan, before);
  writeOptimizerState(executable, plan, {});
  writeWindow(watched, plan, atOnce(plans.epoch(0)), 0, 1);
  const [loss] = await executable.run(1);
  const after = await readParameters(executable, plan);
  return {
    loss,
    order: fed['order'],
    targets: fed['targets'] ?? [],
    parameters: Object.fromEntries(
      plan.parameters.map(({ name, shape }) => [name, { shape, values: [...before[name]!] }]),
    ),
    gradients: Object.fromEntries(
      Object.entries(after).map(([name, values]) => [
        name,
        Array.from(values, (x, i) => before[name]![i]! - x),
      ]),
    ),
  };
}
