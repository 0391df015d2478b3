/** Substitution, and the folding of constants that IEEE arithmetic allows exactly. */
import { apply } from './build.ts';
import { constant, index, nodesOf, size, truth, type Apply, type Expr } from './expression.ts';
import { primitive } from './primitives.ts';

/** Rebuilds an expression bottom-up: `change` sees each node with its arguments already rebuilt. */
export function rewrite(root: Expr, change: (node: Expr) => Expr): Expr {
  const done = new Map<Expr, Expr>();
  for (const node of nodesOf(root)) {
    done.set(
      node,
      change(
        node.kind === 'apply'
          ? withArgs(
              node,
              node.args.map((a) => done.get(a)!),
            )
          : node,
      ),
    );
  }
  return done.get(root)!;
}

/** The same operation on other arguments; an axis operation whose argument lost the axis takes its closed form. */
export function withArgs(node: Apply, args: readonly Expr[]): Expr {
  if (args.every((a, i) => a === node.args[i])) return node;
  return overMissingAxis(node, args) ?? apply(node.op, args, node.attributes);
}

/** An axis operation over n equal elements: the argument does not vary along the axis. */
function overMissingAxis(node: Apply, args: readonly Expr[]): Expr | undefined {
  const axis = node.attributes['axis'];
  const [x] = args;
  if (axis === undefined || x === undefined || x.axes.includes(axis)) return undefined;
  const n = size(axis);
  switch (node.op) {
    case 'gather':
    case 'mean':
    case 'amax':
      return x;
    case 'sum':
      return apply('mul', [n, x]);
    case 'logsumexp':
      return apply('add', [x, apply('log', [n])]);
    case 'norm':
      return apply('mul', [apply('sqrt', [n]), apply('abs', [x])]);
    case 'softmax':
      return apply('div', [constant(1), n]);
    case 'logsoftmax':
      return apply('neg', [apply('log', [n])]);
    case 'cumsum':
      return apply('mul', [apply('add', [index(axis), constant(1)]), x]);
    case 'argsort':
    case 'rank':
      return index(axis);
    default:
      return undefined;
  }
}

/** Replaces parameters and inputs by name; numbers stand for constants. Nothing is folded. */
export function substitute(root: Expr, values: Readonly<Record<string, Expr | number>>): Expr {
  return rebuild(root, values, (node) => node);
}

/**
 * Fixes parameters and inputs to values and lets vanish what the values switch off: products with 1 or with a zero
 * that came from an option, branches of a decided condition, comparisons with NaN (an absent option). Rounding stays
 * as written, so this is safe on the path that computes a reference value.
 */
export function specialise(root: Expr, values: Readonly<Record<string, Expr | number>>): Expr {
  return rebuild(root, values, fold);
}

function rebuild(
  root: Expr,
  values: Readonly<Record<string, Expr | number>>,
  change: (node: Expr) => Expr,
): Expr {
  const done = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const result = visitNew(node);
    done.set(node, result);
    return result;
  };
  const visitNew = (node: Expr): Expr => {
    if (node.kind === 'param' || node.kind === 'input') {
      const value = values[node.name];
      return value === undefined ? node : typeof value === 'number' ? constant(value) : value;
    }
    if (node.kind !== 'apply') return node;
    const args = node.args.map(visit);
    return change(withArgs(node, args));
  };
  return visit(root);
}

const isConst = (e: Expr | undefined, value: number): boolean =>
  e?.kind === 'const' && Object.is(e.value, value);

function fold(node: Expr): Expr {
  if (node.kind !== 'apply') return node;
  const row = primitive(node.op);
  const [x, y, z] = node.args;
  if (row.kind === 'elementwise' && node.args.every((a) => a.kind === 'const')) {
    const [a, b, c] = node.args.map((arg) => arg.value);
    const value = row.value(a ?? NaN, b ?? NaN, c ?? NaN);
    return node.dtype === 'boolean' ? truth(value !== 0) : constant(value);
  }
  switch (node.op) {
    case 'mul':
      if (isConst(x, 0) || isConst(y, 0)) return constant(0);
      if (isConst(x, 1)) return y!;
      return isConst(y, 1) ? x! : node;
    case 'div':
      if (isConst(x, 0)) return x!;
      return isConst(y, 1) ? x! : node;
    case 'add':
      if (isConst(x, 0)) return y!;
      return isConst(y, 0) ? x! : node;
    case 'sub':
      return isConst(y, 0) ? x! : node;
    case 'eq':
      return isConst(x, NaN) || isConst(y, NaN) ? truth(false) : node;
    case 'ne':
      return isConst(x, NaN) || isConst(y, NaN) ? truth(true) : node;
    case 'and':
      return shortCircuit(x!, y!, 0) ?? node;
    case 'or':
      return shortCircuit(x!, y!, 1) ?? node;
    case 'where':
      if (x!.kind === 'const') return x!.value !== 0 ? y! : z!;
      return y === z ? y! : node;
    default:
      return node;
  }
}

/** `and` with a false argument, `or` with a true one: that argument; otherwise a constant argument drops out. */
function shortCircuit(x: Expr, y: Expr, absorbing: number): Expr | undefined {
  if (x.kind === 'const') return x.value === absorbing ? x : y;
  if (y.kind === 'const') return y.value === absorbing ? y : x;
  return undefined;
}
