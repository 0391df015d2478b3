/** Golden training runs: the loss before every step, the final loss and parameters, on the float64 device. */
import * as v from 'valibot';
import { ours, prepare, train, type GoldenData } from './trajectories.ts';
import {
  arraySchema,
  isClose,
  toleranceSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenCase,
  type GoldenContext,
} from './types.ts';

const tensors = v.record(v.string(), arraySchema);
const schema = v.object({
  id: v.string(),
  convention: v.string(),
  optimizer: v.string(),
  hyper: v.optional(v.record(v.string(), v.unknown()), {}),
  steps: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  model: v.string(),
  loss: v.string(),
  data: v.exactOptional(v.string()),
  x: v.exactOptional(v.array(v.number())),
  y: v.exactOptional(v.array(v.number())),
  init: tensors,
  losses: v.array(v.number()),
  final_loss: v.number(),
  final_params: tensors,
  tol: toleranceSchema,
});

const dataSchema = v.record(v.string(), v.object({ X: v.union([v.string(), arraySchema]), y: arraySchema }));

export const runCases: CaseRunner = async (file, context) => {
  const data = dataSets(context);
  const results: CaseResult[] = [];
  for (const raw of file.cases) {
    const { id } = raw;
    try {
      results.push(await runCase(raw, data));
    } catch (error) {
      results.push({ id, outcome: 'failed', reason: `threw: ${String(error)}` });
    }
  }
  return results;
};

function dataSets(context: GoldenContext): GoldenData {
  const file = context.files.get('datasets');
  return file === undefined ? {} : v.parse(dataSchema, file.rest);
}

async function runCase(raw: GoldenCase, data: GoldenData): Promise<CaseResult> {
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
  const prepared = prepare(given, data);
  if ('skip' in prepared) return { id, outcome: 'skipped', reason: prepared.skip };
  const { losses, parameters, finalLoss } = await train(prepared, given.steps);
  const failed = (reason: string): CaseResult => ({ id, outcome: 'failed', reason });
  for (const [step, expected] of given.losses.entries()) {
    const actual = losses[step] ?? NaN;
    if (!isClose(actual, expected, given.tol))
      return failed(`loss before step ${step + 1} is ${actual}, expected ${expected}`);
  }
  if (!isClose(finalLoss, given.final_loss, given.tol)) {
    return failed(`final loss is ${finalLoss}, expected ${given.final_loss}`);
  }
  for (const [name, expected] of Object.entries(ours(given.final_params))) {
    const at = expected.findIndex((value, i) => !isClose(parameters[name]?.[i] ?? NaN, value, given.tol));
    if (at >= 0) return failed(`final ${name}[${at}] is ${parameters[name]?.[at]}, expected ${expected[at]}`);
  }
  return { id, outcome: 'passed' };
}
