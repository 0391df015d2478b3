/** Short ways to write counter-examples of losses that compare matching elements (`pred`, `target`). */
import type { CounterExample, Sample } from '../loss.ts';

/** A batch of one output a row. */
export function at(
  pred: readonly number[],
  target: readonly number[],
  parameters?: Readonly<Record<string, number>>,
): { readonly at: Sample } {
  const sample: Sample = { sizes: { sample: pred.length, output: 1 }, inputs: { pred, target } };
  return { at: parameters === undefined ? sample : { ...sample, parameters } };
}

/** Two batches with the same targets. */
export function between({ at: first }: { readonly at: Sample }, pred: readonly number[]): CounterExample {
  return { at: first, and: { pred } };
}

/** A batch of one prediction a class; targets are class indices, or one number a class. */
export function classesAt(
  classes: number,
  pred: readonly number[],
  target: readonly number[],
): { readonly at: Sample } {
  return { at: { sizes: { sample: pred.length / classes, class: classes }, inputs: { pred, target } } };
}

/** Ten rows with one prediction for two classes, of which the first occurs seven times. */
export function sevenToThree(row: readonly [number, number]): { readonly at: Sample } {
  const labels = Array.from({ length: 10 }, (_, k) => (k < 7 ? 0 : 1));
  return classesAt(
    2,
    labels.flatMap(() => row),
    labels,
  );
}
