/**
 * Trains recommendation on the float64 device for the tests in Python: reads cases from the standard input as JSON, and
 * prints for each step of an epoch what it was fed, its loss, and the parameters before and after a step of plain gradient
 * descent at rate 1. Rankings are measured too.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { readParameters, writeParameters, writeWindow } from '../../src/core/compute/feed.ts';
import { float64Executable } from '../../src/core/compute/float64.ts';
import type { Executable } from '../../src/core/compute/device.ts';
import { initialParameters } from '../../src/core/network/initial.ts';
import { atOnce } from '../../src/core/slices.ts';
import { rankingOf } from '../../src/core/tasks/recommendation/ranking.ts';
import { experimentOf, good, tableOf } from '../core/tasks/runTask.ts';
import { checkTask } from '../../src/core/tasks/tasks.ts';

const numbers = v.array(v.number());
const requestSchema = v.object({
  steps: v.array(
    v.object({
      loss: v.object({
        id: v.string(),
        parameters: v.record(v.string(), v.number()),
      }),
      negatives: v.number(),
      batch: v.number(),
      factors: v.number(),
      biases: v.boolean(),
      users: numbers,
      items: numbers,
      weights: v.nullable(numbers),
    }),
  ),
  rankings: v.array(v.object({ scores: numbers, held: numbers, known: numbers, at: v.number() })),
});

type Case = v.InferOutput<typeof requestSchema>['steps'][number];

const request = v.parse(requestSchema, JSON.parse(readFileSync(0, 'utf8')));
process.stdout.write(
  JSON.stringify({
    steps: await Promise.all(request.steps.map(stepsOf)),
    rankings: request.rankings.map(({ scores, held, known, at }) =>
      rankingOf(Float64Array.from(scores), held, known, at),
    ),
  }),
);

async function stepsOf({ loss, negatives, batch, factors, biases, users, items, weights }: Case) {
  const experiment = experimentOf({
    task: { type: 'recommendation', user: 'user', item: 'item', negatives },
    model: { type: 'factorisation', factors, biases },
    split: { validation: 0 },
    loss: {
      ...loss,
      ...(weights === null ? {} : { weightColumn: 'weight' }),
    },
    optimizer: { type: 'sgd', rate: 1 },
    training: { batch, seed: 5 },
  });
  const task = good(checkTask(experiment));
  const table = tableOf({ user: users, item: items, ...(weights === null ? {} : { weight: weights }) });
  const dataset = good(atOnce(task.prepare(table)));
  const plans = good(task.plan(dataset));
  const plan = plans.training;
  const executable = float64Executable(plan.plan);
  const fed: Record<string, Float64Array> = {};
  const recording: Executable = {
    ...executable,
    write(buffer, values) {
      fed[buffer] = Float64Array.from(values);
      executable.write(buffer, values);
    },
  };
  const drawn = good(initialParameters(plan, 3));
  // Away from 0, so that no gradient is small.
  writeParameters(
    executable,
    plan,
    Object.fromEntries(
      Object.entries(drawn).map(([name, values]) => [name, values.map((x, i) => 5 * x + Math.sin(i))]),
    ),
  );
  const whole = atOnce(plans.epoch(0));
  const steps: object[] = [];
  let left = 0;
  for (let step = 0; step < plan.steps; step++) {
    let at = 0;
    if (left === 0) left = writeWindow(recording, plan, whole, step, step + 1);
    else at = steps.length % plan.window;
    left--;
    const before = await readParameters(executable, plan);
    const [value] = await executable.run(1);
    const after = await readParameters(executable, plan);
    const part = (buffer: string) => {
      const values = fed[buffer] ?? new Float64Array(0);
      const size = values.length / plan.window;
      return [...values.subarray(at * size, (at + 1) * size)];
    };
    steps.push({
      features: part('features'),
      weights: part('weights'),
      targets: part('targets'),
      loss: value,
      before: plain(before),
      after: plain(after),
    });
  }
  return { counts: dataset.counts, training: [...dataset.training.features], steps };
}

function plain(parameters: Readonly<Record<string, Float64Array>>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, [...values]]));
}
