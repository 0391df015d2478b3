/** Random batches that a loss is defined for: for tests, and for telling losses apart. */
import type { RandomStream } from '../data/random.ts';
import type { Axis } from '../expression/expression.ts';
import { kindOf, type Loss, type LossInput, type Sample } from './loss.ts';

/**
 * Extents of the axes of losses where none are asked for: mostly different, so that a confusion of two shows. The time
 * is enough for the labels also where each repeats.
 */
export const usualSizes = {
  sample: 5,
  time: 9,
  item: 6,
  pixel: 8,
  row: 3,
  column: 4,
  output: 2,
  class: 4,
  label: 3,
  negative: 7,
  feature: 3,
} as const satisfies Readonly<Record<Axis, number>>;

export interface SampleOptions {
  readonly sizes?: Readonly<Record<Axis, number>>;
  /** Spread of predictions and targets; 1 is usual, 100 extreme. */
  readonly scale?: number;
  readonly parameters?: Readonly<Record<string, number>>;
}

/**
 * A random batch: every input within its kind, and lengths that go together. Parameters are passed on as given. Throws
 * a RangeError for an axis of which nothing is known.
 */
export function sampleBatch(
  loss: Pick<Loss, 'inputs'>,
  random: RandomStream,
  { sizes: asked = {}, scale = 1, parameters = {} }: SampleOptions = {},
): Sample {
  const sizes: Record<Axis, number> = {};
  for (const axis of loss.inputs.flatMap(({ axes, of }) => (of === undefined ? axes : [...axes, of])))
    sizes[axis] = asked[axis] ?? usualSize(axis);
  const inputs = Object.fromEntries(
    loss.inputs.map((input) => [
      input.id,
      valuesOf({ ...input, kind: kindOf(input, parameters) }, sizes, random, scale),
    ]),
  );
  return { sizes, inputs, parameters };
}

function usualSize(axis: Axis): number {
  for (const [known, size] of Object.entries(usualSizes)) if (known === axis) return size;
  throw new RangeError(`no usual size is known for axis ${axis}`);
}

function valuesOf(
  { kind, role, axes, of }: LossInput,
  sizes: Readonly<Record<Axis, number>>,
  random: RandomStream,
  scale: number,
): readonly number[] {
  const count = axes.reduce((product, axis) => product * sizes[axis]!, 1);
  const width = axes.length === 0 ? 1 : sizes[axes.at(-1)!]!;
  const classes = sizes['class'] ?? 2;
  const each = (one: (at: number) => number) => Array.from({ length: count }, (_, k) => one(k));
  const lines = (line: () => readonly number[]) =>
    Array.from({ length: width === 0 ? 0 : count / width }, line).flat();
  const normal = () => scale * random.normal();
  switch (kind) {
    case 'value':
    case 'logit':
    case 'score':
    case 'embedding':
      return each(normal);
    case 'positive':
      return each(() => Math.exp(Math.min(scale, 5) * random.normal()));
    case 'nonnegative':
      return role === 'target'
        ? each(() => Math.floor(Math.exp(Math.min(scale, 3) * random.normal() + 0.5)))
        : each(() => Math.abs(normal()));
    case 'probability':
      return each(() => 1 / (1 + Math.exp(-normal())));
    case 'distribution':
      return lines(() => logSoftmax(width, normal).map(Math.exp));
    case 'log-distribution':
      return lines(() => logSoftmax(width, normal));
    case 'class-index':
      return each(() => random.below(classes));
    case 'binary-label':
      return each(() => random.below(2));
    case 'sign-label':
      return each(() => 2 * random.below(2) - 1);
    case 'event':
      return each((k) => (k === 0 ? 1 : random.below(2)));
    case 'relevance':
      return each(() => random.below(4));
    case 'label-set':
      return lines(() => labelSet(width, classes, random));
    case 'label-sequence':
      return each(() => 1 + random.below(classes - 1));
    case 'length': {
      const most = sizes[of ?? ''] ?? 1;
      if (of === 'time') return each(() => most - (most > 1 ? random.below(2) : 0));
      // A label that repeats takes a blank between: L labels need up to 2L − 1 times, of which the last may not count.
      const time = sizes['time'];
      const fitting = time === undefined ? most : Math.min(most, Math.max(1, Math.floor(time / 2)));
      return each(() => (fitting === 0 ? 0 : 1 + random.below(fitting)));
    }
    case 'weight':
      return each(() => 0.25 + 2 * random.next());
  }
}

function logSoftmax(width: number, value: () => number): readonly number[] {
  const raw = Array.from({ length: width }, value);
  const top = Math.max(...raw);
  const total = top + Math.log(raw.reduce((sum, x) => sum + Math.exp(x - top), 0));
  return raw.map((x) => x - total);
}

/** Some classes in random order, then −1. */
function labelSet(width: number, classes: number, random: RandomStream): readonly number[] {
  const order = Array.from({ length: classes }, (_, k) => k)
    .map((k) => ({ k, at: random.next() }))
    .sort((a, b) => a.at - b.at);
  const count = 1 + random.below(Math.min(width, classes));
  return Array.from({ length: width }, (_, k) => (k < count ? order[k]!.k : -1));
}
