/**
 * The language of losses: expressions over arrays with named axes. Six kinds of node, immutable and interned
 * (structural equality is identity). Builders ({@link ./build.ts}) keep what is written; {@link ./simplify.ts} is a
 * separate step.
 */

/** Name of an axis: `sample`, `class`, `output`. A copy made by `rename` carries primes: `sample′`. */
export type Axis = string;

export type Dtype = 'real' | 'index' | 'boolean';

interface Common {
  /** Position in the intern table; arguments have smaller ids than what is made of them. */
  readonly id: number;
  /** The axes of the value, in a canonical order (see {@link axisOrder}). Empty for a scalar. */
  readonly axes: readonly Axis[];
  readonly dtype: Dtype;
}
export interface Const extends Common {
  readonly kind: 'const';
  readonly value: number;
}
/** A scalar option such as δ. */
export interface Param extends Common {
  readonly kind: 'param';
  readonly name: string;
}
export interface Input extends Common {
  readonly kind: 'input';
  readonly name: string;
}
/** Extent of an axis. */
export interface Size extends Common {
  readonly kind: 'size';
  readonly axis: Axis;
}
/** 0, 1, 2 … along an axis. */
export interface Index extends Common {
  readonly kind: 'index';
  readonly axis: Axis;
}
export interface Apply extends Common {
  readonly kind: 'apply';
  /** Key of `primitives.ts`. */
  readonly op: string;
  readonly args: readonly Expr[];
  /** For axis operations `axis`, for `rename` the pair `from`, `to`, for CTC `time`, `label`, `class`. */
  readonly attributes: Readonly<Record<string, Axis>>;
}
export type Expr = Const | Param | Input | Size | Index | Apply;

/** A sub-expression that deserves a line and a name of its own in formulas and code, such as the residual. */
export interface Named {
  /** Name in code: `residual`. */
  readonly name: string;
  /** TeX: `r`. */
  readonly symbol: string;
  readonly expr: Expr;
  readonly meaning: string;
}

/** The axis that a renamed copy stands for: `sample′` → `sample`. Both have the same size. */
export function baseAxis(axis: Axis): Axis {
  return axis.replace(/′+$/u, '');
}

const leading: readonly Axis[] = [
  'sample',
  'time',
  'item',
  'pixel',
  'row',
  'column',
  'output',
  'class',
  'label',
  'negative',
  'feature',
];

function compareAxes(a: Axis, b: Axis): number {
  const rank = (axis: Axis) => {
    const at = leading.indexOf(baseAxis(axis));
    return at < 0 ? leading.length : at;
  };
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Axes in canonical order, each once: `sample` leads, then what a row is made of (`time`, `item`, `pixel`, rows and
 * columns), then `output`, `class`, `label`, `negative`, `feature`, then others by name; a copy (`sample′`) follows
 * its original. The data of an input is row-major in this order.
 */
export function axisOrder(axes: Iterable<Axis>): readonly Axis[] {
  return [...new Set(axes)].sort(compareAxes);
}

type Description<T extends Expr> = T extends Expr ? Omit<T, 'id'> : never;

const table = new Map<string, Expr>();

function intern(key: string, description: () => Description<Expr>): Expr {
  const known = table.get(key);
  if (known !== undefined) return known;
  const node = Object.freeze({ id: table.size, ...description() }) as Expr;
  table.set(key, node);
  return node;
}

/** A number. `-0` and `0` are different constants, NaN is one. */
export function constant(value: number): Const {
  const key = Object.is(value, -0) ? '-0' : String(value);
  return intern(`const:${key}`, () => ({ kind: 'const', value, axes: [], dtype: 'real' })) as Const;
}

/** A truth value as a node; its `value` is 1 or 0. */
export function truth(value: boolean): Const {
  return intern(`truth:${value}`, () => ({
    kind: 'const',
    value: value ? 1 : 0,
    axes: [],
    dtype: 'boolean',
  })) as Const;
}

/** A scalar option of a loss. */
export function param(name: string): Param {
  return intern(`param:${name}`, () => ({ kind: 'param', name, axes: [], dtype: 'real' })) as Param;
}

/** An array that is given; its data is row-major in the canonical order of `axes`. */
export function input(name: string, axes: readonly Axis[], dtype: Dtype = 'real'): Input {
  const ordered = axisOrder(axes);
  return intern(`input:${name}:${dtype}:${ordered.join()}`, () => ({
    kind: 'input',
    name,
    axes: ordered,
    dtype,
  })) as Input;
}

/** The extent of an axis; of a renamed copy that of its original. */
export function size(axis: Axis): Size {
  const base = baseAxis(axis);
  return intern(`size:${base}`, () => ({ kind: 'size', axis: base, axes: [], dtype: 'real' })) as Size;
}

/** 0, 1, 2 … along an axis. */
export function index(axis: Axis): Index {
  return intern(`index:${axis}`, () => ({ kind: 'index', axis, axes: [axis], dtype: 'index' })) as Index;
}

/**
 * Interns an operation; `shape` is asked for a new one's axes and dtype, and may throw. Use the builders of
 * {@link ./build.ts}.
 */
export function applied(
  op: string,
  args: readonly Expr[],
  attributes: Readonly<Record<string, Axis>>,
  shape: () => Pick<Apply, 'axes' | 'dtype'>,
): Apply {
  const details = Object.keys(attributes)
    .sort()
    .map((name) => `${name}=${attributes[name] ?? ''}`)
    .join();
  const key = `${op}(${args.map((a) => a.id).join()})[${details}]`;
  return intern(key, () => ({ kind: 'apply', op, args, attributes, ...shape() })) as Apply;
}

/** The nodes of an expression, each once, arguments before what uses them. */
export function nodesOf(...roots: readonly Expr[]): readonly Expr[] {
  const seen = new Set<Expr>();
  const pending = [...roots];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === 'apply') pending.push(...node.args);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Names of the inputs that an expression reads, in the order of their first appearance in the table. */
export function inputsOf(expr: Expr): readonly Input[] {
  return nodesOf(expr).filter((node) => node.kind === 'input');
}

/** Names of the parameters that an expression reads. */
export function parametersOf(expr: Expr): readonly Param[] {
  return nodesOf(expr).filter((node) => node.kind === 'param');
}
