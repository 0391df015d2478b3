import type { Axis } from '../expression/expression.ts';
import { message, type Message, type Problem } from '../messages/message.ts';
import { kindOf, type InputKind, type Loss, type LossInput, type Sample } from './loss.ts';

/** Rounding that single precision leaves in probabilities that sum to 1. */
const rounding = 1e-5;

/**
 * Whether the numbers of a batch are what a loss is defined for: of the right length, at least one, finite, and each
 * within its input's kind. At most one problem an input, at the first element that does not fit; empty where all fit.
 * A class index may also be what the parameter `ignoreIndex` names; kinds follow the parameters.
 */
export function checkInputs(loss: Pick<Loss, 'name' | 'inputs'>, sample: Sample): readonly Problem[] {
  return loss.inputs.flatMap((input) => {
    const problem = problemOf(input, sample);
    return problem === undefined
      ? []
      : [{ message: problem(loss.name), where: { path: `inputs.${input.id}` } }];
  });
}

function problemOf(
  input: LossInput,
  { sizes, inputs, parameters = {} }: Sample,
): ((loss: string) => Message) | undefined {
  const { id, axes } = input;
  const kind = kindOf(input, parameters);
  const extent = (axis: Axis) => sizes[axis] ?? 0;
  const expected = axes.reduce((product, axis) => product * extent(axis), 1);
  const data = inputs[id];
  if (data?.length !== expected) {
    const found = data?.length ?? 0;
    return (loss) =>
      message('{loss} needs {expected} values of "{input}", found {found}.', {
        loss,
        input: id,
        expected,
        found,
      });
  }
  if (expected === 0)
    return (loss) => message('{loss} needs at least one value of "{input}".', { loss, input: id });
  // Without an axis for the classes there may be any number of them.
  const rule = rules(kind, sizes[kind === 'length' ? (input.of ?? '') : 'class'] ?? Infinity);
  const ignored = kind === 'class-index' ? (parameters['ignoreIndex'] ?? Number.NaN) : Number.NaN;
  const at = data.findIndex((value) => value !== ignored && !rule.allows(value));
  if (at >= 0) return refusal(id, at, data[at]!, rule.words);
  if (kind !== 'distribution') return undefined;
  const row = firstUnnormalised(data, extent(axes.at(-1) ?? ''));
  return row === undefined
    ? undefined
    : (loss) =>
        message('Row {row} of "{input}" sums to {sum}, but {loss} needs probabilities that sum to 1.', {
          row: row.at,
          input: id,
          sum: row.sum,
          loss,
        });
}

function refusal(input: string, at: number, value: number, allowed: Message) {
  return (loss: string) =>
    message('Value {at} of "{input}" is {value}, but {loss} needs {allowed}.', {
      at,
      input,
      value: String(value),
      loss,
      allowed,
    });
}

/** The first row of a length whose probabilities do not sum to 1. */
function firstUnnormalised(
  data: readonly number[],
  length: number,
): { readonly at: number; readonly sum: number } | undefined {
  for (let at = 0; at * length < data.length; at++) {
    const sum = data.slice(at * length, (at + 1) * length).reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) > rounding) return { at, sum };
  }
  return undefined;
}

interface Rule {
  readonly allows: (value: number) => boolean;
  /** What is allowed, to follow “needs”. */
  readonly words: Message;
}

/** What a kind allows; `count` is how many classes there are, or the longest length. */
function rules(kind: InputKind, count: number): Rule {
  const index = (value: number) => Number.isInteger(value) && value < count;
  switch (kind) {
    case 'value':
    case 'logit':
    case 'score':
    case 'embedding':
      return { allows: Number.isFinite, words: message('finite numbers') };
    case 'positive':
      return { allows: (v) => v > 0 && v < Infinity, words: message('numbers above 0') };
    case 'nonnegative':
    case 'relevance':
    case 'weight':
      return { allows: (v) => v >= 0 && v < Infinity, words: message('numbers that are at least 0') };
    case 'probability':
    case 'distribution':
    case 'binary-label':
      return { allows: (v) => v >= 0 && v <= 1, words: message('numbers between 0 and 1') };
    case 'log-distribution':
      return { allows: (v) => v <= rounding, words: message('logarithms of probabilities, at most 0') };
    case 'class-index':
      return {
        allows: (v) => v >= 0 && index(v),
        words:
          count === Infinity
            ? message('class indices: whole numbers from 0')
            : message('class indices from 0 to {last}', { last: count - 1 }),
      };
    case 'label-sequence':
      return {
        allows: (v) => v >= 0 && index(v),
        words: message('labels from 0 to {last}', { last: count - 1 }),
      };
    case 'label-set':
      return {
        allows: (v) => v >= -1 && index(v),
        words: message('class indices from 0 to {last}, or −1 after the last one', { last: count - 1 }),
      };
    case 'sign-label':
      return { allows: (v) => v === 1 || v === -1, words: message('labels −1 and +1') };
    case 'event':
      return { allows: (v) => v === 0 || v === 1, words: message('0 or 1') };
    case 'length':
      return {
        allows: (v) => v >= 0 && Number.isInteger(v) && v <= count,
        words: message('whole numbers from 0 to {count}', { count }),
      };
  }
}
