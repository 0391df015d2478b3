/** What a loss of the catalogue is worth on a batch, in a form that JSON can carry to the tests in Python. */
import { compileFunction, type CompiledFunction } from '../../src/core/expression/compile.ts';
import { gradient } from '../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, extent, type Environment } from '../../src/core/expression/evaluate.ts';
import type { Axis, Expr } from '../../src/core/expression/expression.ts';
import { decided } from '../../src/core/losses/decided.ts';
import { predictionsOf, type Loss, type LossInput } from '../../src/core/losses/loss.ts';
import { reduce, type ReduceOptions, type Reduction } from '../../src/core/losses/reduce.ts';

/** A number, or `NaN`, `Infinity`, `-Infinity` as a string: JSON has none of them. */
export type JsonNumber = number | string;

/** An array, row-major. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly JsonNumber[];
}

/** The value (interpreted), and the gradient of its sum by each prediction (compiled). */
export interface Answer {
  readonly value: Numbers;
  readonly gradients: Readonly<Record<string, Numbers>>;
}

/** What is asked of a loss. */
export interface Question {
  readonly reduction: Reduction;
  readonly keep: readonly string[];
  /** A factor for each element or sample, which the environment gives as the input `weight`. */
  readonly weighted?: Pick<ReduceOptions, 'weight' | 'weightedBy'>;
}

interface Prepared {
  readonly value: Expr;
  readonly gradients: readonly (readonly [LossInput, Expr, CompiledFunction])[];
}
const prepared = new Map<string, Prepared>();

/** The answer of a loss, in a convention already, on a batch. */
export function answer(loss: Loss, environment: Environment, question: Question): Answer {
  const { value, gradients } = preparedOf(loss, environment, question);
  const result = evaluate(value, environment);
  return {
    value: numbers(result.axes, result.data, environment),
    gradients: Object.fromEntries(
      gradients.map(([{ id, axes }, derivative, run]) => {
        const [data] = run(environment);
        const all = broadcast({ axes: derivative.axes, data: data! }, axes, environment.sizes);
        return [id, numbers(axes, all, environment)];
      }),
    ),
  };
}

function preparedOf(loss: Loss, environment: Environment, question: Question): Prepared {
  const choices = loss.parameters.flatMap(({ id, choices }) =>
    choices === undefined ? [] : [[id, environment.parameters?.[id]]],
  );
  const { weighted, keep, reduction } = question;
  const by = [weighted?.weightedBy, weighted?.weight?.axes];
  const key = JSON.stringify([loss.id, loss.convention, loss.averaging, choices, keep, reduction, by]);
  let known = prepared.get(key);
  if (known === undefined) {
    const definition = decided(loss, environment.parameters);
    const value = reduce(definition, reduction, { keep, ...weighted });
    known = {
      value,
      gradients: predictionsOf(definition).map((input) => {
        const derivative = gradient(value, input.id);
        return [input, derivative, compileFunction([derivative])] as const;
      }),
    };
    prepared.set(key, known);
  }
  return known;
}

/** An array over axes. */
export function numbers(axes: readonly Axis[], data: ArrayLike<number>, { sizes }: Environment): Numbers {
  return { shape: axes.map((axis) => extent(sizes, axis)), data: Array.from(data, jsonNumber) };
}

/** See {@link JsonNumber}. */
export const jsonNumber = (x: number): JsonNumber => (Number.isFinite(x) ? x : String(x));
