/** Golden cases of update rules: a parameter after each step under given gradients, on the float64 device. */
import * as v from 'valibot';
import { chooseOptimizer, updateTrajectory } from './optimizers.ts';
import {
  arraySchema,
  isClose,
  toleranceSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenCase,
} from './types.ts';

const schema = v.object({
  id: v.string(),
  optimizer: v.string(),
  convention: v.string(),
  hyper: v.optional(v.record(v.string(), v.unknown()), {}),
  param0: arraySchema,
  grads: arraySchema,
  params_after_each_step: arraySchema,
  tol: toleranceSchema,
});

export const runCases: CaseRunner = async (file) => {
  const results: CaseResult[] = [];
  for (const raw of file.cases) results.push(await runCase(raw));
  return results;
};

async function runCase(raw: GoldenCase): Promise<CaseResult> {
  const { id } = raw;
  const parsed = v.safeParse(schema, raw);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return {
      id,
      outcome: 'failed',
      reason: `malformed case: ${v.getDotPath(issue) ?? ''}: ${issue.message}`,
    };
  }
  const given = parsed.output;
  const chosen = chooseOptimizer(given.optimizer, given.convention, given.hyper);
  if ('skip' in chosen) return { id, outcome: 'skipped', reason: chosen.skip };
  const width = given.param0.data.length;
  const gradients = Array.from({ length: given.grads.data.length / width }, (_, step) =>
    given.grads.data.slice(step * width, (step + 1) * width),
  );
  try {
    const actual = (await updateTrajectory(chosen.optimizer, given.param0.data, gradients)).flat();
    const expected = given.params_after_each_step.data;
    const at = expected.findIndex((value, i) => !isClose(actual[i]!, value, given.tol));
    if (at < 0 && actual.length === expected.length) return { id, outcome: 'passed' };
    const reason = `parameter ${at % width} after step ${Math.floor(at / width) + 1} is ${actual[at]}, expected ${expected[at]}`;
    return { id, outcome: 'failed', reason };
  } catch (error) {
    return { id, outcome: 'failed', reason: `threw: ${String(error)}` };
  }
}
