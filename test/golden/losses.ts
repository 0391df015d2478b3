/**
 * Golden cases of losses: value and gradient of the catalogue's expressions in the interpreter, the gradient both as
 * the chain rule gives it and simplified.
 */
import * as v from 'valibot';
import { differentiate } from '../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../src/core/expression/evaluate.ts';
import type { Expr } from '../../src/core/expression/expression.ts';
import { simplify } from '../../src/core/expression/simplify.ts';
import { checkInputs } from '../../src/core/losses/checkInputs.ts';
import { difference, givenSides, measuredSides, subgradientDifference } from './compare.ts';
import { notOffered } from './entries/all.ts';
import { NotAllowed, Skip } from './entry.ts';
import { prepare, type Prepared } from './prepare.ts';
import {
  lossCaseSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenArray,
  type GoldenCase,
  type LossCase,
} from './types.ts';

export { prepare } from './prepare.ts';

export const runCases: CaseRunner = (file) => file.cases.map(runCase);

/** Runs one case. */
export function runCase(raw: GoldenCase): CaseResult {
  const { id } = raw;
  // Before the case is parsed: what is skipped may well have fields of its own.
  const missing = notOffered(raw['loss'], raw['convention']);
  if (missing !== undefined) return { id, outcome: 'skipped', reason: missing };
  const parsed = v.safeParse(lossCaseSchema, raw);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return {
      id,
      outcome: 'failed',
      reason: `malformed case: ${v.getDotPath(issue) ?? ''}: ${issue.message}`,
    };
  }
  try {
    const problem = check(parsed.output);
    return problem === undefined ? { id, outcome: 'passed' } : { id, outcome: 'failed', reason: problem };
  } catch (error) {
    if (error instanceof Skip) return { id, outcome: 'skipped', reason: error.message };
    return { id, outcome: 'failed', reason: `threw: ${String(error)}` };
  }
}

/** What differs, or undefined. */
function check(given: LossCase): string | undefined {
  const { expected, tol } = given;
  if (expected.throws === true) {
    const framework = expected.error ?? 'the framework raises';
    return isRefused(given) ? undefined : `should be refused: ${framework}`;
  }
  if (expected.loss === undefined || tol === undefined)
    return 'malformed case: no expected loss or no tolerance';
  const prepared = prepare(given);
  const { data, axes } = evaluate(prepared.value, prepared.environment);
  const elements = prepared.elements(axes);
  const different = difference('loss', elements?.(data) ?? data, expected.loss, tol);
  if (different !== undefined) return different;
  // Where a prediction is NaN there is nothing to compare.
  if (given.grad_policy === 'undefined' || given.tags.includes('edge:nan')) return undefined;
  for (const name of given.wrt) {
    const own = prepared.inputs[name];
    const grad = expected.grad?.[name];
    if (own === undefined || grad === undefined) return `malformed case: no gradient by ${name}`;
    const { raw, simplified } = gradientsOf(prepared.value, own);
    const problem =
      checkGradient('gradient', raw, given, name, grad, prepared) ??
      checkGradient('simplified gradient', simplified, given, name, grad, prepared);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Whether our parameter check, our input check or the evaluation itself refuses a case. */
function isRefused(given: LossCase): boolean {
  try {
    const { loss, value, environment } = prepare(given);
    const { sizes, inputs, parameters } = environment;
    const sample = {
      sizes,
      inputs: Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, Array.from(data)])),
      parameters: parameters ?? {},
    };
    if (checkInputs(loss, sample).length > 0) return true;
    evaluate(value, environment);
    return false;
  } catch (error) {
    if (error instanceof RangeError || error instanceof NotAllowed) return true;
    throw error;
  }
}

interface Gradients {
  readonly raw: Expr;
  readonly simplified: Expr;
}
const gradients = new Map<string, Gradients>();

/** Both forms of a gradient; cases that differ in numbers alone share them. */
function gradientsOf(value: Expr, input: string): Gradients {
  const key = `${value.id} ${input}`;
  let known = gradients.get(key);
  if (known === undefined) {
    const raw = differentiate(value, input);
    known = { raw, simplified: simplify(raw) };
    gradients.set(key, known);
  }
  return known;
}

function checkGradient(
  form: string,
  gradient: Expr,
  given: LossCase,
  name: string,
  grad: GoldenArray,
  { value, environment, inputs, layout }: Prepared,
): string | undefined {
  const what = `${form} by ${name}`;
  const own = inputs[name]!;
  const { axes, toFile } = layout(own);
  const actual = toFile(broadcast(evaluate(gradient, environment), axes, environment.sizes));
  if (given.grad_policy !== 'kink') return difference(what, actual, grad, given.tol!);
  const left = given.expected.grad_left?.[name];
  const right = given.expected.grad_right?.[name];
  if (left !== undefined && right !== undefined)
    return subgradientDifference(what, actual, grad, given.tol!, givenSides(left, right));
  // The file does not say between which values: the loss itself, which was compared, has one-sided differences.
  const total = (fileOrder: readonly number[]) =>
    evaluate(value, {
      ...environment,
      inputs: { ...environment.inputs, [own]: layout(own).fromFile(fileOrder) },
    }).data.reduce((a, b) => a + b, 0);
  const values = given.inputs[name]!.data;
  return subgradientDifference(what, actual, grad, given.tol!, measuredSides(total, values));
}
