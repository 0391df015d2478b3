/** Every form of every loss that is printed: conventions, choices, other parameters and options, with random batches. */
import { randomStream } from '../../../src/core/data/random.ts';
import { differentiate } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import type { Axis } from '../../../src/core/expression/expression.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { decided } from '../../../src/core/losses/decided.ts';
import {
  predictionsOf,
  type Loss,
  type LossInput,
  type Parameter,
  type Sample,
} from '../../../src/core/losses/loss.ts';
import { reduce, reductions, type Reduction } from '../../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../../src/core/losses/sample.ts';

export interface Variant {
  readonly name: string;
  readonly loss: Loss;
  readonly convention: string | undefined;
  /** What is printed: every parameter, and options that are asked for. */
  readonly parameters: Readonly<Record<string, number>>;
  /** The loss in its convention, its choices made. */
  readonly definition: Loss;
  /** Options that are in the expression. */
  readonly keep: readonly string[];
}

type Values = Readonly<Record<string, number>>;

/** The loss in each convention: at its defaults, with each value of each choice, with other parameters, with each option. */
export function variantsOf(loss: Loss): readonly Variant[] {
  return [undefined, ...(loss.conventions ?? []).map(({ id }) => id)].flatMap((convention) => {
    const own = inConvention(loss, convention);
    return settingsOf(own, convention === undefined).map(({ parameters, keep }) => {
      const shown = Object.entries(parameters).map(([id, value]) => `${id}=${value}`);
      return {
        name: [loss.id, ...(convention === undefined ? [] : [convention]), ...shown].join(' '),
        loss,
        convention,
        parameters,
        definition: decided(own, parameters),
        keep,
      };
    });
  });
}

export const variants: readonly Variant[] = losses().flatMap(variantsOf);

function settingsOf(loss: Loss, withOptions: boolean): { parameters: Values; keep: readonly string[] }[] {
  const defaults = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  const random = randomStream(11, loss.id);
  const free = loss.parameters.filter(({ choices }) => choices === undefined);
  const others = Object.fromEntries(free.map((p) => [p.id, another(p, random.next())]));
  const settings: Values[] = [defaults];
  for (const { id, choices = [] } of loss.parameters)
    for (const { value } of choices) if (value !== defaults[id]) settings.push({ ...others, [id]: value });
  if (free.length > 0) settings.push(others);
  const scalars = withOptions ? (loss.options ?? []).filter(({ axes }) => axes.length === 0) : [];
  return [
    ...settings.map((parameters) => ({ parameters: { ...defaults, ...parameters }, keep: [] })),
    ...scalars.map(({ id, neutral, range }) => {
      const value = range === undefined ? 1 : another({ ...range, default: neutral }, random.next());
      return { parameters: { ...defaults, [id]: value }, keep: [id] };
    }),
  ];
}

/** A value of a parameter other than its default, near it where the range is wide. */
function another(
  { default: usual, min, max }: Pick<Parameter, 'default' | 'min' | 'max'>,
  at: number,
): number {
  const width = 0.5 + Math.abs(usual) / 2;
  const [low, high] = [Math.max(min, usual - width), Math.min(max, usual + width)];
  return Number((low + (high - low) * (0.2 + 0.6 * at)).toFixed(3));
}

/** A batch for a variant; `seed` tells batches apart. */
export function batchFor({ definition, parameters }: Variant, seed: number, scale: number): Sample {
  return sampleBatch(definition, randomStream(seed, definition.id), { scale, parameters });
}

/** What the interpreter says a reduction is: row-major over its axes. */
export function expectedValue(variant: Variant, reduction: Reduction, sample: Sample) {
  const expr = reduce(variant.definition, reduction, { keep: variant.keep });
  return evaluate(expr, { ...sample, parameters: variant.parameters });
}

/** What the interpreter says the gradient of a reduction by a prediction is: row-major over the prediction's axes. */
export function expectedGradient(
  variant: Variant,
  reduction: Reduction,
  sample: Sample,
  prediction: LossInput,
): Float64Array {
  const expr = differentiate(reduce(variant.definition, reduction, { keep: variant.keep }), prediction.id);
  const value = evaluate(expr, { ...sample, parameters: variant.parameters });
  return broadcast(value, prediction.axes, sample.sizes);
}

/** The reductions that a printed function offers. */
export function reductionsOf(variant: Variant): readonly Reduction[] {
  return variant.definition.expression(variant.keep).axes.length > 0 ? reductions : ['none'];
}

export { predictionsOf };

/** Row-major data as nested arrays over axes; a number where there are none. */
export function nested(
  data: ArrayLike<number>,
  axes: readonly Axis[],
  sizes: Readonly<Record<Axis, number>>,
): unknown {
  const [axis, ...rest] = axes;
  if (axis === undefined) return data[0];
  const values = Array.from(data);
  const count = sizes[axis]!;
  const step = values.length / count;
  return Array.from({ length: count }, (_, k) => nested(values.slice(k * step, (k + 1) * step), rest, sizes));
}

/** All numbers of nested arrays, in order. */
export function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.flatMap(numbersOf) : [Number(value)];
}

/** The first element that is not what was expected; undefined where all are. */
export function mismatch(
  actual: ArrayLike<number>,
  wanted: ArrayLike<number>,
  relative: number,
  absolute: number,
): string | undefined {
  if (actual.length !== wanted.length) return `${actual.length} values for ${wanted.length}`;
  const [a, w] = [Array.from(actual), Array.from(wanted)];
  const at = a.findIndex((x, k) => {
    const y = w[k]!;
    return !(Object.is(x, y) || x === y || Math.abs(x - y) <= relative * Math.abs(y) + absolute);
  });
  return at < 0 ? undefined : `[${at}] is ${a[at]} for ${w[at]}`;
}
