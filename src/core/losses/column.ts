/** How a loss that compares one prediction with one target is trained on a column of a table. */
import { randomStream } from '../data/random.ts';
import { eq, exp, indicator, logsoftmax, mul, sigmoid, softmax, softplus, sub } from '../expression/build.ts';
import { evaluate } from '../expression/evaluate.ts';
import { index, input, type Expr } from '../expression/expression.ts';
import { substitute } from '../expression/rewrite.ts';
import { decided } from './decided.ts';
import { kindOf, pairOf, predictionsOf, type InputKind, type Loss, type LossInput } from './loss.ts';
import { weightedMean } from './reduce.ts';
import { sampleBatch } from './sample.ts';
import { taskOf, type Task } from './task.ts';

/** What turns a network's raw output for a number into the prediction, where that has to be positive. */
export type Link = 'identity' | 'exp' | 'softplus';

/** What a data set must know of the loss that it is prepared for. */
export interface ColumnUse {
  /** Name of the loss, for messages. */
  readonly name: string;
  readonly task: Task;
  readonly link: Link;
  /** Which numbers the target may hold; classes are checked by the task. */
  readonly target: 'value' | 'positive' | 'nonnegative';
  /** Whether only the difference of prediction and target counts, so that the target may be standardised. */
  readonly shiftsFreely: boolean;
}

/**
 * How a loss uses a column with given values of its choices; undefined for a loss that needs more than one column of
 * targets.
 */
export function columnUse(
  original: Loss,
  parameters: Readonly<Record<string, number>> = {},
): ColumnUse | undefined {
  const loss = onValues(original, parameters);
  const task = taskOf(loss);
  if (task === undefined) return undefined;
  const { prediction, target } = pairOf(loss);
  const defaults = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  const wanted = kindOf(target, { ...defaults, ...parameters });
  const links: Partial<Record<InputKind, Link>> = { positive: 'exp', nonnegative: 'softplus' };
  return {
    name: loss.name,
    task,
    link: (task === 'regression' ? links[prediction.kind] : undefined) ?? 'identity',
    target: wanted === 'positive' || wanted === 'nonnegative' ? wanted : 'value',
    shiftsFreely: task === 'regression' && isShiftInvariant(loss),
  };
}

/**
 * The loss with its choices made. Where the prediction may be a value or its logarithm it is the value here: the link makes
 * it positive, and answers are in the target's own units.
 */
function onValues(loss: Loss, parameters: Readonly<Record<string, number>>): Loss {
  const values = predictionsOf(loss).flatMap(({ kindWhen }) =>
    kindWhen === undefined ? [] : [[kindWhen.parameter, kindWhen.value] as const],
  );
  return decided(loss, { ...parameters, ...Object.fromEntries(values) });
}

/** Whether adding a number to predictions and targets alike leaves the loss as it is: tried on one random batch. */
function isShiftInvariant(loss: Loss): boolean {
  const { prediction, target } = pairOf(loss);
  if (prediction.kind !== 'value' || target.kind !== 'value') return false;
  const { sizes, inputs } = sampleBatch(loss, randomStream(1, 'shift'));
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  const at = (shift: number) =>
    evaluate(loss.expression(), {
      sizes,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([id, data]) => [id, data.map((x) => x + shift)]),
      ),
      parameters,
    }).data;
  const [here, there] = [at(0), at(1.5)];
  return here.every((value, i) => Math.abs(value - there[i]!) <= 1e-9 * (1 + Math.abs(value)));
}

/** The prediction for a raw output. */
export function linked(link: Link, output: number): number {
  switch (link) {
    case 'identity':
      return output;
    case 'exp':
      return Math.exp(output);
    case 'softplus':
      return Math.max(output, 0) + Math.log1p(Math.exp(-Math.abs(output)));
  }
}

/**
 * What training on a column minimises: the weighted mean of the loss (an input `weight` on axis `sample`) as an expression
 * of the network's raw outputs and of the column as a data set holds it: numbers, 0 and 1, or class indices. Choices
 * are made and options kept by `parameters`; the others stay symbolic.
 */
export function columnMean(original: Loss, parameters: Readonly<Record<string, number>> = {}): Expr {
  const loss = onValues(original, parameters);
  const { prediction, target } = pairOf(loss);
  return substitute(weightedMean(loss, parameters), {
    [prediction.id]: predictionFrom(prediction, input(prediction.id, prediction.axes)),
    [target.id]: given(target.kind, target.id, target.axes),
  });
}

/** A prediction made from any real numbers of its shape, by what the loss expects. */
export function predictionFrom({ kind, axes }: LossInput, raw: Expr): Expr {
  switch (kind) {
    case 'positive':
      return exp(raw);
    case 'nonnegative':
      return softplus(raw);
    case 'probability':
      return sigmoid(raw);
    case 'distribution':
      return softmax(raw, axes.at(-1)!);
    case 'log-distribution':
      return logsoftmax(raw, axes.at(-1)!);
    default:
      return raw;
  }
}

/** The target from the column, by what the loss expects. */
function given(kind: InputKind, id: string, axes: readonly string[]): Expr {
  switch (kind) {
    case 'sign-label':
      return sub(mul(2, input(id, axes)), 1);
    case 'distribution':
      return indicator(eq(index('class'), input(id, ['sample'], 'index')));
    case 'class-index':
    case 'label-set':
      return input(id, axes, 'index');
    default:
      return input(id, axes);
  }
}

/** The axes that the target has in {@link columnMean}. */
export function columnTargetAxes(loss: Loss): readonly string[] {
  const { target } = pairOf(loss);
  return target.kind === 'distribution' ? ['sample'] : target.axes;
}
