/**
 * Golden cases of losses in the PyTorch convention: value and gradient of the catalogue's expressions in the
 * interpreter, the gradient both as the chain rule gives it and simplified.
 */
import * as v from 'valibot';
import { differentiate } from '../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../src/core/expression/evaluate.ts';
import { input, type Axis, type Expr } from '../../src/core/expression/expression.ts';
import { substitute } from '../../src/core/expression/rewrite.ts';
import { simplify } from '../../src/core/expression/simplify.ts';
import { loadLoss } from '../../src/core/losses/catalogue.ts';
import { checkParameters } from '../../src/core/losses/parameters.ts';
import { reduce, reductions, type Reduction } from '../../src/core/losses/reduce.ts';
import { pairOf, type Loss } from '../../src/core/losses/loss.ts';
import {
  isClose,
  lossCaseSchema,
  type CaseResult,
  type CaseRunner,
  type GoldenArray,
  type GoldenCase,
  type LossCase,
  type Tolerance,
} from './types.ts';
import { taskOf } from '../../src/core/losses/task.ts';

/** What a golden loss id and its parameters are called here. */
interface Entry {
  readonly id: string;
  /** Golden parameter → ours. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What PyTorch's mean divides by when there are weights for the elements; absent where weights are per class. */
  readonly elementWeights?: 'weights' | 'elements';
}

const entries: Readonly<Record<string, Entry>> = {
  mse: { id: 'mean-squared-error', parameters: {}, elementWeights: 'weights' },
  mae: { id: 'mean-absolute-error', parameters: {}, elementWeights: 'weights' },
  huber: { id: 'huber', parameters: { delta: 'delta' }, elementWeights: 'elements' },
  bce_with_logits: {
    id: 'binary-cross-entropy-logits',
    parameters: { pos_weight: 'positiveWeight' },
    elementWeights: 'elements',
  },
  cross_entropy: {
    id: 'softmax-cross-entropy',
    parameters: { label_smoothing: 'labelSmoothing', ignore_index: 'ignoreIndex' },
  },
};

/** A case translated into an expression and the numbers it is evaluated with. */
export interface Prepared {
  readonly loss: Loss;
  readonly value: Expr;
  readonly environment: Environment;
  /** Golden input name → our input name. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Axes of our input and the way back from our row-major order to the file's. */
  readonly layout: (name: string) => {
    readonly axes: readonly Axis[];
    readonly toFile: (data: Float64Array) => Float64Array;
  };
}

class Skip extends Error {}

export const runCases: CaseRunner = (file) => file.cases.map(runCase);

/** Runs one case. */
export function runCase(raw: GoldenCase): CaseResult {
  const { id, loss, convention } = raw;
  const word = (value: unknown) => (typeof value === 'string' ? value : 'without a name');
  // Before the case is parsed: what is skipped may well have fields of its own.
  if (typeof loss !== 'string' || entries[loss] === undefined) {
    return { id, outcome: 'skipped', reason: `loss ${word(loss)} is not offered` };
  }
  if (convention !== 'torch') {
    return { id, outcome: 'skipped', reason: `${loss} in convention ${word(convention)} is not offered` };
  }
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
  if (given.expected.throws === true) {
    try {
      const { value, environment } = prepare(given);
      evaluate(value, environment);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    return `should be refused: ${given.expected.error ?? 'the framework raises'}`;
  }
  const { expected } = given;
  if (expected.loss === undefined || given.tol === undefined)
    return 'malformed case: no expected loss or no tolerance';
  const prepared = prepare(given);
  const value = evaluate(prepared.value, prepared.environment).data;
  const difference = compare('loss', value, expected.loss, given.tol);
  if (difference !== undefined) return difference;
  if (given.grad_policy === 'undefined') return undefined;
  for (const name of given.wrt) {
    const own = prepared.inputs[name];
    const grad = expected.grad?.[name];
    if (own === undefined || grad === undefined) return `malformed case: no gradient by ${name}`;
    const raw = differentiate(prepared.value, own);
    for (const [form, gradient] of [
      ['gradient', raw],
      ['simplified gradient', simplify(raw)],
    ] as const) {
      const problem = checkGradient(form, gradient, given, name, grad, prepared);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function checkGradient(
  form: string,
  gradient: Expr,
  given: LossCase,
  name: string,
  grad: GoldenArray,
  { environment, inputs, layout }: Prepared,
): string | undefined {
  const { axes, toFile } = layout(inputs[name]!);
  const actual = toFile(broadcast(evaluate(gradient, environment), axes, environment.sizes));
  if (given.grad_policy !== 'kink') return compare(`${form} by ${name}`, actual, grad, given.tol!);
  const left = given.expected.grad_left?.[name];
  const right = given.expected.grad_right?.[name];
  if (left === undefined || right === undefined) return 'malformed case: kink without one-sided derivatives';
  return betweenSides(`${form} by ${name}`, actual, { grad, left, right }, given.tol!);
}

/** At a kink any value between the one-sided derivatives (7 digits) is right, elsewhere only the gradient. */
function betweenSides(
  what: string,
  actual: Float64Array,
  {
    grad,
    left,
    right,
  }: { readonly grad: GoldenArray; readonly left: GoldenArray; readonly right: GoldenArray },
  tolerance: Tolerance,
): string | undefined {
  for (let i = 0; i < grad.data.length; i++) {
    const low = Math.min(left.data[i]!, right.data[i]!);
    const high = Math.max(left.data[i]!, right.data[i]!);
    const slack = 1e-6 * (1 + Math.abs(low) + Math.abs(high));
    const isKink = high - low > slack;
    const right_ = isKink
      ? actual[i]! >= low - slack && actual[i]! <= high + slack
      : isClose(actual[i]!, grad.data[i]!, tolerance);
    if (!right_)
      return `${what}[${i}] is ${actual[i]}, expected ${isKink ? `within [${low}, ${high}]` : grad.data[i]}`;
  }
  return undefined;
}

function compare(
  what: string,
  actual: Float64Array,
  expected: GoldenArray,
  tolerance: Tolerance,
): string | undefined {
  if (actual.length !== expected.data.length) {
    return `${what} has ${actual.length} values, expected ${expected.data.length}`;
  }
  const at = expected.data.findIndex((value, i) => !isClose(actual[i]!, value, tolerance));
  return at < 0 ? undefined : `${what}[${at}] is ${actual[at]}, expected ${expected.data[at]}`;
}

/** Translates a case; throws a {@link Skip} for what we do not offer and a RangeError for what is not allowed. */
export function prepare(given: LossCase): Prepared {
  const entry = entries[given.loss];
  const loss = entry === undefined ? undefined : loadLoss(entry.id);
  if (entry === undefined || loss === undefined) throw new Skip(`loss ${given.loss} is not offered`);
  if (given.convention !== 'torch')
    throw new Skip(`${given.loss} in convention ${given.convention} is not offered`);
  const reduction = reductions.find((word) => word === given.reduction);
  if (reduction === undefined) throw new Skip(`reduction ${given.reduction} is not offered`);
  const parameters: Record<string, number> = {};
  for (const [name, value] of Object.entries(given.params)) {
    if (name === 'class_axis') continue;
    const own = entry.parameters[name];
    if (own === undefined || typeof value !== 'number') throw new Skip(`parameter ${name} is not offered`);
    parameters[own] = value;
  }
  checkRanges(loss, parameters);
  return taskOf(loss) === 'classes'
    ? perSample(given, loss, reduction, parameters)
    : elementwise(given, loss, reduction, parameters, entry);
}

function checkRanges(loss: Loss, parameters: Readonly<Record<string, number>>): void {
  const inRange = Object.entries(parameters).filter(([id]) => {
    const option = loss.options?.find((o) => o.id === id);
    return option === undefined || option.range !== undefined;
  });
  if (!checkParameters(loss, Object.fromEntries(inRange)).ok)
    throw new RangeError('a parameter is out of its range');
}

function need(given: LossCase, name: string): GoldenArray {
  const array = given.inputs[name];
  if (array === undefined) throw new RangeError(`input ${name} is missing`);
  return array;
}

function onlyInputs(given: LossCase, ...known: readonly string[]): void {
  const unknown = Object.keys(given.inputs).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Skip(`input ${unknown} is not offered`);
}

function extentOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Losses of matching elements: all axes but the last are samples; what has fewer is repeated. */
function elementwise(
  given: LossCase,
  loss: Loss,
  reduction: Reduction,
  parameters: Readonly<Record<string, number>>,
  entry: Entry,
): Prepared {
  onlyInputs(given, 'pred', 'target', 'weight', 'pos_weight');
  const pred = need(given, 'pred');
  const target = need(given, 'target');
  if (pred.shape.join() !== target.shape.join()) {
    throw new RangeError(`pred has shape [${pred.shape.join()}], target [${target.shape.join()}]`);
  }
  const { axes } = pairOf(loss).prediction;
  const outputs = axes.length === 2 && pred.shape.length > 1 ? pred.shape.at(-1)! : 1;
  const total = extentOf(pred.shape);
  const sizes: Record<Axis, number> = { sample: outputs === 0 ? 0 : total / outputs, output: outputs };
  const inputs: Record<string, readonly number[]> = { pred: pred.data, target: target.data };
  const keep = Object.keys(parameters).filter((id) => loss.options?.some((o) => o.id === id));
  let weight: Expr | undefined;
  if (given.inputs['weight'] !== undefined) {
    weight = input('weight', axes);
    inputs['weight'] = repeated(given.inputs['weight'], pred.shape);
  }
  const positive = given.inputs['pos_weight'];
  if (positive !== undefined) {
    keep.push('positiveWeight');
    inputs['positiveWeight'] = repeated(positive, pred.shape);
  }
  const reduced = reduce(loss, reduction, {
    keep,
    ...(weight === undefined ? {} : { weight, weightedBy: entry.elementWeights ?? 'elements' }),
  });
  const value =
    positive === undefined ? reduced : substitute(reduced, { positiveWeight: input('positiveWeight', axes) });
  return {
    loss,
    value,
    environment: { sizes, inputs, parameters },
    inputs: { pred: 'pred', target: 'target', weight: 'weight', pos_weight: 'positiveWeight' },
    layout: () => ({ axes, toFile: (data) => data }),
  };
}

/** An array repeated to a shape as NumPy and PyTorch do: aligned at the right, lengths of 1 stretch. */
function repeated({ shape, data }: GoldenArray, to: readonly number[]): readonly number[] {
  if (shape.join() === to.join()) return data;
  const own = [...Array<number>(Math.max(0, to.length - shape.length)).fill(1), ...shape];
  if (own.length !== to.length || own.some((n, i) => n !== 1 && n !== to[i])) {
    throw new RangeError(`[${shape.join()}] does not broadcast to [${to.join()}]`);
  }
  return Array.from({ length: extentOf(to) }, (_, flat) => {
    let rest = flat;
    let at = 0;
    let stride = 1;
    for (let d = to.length - 1; d >= 0; d--) {
      const position = rest % to[d]!;
      rest = Math.floor(rest / to[d]!);
      if (own[d]! > 1) at += position * stride;
      stride *= own[d]!;
    }
    return data[at]!;
  });
}

/** Losses with a class axis, moved to the end; all others are samples. */
function perSample(
  given: LossCase,
  loss: Loss,
  reduction: Reduction,
  parameters: Readonly<Record<string, number>>,
): Prepared {
  onlyInputs(given, 'pred', 'target', 'weight');
  const pred = need(given, 'pred');
  const target = need(given, 'target');
  if (target.dtype !== 'int') throw new Skip(`${given.loss} with probability targets is not offered`);
  const asked = given.params['class_axis'];
  const classAxis = typeof asked === 'number' ? asked : pred.shape.length - 1;
  const classes = pred.shape[classAxis];
  if (classes === undefined) throw new RangeError(`pred has no axis ${classAxis}`);
  const others = pred.shape.filter((_, d) => d !== classAxis);
  if (others.join() !== target.shape.join()) {
    throw new RangeError(
      `pred without classes has shape [${others.join()}], target [${target.shape.join()}]`,
    );
  }
  const inner = extentOf(pred.shape.slice(classAxis + 1));
  const samples = extentOf(others);
  /** Position in the file of class c of sample s. */
  const inFile = (s: number, c: number) => (Math.floor(s / inner) * classes + c) * inner + (s % inner);
  const moved = Array.from(
    { length: samples * classes },
    (_, i) => pred.data[inFile(Math.floor(i / classes), i % classes)]!,
  );
  const inputs: Record<string, readonly number[]> = { pred: moved, target: target.data };
  const keep = Object.keys(parameters);
  const weight = given.inputs['weight'];
  if (weight !== undefined) {
    keep.push('classWeight');
    inputs['classWeight'] = weight.data;
  }
  return {
    loss,
    value: reduce(loss, reduction, { keep }),
    environment: { sizes: { sample: samples, class: classes }, inputs, parameters },
    inputs: { pred: 'pred', target: 'target', weight: 'classWeight' },
    layout: (name) => ({
      axes: name === 'classWeight' ? ['class'] : ['sample', 'class'],
      toFile: (data) => {
        if (name !== 'pred') return data;
        const result = new Float64Array(data.length);
        data.forEach((x, i) => (result[inFile(Math.floor(i / classes), i % classes)] = x));
        return result;
      },
    }),
  };
}
