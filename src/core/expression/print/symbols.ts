import type { Loss, LossInput } from '../../losses/loss.ts';
import { div, mul } from '../build.ts';
import { baseAxis, constant, nodesOf, type Apply, type Axis, type Expr } from '../expression.ts';

/** The letter that runs along each axis at the place where something is written; an axis without one is not indexed. */
export type Letters = ReadonlyMap<Axis, string>;

const usual: Readonly<Record<string, readonly string[]>> = {
  sample: ['i', 'j', 'k'],
  item: ['j', 'k', 'l'],
  pixel: ['p', 'q'],
  time: ['t', 's'],
  class: ['c', 'k', 'j'],
  label: ['l', 'm'],
  negative: ['k', 'l'],
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

/**
 * The letters inside a renaming: the axis has the letter of its copy. Its own stays taken, for outside it still means
 * something.
 */
export function relabelled(letters: Letters, from: Axis, to: Axis): Letters {
  const [own, letter] = [letters.get(from), letters.get(to)];
  // A copy that is not indexed here is meant as a whole line, and so is what it copies.
  const inside = letter === undefined ? excluding(letters, from) : including(letters, from, letter);
  return own === undefined || own === letter ? inside : including(inside, `outside ${from} ${own}`, own);
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

/** A product taken apart: the constant that `2 · x · y`, `x / 2` or `(2 · x) / y` begins or ends with, and the rest. */
export function factorOf(expr: Expr): readonly [factor: number, rest: Expr] {
  if (expr.kind === 'const' && expr.value !== 0) return [expr.value, constant(1)];
  if (expr.kind !== 'apply') return [1, expr];
  const [x, y] = expr.args;
  if (expr.op === 'neg' && x !== undefined) {
    const [factor, rest] = factorOf(x);
    return [-factor, rest];
  }
  if ((expr.op !== 'mul' && expr.op !== 'div') || x === undefined || y === undefined) return [1, expr];
  if (x.kind === 'const' && expr.op === 'mul') return [x.value, y];
  if (y.kind === 'const') return [expr.op === 'mul' ? y.value : 1 / y.value, x];
  const [factor, rest] = factorOf(x);
  return factor === 1 ? [1, expr] : [factor, expr.op === 'mul' ? mul(rest, y) : div(rest, y)];
}

/** The symbols of a loss's inputs and parameters by their names in the expression. */
export function symbolsOf(loss: Loss): ReadonlyMap<string, string> {
  return new Map(
    [...loss.inputs, ...loss.parameters, ...(loss.options ?? [])].map(
      ({ id, symbol }) => [id, symbol] as const,
    ),
  );
}

/** A letter for each of some axes. */
export function axisLetters(axes: readonly Axis[], given: Letters = new Map()): Letters {
  let letters = given;
  for (const axis of axes) {
    if (!letters.has(axis)) letters = including(letters, axis, letterFor(axis, letters));
  }
  return letters;
}

/** The axes that must be indexed because copies of them occur too: of pairs of samples both i and j are seen. */
export function pairLetters(expr: Expr): Letters {
  const copied = new Set(
    nodesOf(expr).flatMap(({ axes }) => axes.filter((axis) => axis !== baseAxis(axis)).map(baseAxis)),
  );
  return axisLetters(expr.axes.filter((axis) => copied.has(axis)));
}

/**
 * The letters of a gradient by an input: its own axes, of which the last of an elementwise loss (`output`) is left to
 * the leading one, so that one index counts its elements whatever the number of axes.
 */
export function meanLetters(by: LossInput): Letters {
  return axisLetters(by.axes.filter((axis) => axis !== 'output'));
}
