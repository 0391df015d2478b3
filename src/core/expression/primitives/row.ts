/** What a row of the table of operations is, and short ways to write one. */
import * as b from '../build.ts';
import { axisOrder, size, type Apply, type Axis, type Dtype, type Expr } from '../expression.ts';
import { atom, call, infix, wrap, precedence as p, type Fragment } from '../fragment.ts';
import { times } from '../guarded.ts';

/** What a printer knows about the place of an axis operation. */
export interface Place {
  /** The axis as the language counts it, from the right: `-1`. In TeX unused. */
  readonly dim: string;
  /** The reduced axis stays with length one. */
  readonly keepdim: boolean;
  /** Number of axes of the first argument. */
  readonly rank: number;
  /** The letter that runs along the axis in TeX: `c`. */
  readonly letter: string;
  /** The extent of the axis in TeX: `n`. */
  readonly extent: string;
}

export type Write = (args: readonly Fragment[], place: Place) => Fragment;

/** How an operation is written. `spoken` takes and gives plain words (for screen readers). */
export interface Printing {
  readonly tex: Write;
  readonly numpy: Write;
  readonly torch: Write;
  /** Where Keras 3 does not write it as NumPy with `ops.` for `np.`. */
  readonly keras?: Write;
  /** Where JAX does not write it as NumPy with `jnp.` for `np.`. */
  readonly jax?: Write;
  /** Absent for axis operations. */
  readonly typescript?: Write;
  /** The method of a tensor that computes it in TensorFlow.js; absent where tfjsOperations.ts says how it is written. */
  readonly tfjs?: string;
  /** True where the TypeScript text names an argument more than once; bind it to a local first. */
  readonly repeats?: boolean;
  readonly spoken: (args: readonly string[], place: Place) => string;
}

export interface Row {
  readonly arity: number;
  readonly axes: (args: readonly Expr[], attributes: Readonly<Record<string, Axis>>) => readonly Axis[];
  readonly dtype: (args: readonly Expr[]) => Dtype;
  /** What the derivative is where there is none, after the table of EXPRESSION: our convention, and who differs. */
  readonly kink?: string;
  /** The same value from simpler operations, for languages of loops. */
  readonly lower?: (node: Apply) => Expr;
  /** A form that keeps its precision in float32 on devices that lack log1p and expm1. */
  readonly lowerOnDevice?: (node: Apply) => Expr;
  readonly print: Printing;
}

/** Acts on each element; arguments broadcast by the union of their axes. */
export interface Elementwise extends Row {
  readonly kind: 'elementwise';
  readonly value: (x: number, y: number, z: number) => number;
  /** The partial derivative by each argument, `undefined` where it is zero or none. */
  readonly partials: (args: readonly Expr[], out: Apply) => readonly (Expr | undefined)[];
}
/** Collapses one axis. */
export interface Reduction extends Row {
  readonly kind: 'reduction';
  readonly value: (line: Float64Array) => number;
  /** From the adjoint of the result the adjoint of the argument. */
  readonly vjp: (g: Expr, out: Apply) => Expr;
}
/** Keeps its axis, but every element depends on the whole line. */
export interface Mapping extends Row {
  readonly kind: 'mapping';
  readonly value: (line: Float64Array) => Float64Array;
  /** `undefined` where the derivative is zero everywhere. */
  readonly vjp: (g: Expr, out: Apply) => Expr | undefined;
}
/** Rearranges elements: `gather` and `rename`; the interpreter and the schedule know them by name. */
export interface Structural extends Row {
  readonly kind: 'structural';
  readonly vjp: (g: Expr, out: Apply) => Expr;
}
/** A dynamic programme over several axes of its arguments at once. */
export interface Programme extends Row {
  readonly kind: 'programme';
  /** One item of the result. */
  readonly value: (item: ProgrammeItem) => Float64Array;
  /** The axes that an item of the result runs over; the other axes of the result are the outer ones. */
  readonly inner: (attributes: Readonly<Record<string, Axis>>) => readonly Axis[];
  /** The axes of one item of each argument; one that an argument lacks repeats. */
  readonly own: (attributes: Readonly<Record<string, Axis>>) => readonly (readonly Axis[])[];
  /** By the first argument; the others are positions and lengths. */
  readonly vjp: (g: Expr, out: Apply) => Expr;
}
/** The arguments of a programme at one position of the outer axes. */
export interface ProgrammeItem {
  /** Row-major over the argument's own axes. */
  readonly args: readonly Float64Array[];
  /** By the names of the attributes. */
  readonly extents: Readonly<Record<string, number>>;
}
export type Primitive = Elementwise | Reduction | Mapping | Structural | Programme;

export const union = (args: readonly Expr[]) => axisOrder(args.flatMap((a) => a.axes));
export const real = (): Dtype => 'real';
export const boolean = (): Dtype => 'boolean';

export function axisOf(attributes: Readonly<Record<string, Axis>>, name = 'axis'): Axis {
  const axis = attributes[name];
  if (axis === undefined) throw new RangeError(`missing attribute ${name}`);
  return axis;
}

export function need<T>(items: readonly T[], at: number): T {
  const item = items[at];
  if (item === undefined) throw new RangeError(`missing argument ${at}`);
  return item;
}

/** Σ along an axis also of what lacks it: then extent · x. */
export function sumOver(x: Expr, axis: Axis): Expr {
  return x.axes.includes(axis) ? b.sum(x, axis) : times(x, size(axis));
}

export function freshAxis(axis: Axis, taken: readonly Axis[]): Axis {
  let fresh = `${axis}′`;
  while (taken.includes(fresh)) fresh += '′';
  return fresh;
}

export type Words = (args: readonly string[], place: Place) => string;
export type One = (x: Fragment) => Fragment;
export type Two = (x: Fragment, y: Fragment) => Fragment;
export const one =
  (write: One): Write =>
  (args) =>
    write(need(args, 0));
export const two =
  (write: Two): Write =>
  (args) =>
    write(need(args, 0), need(args, 1));

export const frac = (x: Fragment, y: Fragment): Fragment => {
  // ½ x over y reads better as x over 2 y.
  const [, rest] = /^\\tfrac\{1\}\{2\} \\(?:,|cdot) (.*)$/.exec(x.text) ?? [];
  if (rest === undefined) return atom(`\\frac{${x.text}}{${y.text}}`);
  return atom(`\\frac{${rest}}{2 \\, ${texWrap(y, p.multiply)}}`);
};
export const superscript = (x: Fragment, exponent: string): Fragment => ({
  // A power of a fraction is a power of all of it.
  text: `${texWrap(x.text.startsWith('\\frac') ? { ...x, precedence: p.multiply } : x, p.atom)}^{${exponent}}`,
  precedence: p.power,
});
export function texWrap(x: Fragment, least: number): string {
  return wrap(x, least, '\\left(', '\\right)');
}
export const texInfix =
  (operator: string, level: number): Two =>
  (x, y) => ({
    text: `${texWrap(x, level)} ${operator} ${texWrap(y, level + 1)}`,
    precedence: level,
  });
/** `\log x` with an atom, `\log\left(x\right)` otherwise. */
export const texFunction =
  (name: string): One =>
  (x) => ({
    text: x.precedence >= p.power ? `${name} ${x.text}` : `${name}\\left(${x.text}\\right)`,
    precedence: p.multiply,
  });
/** `\sigma(x)`: always with parentheses, so that it is an atom. */
export const texCall =
  (name: string): One =>
  (x) =>
    atom(`${name}\\left(${x.text}\\right)`);

export interface ElementwiseSpec {
  readonly value: (x: number, y: number, z: number) => number;
  readonly partials: (args: readonly Expr[], out: Apply) => readonly (Expr | undefined)[];
  readonly print: Printing;
  readonly dtype?: (args: readonly Expr[]) => Dtype;
  readonly kink?: string;
  readonly lowerOnDevice?: (node: Apply) => Expr;
}

export function elementwise(arity: number, spec: ElementwiseSpec): Elementwise {
  return { kind: 'elementwise', arity, axes: union, dtype: real, ...spec };
}

/** An elementwise operation of one argument with a named function in each language. */
export function fn(
  names: { readonly numpy: string; readonly torch: string; readonly typescript: string },
  tex: One,
  words: (x: string) => string,
): Printing {
  const calls = (name: string) => one((x) => call(name, x));
  return {
    tex: one(tex),
    numpy: calls(names.numpy),
    torch: calls(names.torch),
    typescript: calls(names.typescript),
    // TensorFlow.js has the functions of Math under the same names.
    ...(names.typescript.startsWith('Math.') ? { tfjs: names.typescript.replace('Math.', '') } : {}),
    spoken: (args) => words(need(args, 0)),
  };
}

/** What TensorFlow.js calls the operators of Python. */
const methods: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '<': 'less',
  '<=': 'lessEqual',
  '>': 'greater',
  '>=': 'greaterEqual',
  '==': 'equal',
  '!=': 'notEqual',
  '&': 'logicalAnd',
  '|': 'logicalOr',
};

function method(symbol: string): { readonly tfjs?: string } {
  const name = methods[symbol];
  return name === undefined ? {} : { tfjs: name };
}

/** An infix operator written the same in all languages but TensorFlow.js. */
export function operator(symbol: string, level: number, tex: Two, word: string): Printing {
  const write = two((x, y) => infix(symbol, level, x, y));
  return {
    tex: two(tex),
    numpy: write,
    torch: write,
    typescript: write,
    ...method(symbol),
    spoken: joined(word),
  };
}
export const joined =
  (word: string): Words =>
  (args) =>
    `${need(args, 0)} ${word} ${need(args, 1)}`;

export function comparison(
  symbol: string,
  script: string,
  tex: string,
  word: string,
  value: (x: number, y: number) => boolean,
): Elementwise {
  const python = two((x, y) => infix(symbol, p.compare, x, y));
  return elementwise(2, {
    value: (x, y) => (value(x, y) ? 1 : 0),
    partials: () => [undefined, undefined],
    dtype: boolean,
    print: {
      tex: two(texInfix(tex, p.compare)),
      numpy: python,
      torch: python,
      typescript: two((x, y) => infix(script, p.compare, x, y)),
      ...method(symbol),
      spoken: joined(word),
    },
  });
}

export function logical(
  array: string,
  script: string,
  level: number,
  tex: string,
  word: string,
  value: (x: number, y: number) => boolean,
): Elementwise {
  const python = two((x, y) => infix(array, p.bitwise, x, y));
  return elementwise(2, {
    value: (x, y) => (value(x, y) ? 1 : 0),
    partials: () => [undefined, undefined],
    dtype: boolean,
    print: {
      tex: two(texInfix(tex, level)),
      numpy: python,
      torch: python,
      typescript: two((x, y) => infix(script, level, x, y)),
      ...method(array),
      spoken: joined(word),
    },
  });
}

export interface AxisSpec {
  readonly tex: Write;
  readonly numpy: (x: string, place: Place, keep: string) => string;
  readonly torch: (x: string, place: Place, keep: string) => string;
  readonly keras?: (x: string, place: Place, keep: string) => string;
  readonly jax?: (x: string, place: Place, keep: string) => string;
  readonly tfjs?: string;
  readonly spoken: Words;
}

export function axisPrinting({ tex, numpy, torch, keras, jax, tfjs, spoken }: AxisSpec): Printing {
  const write =
    (text: NonNullable<AxisSpec['numpy']>, word: string): Write =>
    (args, place) =>
      atom(text(need(args, 0).text, place, place.keepdim ? `, ${word}=True` : ''));
  return {
    tex,
    numpy: write(numpy, 'keepdims'),
    torch: write(torch, 'keepdim'),
    ...(keras === undefined ? {} : { keras: write(keras, 'keepdims') }),
    ...(jax === undefined ? {} : { jax: write(jax, 'keepdims') }),
    ...(tfjs === undefined ? {} : { tfjs }),
    spoken,
  };
}

/** A reduction known under one name in both tensor languages. */
export function reducer(name: string, tex: Write, spoken: Words): Printing {
  return axisPrinting({
    tex,
    numpy: (x, place, keep) => `np.${name}(${x}, axis=${place.dim}${keep})`,
    torch: (x, place, keep) => `torch.${name}(${x}, dim=${place.dim}${keep})`,
    tfjs: name === 'amax' ? 'max' : name,
    spoken,
  });
}

export const withoutAxis: Row['axes'] = (args, attributes) => {
  const axis = axisOf(attributes);
  const { axes } = need(args, 0);
  if (!axes.includes(axis)) throw new RangeError(`no axis ${axis} among [${axes.join(', ')}]`);
  return axes.filter((a) => a !== axis);
};
export const sameAxes: Row['axes'] = (args, attributes) => {
  const axis = axisOf(attributes);
  const { axes } = need(args, 0);
  if (!axes.includes(axis)) throw new RangeError(`no axis ${axis} among [${axes.join(', ')}]`);
  return axes;
};

export interface LineSpec<T, Adjoint = Expr> {
  readonly value: (line: Float64Array) => T;
  readonly vjp: (g: Expr, out: Apply) => Adjoint;
  readonly print: Printing;
  readonly dtype?: () => Dtype;
  readonly kink?: string;
  readonly lower?: (node: Apply) => Expr;
  readonly lowerOnDevice?: (node: Apply) => Expr;
}
export const reduction = (spec: LineSpec<number>): Reduction => ({
  kind: 'reduction',
  arity: 1,
  axes: withoutAxis,
  dtype: real,
  ...spec,
});
export const mapping = (spec: LineSpec<Float64Array, Expr | undefined>): Mapping => ({
  kind: 'mapping',
  arity: 1,
  axes: sameAxes,
  dtype: real,
  ...spec,
});

export const argument = (out: Apply, at = 0): Expr => need(out.args, at);

export function logSumExp(line: Float64Array): number {
  let top = -Infinity;
  for (const x of line) top = Math.max(top, x);
  if (!Number.isFinite(top)) return top;
  let total = 0;
  for (const x of line) total += Math.exp(x - top);
  return top + Math.log(total);
}

export function softPlus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export const tight = (x: Fragment) => wrap(x, p.atom);

/** The parts of top + rest where top is a maximum: what a log-sum-exp is on a device. */
export function shifted(x: Expr): { top: Expr; rest: Expr } | undefined {
  if (x.kind !== 'apply' || x.op !== 'add') return undefined;
  const [top, rest] = [argument(x), argument(x, 1)];
  return top.kind === 'apply' && top.op === 'amax' ? { top, rest } : undefined;
}

/** x - (top + rest) as (x - top) - rest: the difference of two large numbers first, where it loses nothing. */
export function withoutShift(out: Apply): Expr | undefined {
  const [x, y] = [argument(out), argument(out, 1)];
  const subtracted = shifted(y);
  if (subtracted !== undefined) return b.sub(b.sub(x, subtracted.top), subtracted.rest);
  const reduced = shifted(x);
  return reduced === undefined ? undefined : b.sub(reduced.rest, b.sub(y, reduced.top));
}

/** exp(−|x|), the same node for x and −x. */
export function decay(x: Expr): Expr {
  const bare = x.kind === 'apply' && x.op === 'neg' ? argument(x) : x;
  return b.exp(b.neg(b.abs(bare)));
}

/** log(1 + x) with the rounding error of 1 + x divided out (Kahan's correction); exact to a few ulp for x > -1. */
export function correctedLog1p(x: Expr): Expr {
  const u = b.add(1, x);
  return b.where(b.eq(u, 1), x, b.div(b.mul(b.log(u), x), b.sub(u, 1)));
}
