/**
 * From expressions to steps for languages of loops: compiled JavaScript, printed TypeScript, kernels. Composites are
 * lowered first, so that softmax and log-sum-exp share their row sums. Then every reduction that more than one step
 * needs, or that has other axes than its only user, becomes a step with an array of its own; all else is inlined. A
 * dynamic programme is a step whose arguments are arrays too.
 */
import { axisOrder, nodesOf, type Apply, type Axis, type Expr } from './expression.ts';
import { primitive } from './primitives.ts';
import type { Programme } from './primitives/row.ts';
import { rewrite } from './rewrite.ts';

/** One array to fill: a reduction or a programme kept for later, an argument of a programme, or a result. */
export interface Step {
  readonly expr: Expr;
  /** The loops around it, outermost first. */
  readonly axes: readonly Axis[];
  /** Position among the results; undefined for an intermediate. */
  readonly root: number | undefined;
}

/** Means, norms, softmax and log-softmax from sums and log-sum-exps; for devices also what float32 lacks. */
export function lower(expr: Expr, target: 'host' | 'device'): Expr {
  return rewrite(expr, (node) => {
    if (node.kind !== 'apply') return node;
    const row = primitive(node.op);
    const simpler = row.lower ?? (target === 'device' ? row.lowerOnDevice : undefined);
    const result = simpler?.(node) ?? node;
    return result === node ? node : lower(result, target);
  });
}

/** Whether a node collapses an axis. */
export function isReduction(node: Expr): boolean {
  return node.kind === 'apply' && primitive(node.op).kind === 'reduction';
}

/** The row of a dynamic programme; undefined for all other nodes. */
export function programmeOf(node: Expr): Programme | undefined {
  const row = node.kind === 'apply' ? primitive(node.op) : undefined;
  return row?.kind === 'programme' ? row : undefined;
}

export interface ScheduleOptions {
  /** Axes of length one, which make no loop. */
  readonly isTrivial?: (axis: Axis) => boolean;
  /** Extents, where they are known: then also values that a step would compute too often are kept (see {@link isWorthKeeping}). */
  readonly extent?: (axis: Axis) => number;
  /** Write a reduction into the loop of its only user's reduction too: best where there is one thread. */
  readonly nest?: boolean;
}

/**
 * The steps of lowered expressions in an order in which each finds what it reads. `axes` are the loops of each
 * result.
 */
export function schedule(
  roots: readonly { readonly expr: Expr; readonly axes: readonly Axis[] }[],
  { isTrivial = () => false, extent, nest = false }: ScheduleOptions = {},
): readonly Step[] {
  const results = roots.map(({ expr, axes }, root): Step => ({ expr, axes, root }));
  const loops = (axes: readonly Axis[]) => axes.filter((axis) => !isTrivial(axis));
  // Rounding to a device's precision must be the same on both sides.
  const compared = extent === undefined ? new Set<Expr>() : comparedWithTop(roots.map(({ expr }) => expr));
  const isKept = (node: Apply, evaluations: number): boolean => {
    if (programmeOf(node) !== undefined) return true;
    if (isReduction(node)) return !isTrivial(node.attributes['axis']!);
    if (compared.has(node)) return true;
    return extent !== undefined && isWorthKeeping(node, evaluations, extent);
  };
  /** Programmes and their arguments: what reads them needs all of them. */
  const whole = new Set<Expr>();
  const users = new Map<Expr, { readonly host: Step; readonly relabelled: boolean }[]>();
  const found = new Map<Expr, Step>();
  const pending = [...results];
  for (let host = pending.pop(); host !== undefined; host = pending.pop()) {
    const isProgramme = host.root === undefined && programmeOf(host.expr) !== undefined;
    if (isProgramme) for (const expr of [host.expr, ...argumentsOf(host.expr)]) whole.add(expr);
    const kept = isProgramme
      ? new Map(argumentsOf(host.expr).map((arg): [Expr, boolean] => [arg, true]))
      : directlyKept(host, isKept, extent ?? (() => 1));
    for (const [expr, relabelled] of kept) {
      if (!found.has(expr)) {
        const step: Step = { expr, axes: expr.axes, root: undefined };
        found.set(expr, step);
        pending.push(step);
      }
      users.set(expr, [...(users.get(expr) ?? []), { host, relabelled }]);
    }
  }
  const same = (a: readonly Axis[], b: readonly Axis[]) =>
    loops(axisOrder(a)).join() === loops(axisOrder(b)).join();
  const isInlined = ({ expr }: Step) => {
    if (whole.has(expr)) return false;
    const [only, ...more] = users.get(expr) ?? [];
    if (more.length > 0 || only === undefined || only.relabelled) return false;
    const { host } = only;
    if (same(host.axes, expr.axes)) return true;
    const reduced =
      host.root === undefined && host.expr.kind === 'apply' ? host.expr.attributes['axis'] : undefined;
    return nest && reduced !== undefined && same([...host.axes, reduced], expr.axes);
  };
  const intermediates = [...found.values()].filter((step) => !isInlined(step));
  return [...intermediates.sort((a, b) => a.expr.id - b.expr.id), ...results];
}

/** Values that are compared with their own maximum to find where it is. */
function comparedWithTop(roots: readonly Expr[]): ReadonlySet<Expr> {
  const found = new Set<Expr>();
  for (const node of nodesOf(...roots)) {
    if (node.kind !== 'apply' || node.op !== 'eq') continue;
    const [x, y] = node.args as readonly [Expr, Expr];
    for (const [value, top] of [
      [x, y],
      [y, x],
    ] as const) {
      if (top.kind === 'apply' && top.op === 'amax' && top.args[0] === value) found.add(value);
    }
  }
  return found;
}

/** What an operation costs in additions; others cost one. */
const costs: Readonly<Record<string, number>> = {
  ...Object.fromEntries(['exp', 'log', 'tanh', 'pow', 'cos', 'sin'].map((op) => [op, 16])),
  sqrt: 8,
  div: 6,
  where: 2,
};
/** Reading an array costs as much as this, and a kernel of its own as much as so many additions. */
const readCost = 4;
const kernelCost = 16_384;

/** Whether an array for a value saves more than it costs. Truth values are not kept: devices tell them from numbers. */
function isWorthKeeping(node: Apply, evaluations: number, extent: (axis: Axis) => number): boolean {
  if (node.dtype === 'boolean' || primitive(node.op).kind !== 'elementwise') return false;
  const elements = node.axes.reduce((product, axis) => product * extent(axis), 1);
  if (evaluations < 2 * elements) return false;
  const cost = costOf(node);
  return cost * (evaluations - elements) > readCost * evaluations + kernelCost;
}

/** The cost of one element, without what is kept anyway. */
function costOf(node: Expr): number {
  const seen = new Set<Expr>();
  const visit = (e: Expr): number => {
    if (e.kind === 'input' && e.axes.length > 0) return readCost;
    if (e.kind !== 'apply' || seen.has(e)) return 0;
    seen.add(e);
    if (isReduction(e) || programmeOf(e) !== undefined) return readCost;
    return e.args.reduce((sum, arg) => sum + visit(arg), costs[e.op] ?? 1);
  };
  return visit(node);
}

/** The arguments of a programme that are not given as arrays already. */
function argumentsOf(programme: Expr): readonly Expr[] {
  return programme.kind === 'apply' ? programme.args.filter((arg) => arg.kind !== 'input') : [];
}

/** The loops on which a position depends. */
type Loops = ReadonlySet<Axis>;

/**
 * What a step's body keeps in arrays, not what those keep themselves; true where an axis has another name or index
 * there. `isKept` is told how often a value would be computed otherwise: once for each element of the step, and once
 * more for each position of the axis that the step reduces if it depends on that.
 */
function directlyKept(
  host: Step,
  isKept: (node: Apply, evaluations: number) => boolean,
  extent: (axis: Axis) => number,
): ReadonlyMap<Expr, boolean> {
  const found = new Map<Expr, boolean>();
  const seen = new Set<string>();
  const reduced =
    host.root === undefined && isReduction(host.expr) && host.expr.kind === 'apply'
      ? host.expr.attributes['axis']!
      : undefined;
  const around = host.axes.reduce((product, axis) => product * extent(axis), 1);
  const visit = (node: Expr, at: ReadonlyMap<Axis, Loops>, relabelled: boolean): void => {
    if (node.kind !== 'apply') return;
    const isInner = reduced !== undefined && node.axes.some((axis) => at.get(axis)?.has(reduced) === true);
    const key = `${node.id}:${relabelled}:${isInner}`;
    if (seen.has(key)) return;
    seen.add(key);
    const isHost = node === host.expr && host.root === undefined;
    if (!isHost && isKept(node, isInner ? around * extent(reduced) : around)) {
      found.set(node, relabelled || (found.get(node) ?? false));
      return;
    }
    const moves = primitive(node.op).kind === 'structural';
    node.args.forEach((arg, i) => {
      visit(arg, moves && i === 0 ? moved(node, at) : at, relabelled || (moves && i === 0));
    });
  };
  const axes = reduced === undefined ? host.axes : [...host.axes, reduced];
  visit(host.expr, new Map(axes.map((axis) => [axis, new Set([axis])])), false);
  return found;
}

/** Where the axes of the first argument of what moves elements run. */
function moved(node: Apply, at: ReadonlyMap<Axis, Loops>): ReadonlyMap<Axis, Loops> {
  const result = new Map(at);
  if (node.op === 'rename') result.set(node.attributes['from']!, at.get(node.attributes['to']!) ?? new Set());
  else {
    const position = node.args[1]!.axes.flatMap((axis) => [...(at.get(axis) ?? [])]);
    result.set(node.attributes['axis']!, new Set(position));
  }
  return result;
}
