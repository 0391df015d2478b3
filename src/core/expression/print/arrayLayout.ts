/** Where the named axes of a printed array stand: the bridge from axes to positions. */
import type { Axis } from '../expression.ts';

/** The axes of an array from left to right; null is a position of length one. Positions are counted from the right. */
export type Layout = readonly (Axis | null)[];

/** Without leading positions of length one, which broadcasting adds by itself. */
export function stripped(layout: Layout): Layout {
  const first = layout.findIndex((axis) => axis !== null);
  return first < 0 ? [] : layout.slice(first);
}

/** The axes by name, in their order. */
export function axesOf(layout: Layout): readonly Axis[] {
  return layout.filter((axis) => axis !== null);
}

/** Layouts laid over each other from the right; undefined where two names meet or one stands in two places. */
export function merge(layouts: readonly Layout[]): Layout | undefined {
  const rank = Math.max(0, ...layouts.map((l) => l.length));
  const merged: (Axis | null)[] = [];
  for (let k = 1; k <= rank; k++) {
    const names = new Set(layouts.map((l) => l.at(-k) ?? null).filter((axis) => axis !== null));
    if (names.size > 1) return undefined;
    merged.unshift([...names][0] ?? null);
  }
  const named = axesOf(merged);
  return new Set(named).size === named.length ? merged : undefined;
}

/** Whether a layout has these axes in this order, and perhaps positions of length one between them. */
export function hasOrder(layout: Layout, axes: readonly Axis[]): boolean {
  return axesOf(layout).join() === axes.join();
}

/** The axes as a layout: those that an array lacks have length one. */
export function spread(layout: Layout, axes: readonly Axis[]): Layout {
  return axes.map((axis) => (layout.includes(axis) ? axis : null));
}

/**
 * The subscripts (`:`, `None`, `0`) that bring one layout to another with the same axes in the same order; undefined
 * where nothing is to be done.
 */
export function subscriptsTo(given: Layout, wanted: Layout): readonly string[] | undefined {
  if (given.join('|') === wanted.join('|')) return undefined;
  const result: string[] = [];
  let [g, w] = [0, 0];
  while (g < given.length || w < wanted.length) {
    const both = g < given.length && w < wanted.length;
    if (both && given[g] === wanted[w]) {
      result.push(':');
      g++;
      w++;
    } else if (w < wanted.length && wanted[w] === null) {
      result.push('None');
      w++;
    } else {
      // A position of length one that is not wanted here.
      result.push('0');
      g++;
    }
  }
  return shortened(result);
}

/** Several leading `:` as `...`, as people write it: `x[..., None]`. */
export function shortened(subscripts: readonly string[]): readonly string[] {
  const leading = subscripts.findIndex((s) => s !== ':');
  return leading > 1 && subscripts.slice(leading).every((s) => s !== ':')
    ? ['...', ...subscripts.slice(leading)]
    : subscripts;
}
