import * as v from 'valibot';
import { afterEpoch, plateauStart } from '../../src/core/optimizers/plateau.ts';
import { rateAt } from '../../src/core/optimizers/rates.ts';
import { optimizerSchema } from '../../src/core/training/schema/optimizer.ts';
import { isClose, toleranceSchema, type CaseResult, type CaseRunner } from './types.ts';

const caseSchema = v.object({
  id: v.string(),
  base_lr: v.number(),
  params: v.record(v.string(), v.unknown()),
  metrics: v.optional(v.array(v.number())),
  lr_at_epoch: v.array(v.number()),
  tol: toleranceSchema,
});

type Words = Readonly<Record<string, string>>;

/** How a scheduler of PyTorch is told by its parameters, and its words → ours. The first whose key is given counts. */
const schedulers: readonly (readonly [key: string, type: string, words: Words])[] = [
  ['patience', 'plateau', { min_lr: 'minimum', threshold_mode: 'compare' }],
  ['T_0', 'cosine-restarts', { T_0: 'length', T_mult: 'growth', eta_min: 'minimum' }],
  ['T_max', 'cosine', { T_max: 'length', eta_min: 'minimum' }],
  ['step_size', 'step', { step_size: 'length', gamma: 'factor' }],
  ['milestones', 'multi-step', { milestones: 'at', gamma: 'factor' }],
  ['gamma', 'exponential', { gamma: 'factor' }],
  ['power', 'polynomial', { total_iters: 'length' }],
  ['start_factor', 'linear', { start_factor: 'from', end_factor: 'to', total_iters: 'length' }],
  ['factor', 'constant', { total_iters: 'length' }],
  [
    'max_lr',
    'one-cycle',
    {
      total_steps: 'length',
      pct_start: 'rise',
      div_factor: 'start',
      final_div_factor: 'end',
      anneal_strategy: 'shape',
      three_phase: 'phases',
    },
  ],
];
const values: Readonly<Record<string, unknown>> = {
  rel: 'relative',
  abs: 'absolute',
  cos: 'cosine',
  true: 3,
  false: 2,
};

/** Parameters that do not touch the rate. */
const besideTheRate = ['note', 'cycle_momentum', 'base_momentum', 'max_momentum'];

/** Runs schedules.json: the rate of each epoch. */
export const runSchedules: CaseRunner = ({ cases }) => cases.map((raw) => runCase(raw));

function runCase(raw: { readonly id: string }): CaseResult {
  const { id, base_lr, params, metrics, lr_at_epoch, tol } = v.parse(caseSchema, raw);
  const found = schedulers.find(([key]) => key in params);
  if (found === undefined)
    return { id, outcome: 'skipped', reason: `schedule of ${Object.keys(params).join(', ')} is not offered` };
  const [, type, words] = found;
  const { max_lr, ...others } = params;
  const rest = Object.entries(others).filter(
    ([key, value]) => !besideTheRate.includes(key) && value !== 'min',
  );
  const linear = type === 'linear' ? { to: 1 } : {};
  const parsed = v.safeParse(optimizerSchema, {
    type: 'sgd',
    rate: max_lr ?? base_lr,
    schedule: {
      type,
      ...linear,
      // The golden schedules are stepped once per epoch.
      ...(type === 'one-cycle' ? { every: 'epoch' } : {}),
      ...Object.fromEntries(rest.map(([key, value]) => [words[key] ?? key, values[String(value)] ?? value])),
    },
  });
  if (!parsed.success) {
    return { id, outcome: 'skipped', reason: `not offered: ${parsed.issues[0].message}` };
  }
  let state = plateauStart;
  for (const [epoch, expected] of lr_at_epoch.entries()) {
    const moment = { step: 7 * epoch + 1, epoch, stepsPerEpoch: 7, factor: state.factor };
    const rate = rateAt(parsed.output, moment);
    if (!isClose(rate, expected, tol))
      return { id, outcome: 'failed', reason: `the rate of epoch ${epoch} is ${rate}, expected ${expected}` };
    state = afterEpoch(parsed.output, state, metrics?.[epoch] ?? Number.NaN);
  }
  return { id, outcome: 'passed' };
}
