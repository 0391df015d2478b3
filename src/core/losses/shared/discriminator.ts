/** Inputs of adversarial losses: what a discriminator (or critic) says of real and of generated samples. */
import { input, type Expr } from '../../expression/expression.ts';
import type { CounterExample, InputKind, LossInput, Plot } from '../loss.ts';

const axes = ['sample'] as const;

/** The discriminator's output for real samples. */
export function realOutputs(kind: InputKind, meaning: string): LossInput {
  return { id: 'real', symbol: 'r', kind, role: 'prediction', axes, meaning };
}

/** The discriminator's output for generated samples. */
export function fakeOutputs(kind: InputKind, meaning: string): LossInput {
  return { id: 'fake', symbol: 'f', kind, role: 'prediction', axes, meaning };
}

/** The input `real`. */
export const real = (): Expr => input('real', axes);
/** The input `fake`. */
export const fake = (): Expr => input('fake', axes);

/** One generated sample, and another output for it. */
export function fakeAt(at: number, and?: number): CounterExample {
  const example = { at: { sizes: { sample: 1 }, inputs: { fake: [at] } } };
  return and === undefined ? example : { ...example, and: { fake: [and] } };
}

/** A real and a generated sample, and other outputs for them. */
export function pairAt(at: readonly [number, number], and?: readonly [number, number]): CounterExample {
  const data = ([r, f]: readonly [number, number]) => ({ real: [r], fake: [f] });
  const example = { at: { sizes: { sample: 1 }, inputs: data(at) } };
  return and === undefined ? example : { ...example, and: data(and) };
}

/** Against the output for a generated sample. */
export function alongFake(output: string, from: number, to: number): Plot {
  return {
    label: `${output} of a fake`,
    inWords: `the ${output} of a generated sample`,
    from,
    to,
    sizes: { sample: 1 },
    curves: [{ at: (x) => ({ fake: [x] }) }],
  };
}

/**
 * Against the output for a real sample and for a generated one; while one runs, the other stays at `goodReal` or
 * `goodFake`, where it adds nothing.
 */
export function alongBoth(
  output: string,
  from: number,
  to: number,
  { goodReal, goodFake }: { readonly goodReal: number; readonly goodFake: number },
): Plot {
  return {
    label: output,
    inWords: `the ${output}, of a real sample and of a generated one`,
    from,
    to,
    sizes: { sample: 1 },
    curves: [
      { note: { text: 'fake', side: 'right' }, at: (x) => ({ real: [goodReal], fake: [x] }) },
      { note: { text: 'real', side: 'left' }, at: (x) => ({ real: [x], fake: [goodFake] }) },
    ],
  };
}
