/**
 * Code whose derivative by the framework is finite wherever the loss's is. A framework differentiates both branches of
 * a `where` and multiplies the one not taken by 0: where its derivative is infinite that gives 0 · ∞ = NaN. The remedy
 * is a harmless operand in its place: `sqrt(where(ok, x, 1))`. NumPy then also has nothing to warn of.
 */
import { predictionsOf } from '../../losses/loss.ts';
import { apply, eq, gt, log, mul, sqrt, square, sum, where } from '../build.ts';
import { constant, nodesOf, type Apply, type Axis, type Expr } from '../expression.ts';
import { withArgs } from '../rewrite.ts';
import { intervalOf, intervalOfKind, isPositive, type Interval } from './intervals.ts';
import type { PrintableLoss } from './printable.ts';

/** A condition under which something is used, or not used. */
interface Guard {
  readonly condition: Expr;
  readonly holds: boolean;
}

/** The bounds of the inputs and parameters of a loss. */
function knownOf(loss: PrintableLoss): (expr: Expr) => Interval | undefined {
  return (expr) => {
    if (expr.kind === 'input') {
      const input = loss.inputs.find(({ id }) => id === expr.name);
      return input === undefined ? undefined : intervalOfKind(input.kind);
    }
    if (expr.kind !== 'param') return undefined;
    const p = loss.parameters.find(({ id }) => id === expr.name);
    return p === undefined
      ? undefined
      : { low: p.min, high: p.max, ...(p.minExclusive === true ? { open: true } : {}) };
  };
}

/** A rewriting, and what became of each part in it: several forms where it stands behind several conditions. */
export interface Guards {
  readonly rewrite: (root: Expr) => Expr;
  readonly formsOf: (part: Expr) => readonly Expr[];
  /** Of what NumPy warns on the way to right values: logarithms of 0, and differences of two −∞ in masked softmaxes. */
  readonly warnings: (roots: readonly Expr[]) => readonly ('divide' | 'invalid')[];
}

/**
 * Rewrites expressions of a loss so that derivatives behind a `where` stay finite, or (`numbersOnly`) so that nothing is
 * computed in vain from which the library would warn; `unsafeNorm` where the norm of the zero vector has no derivative.
 */
export function guardsOf(
  loss: PrintableLoss,
  { numbersOnly, unsafeNorm }: { readonly numbersOnly: boolean; readonly unsafeNorm: boolean },
): Guards {
  const known = knownOf(loss);
  const predictions = new Set(predictionsOf(loss).map(({ id }) => id));
  const safe = new Set<Expr>();
  const intervals = new Map<Expr, Interval>();
  const bounds = (expr: Expr) =>
    intervalOf(
      expr,
      (e) => (safe.has(e) ? { low: 0, high: Number.MAX_VALUE, open: true } : known(e)),
      intervals,
    );
  const varies = new Map<Expr, boolean>();
  /** Whether a derivative flows through, or, where only numbers matter, data does. */
  const counts = (expr: Expr): boolean => {
    const before = varies.get(expr);
    if (before !== undefined) return before;
    const result =
      expr.kind === 'input'
        ? numbersOnly || predictions.has(expr.name)
        : expr.kind === 'apply' && (numbersOnly || expr.op !== 'stop') && expr.args.some(counts);
    varies.set(expr, result);
    return result;
  };
  const done = new Map<string, Expr>();
  const forms = new Map<Expr, Set<Expr>>();

  function visit(node: Expr, guard: Guard | undefined): Expr {
    if (node.kind !== 'apply') return node;
    const key = `${node.id}:${guard === undefined ? '' : `${guard.condition.id}${guard.holds ? '+' : '-'}`}`;
    const before = done.get(key);
    if (before !== undefined) return before;
    const result = rebuilt(node, guard);
    done.set(key, result);
    forms.set(node, (forms.get(node) ?? new Set()).add(result));
    return result;
  }

  function rebuilt(node: Apply, guard: Guard | undefined): Expr {
    const limited = unsafeNorm && counts(node) ? limitedNorm(node) : undefined;
    if (limited !== undefined) {
      const { x, axis, least, op } = limited;
      return sqrt(apply(op, [sum(square(visit(x, guard)), axis), constant(least * least)]));
    }
    if (node.op === 'where' && nodesOf(node.args[0]!).some((n) => n.kind === 'input' || n.kind === 'index')) {
      const [condition, then, otherwise] = node.args as readonly [Expr, Expr, Expr];
      const c = visit(condition, guard);
      return where(
        c,
        visit(then, { condition: c, holds: true }),
        visit(otherwise, { condition: c, holds: false }),
      );
    }
    const crosses =
      guard !== undefined &&
      Object.values(node.attributes).some((axis) => guard.condition.axes.includes(axis));
    const isStopped = node.op === 'stop' && !numbersOnly;
    const inside = crosses || isStopped ? undefined : guard;
    const args = node.args.map((arg) => visit(arg, inside));
    if (node.op === 'xlogy' && node.args[0]!.kind !== 'const') {
      const [x, y] = args as [Expr, Expr];
      return mul(x, log(replaced(y, { condition: eq(x, 0), holds: false }, 1)));
    }
    if (node.op === 'norm' && unsafeNorm && counts(node)) return safeNorm(args[0]!, node.attributes['axis']!);
    const at = guard === undefined ? undefined : singular(node, args);
    if (at !== undefined && guard !== undefined) {
      const fresh = [...args];
      fresh[at.argument] = replaced(args[at.argument]!, guard, at.harmless);
      return withArgs(node, fresh);
    }
    return withArgs(node, args);
  }

  function replaced(x: Expr, { condition, holds }: Guard, harmless: number): Expr {
    const result = holds ? where(condition, x, harmless) : where(condition, harmless, x);
    safe.add(result);
    return result;
  }

  /** √Σx² with a derivative of 0 at the zero vector. */
  function safeNorm(x: Expr, axis: Axis): Expr {
    const total = sum(square(x), axis);
    const positive = gt(total, 0);
    return where(positive, sqrt(replaced(total, { condition: positive, holds: true }, 1)), 0);
  }

  /** The argument at which the derivative of an operation may be infinite, and a value at which it is not. */
  function singular(node: Apply, args: readonly Expr[]) {
    const [x, y] = args as readonly [Expr, Expr];
    const unsafe = (argument: number, isUnsafe: boolean, harmless = 1) =>
      isUnsafe && counts(args[argument]!) ? { argument, harmless } : undefined;
    switch (node.op) {
      case 'sqrt':
      case 'log':
        return unsafe(0, !isPositive(bounds(x)));
      case 'log1p':
        return unsafe(0, bounds(x).low <= -1, 0);
      case 'div':
        return unsafe(1, !isPositive(bounds(y)) && !isPositive(bounds(apply('neg', [y]))));
      case 'pow': {
        const smooth =
          y.kind === 'const' && y.value >= 1 && (bounds(x).low >= 0 || Number.isInteger(y.value));
        return unsafe(0, !smooth && !isPositive(bounds(x)));
      }
      case 'exp':
      case 'expm1':
        return unsafe(0, bounds(x).high > 700, 0);
      default:
        return undefined;
    }
  }

  const isLogOfZero = (node: Expr) =>
    node.kind === 'apply' && node.op === 'log' && counts(node) && !isPositive(bounds(node.args[0]!));
  const isMaskedSoftmax = (node: Expr) =>
    node.kind === 'apply' &&
    node.op === 'softmax' &&
    nodesOf(node).some((n) => n.kind === 'const' && n.value === -Infinity);
  return {
    rewrite: (root) => visit(root, undefined),
    formsOf: (part) => [...(forms.get(part) ?? [])],
    warnings: (roots) => {
      const nodes = nodesOf(...roots);
      return [
        ...(nodes.some(isLogOfZero) ? (['divide'] as const) : []),
        ...(nodes.some(isMaskedSoftmax) ? (['invalid'] as const) : []),
      ];
    },
  };
}

/** A norm that is at least a constant: the same of the squares has a derivative at the zero vector too. */
function limitedNorm(node: Apply) {
  const [norm, least] = node.args;
  if (node.op !== 'maximum' && node.op !== 'clampMin') return undefined;
  if (norm?.kind !== 'apply' || norm.op !== 'norm' || least?.kind !== 'const' || least.value <= 0)
    return undefined;
  return { x: norm.args[0]!, axis: norm.attributes['axis']!, least: least.value, op: node.op };
}
