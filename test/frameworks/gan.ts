/**
 * Runs one step of a GAN on the float64 device: reads cases from the standard input as JSON, and prints for each the losses
 * and gradients of every update, and the parameters after the step.
 */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ganTrainingPlan } from '../../src/core/compute/adversarial/ganPlan.ts';
import { readParameters, writeOptimizerState, writeParameters } from '../../src/core/compute/feed.ts';
import { float64Executable } from '../../src/core/compute/float64.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { pairOfPlayers } from '../../src/core/losses/players.ts';
import { gradientName } from '../../src/core/network/parameterShape.ts';
import { modelSchema } from '../../src/core/training/schema/model.ts';
import { optimizerSchema } from '../../src/core/training/schema/optimizer.ts';

const numbers = v.array(v.number());
const casesSchema = v.array(
  v.object({
    generator: modelSchema,
    discriminator: modelSchema,
    loss: v.string(),
    latent: v.number(),
    columns: v.number(),
    batch: v.number(),
    optimizer: optimizerSchema,
    discriminatorSteps: v.number(),
    discriminatorRate: v.optional(v.number()),
    gradientPenalty: v.optional(v.object({ weight: v.number(), sided: v.picklist(['one', 'two']) })),
    /** Rows × columns; the order chooses among them. */
    rows: v.array(numbers),
    order: numbers,
    noise: numbers,
    mixing: numbers,
    parameters: v.record(v.string(), numbers),
  }),
);
type Case = v.InferOutput<typeof casesSchema>[number];

const cases = v.parse(casesSchema, JSON.parse(readFileSync(0, 'utf8')));
process.stdout.write(JSON.stringify(await Promise.all(cases.map(answer))));

async function answer(given: Case) {
  const { rows, discriminatorSteps, discriminatorRate, gradientPenalty, ...shared } = given;
  const losses = pairOfPlayers(loadLoss(given.loss)!, loadLoss);
  if (losses === undefined) throw new Error(`${given.loss} has no pair`);
  const planned = ganTrainingPlan({
    ...shared,
    losses,
    rows: rows.length,
    discriminatorSteps,
    ...(discriminatorRate === undefined ? {} : { discriminatorRate }),
    ...(gradientPenalty === undefined ? {} : { gradientPenalty }),
    seed: 0,
  });
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  const plan = planned.value;
  const executable = float64Executable(plan.plan);
  const write = (name: string, values: readonly number[]) => {
    const { size } = plan.plan.buffers.find((buffer) => buffer.name === name)!;
    const whole = new Float64Array(size);
    whole.set(values);
    executable.write(name, whole);
  };
  write('features.0', rows.flat());
  write('order', given.order);
  write('noise', given.noise);
  if (gradientPenalty !== undefined) write('mixing', given.mixing);
  write('schedule', plan.updates.schedule({ step: 1, epoch: 0, stepsPerEpoch: plan.steps }));
  const start = Object.entries(given.parameters).map(
    ([name, values]) => [name, Float64Array.from(values)] as const,
  );
  writeParameters(executable, plan, Object.fromEntries(start));
  writeOptimizerState(executable, plan, {});
  const [reported] = executable.runNow(1);
  const turns = [...Array.from({ length: discriminatorSteps }, (_, i) => `discriminator${i}`), 'generator'];
  const gradients = async (turn: string) => {
    const parameters = plan.parameters.filter(
      ({ name, trained }) => trained && name.startsWith('discriminator.') === (turn !== 'generator'),
    );
    const read = (name: string) => {
      const total = `${turn}.${gradientName(name)}.total`;
      const hasTotal = plan.plan.buffers.some((buffer) => buffer.name === total);
      return executable.read(hasTotal ? total : `${turn}.${gradientName(name)}`);
    };
    return plain(await readParameters({ ...executable, read }, { parameters }));
  };
  return {
    reported,
    losses: plan.losses.map((buffer) => executable.readNow(buffer)[0]),
    gradients: await Promise.all(turns.map(gradients)),
    parameters: plain(await readParameters(executable, plan)),
  };
}

function plain(values: Readonly<Record<string, Float64Array>>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(values).map(([name, given]) => [name, [...given]]));
}
