/** Batches with which the tests call what an api claims: of several sizes and magnitudes. */
import type { RandomStream } from '../../src/core/data/random.ts';
import type { Environment } from '../../src/core/expression/evaluate.ts';
import type { Axis } from '../../src/core/expression/expression.ts';
import type { InputKind, Loss } from '../../src/core/losses/loss.ts';
import { sampleBatch, usualSizes } from '../../src/core/losses/sample.ts';
import type { Setting } from './settings.ts';

/** How the numbers of a batch are drawn. */
export interface Shape {
  readonly sizes: Readonly<Record<Axis, number>>;
  readonly scale: number;
  /** `ties`: scores and values are multiples of ½, so that many are equal; `other labels`: soft in place of hard, hard of soft. */
  readonly special?: 'ties' | 'other labels';
}

const single: Readonly<Record<Axis, number>> = {
  ...Object.fromEntries(Object.keys(usualSizes).map((axis) => [axis, 1])),
  class: 2,
  time: 3,
};
const large: Readonly<Record<Axis, number>> = {
  ...{ sample: 8, output: 1, class: 10, feature: 7, pixel: 12, item: 9, negative: 4, time: 12, label: 4 },
};
export const shapes: readonly Shape[] = [
  { sizes: usualSizes, scale: 1 },
  { sizes: usualSizes, scale: 30 },
  { sizes: usualSizes, scale: 1, special: 'ties' },
  { sizes: usualSizes, scale: 3, special: 'other labels' },
  { sizes: single, scale: 1 },
  { sizes: large, scale: 4 },
];
export const weightedShapes: readonly Shape[] = [
  { sizes: usualSizes, scale: 1 },
  { sizes: large, scale: 1 },
  { sizes: { ...large, class: 3 }, scale: 1, special: 'other labels' },
];
/** Where a keyword is given, two are enough. */
export const fewShapes = shapes.slice(0, 2);

const continuous: readonly InputKind[] = ['value', 'logit', 'score', 'embedding'];

/** A random batch, as environment of an expression. */
export function batchOf(loss: Loss, setting: Setting, shape: Shape, random: RandomStream): Environment {
  const { parameters, classWeight } = setting;
  const { sizes, inputs } = sampleBatch(loss, random, { ...shape, parameters });
  const data: Record<string, readonly number[]> = { ...inputs };
  for (const { id, kind, axes } of loss.inputs) {
    const given = data[id]!;
    if (shape.special === 'ties' && continuous.includes(kind))
      data[id] = given.map((x) => Math.round(2 * x) / 2);
    if (shape.special === 'other labels' && kind === 'binary-label')
      data[id] = given.map(() => random.next());
    if (shape.special === 'other labels' && kind === 'distribution' && id === 'target')
      data[id] = oneHot(given, sizes[axes.at(-1)!]!);
    const ignored = parameters['ignoreIndex'] ?? NaN;
    if (kind === 'class-index' && !Number.isNaN(ignored))
      data[id] = given.map((label, i) =>
        i === 1 ? ignored : i === 0 && label === ignored ? 1 - label : label,
      );
  }
  if (classWeight !== undefined)
    data['classWeight'] = Array.from({ length: sizes[classWeight]! }, () => 0.25 + 2 * random.next());
  return { sizes, inputs: data, parameters };
}

/** Rows of distributions with everything on the largest share. */
function oneHot(rows: readonly number[], width: number): readonly number[] {
  return rows.map((share, i) => {
    const row = rows.slice(i - (i % width), i - (i % width) + width);
    return share === Math.max(...row) && row.indexOf(share) === i % width ? 1 : 0;
  });
}
