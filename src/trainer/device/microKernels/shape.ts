/** How a result is cut into tiles that fit in registers. */

/** `count` pieces of `size`, lying one after another. */
export interface Pieces {
  readonly count: number;
  readonly size: number;
}

/** Vector registers of the machines in use (x64; ARM has twice as many), less one that compilers keep. */
const registers = 15;
/** Multiply-adds that must be under way so that none waits for the one before it. */
const inFlight = 8;
/** Cost of a load in multiply-adds: where sums wait for loads, and where they do not. */
const load = 0.7;
const hiddenLoad = 0.2;
const mostSums = 12;

/** `total` in the fewest pieces of at most `most`, as equal as can be: the larger ones first. */
export function balanced(total: number, most: number): readonly Pieces[] {
  const pieces = Math.ceil(total / most);
  const small = Math.floor(total / pieces);
  const larger = total - pieces * small;
  return [
    { count: larger, size: small + 1 },
    { count: pieces - larger, size: small },
  ].filter(({ count }) => count > 0);
}

/** A part of a row of things: its first and how many. */
export interface Span {
  readonly start: number;
  readonly size: number;
}

/** `total` in at most `most` spans, as equal as can be in whole units; only the last may end within one. */
export function spans(total: number, unit: number, most: number): readonly Span[] {
  const units = Math.ceil(total / unit);
  let start = 0;
  return balanced(units, Math.ceil(units / most)).flatMap(({ count, size }) =>
    Array.from({ length: count }, () => {
      const span = { start, size: Math.min(size * unit, total - start) };
      start += span.size;
      return span;
    }),
  );
}

/** The most rows of a tile that leave room for its operands. */
export function mostRows(vectors: number): number {
  for (let rows = Math.floor(mostSums / vectors); rows > 1; rows--)
    if (rows * vectors + Math.min(rows, vectors) + 1 <= registers) return rows;
  return 1;
}

/** Widths of panels, in vectors, for a result of so many rows and vectors. */
export function panelWidths(rows: number, vectors: number): readonly Pieces[] {
  let best: readonly Pieces[] = [];
  let least = Infinity;
  for (let most = 1; most <= mostSums; most++) {
    const panels = balanced(vectors, most);
    const cost = panels.reduce((sum, panel) => sum + panel.count * panelCost(rows, panel.size), 0);
    if (cost < least) {
      least = cost;
      best = panels;
    }
  }
  return best;
}

/** Panels that are worked on together: how often, how many, and the columns that exist of each. */
export interface PanelGroup extends Pieces {
  readonly columns: number;
}

/** Groups of at most `atOnce` panels of `width` columns; one whose last columns do not exist, of `rest`, stands alone. */
export function panelGroups(panels: number, atOnce: number, width: number, rest: number): PanelGroup[] {
  const whole = rest === width ? panels : panels - 1;
  const groups = whole === 0 ? [] : balanced(whole, atOnce).map((group) => ({ ...group, columns: width }));
  return rest === width ? groups : [...groups, { count: 1, size: 1, columns: rest }];
}

function panelCost(rows: number, vectors: number): number {
  return balanced(rows, mostRows(vectors)).reduce((sum, { count, size }) => {
    const loads = size + vectors;
    return sum + count * (Math.max(size * vectors, inFlight, loads * load) + loads * hiddenLoad);
  }, 0);
}
