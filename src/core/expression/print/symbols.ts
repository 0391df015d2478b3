import { pairOf, type Loss } from '../../losses/loss.ts';
import type { Apply, Axis, Expr } from '../expression.ts';

/** The letter that runs along each axis at the place where something is written; an axis without one is not indexed. */
export type Letters = ReadonlyMap<Axis, string>;

const usual: Readonly<Record<string, readonly string[]>> = {
  sample: ['i', 'j', 'k'],
  class: ['c', 'k', 'j'],
  output: ['o', 'p'],
  feature: ['d', 'e'],
};

/** A letter for an axis that no other axis has here. */
export function letterFor(axis: Axis, letters: Letters): string {
  const base = axis.replace(/′+$/u, '');
  const taken = new Set(letters.values());
  return [...(usual[base] ?? [base.charAt(0)]), 'a', 'b', 'm'].find((letter) => !taken.has(letter)) ?? base;
}

/** The letters with one more axis indexed. */
export function including(letters: Letters, axis: Axis, letter: string): Letters {
  return new Map([...letters, [axis, letter]]);
}

/** The letters without an axis: there the whole line is meant. */
export function excluding(letters: Letters, axis: Axis): Letters {
  return new Map([...letters].filter(([a]) => a !== axis));
}

/** The axis along which an operation works. */
export function axisOf(node: Apply): Axis {
  return node.attributes['axis'] ?? '';
}

/** The subscripts of an input: the letters of its axes, in order. */
export function subscripts(axes: readonly Axis[], letters: Letters): string[] {
  return axes.map((axis) => letters.get(axis) ?? '').filter((letter) => letter !== '');
}

/** A product taken apart: `2 · x` and `x / 2` as their factor and the rest. */
export function factorOf(expr: Expr): readonly [factor: number, rest: Expr] {
  if (expr.kind === 'apply' && (expr.op === 'mul' || expr.op === 'div')) {
    const [x, y] = expr.args;
    if (expr.op === 'mul' && x?.kind === 'const' && y) return [x.value, y];
    if (expr.op === 'mul' && y?.kind === 'const' && x) return [y.value, x];
    if (expr.op === 'div' && y?.kind === 'const' && x) return [1 / y.value, x];
  }
  return [1, expr];
}

/** The symbols of a loss's inputs and parameters by their names in the expression. */
export function symbolsOf(loss: Loss): ReadonlyMap<string, string> {
  const { prediction, target } = pairOf(loss);
  return new Map([
    [prediction.id, prediction.symbol],
    [target.id, target.symbol],
    ...loss.parameters.map((p) => [p.id, p.symbol] as const),
  ]);
}

/** The axes over which the mean of a loss runs carry `i` together: an elementwise loss has one index whatever its axes. */
export function meanLetters(loss: Loss): Letters {
  const letters = new Map<Axis, string>([['sample', 'i']]);
  for (const axis of pairOf(loss).prediction.axes) {
    if (!loss.expression().axes.includes(axis)) letters.set(axis, letterFor(axis, letters));
  }
  return letters;
}
