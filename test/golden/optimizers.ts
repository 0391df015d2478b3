import * as v from 'valibot';
import type { Device } from '../../src/core/compute/device.ts';
import { float64Device } from '../../src/core/compute/float64.ts';
import { padded } from '../../src/core/compute/kernelText.ts';
import type { Plan } from '../../src/core/compute/plan.ts';
import { updateRule } from '../../src/core/optimizers/optimizers.ts';
import { scheduleWidth, type Optimizer } from '../../src/core/optimizers/rule.ts';
import {
  arraySchema,
  isClose,
  toleranceSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenArray,
} from './types.ts';

/** The hyper-parameters of a golden case in its framework's words. */
export type Hyper = Readonly<Record<string, unknown>>;

/** An optimizer of ours, or why there is none. */
export type OptimizerChoice = { readonly optimizer: Optimizer } | { readonly skip: string };

const sgdNames = ['sgd', 'sgd_momentum', 'sgd_dampening', 'nesterov', 'sgd_weight_decay'];
const adamNames = ['adam', 'adam_betas_eps', 'adam_weight_decay', 'adam_l2'];

/**
 * Our optimizer for a golden case. Keras's SGD is PyTorch's (golden README), its Adam is not; options that we do not have are
 * named in the reason.
 */
export function chooseOptimizer(name: string, convention: string, hyper: Hyper): OptimizerChoice {
  const isSgd = sgdNames.includes(name);
  if (!isSgd && !adamNames.includes(name)) return { skip: `optimizer ${name} comes with the training core` };
  if (!isSgd && convention !== 'torch')
    return {
      skip: `Adam of ${convention} comes with the training core: it corrects the bias of epsilon differently`,
    };
  const known = isSgd
    ? ['lr', 'momentum', 'dampening', 'nesterov', 'weight_decay', 'note']
    : ['lr', 'betas', 'eps', 'weight_decay', 'note'];
  const unknown = Object.keys(hyper).filter((key) => !known.includes(key) && hyper[key] !== false);
  if (unknown.length > 0)
    return { skip: `option ${unknown.join(', ')} of ${name} comes with the training core` };
  const number = (key: string, otherwise: number) =>
    typeof hyper[key] === 'number' ? hyper[key] : otherwise;
  const common = { rate: number('lr', Number.NaN), weightDecay: number('weight_decay', 0) };
  if (isSgd) {
    return {
      optimizer: {
        type: 'sgd',
        ...common,
        momentum: number('momentum', 0),
        dampening: number('dampening', 0),
        nesterov: name === 'nesterov' || hyper['nesterov'] === true,
      },
    };
  }
  const [beta1, beta2] = Array.isArray(hyper['betas']) ? (hyper['betas'] as number[]) : [0.9, 0.999];
  return {
    optimizer: { type: 'adam', ...common, beta1: beta1!, beta2: beta2!, epsilon: number('eps', 1e-8) },
  };
}

/** The parameter after each step under given gradients, by the update kernels on a device. */
export async function updateTrajectory(
  optimizer: Optimizer,
  parameter: readonly number[],
  gradients: readonly (readonly number[])[],
  device: Device = float64Device(),
): Promise<number[][]> {
  const rule = updateRule(optimizer);
  const size = padded(parameter.length);
  const part = rule.update({ parameter: 'p', gradient: 'gradient', output: [size] });
  const plan: Plan = {
    buffers: [
      { name: 'p', size, role: 'state' },
      { name: 'gradients', size: gradients.length * size, role: 'data' },
      { name: 'gradient', size, role: 'temporary' },
      { name: 'schedule', size: gradients.length * scheduleWidth, role: 'data' },
      { name: 'clock', size: 4, role: 'state' },
      { name: 'clock.next', size: 4, role: 'temporary' },
      ...part.buffers,
    ],
    kernels: [
      {
        name: 'gradient',
        output: [size],
        reads: [
          { parameter: 'gradients', buffer: 'gradients' },
          { parameter: 'clock', buffer: 'clock' },
        ],
        writes: 'gradient',
        body: `return gradients[(clock[0] | 0) * ${size} + this.thread.x];`,
      },
      ...part.kernels,
      {
        name: 'clock.next',
        output: [4],
        reads: [{ parameter: 'clock', buffer: 'clock' }],
        writes: 'clock.next',
        body: 'return clock[this.thread.x] + 1.0;',
      },
    ],
    carry: [...part.carry, { from: 'clock.next', to: 'clock' }],
    report: 'p',
  };
  const executable = await device.compile(plan);
  const row = (values: readonly number[]) => [...values, ...Array<number>(size - values.length).fill(0)];
  executable.write('p', Float64Array.from(row(parameter)));
  executable.write('gradients', Float64Array.from(gradients.flatMap(row)));
  const schedule = new Float64Array(gradients.length * scheduleWidth);
  gradients.forEach((_, i) => schedule.set(rule.schedule(i + 1), i * scheduleWidth));
  executable.write('schedule', schedule);
  const trajectory: number[][] = [];
  for (let step = 0; step < gradients.length; step++) {
    await executable.run(1);
    trajectory.push([...(await executable.read('p'))].slice(0, parameter.length));
  }
  await executable.dispose();
  return trajectory;
}

const caseSchema = v.object({
  id: v.string(),
  optimizer: v.string(),
  convention: v.string(),
  hyper: v.record(v.string(), v.unknown()),
  param0: arraySchema,
  grads: arraySchema,
  params_after_each_step: arraySchema,
  tol: toleranceSchema,
});

/** Runs optimizers.json: the parameter after every step, through the update kernels on the float64 device. */
export const runOptimizers: CaseRunner = ({ cases }) => Promise.all(cases.map(runCase));

async function runCase(raw: { readonly id: string }): Promise<CaseResult> {
  const parsed = v.safeParse(caseSchema, raw);
  if (!parsed.success) return { id: raw.id, outcome: 'failed', reason: parsed.issues[0].message };
  const given = parsed.output;
  const { id } = given;
  const chosen = chooseOptimizer(given.optimizer, given.convention, given.hyper);
  if ('skip' in chosen) return { id, outcome: 'skipped', reason: chosen.skip };
  const rows = ({ shape: [count = 0, width = 0], data }: GoldenArray) =>
    Array.from({ length: count }, (_, i) => data.slice(width * i, width * (i + 1)));
  const trajectory = await updateTrajectory(chosen.optimizer, given.param0.data, rows(given.grads));
  for (const [step, expected] of rows(given.params_after_each_step).entries()) {
    for (const [i, value] of expected.entries()) {
      const actual = trajectory[step]?.[i] ?? Number.NaN;
      if (!isClose(actual, value, given.tol)) {
        return {
          id,
          outcome: 'failed',
          reason: `parameter ${i} after step ${step + 1} is ${actual}, expected ${value}`,
        };
      }
    }
  }
  return { id, outcome: 'passed' };
}
