import { message, ok, type Problem, type Result } from '../messages/message.ts';
import type { Loss, Parameter } from './loss.ts';

interface Range {
  readonly id: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly minExclusive?: boolean;
  readonly maxExclusive?: boolean;
  readonly gap?: Parameter['gap'];
  readonly choices?: Parameter['choices'];
}

/** What an experiment may set: the parameters, and the options that have a range. */
function ranges(loss: Loss): readonly Range[] {
  const options = (loss.options ?? []).flatMap(({ id, neutral, range }) =>
    range === undefined ? [] : [{ id, default: neutral, ...range }],
  );
  return [...loss.parameters, ...options];
}

/** Of the given values those that an experiment may set. */
export function settable(
  loss: Loss,
  given: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return allowed(ranges(loss), given);
}

/** Of the given values those that printed code may have: what an experiment may set, and every scalar option. */
export function printableValues(
  loss: Loss,
  given: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const anything = { default: 0, min: -Infinity, max: Infinity };
  const options = (loss.options ?? []).flatMap(({ id, axes, range }) =>
    axes.length === 0 && range === undefined ? [{ ...anything, id }] : [],
  );
  return allowed([...ranges(loss), ...options], given);
}

function allowed(
  known: readonly Range[],
  given: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    known.flatMap((range) => {
      const value = Object.hasOwn(given, range.id) ? given[range.id] : undefined;
      return value !== undefined && Number.isFinite(value) && isWithin(value, range)
        ? [[range.id, value] as const]
        : [];
    }),
  );
}

/**
 * Fills in the defaults of a loss's parameters and options and checks names and ranges. Problems carry the path
 * within an experiment (`loss.parameters.delta`).
 */
export function checkParameters(
  loss: Loss,
  given: Readonly<Record<string, number>>,
): Result<Record<string, number>> {
  const known = ranges(loss);
  const problems: Problem[] = [];
  for (const id of Object.keys(given)) {
    if (known.some((range) => range.id === id)) continue;
    const names = known.map((range) => range.id).join(', ');
    const text =
      names === ''
        ? message('{loss} has no parameter "{id}"; it has none at all. Remove it.', { loss: loss.name, id })
        : message('{loss} has no parameter "{id}"; it has: {names}.', { loss: loss.name, id, names });
    problems.push({ message: text, where: { path: `loss.parameters.${id}` } });
  }
  const values: Record<string, number> = {};
  for (const range of known) {
    const value = Object.hasOwn(given, range.id) ? given[range.id]! : range.default;
    values[range.id] = value;
    if (isWithin(value, range)) continue;
    problems.push({
      message: message('Parameter "{id}" of {loss} must be {range}, found {value}.', {
        id: range.id,
        loss: loss.name,
        range: inWords(range),
        value: String(value),
      }),
      where: { path: `loss.parameters.${range.id}` },
    });
  }
  return problems.length === 0 ? ok(values) : { ok: false, problems };
}

function isWithin(value: number, { min, max, minExclusive, maxExclusive, gap, choices }: Range): boolean {
  if (choices !== undefined) return choices.some((choice) => choice.value === value);
  const above = minExclusive === true ? value > min : value >= min;
  const below = maxExclusive === true ? value < max : value <= max;
  const inGap = gap !== undefined && value > gap[0] && value < gap[1];
  return above && below && !inGap;
}

function inWords({ min, max, minExclusive, maxExclusive, gap, choices }: Range): string {
  if (choices !== undefined) return choices.map(({ value, name }) => `${value} (${name})`).join(' or ');
  const low = minExclusive === true ? `greater than ${min}` : `at least ${min}`;
  const high = maxExclusive === true ? `less than ${max}` : `at most ${max}`;
  const both = `${low} and ${high}`;
  return gap === undefined ? both : `${both}, but not between ${gap[0]} and ${gap[1]}`;
}
