/**
 * One row per operation of the expression language: value, derivative, axes, dtype, what happens at a kink, and how
 * each language writes it. A new operation is one entry of {@link primitives}.
 *
 * Printing: a row turns the fragments of its arguments into a fragment. Text for NumPy uses the alias `np`, for
 * PyTorch `torch` and `F` (`torch.nn.functional`), for TypeScript `Math`; a printer imports what it finds used.
 * Axis operations have no TypeScript text: loop languages write them from the schedule (`schedule.ts`).
 */
import * as b from './build.ts';
import { axisOrder, index, size, type Apply, type Axis, type Dtype, type Expr } from './expression.ts';
import { atom, call, infix, precedence as p, prefix, wrap, type Fragment } from './fragment.ts';
import { times } from './guarded.ts';

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

type Write = (args: readonly Fragment[], place: Place) => Fragment;

/** How an operation is written. `spoken` takes and gives plain words (for screen readers). */
interface Printing {
  readonly tex: Write;
  readonly numpy: Write;
  readonly torch: Write;
  /** Absent for axis operations. */
  readonly typescript?: Write;
  /** True where the TypeScript text names an argument more than once; bind it to a local first. */
  readonly repeats?: boolean;
  readonly spoken: (args: readonly string[], place: Place) => string;
}

interface Row {
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
interface Reduction extends Row {
  readonly kind: 'reduction';
  readonly value: (line: Float64Array) => number;
  /** From the adjoint of the result the adjoint of the argument. */
  readonly vjp: (g: Expr, out: Apply) => Expr;
}
/** Keeps its axis, but every element depends on the whole line. */
interface Mapping extends Row {
  readonly kind: 'mapping';
  readonly value: (line: Float64Array) => Float64Array;
  readonly vjp: (g: Expr, out: Apply) => Expr;
}
/** Rearranges elements: `gather` and `rename`; the interpreter and the schedule know them by name. */
interface Structural extends Row {
  readonly kind: 'structural';
  readonly vjp: (g: Expr, out: Apply) => Expr;
}
export type Primitive = Elementwise | Reduction | Mapping | Structural;

const union = (args: readonly Expr[]) => axisOrder(args.flatMap((a) => a.axes));
const real = (): Dtype => 'real';
const boolean = (): Dtype => 'boolean';

function axisOf(attributes: Readonly<Record<string, Axis>>, name = 'axis'): Axis {
  const axis = attributes[name];
  if (axis === undefined) throw new RangeError(`missing attribute ${name}`);
  return axis;
}

function need<T>(items: readonly T[], at: number): T {
  const item = items[at];
  if (item === undefined) throw new RangeError(`missing argument ${at}`);
  return item;
}

/** Σ along an axis also of what lacks it: then extent · x. */
function sumOver(x: Expr, axis: Axis): Expr {
  return x.axes.includes(axis) ? b.sum(x, axis) : times(x, size(axis));
}

function freshAxis(axis: Axis, taken: readonly Axis[]): Axis {
  let fresh = `${axis}′`;
  while (taken.includes(fresh)) fresh += '′';
  return fresh;
}

type Words = (args: readonly string[], place: Place) => string;
type One = (x: Fragment) => Fragment;
type Two = (x: Fragment, y: Fragment) => Fragment;
const one =
  (write: One): Write =>
  (args) =>
    write(need(args, 0));
const two =
  (write: Two): Write =>
  (args) =>
    write(need(args, 0), need(args, 1));

const frac = (x: Fragment, y: Fragment) => atom(`\\frac{${x.text}}{${y.text}}`);
const superscript = (x: Fragment, exponent: string): Fragment => ({
  text: `${texWrap(x, p.atom)}^{${exponent}}`,
  precedence: p.power,
});
function texWrap(x: Fragment, least: number): string {
  return wrap(x, least, '\\left(', '\\right)');
}
const texInfix =
  (operator: string, level: number): Two =>
  (x, y) => ({
    text: `${texWrap(x, level)} ${operator} ${texWrap(y, level + 1)}`,
    precedence: level,
  });
/** `\log x` with an atom, `\log\left(x\right)` otherwise. */
const texFunction =
  (name: string): One =>
  (x) => ({
    text: x.precedence >= p.power ? `${name} ${x.text}` : `${name}\\left(${x.text}\\right)`,
    precedence: p.multiply,
  });
/** `\sigma(x)`: always with parentheses, so that it is an atom. */
const texCall =
  (name: string): One =>
  (x) =>
    atom(`${name}\\left(${x.text}\\right)`);

interface ElementwiseSpec {
  readonly value: (x: number, y: number, z: number) => number;
  readonly partials: (args: readonly Expr[], out: Apply) => readonly (Expr | undefined)[];
  readonly print: Printing;
  readonly dtype?: (args: readonly Expr[]) => Dtype;
  readonly kink?: string;
  readonly lowerOnDevice?: (node: Apply) => Expr;
}

function elementwise(arity: number, spec: ElementwiseSpec): Elementwise {
  return { kind: 'elementwise', arity, axes: union, dtype: real, ...spec };
}

/** An elementwise operation of one argument with a named function in each language. */
function fn(
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
    spoken: (args) => words(need(args, 0)),
  };
}

/** An infix operator written the same in all three languages. */
function operator(symbol: string, level: number, tex: Two, word: string): Printing {
  const write = two((x, y) => infix(symbol, level, x, y));
  return { tex: two(tex), numpy: write, torch: write, typescript: write, spoken: joined(word) };
}
const joined =
  (word: string): Words =>
  (args) =>
    `${need(args, 0)} ${word} ${need(args, 1)}`;

function comparison(
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
      spoken: joined(word),
    },
  });
}

function logical(
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
      spoken: joined(word),
    },
  });
}

interface AxisSpec {
  readonly tex: Write;
  readonly numpy: (x: string, place: Place, keep: string) => string;
  readonly torch: (x: string, place: Place, keep: string) => string;
  readonly spoken: Words;
}

function axisPrinting({ tex, numpy, torch, spoken }: AxisSpec): Printing {
  return {
    tex,
    numpy: (args, place) => atom(numpy(need(args, 0).text, place, place.keepdim ? ', keepdims=True' : '')),
    torch: (args, place) => atom(torch(need(args, 0).text, place, place.keepdim ? ', keepdim=True' : '')),
    spoken,
  };
}

/** A reduction known under one name in both tensor languages. */
function reducer(name: string, tex: Write, spoken: Words): Printing {
  return axisPrinting({
    tex,
    numpy: (x, place, keep) => `np.${name}(${x}, axis=${place.dim}${keep})`,
    torch: (x, place, keep) => `torch.${name}(${x}, dim=${place.dim}${keep})`,
    spoken,
  });
}

const withoutAxis: Row['axes'] = (args, attributes) => {
  const axis = axisOf(attributes);
  const { axes } = need(args, 0);
  if (!axes.includes(axis)) throw new RangeError(`no axis ${axis} among [${axes.join(', ')}]`);
  return axes.filter((a) => a !== axis);
};
const sameAxes: Row['axes'] = (args, attributes) => {
  const axis = axisOf(attributes);
  const { axes } = need(args, 0);
  if (!axes.includes(axis)) throw new RangeError(`no axis ${axis} among [${axes.join(', ')}]`);
  return axes;
};

interface LineSpec<T> {
  readonly value: (line: Float64Array) => T;
  readonly vjp: (g: Expr, out: Apply) => Expr;
  readonly print: Printing;
  readonly kink?: string;
  readonly lower?: (node: Apply) => Expr;
  readonly lowerOnDevice?: (node: Apply) => Expr;
}
const reduction = (spec: LineSpec<number>): Reduction => ({
  kind: 'reduction',
  arity: 1,
  axes: withoutAxis,
  dtype: real,
  ...spec,
});
const mapping = (spec: LineSpec<Float64Array>): Mapping => ({
  kind: 'mapping',
  arity: 1,
  axes: sameAxes,
  dtype: real,
  ...spec,
});

const argument = (out: Apply, at = 0): Expr => need(out.args, at);

function logSumExp(line: Float64Array): number {
  let top = -Infinity;
  for (const x of line) top = Math.max(top, x);
  if (!Number.isFinite(top)) return top;
  let total = 0;
  for (const x of line) total += Math.exp(x - top);
  return top + Math.log(total);
}

function softPlus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

const tight = (x: Fragment) => wrap(x, p.atom);

/** The parts of top + rest where top is a maximum: what a log-sum-exp is on a device. */
function shifted(x: Expr): { top: Expr; rest: Expr } | undefined {
  if (x.kind !== 'apply' || x.op !== 'add') return undefined;
  const [top, rest] = [argument(x), argument(x, 1)];
  return top.kind === 'apply' && top.op === 'amax' ? { top, rest } : undefined;
}

/** x - (top + rest) as (x - top) - rest: the difference of two large numbers first, where it loses nothing. */
function withoutShift(out: Apply): Expr | undefined {
  const [x, y] = [argument(out), argument(out, 1)];
  const subtracted = shifted(y);
  if (subtracted !== undefined) return b.sub(b.sub(x, subtracted.top), subtracted.rest);
  const reduced = shifted(x);
  return reduced === undefined ? undefined : b.sub(reduced.rest, b.sub(y, reduced.top));
}

/** exp(−|x|), the same node for x and −x. */
function decay(x: Expr): Expr {
  const bare = x.kind === 'apply' && x.op === 'neg' ? argument(x) : x;
  return b.exp(b.neg(b.abs(bare)));
}

/** log(1 + x) with the rounding error of 1 + x divided out (Kahan's correction); exact to a few ulp for x > -1. */
function correctedLog1p(x: Expr): Expr {
  const u = b.add(1, x);
  return b.where(b.eq(u, 1), x, b.div(b.mul(b.log(u), x), b.sub(u, 1)));
}

const rows = {
  add: elementwise(2, {
    value: (x, y) => x + y,
    partials: () => [b.node(1), b.node(1)],
    print: operator('+', p.add, texInfix('+', p.add), 'plus'),
  }),
  sub: elementwise(2, {
    value: (x, y) => x - y,
    partials: () => [b.node(1), b.node(-1)],
    lowerOnDevice: (out) => withoutShift(out) ?? out,
    print: operator('-', p.add, texInfix('-', p.add), 'minus'),
  }),
  mul: elementwise(2, {
    value: (x, y) => x * y,
    partials: (args) => [need(args, 1), need(args, 0)],
    print: operator(
      '*',
      p.multiply,
      (x, y) => ({
        text: `${texWrap(x, p.multiply)} ${/^[\d.-]/u.test(y.text) ? '\\cdot ' : '\\, '}${texWrap(y, p.multiply + 1)}`,
        precedence: p.multiply,
      }),
      'times',
    ),
  }),
  div: elementwise(2, {
    value: (x, y) => x / y,
    partials: (args, out) => [b.div(1, need(args, 1)), b.neg(b.div(out, need(args, 1)))],
    print: operator('/', p.multiply, frac, 'over'),
  }),
  neg: elementwise(1, {
    value: (x) => -x,
    partials: () => [b.node(-1)],
    print: {
      tex: one((x) => ({ text: `-${texWrap(x, p.multiply)}`, precedence: p.add })),
      numpy: one((x) => prefix('-', p.unary, x)),
      torch: one((x) => prefix('-', p.unary, x)),
      typescript: one((x) => prefix('-', p.unary, x)),
      spoken: (args) => `minus ${need(args, 0)}`,
    },
  }),
  pow: elementwise(2, {
    value: (x, y) => Math.pow(x, y),
    partials: (args, out) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      return [b.mul(y, b.pow(x, b.sub(y, 1))), b.where(b.gt(x, 0), b.mul(out, b.log(x)), 0)];
    },
    kink: 'by the exponent at base ≤ 0: 0',
    print: {
      tex: two((x, y) => superscript(x, y.text)),
      numpy: two((x, y) => ({ text: `${wrap(x, p.atom)} ** ${wrap(y, p.power)}`, precedence: p.power })),
      torch: two((x, y) => ({ text: `${wrap(x, p.atom)} ** ${wrap(y, p.power)}`, precedence: p.power })),
      typescript: two((x, y) => call('Math.pow', x, y)),
      spoken: joined('to the power'),
    },
  }),
  square: elementwise(1, {
    value: (x) => x * x,
    partials: (args) => [b.mul(2, need(args, 0))],
    print: {
      tex: one((x) => superscript(x, '2')),
      numpy: one((x) => ({ text: `${wrap(x, p.atom)} ** 2`, precedence: p.power })),
      torch: one((x) => ({ text: `${wrap(x, p.atom)} ** 2`, precedence: p.power })),
      typescript: one((x) => ({ text: `${tight(x)} * ${tight(x)}`, precedence: p.multiply })),
      repeats: true,
      spoken: (args) => `${need(args, 0)} squared`,
    },
  }),
  sqrt: elementwise(1, {
    value: (x) => Math.sqrt(x),
    partials: (_, out) => [b.div(0.5, out)],
    kink: 'at 0: infinite, as written (0/0 = NaN under a zero adjoint); all frameworks agree',
    print: fn(
      { numpy: 'np.sqrt', torch: 'torch.sqrt', typescript: 'Math.sqrt' },
      (x) => atom(`\\sqrt{${x.text}}`),
      (x) => `the square root of ${x}`,
    ),
  }),
  abs: elementwise(1, {
    value: (x) => Math.abs(x),
    partials: (args) => [b.sign(need(args, 0))],
    kink: 'at 0: 0, as PyTorch and TensorFlow; JAX gives 1',
    print: fn(
      { numpy: 'np.abs', torch: 'torch.abs', typescript: 'Math.abs' },
      (x) => atom(`\\left|${x.text}\\right|`),
      (x) => `the absolute value of ${x}`,
    ),
  }),
  sign: elementwise(1, {
    value: (x) => Math.sign(x),
    partials: () => [undefined],
    kink: '0 everywhere',
    print: fn(
      { numpy: 'np.sign', torch: 'torch.sign', typescript: 'Math.sign' },
      texCall('\\operatorname{sign}'),
      (x) => `the sign of ${x}`,
    ),
  }),
  exp: elementwise(1, {
    value: (x) => Math.exp(x),
    partials: (_, out) => [out],
    print: fn(
      { numpy: 'np.exp', torch: 'torch.exp', typescript: 'Math.exp' },
      (x) => ({ text: `e^{${x.text}}`, precedence: p.power }),
      (x) => `e to the power of ${x}`,
    ),
  }),
  log: elementwise(1, {
    value: (x) => Math.log(x),
    partials: (args) => [b.div(1, need(args, 0))],
    print: fn(
      { numpy: 'np.log', torch: 'torch.log', typescript: 'Math.log' },
      texFunction('\\log'),
      (x) => `the logarithm of ${x}`,
    ),
  }),
  log1p: elementwise(1, {
    value: (x) => Math.log1p(x),
    partials: (args) => [b.div(1, b.add(1, need(args, 0)))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      // Beyond 1e8 the 1 is lost in rounding, and x/(u - 1) would be ∞/∞ at infinity.
      return b.where(b.gt(x, 1e8), b.log(b.add(1, x)), correctedLog1p(x));
    },
    print: fn(
      { numpy: 'np.log1p', torch: 'torch.log1p', typescript: 'Math.log1p' },
      (x) => ({ text: `\\log\\left(1 + ${texWrap(x, p.add)}\\right)`, precedence: p.multiply }),
      (x) => `the logarithm of one plus ${x}`,
    ),
  }),
  expm1: elementwise(1, {
    value: (x) => Math.expm1(x),
    partials: (args) => [b.exp(need(args, 0))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      const u = b.exp(x);
      const corrected = b.where(b.eq(u, 1), x, b.div(b.mul(b.sub(u, 1), x), b.log(u)));
      return b.where(b.lt(b.abs(x), 1), corrected, b.sub(u, 1));
    },
    print: fn(
      { numpy: 'np.expm1', torch: 'torch.expm1', typescript: 'Math.expm1' },
      (x) => ({ text: `e^{${x.text}} - 1`, precedence: p.add }),
      (x) => `e to the power of ${x}, minus one`,
    ),
  }),
  tanh: elementwise(1, {
    value: (x) => Math.tanh(x),
    partials: (_, out) => [b.sub(1, b.square(out))],
    print: fn(
      { numpy: 'np.tanh', torch: 'torch.tanh', typescript: 'Math.tanh' },
      texFunction('\\tanh'),
      (x) => `the hyperbolic tangent of ${x}`,
    ),
  }),
  sigmoid: elementwise(1, {
    value: (x) => {
      const e = Math.exp(-Math.abs(x));
      return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    },
    partials: (args, out) => [b.mul(out, b.sigmoid(b.neg(need(args, 0))))],
    lowerOnDevice: (out) => {
      // One exponential that cannot overflow: devices may take an overflow for undefined.
      const x = argument(out);
      const e = decay(x);
      return b.div(b.where(b.ge(x, 0), 1, e), b.add(1, e));
    },
    print: {
      tex: one(texCall('\\sigma')),
      numpy: one((x) => call('np.exp', `-np.logaddexp(0, ${prefix('-', p.unary, x).text})`)),
      torch: one((x) => call('torch.sigmoid', x)),
      typescript: one((x) => ({
        text: `1 / (1 + Math.exp(${prefix('-', p.unary, x).text}))`,
        precedence: p.multiply,
      })),
      spoken: (args) => `the sigmoid of ${need(args, 0)}`,
    },
  }),
  softplus: elementwise(1, {
    value: softPlus,
    partials: (args) => [b.sigmoid(need(args, 0))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      return b.add(b.maximum(x, 0), correctedLog1p(decay(x)));
    },
    print: {
      tex: one((x) => ({ text: `\\log\\left(1 + e^{${x.text}}\\right)`, precedence: p.multiply })),
      numpy: one((x) => call('np.logaddexp', '0', x)),
      // F.softplus drops the tail above its threshold of 20.
      torch: one((x) => ({
        text: `-F.logsigmoid(${prefix('-', p.unary, x).text})`,
        precedence: p.unary,
      })),
      typescript: one((x) => ({
        text: `Math.max(${x.text}, 0) + Math.log1p(Math.exp(-Math.abs(${x.text})))`,
        precedence: p.add,
      })),
      repeats: true,
      spoken: (args) => `the softplus of ${need(args, 0)}`,
    },
  }),
  logsigmoid: elementwise(1, {
    value: (x) => -softPlus(-x),
    partials: (args) => [b.sigmoid(b.neg(need(args, 0)))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      return b.sub(b.minimum(x, 0), correctedLog1p(decay(x)));
    },
    print: {
      tex: one((x) => ({ text: `\\log \\sigma\\left(${x.text}\\right)`, precedence: p.multiply })),
      numpy: one((x) => ({
        text: `-np.logaddexp(0, ${prefix('-', p.unary, x).text})`,
        precedence: p.unary,
      })),
      torch: one((x) => call('F.logsigmoid', x)),
      typescript: one((x) => ({
        text: `Math.min(${x.text}, 0) - Math.log1p(Math.exp(-Math.abs(${x.text})))`,
        precedence: p.add,
      })),
      repeats: true,
      spoken: (args) => `the logarithm of the sigmoid of ${need(args, 0)}`,
    },
  }),
  relu: elementwise(1, {
    value: (x) => Math.max(x, 0),
    partials: (args) => [b.where(b.gt(need(args, 0), 0), 1, 0)],
    kink: 'at 0: 0, as all frameworks',
    print: {
      tex: one((x) => atom(`\\max\\left(${x.text}, 0\\right)`)),
      numpy: one((x) => call('np.maximum', x, '0')),
      torch: one((x) => call('F.relu', x)),
      typescript: one((x) => call('Math.max', x, '0')),
      spoken: (args) => `the positive part of ${need(args, 0)}`,
    },
  }),
  maximum: elementwise(2, {
    value: (x, y) => Math.max(x, y),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      const share = (first: Expr, second: Expr) =>
        b.where(b.gt(first, second), 1, b.where(b.eq(first, second), 0.5, 0));
      return [share(x, y), share(y, x)];
    },
    kink: 'at equal arguments: ½ each, as PyTorch and JAX; TensorFlow gives all to one of them',
    print: {
      tex: two((x, y) => atom(`\\max\\left(${x.text}, ${y.text}\\right)`)),
      numpy: two((x, y) => call('np.maximum', x, y)),
      torch: two((x, y) => call('torch.maximum', x, y)),
      typescript: two((x, y) => call('Math.max', x, y)),
      spoken: (args) => `the larger of ${need(args, 0)} and ${need(args, 1)}`,
    },
  }),
  minimum: elementwise(2, {
    value: (x, y) => Math.min(x, y),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      const share = (first: Expr, second: Expr) =>
        b.where(b.lt(first, second), 1, b.where(b.eq(first, second), 0.5, 0));
      return [share(x, y), share(y, x)];
    },
    kink: 'at equal arguments: ½ each',
    print: {
      tex: two((x, y) => atom(`\\min\\left(${x.text}, ${y.text}\\right)`)),
      numpy: two((x, y) => call('np.minimum', x, y)),
      torch: two((x, y) => call('torch.minimum', x, y)),
      typescript: two((x, y) => call('Math.min', x, y)),
      spoken: (args) => `the smaller of ${need(args, 0)} and ${need(args, 1)}`,
    },
  }),
  clamp: elementwise(3, {
    value: (x, low, high) => Math.min(Math.max(x, low), high),
    partials: (args) => {
      const [x, low, high] = [need(args, 0), need(args, 1), need(args, 2)];
      return [
        b.where(b.and(b.ge(x, low), b.le(x, high)), 1, 0),
        b.where(b.lt(x, low), 1, 0),
        b.where(b.gt(x, high), 1, 0),
      ];
    },
    kink: 'at a limit: 1, as PyTorch and TensorFlow; JAX gives ½',
    print: {
      tex: (args) => atom(`\\operatorname{clip}\\left(${args.map((a) => a.text).join(', ')}\\right)`),
      numpy: (args) => call('np.clip', ...args),
      torch: (args) => call('torch.clamp', ...args),
      typescript: (args) => call('Math.min', call('Math.max', need(args, 0), need(args, 1)), need(args, 2)),
      spoken: (args) => `${need(args, 0)} limited to between ${need(args, 1)} and ${need(args, 2)}`,
    },
  }),
  xlogy: elementwise(2, {
    value: (x, y) => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log(y)),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      return [b.log(y), b.where(b.eq(x, 0), 0, b.div(x, y))];
    },
    kink: 'by the second argument where the first is 0: 0; PyTorch and JAX give NaN at (0, 0)',
    print: {
      tex: two((x, y) => ({
        text: `${texWrap(x, p.multiply)} \\log ${texWrap(y, p.power)}`,
        precedence: p.multiply,
      })),
      numpy: two((x, y) =>
        call(
          'np.where',
          infix('==', p.compare, x, atom('0')),
          '0',
          infix('*', p.multiply, x, call('np.log', y)),
        ),
      ),
      torch: two((x, y) => call('torch.xlogy', x, y)),
      typescript: two((x, y) => ({
        text: `${wrap(x, p.add)} === 0 ? 0 : ${infix('*', p.multiply, x, call('Math.log', y)).text}`,
        precedence: p.conditional,
      })),
      repeats: true,
      spoken: (args) => `${need(args, 0)} times the logarithm of ${need(args, 1)}`,
    },
  }),
  stop: elementwise(1, {
    value: (x) => x,
    partials: () => [undefined],
    dtype: (args) => need(args, 0).dtype,
    kink: '0 everywhere: its argument counts as a constant',
    print: {
      tex: one((x) => x),
      numpy: one((x) => x),
      torch: one((x) => atom(`${wrap(x, p.atom)}.detach()`)),
      typescript: one((x) => x),
      spoken: (args) => need(args, 0),
    },
  }),
  lt: comparison('<', '<', '<', 'is less than', (x, y) => x < y),
  le: comparison('<=', '<=', '\\le', 'is at most', (x, y) => x <= y),
  gt: comparison('>', '>', '>', 'is greater than', (x, y) => x > y),
  ge: comparison('>=', '>=', '\\ge', 'is at least', (x, y) => x >= y),
  eq: comparison('==', '===', '=', 'equals', (x, y) => x === y),
  ne: comparison('!=', '!==', '\\ne', 'differs from', (x, y) => x !== y),
  and: logical('&', '&&', p.and, '\\land', 'and', (x, y) => x !== 0 && y !== 0),
  or: logical('|', '||', p.or, '\\lor', 'or', (x, y) => x !== 0 || y !== 0),
  not: elementwise(1, {
    value: (x) => (x === 0 ? 1 : 0),
    partials: () => [undefined],
    dtype: boolean,
    print: {
      tex: one((x) => ({ text: `\\lnot ${texWrap(x, p.atom)}`, precedence: p.not })),
      numpy: one((x) => prefix('~', p.unary, x)),
      torch: one((x) => prefix('~', p.unary, x)),
      typescript: one((x) => prefix('!', p.unary, x)),
      spoken: (args) => `not ${need(args, 0)}`,
    },
  }),
  where: elementwise(3, {
    value: (condition, x, y) => (condition !== 0 ? x : y),
    partials: (args) => {
      const condition = need(args, 0);
      return [undefined, b.where(condition, 1, 0), b.where(condition, 0, 1)];
    },
    dtype: (args) => {
      const [x, y] = [need(args, 1), need(args, 2)];
      return x.dtype === y.dtype ? x.dtype : 'real';
    },
    print: {
      tex: (args) => {
        const [condition, x, y] = [need(args, 0), need(args, 1), need(args, 2)];
        if (x.text === '1' && y.text === '0') return atom(`\\left[${condition.text}\\right]`);
        return {
          text: `\\begin{cases} ${x.text} & \\text{if } ${condition.text} \\\\ ${y.text} & \\text{otherwise} \\end{cases}`,
          precedence: p.conditional,
        };
      },
      numpy: (args) => call('np.where', ...args),
      torch: (args) => call('torch.where', ...args),
      typescript: (args) => ({
        text: `${wrap(need(args, 0), p.or)} ? ${wrap(need(args, 1), p.or)} : ${wrap(need(args, 2), p.conditional)}`,
        precedence: p.conditional,
      }),
      spoken: (args) => `${need(args, 1)} if ${need(args, 0)}, otherwise ${need(args, 2)}`,
    },
  }),

  sum: reduction({
    value: (line) => line.reduce((total, x) => total + x, 0),
    vjp: (g) => g,
    print: reducer(
      'sum',
      (args, place) => ({
        text: `\\sum_{${place.letter}} ${texWrap(need(args, 0), p.multiply)}`,
        precedence: p.add,
      }),
      (args, place) => `the sum over ${place.letter} of ${need(args, 0)}`,
    ),
  }),
  mean: reduction({
    value: (line) => line.reduce((total, x) => total + x, 0) / line.length,
    vjp: (g, out) => b.div(g, size(axisOf(out.attributes))),
    lower: (out) => {
      const axis = axisOf(out.attributes);
      return b.div(b.sum(argument(out), axis), size(axis));
    },
    print: reducer(
      'mean',
      (args, place) => ({
        text: `\\frac{1}{${place.extent}} \\sum_{${place.letter}} ${texWrap(need(args, 0), p.multiply)}`,
        precedence: p.add,
      }),
      (args, place) => `the mean over ${place.letter} of ${need(args, 0)}`,
    ),
  }),
  amax: reduction({
    value: (line) => line.reduce((top, x) => Math.max(top, x), -Infinity),
    vjp: (g, out) => {
      const at = b.indicator(b.eq(argument(out), out));
      return times(at, b.div(g, b.sum(at, axisOf(out.attributes))));
    },
    kink: 'at a tie: shared equally, as PyTorch (amax), JAX and TensorFlow',
    print: reducer(
      'amax',
      (args, place) => ({
        text: `\\max_{${place.letter}} ${texWrap(need(args, 0), p.multiply)}`,
        precedence: p.add,
      }),
      (args, place) => `the largest over ${place.letter} of ${need(args, 0)}`,
    ),
  }),
  logsumexp: reduction({
    value: logSumExp,
    vjp: (g, out) => times(g, b.softmax(argument(out), axisOf(out.attributes))),
    lowerOnDevice: (out) => {
      const x = argument(out);
      const axis = axisOf(out.attributes);
      const top = b.amax(x, axis);
      return b.add(top, b.log(b.sum(b.exp(b.sub(x, top)), axis)));
    },
    print: axisPrinting({
      tex: (args, place) => ({
        text: `\\log \\sum_{${place.letter}} e^{${need(args, 0).text}}`,
        precedence: p.add,
      }),
      numpy: (x, place, keep) => `np.logaddexp.reduce(${x}, axis=${place.dim}${keep})`,
      torch: (x, place, keep) => `torch.logsumexp(${x}, dim=${place.dim}${keep})`,
      spoken: (args, place) =>
        `the logarithm of the sum over ${place.letter} of e to the power of ${need(args, 0)}`,
    }),
  }),
  norm: reduction({
    value: (line) => Math.sqrt(line.reduce((total, x) => total + x * x, 0)),
    vjp: (g, out) => b.where(b.eq(out, 0), 0, times(g, b.div(argument(out), out))),
    kink: 'at the zero vector: 0, as PyTorch; JAX and TensorFlow give NaN',
    lower: (out) => b.sqrt(b.sum(b.square(argument(out)), axisOf(out.attributes))),
    print: axisPrinting({
      tex: one((x) => atom(`\\left\\lVert ${x.text} \\right\\rVert`)),
      numpy: (x, place, keep) => `np.linalg.norm(${x}, axis=${place.dim}${keep})`,
      torch: (x, place, keep) => `torch.linalg.vector_norm(${x}, dim=${place.dim}${keep})`,
      spoken: (args) => `the norm of ${need(args, 0)}`,
    }),
  }),
  softmax: mapping({
    value: (line) => {
      const top = line.reduce((most, x) => Math.max(most, x), -Infinity);
      const powers = line.map((x) => Math.exp(x - top));
      const total = powers.reduce((sum, x) => sum + x, 0);
      return powers.map((x) => x / total);
    },
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      return times(out, b.sub(g, sumOver(times(g, out), axis)));
    },
    lower: (out) => {
      const x = argument(out);
      return b.exp(b.sub(x, b.logsumexp(x, axisOf(out.attributes))));
    },
    print: axisPrinting({
      tex: one(texCall('\\operatorname{softmax}')),
      numpy: (x, place) => `np.exp(${x} - np.logaddexp.reduce(${x}, axis=${place.dim}, keepdims=True))`,
      torch: (x, place) => `torch.softmax(${x}, dim=${place.dim})`,
      spoken: (args) => `the softmax of ${need(args, 0)}`,
    }),
  }),
  logsoftmax: mapping({
    value: (line) => {
      const total = logSumExp(line);
      return line.map((x) => x - total);
    },
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      return b.sub(g, times(b.softmax(argument(out), axis), sumOver(g, axis)));
    },
    lower: (out) => {
      const x = argument(out);
      return b.sub(x, b.logsumexp(x, axisOf(out.attributes)));
    },
    print: {
      tex: one((x) => ({
        text: `\\log \\operatorname{softmax}\\left(${x.text}\\right)`,
        precedence: p.multiply,
      })),
      numpy: (args, place) => {
        const x = need(args, 0);
        return infix('-', p.add, x, atom(`np.logaddexp.reduce(${x.text}, axis=${place.dim}, keepdims=True)`));
      },
      torch: (args, place) => atom(`torch.log_softmax(${need(args, 0).text}, dim=${place.dim})`),
      spoken: (args) => `the log-softmax of ${need(args, 0)}`,
    },
  }),

  gather: {
    kind: 'structural',
    arity: 2,
    axes: (args, attributes) => {
      const axis = axisOf(attributes);
      const [x, at] = [need(args, 0), need(args, 1)];
      return axisOrder([...x.axes.filter((a) => a !== axis), ...at.axes]);
    },
    dtype: (args) => need(args, 0).dtype,
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      const at = argument(out, 1);
      if (!at.axes.includes(axis)) return times(b.indicator(b.eq(index(axis), at)), g);
      // Positions run along the gathered axis itself (a permutation): keep the two apart under another name.
      const copy = freshAxis(axis, g.axes);
      return b.rename(sumOver(times(b.indicator(b.eq(index(copy), at)), g), axis), copy, axis);
    },
    print: {
      tex: two((x, i) => ({ text: `${texWrap(x, p.atom)}_{${i.text}}`, precedence: p.atom })),
      numpy: (args, place) => {
        const [x, i] = [need(args, 0), need(args, 1)];
        if (place.rank === 1) return atom(`${wrap(x, p.atom)}[${i.text}]`);
        return atom(
          `np.take_along_axis(${x.text}, ${wrap(i, p.atom)}[..., None], axis=${place.dim})[..., 0]`,
        );
      },
      torch: (args, place) => {
        const [x, i] = [need(args, 0), need(args, 1)];
        if (place.rank === 1) return atom(`${wrap(x, p.atom)}[${i.text}]`);
        return atom(`${wrap(x, p.atom)}.gather(${place.dim}, ${wrap(i, p.atom)}.unsqueeze(-1)).squeeze(-1)`);
      },
      spoken: (args) => `${need(args, 0)} at ${need(args, 1)}`,
    },
  } satisfies Structural,
  rename: {
    kind: 'structural',
    arity: 1,
    axes: (args, attributes) => {
      const [from, to] = [axisOf(attributes, 'from'), axisOf(attributes, 'to')];
      const { axes } = need(args, 0);
      if (axes.includes(to)) throw new RangeError(`rename: axis ${to} is there already`);
      return axisOrder(axes.map((a) => (a === from ? to : a)));
    },
    dtype: (args) => need(args, 0).dtype,
    vjp: (g, out) => {
      const [from, to] = [axisOf(out.attributes, 'from'), axisOf(out.attributes, 'to')];
      return g.axes.includes(to) ? b.rename(g, to, from) : g;
    },
    print: {
      tex: one((x) => x),
      numpy: one((x) => x),
      torch: one((x) => x),
      spoken: (args) => need(args, 0),
    },
  } satisfies Structural,
} satisfies Record<string, Primitive>;

/** Every operation by its key. */
export const primitives: Readonly<Record<string, Primitive>> = rows;

/** The row of an operation; throws a RangeError that names an unknown one. */
export function primitive(op: string): Primitive {
  const row = primitives[op];
  if (row === undefined) throw new RangeError(`unknown operation ${op}`);
  return row;
}
