/**
 * From expressions to steps for languages of loops: compiled JavaScript, printed TypeScript, kernels. Composites are
 * lowered first, so that softmax and log-sum-exp share their row sums. Then every reduction that more than one step
 * needs, or that has other axes than its only user, becomes a step with an array of its own; all else is inlined. A
 * dynamic programme is a step whose arguments are arrays too.
 */
import { axisOrder, inputsOf, type Apply, type Axis, type Expr } from './expression.ts';
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

/** Costly enough to be kept rather than computed again for every element of a larger array. */
const transcendental: ReadonlySet<string> = new Set(['exp', 'log', 'log1p', 'expm1', 'tanh', 'sqrt', 'pow']);

export interface ScheduleOptions {
  /** Axes of length one, which make no loop. */
  readonly isTrivial?: (axis: Axis) => boolean;
  /** Also keep transcendental values that a step would compute again along axes they lack (kernels have no outer loops). */
  readonly keepTranscendentals?: boolean;
  /** Write a reduction into the loop of its only user's reduction too: best where there is one thread. */
  readonly nest?: boolean;
}

/**
 * The steps of lowered expressions in an order in which each finds what it reads. `axes` are the loops of each
 * result.
 */
export function schedule(
  roots: readonly { readonly expr: Expr; readonly axes: readonly Axis[] }[],
  { isTrivial = () => false, keepTranscendentals = false, nest = false }: ScheduleOptions = {},
): readonly Step[] {
  const results = roots.map(({ expr, axes }, root): Step => ({ expr, axes, root }));
  const loops = (axes: readonly Axis[]) => axes.filter((axis) => !isTrivial(axis));
  const isKept = (node: Apply, host: Step): boolean => {
    if (programmeOf(node) !== undefined) return true;
    if (isReduction(node)) return !isTrivial(node.attributes['axis']!);
    if (!keepTranscendentals || !transcendental.has(node.op)) return false;
    const own = loops(node.axes);
    const around = loops(host.axes);
    return (
      own.length < around.length && own.every((axis) => around.includes(axis)) && inputsOf(node).length > 0
    );
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
      : directlyKept(host, isKept);
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

/** The arguments of a programme that are not given as arrays already. */
function argumentsOf(programme: Expr): readonly Expr[] {
  return programme.kind === 'apply' ? programme.args.filter((arg) => arg.kind !== 'input') : [];
}

/**
 * What a step's body keeps in arrays, not what those keep themselves; true where an axis has another name or index
 * there.
 */
function directlyKept(host: Step, isKept: (node: Apply, host: Step) => boolean): ReadonlyMap<Expr, boolean> {
  const found = new Map<Expr, boolean>();
  const seen = new Set<string>();
  const visit = (node: Expr, relabelled: boolean): void => {
    const key = `${node.id}:${relabelled}`;
    if (node.kind !== 'apply' || seen.has(key)) return;
    seen.add(key);
    const isHost = node === host.expr && host.root === undefined;
    if (!isHost && isKept(node, host)) {
      found.set(node, relabelled || (found.get(node) ?? false));
      return;
    }
    const moves = primitive(node.op).kind === 'structural';
    node.args.forEach((arg, i) => {
      visit(arg, relabelled || (moves && i === 0));
    });
  };
  visit(host.expr, false);
  return found;
}
