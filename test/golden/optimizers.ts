import * as v from 'valibot';
import type { Optimizer } from '../../src/core/optimizers/rule.ts';
import { optimizerSchema } from '../../src/core/training/schema/optimizer.ts';
import {
  arraySchema,
  isClose,
  toleranceSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenArray,
} from './types.ts';
import { follow } from './updates.ts';

/** The hyper-parameters of a golden case in its framework's words. */
export type Hyper = Readonly<Record<string, unknown>>;

/** An optimizer of ours, or why there is none. */
export type OptimizerChoice = { readonly optimizer: Optimizer } | { readonly skip: string };

/** A framework's word → ours. */
const words: Readonly<Record<string, string>> = {
  lr: 'rate',
  momentum: 'momentum',
  dampening: 'dampening',
  nesterov: 'nesterov',
  weight_decay: 'weightDecay',
  eps: 'epsilon',
  epsilon: 'epsilon',
  alpha: 'smoothing',
  rho: 'smoothing',
  centered: 'centered',
  amsgrad: 'amsgrad',
  lr_decay: 'rateDecay',
  initial_accumulator: 'accumulator',
  initial_accumulator_value: 'accumulator',
  momentum_decay: 'momentumDecay',
  beta_1: 'beta1',
  beta_2: 'beta2',
};

/** Keras's defaults where our optimizer is the same but for those: Nadam's momentum decay is fixed there. */
const kerasDefaults: Readonly<Record<string, object>> = {
  adadelta: { smoothing: 0.95, epsilon: 1e-7 },
  nadam: { momentumDecay: 1, epsilon: 1e-7 },
};
const withConvention = ['adam', 'adamw', 'adamax', 'rmsprop', 'adagrad'];

/**
 * Our optimizer for a golden case, which is called `sgd_momentum`, `adam_betas_eps` and the like: the part before the
 * first underscore says the type. Keras's SGD is PyTorch's (golden README).
 */
export function chooseOptimizer(name: string, convention: string, hyper: Hyper): OptimizerChoice {
  const [first = ''] = name.split('_');
  const type = first === 'nesterov' || first === 'momentum' ? 'sgd' : first;
  const isKeras = convention === 'keras';
  const { betas, ...others } = hyper;
  // The weight decay of Keras's SGD is decoupled, which is a penalty of its own here.
  const decays = isKeras && type === 'sgd' ? others['weight_decay'] : undefined;
  const ignored = decays === undefined ? ['note'] : ['note', 'weight_decay'];
  const plain = Object.entries(others).filter(([key]) => !ignored.includes(key));
  const unknown = plain.map(([key]) => key).filter((key) => words[key] === undefined);
  if (unknown.length > 0) return { skip: `option ${unknown.join(', ')} of ${name} is not offered` };
  const parsed = v.safeParse(optimizerSchema, {
    type,
    ...(isKeras && withConvention.includes(type) ? { convention } : {}),
    ...(isKeras ? kerasDefaults[type] : {}),
    ...(Array.isArray(betas) ? { beta1: betas[0] as unknown, beta2: betas[1] as unknown } : {}),
    ...(decays === undefined ? {} : { penalties: [{ on: 'all', decay: decays }] }),
    ...(first === 'nesterov' ? { nesterov: true } : {}),
    ...Object.fromEntries(plain.map(([key, value]) => [words[key]!, value])),
  });
  return parsed.success
    ? { optimizer: parsed.output }
    : { skip: `optimizer ${name} is not offered: ${parsed.issues[0].message}` };
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
export type OptimizerCase = v.InferOutput<typeof caseSchema>;

/** A case of optimizers.json as we run it. */
export function parseOptimizerCase(raw: unknown): OptimizerCase {
  return v.parse(caseSchema, raw);
}

/** Runs optimizers.json: the parameter after every step, through the update kernels on the float64 device. */
export const runOptimizers: CaseRunner = ({ cases }) =>
  Promise.all(cases.map((raw) => runCase(parseOptimizerCase(raw))));

/** Rows of a matrix. */
export function rowsOf({ shape: [count = 0, width = 0], data }: GoldenArray): number[][] {
  return Array.from({ length: count }, (_, i) => data.slice(width * i, width * (i + 1)));
}

async function runCase(given: OptimizerCase): Promise<CaseResult> {
  const { id } = given;
  const chosen = chooseOptimizer(given.optimizer, given.convention, given.hyper);
  if ('skip' in chosen) return { id, outcome: 'skipped', reason: chosen.skip };
  const trajectory = await follow(
    chosen.optimizer,
    { p: given.param0.data },
    rowsOf(given.grads).map((p) => ({ p })),
  );
  for (const [step, expected] of rowsOf(given.params_after_each_step).entries()) {
    for (const [i, value] of expected.entries()) {
      const actual = trajectory[step]?.parameters['p']?.[i] ?? Number.NaN;
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
