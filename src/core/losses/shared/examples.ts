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
