/**
 * The objective of a forecast on the float64 device: reads cases from the standard input as JSON, and prints for each the
 * loss and its gradient in the outputs, samples × (levels · horizon).
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { float64Executable } from '../../src/core/compute/float64.ts';
import { padded } from '../../src/core/compute/kernelText.ts';
import { lossObjective } from '../../src/core/compute/objective.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { quantileObjective } from '../../src/core/tasks/forecast/task.ts';

const numbers = v.array(v.number());
const casesSchema = v.array(
  v.object({
    loss: v.string(),
    parameters: v.record(v.string(), v.number()),
    /** Absent: one value for each moment. */
    levels: v.optional(numbers),
    horizon: v.number(),
    samples: v.number(),
    outputs: numbers,
    targets: numbers,
    weights: numbers,
  }),
);

const cases = v.parse(casesSchema, JSON.parse(readFileSync(0, 'utf8')));
process.stdout.write(JSON.stringify(cases.map(answer)));

function answer(given: v.InferOutput<typeof casesSchema>[number]) {
  const { levels, horizon, samples } = given;
  const loss = loadLoss(given.loss)!;
  const objective =
    levels === undefined
      ? lossObjective(loss, given.parameters, horizon)
      : quantileObjective(loss, levels, horizon);
  const outputs = horizon * (levels?.length ?? 1);
  const stride = padded(outputs);
  const part = objective.kernels(samples, outputs, {
    prediction: 'outputs',
    target: 'targets',
    weight: 'weights',
    value: 'loss',
    gradient: 'gradient',
  });
  const executable = float64Executable({
    buffers: [
      { name: 'outputs', size: samples * stride, role: 'data' },
      { name: 'targets', size: samples * objective.targets, role: 'data' },
      { name: 'weights', size: samples, role: 'data' },
      ...part.buffers,
    ],
    kernels: part.kernels,
    carry: part.carry,
    report: 'loss',
  });
  const laidOut = Float64Array.from({ length: samples * stride }, (_, i) =>
    i % stride < outputs ? given.outputs[Math.floor(i / stride) * outputs + (i % stride)]! : 0,
  );
  executable.write('outputs', laidOut);
  executable.write('targets', Float64Array.from(given.targets));
  executable.write('weights', Float64Array.from(given.weights));
  const [value] = executable.runNow(1);
  const gradient = executable.readNow('gradient');
  return {
    loss: value,
    gradient: Array.from({ length: samples }, (_, n) => [
      ...gradient.subarray(n * stride, n * stride + outputs),
    ]).flat(),
  };
}
