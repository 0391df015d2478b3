import { decided } from '../../losses/decided.ts';
import { predictionsOf, type Loss } from '../../losses/loss.ts';
import { add, eq, exp, log, log1p, pow, sqrt, sub, sum, where } from '../build.ts';
import { gradient } from '../differentiate.ts';
import {
  baseAxis,
  constant,
  input,
  inputsOf,
  nodesOf,
  parametersOf,
  type Apply,
  type Axis,
  type Expr,
  type Named,
} from '../expression.ts';
import { atom, precedence, wrap, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import { rewrite } from '../rewrite.ts';
import { speakLoss } from './spoken.ts';
import {
  axisOf,
  excluding,
  factorOf,
  including,
  letterFor,
  axisLetters,
  pairLetters,
  relabelled,
  subscripts,
  symbolsOf,
  type Letters,
} from './symbols.ts';

/** A loss as TeX: one value ℓ of it, the gradients of the mean L of n values, what their short names stand for, and all of it in plain words. */
export interface LossTex {
  readonly value: string;
  /** By each prediction, in the order of the inputs. */
  readonly gradients: readonly string[];
  /** `p = σ(z)` for each name that value or gradients use. */
  readonly lets: readonly string[];
  readonly spoken: string;
}

/** Formulas that take more effort than this use the names that the definition gives to their parts. */
const readable = 23;

/** The formulas of a loss with its choices at their defaults, from its expression and the derivative of that. */
export function lossTex(loss: Loss): LossTex {
  const shown = perOutput(decided(loss));
  const exact = shown.expression();
  const exactNames = shown.named?.() ?? [];
  const whole = new Set(exactNames.map((n) => textbook(n.expr)));
  const expr = textbook(exact, whole);
  const named = exactNames.map((n) => ({ ...n, expr: textbook(n.expr, whole) }));
  const symbols = symbolsOf(shown);
  const used = new Set<Named>();
  const namesFor = (root: Expr): Names =>
    effort(root) > readable
      ? new Map(named.filter(({ expr: part }) => part !== root).map((n) => [n.expr, n]))
      : none;
  const writer = (names: Names): Writer => ({ symbols, names, onUse: (name) => used.add(name) });

  const divisor = shown.divisor?.();
  // The mean is over what counts, such as the events, where that is not all.
  const counted =
    divisor === undefined || divisor.kind === 'const'
      ? undefined
      : textbook(divisor.axes.reduceRight<Expr>((inner, axis) => sum(inner, axis), divisor));
  const pairs = pairLetters(expr);
  const value = printTexWith(expr, writer(namesFor(expr)), pairs).text;
  const gradients = shownGradients(shown, exact, exactNames).map(({ by, slope: derived }) => {
    const slope = textbook(derived, whole);
    const letters = axisLetters(by.axes.filter((axis) => axis !== 'output'));
    const left = symbolWith(by.symbol, subscripts(by.axes, letters));
    const inner = writer(namesFor(slope));
    const right =
      expr.axes.length === 0
        ? printTexWith(slope, inner, letters).text
        : meanOf(slope, inner, letters, counted === undefined ? 'n' : 'm');
    return `\\frac{\\partial L}{\\partial ${left}} = ${compact(right)}`;
  });

  const occurring = new Set(parametersOf(expr).map(({ name }) => name));
  const options = shown.parameters
    .filter(({ id }) => occurring.has(id))
    .map((p) => p.symbol)
    .join(', ');
  const subscript = [...pairs.values(), ...(options === '' ? [] : [options])].join(', ');
  const left = `${expr.axes.length === 0 ? 'L' : '\\ell'}${subscript === '' ? '' : `_{${subscript}}`}`;
  const of = shown.inputs.map((i) => i.symbol).join(', ');
  return {
    value: `${left}(${of}) = ${compact(value)}`,
    gradients,
    lets: [
      ...letsOf(expr, named, used, symbols),
      ...(counted === undefined ? [] : [`m = ${countOf(counted, writer(none))}`]),
    ],
    spoken: speakLoss(shown),
  };
}

/** What a mean divides by, in words where that is shorter. */
function countOf(counted: Expr, writer: Writer): string {
  return effort(counted) > readable
    ? '\\text{the number of rows that count}'
    : compact(printTexWith(counted, writer, new Map()).text);
}

/** A gradient and what it is by. */
interface Slope {
  readonly by: { readonly symbol: string; readonly axes: readonly Axis[] };
  readonly slope: Expr;
}

/** A gradient that takes more is taken by the named parts instead, to which the reader applies the chain rule. */
const mostEffort = 100;

/** The gradients that a formula shows: by the predictions, or where those are long by named parts of the loss. */
function shownGradients(loss: Loss, expr: Expr, named: readonly Named[]): readonly Slope[] {
  const predictions = predictionsOf(loss);
  const distributions = loss.inputs
    .filter(({ kind }) => kind === 'distribution')
    .map(({ id, axes }) => ({ expr: input(id, axes), axis: axes.at(-1)! }));
  const direct = predictions.map((by) => ({ by, slope: gradient(expr, by.id, { named, distributions }) }));
  const isShort = (slopes: readonly Slope[]) => slopes.every(({ slope }) => effort(slope) <= mostEffort);
  if (isShort(direct)) return direct;
  const ids = new Set(predictions.map(({ id }) => id));
  const moving = named.filter((n) => n.expr !== expr && inputsOf(n.expr).some(({ name }) => ids.has(name)));
  // From the innermost names outwards, the first through which all predictions act and whose gradients are short.
  for (let inner = 0; inner < moving.length; inner++) {
    const allowed = [...moving].sort((a, b) => a.expr.id - b.expr.id).slice(inner);
    const cut = allowed.filter((n) => !allowed.some((m) => m !== n && nodesOf(n.expr).includes(m.expr)));
    const inputs = new Map<Expr, Expr>(cut.map((n) => [n.expr, input(n.name, n.expr.axes)]));
    const rest = rewrite(expr, (node) => inputs.get(node) ?? node);
    if (inputsOf(rest).some(({ name }) => ids.has(name))) continue;
    const back = new Map<Expr, Expr>([...inputs].map(([whole, stand]) => [stand, whole]));
    const slopes = cut.map((n) => {
      const slope = gradient(rest, n.name, { named, distributions });
      return {
        by: { symbol: n.symbol, axes: n.expr.axes },
        slope: rewrite(slope, (node) => back.get(node) ?? node),
      };
    });
    if (isShort(slopes)) return slopes;
  }
  return direct.filter(({ slope }) => effort(slope) <= mostEffort);
}

/** What the used names stand for, those that other definitions use first; each uses the earlier ones. */
function letsOf(
  root: Expr,
  named: readonly Named[],
  used: Set<Named>,
  symbols: ReadonlyMap<string, string>,
): string[] {
  const written = new Map<Named, string>();
  for (let open = [...used]; open.length > 0; open = [...used].filter((n) => !written.has(n))) {
    for (const one of open) {
      const names: Names = new Map(named.filter((n) => n !== one).map((n) => [n.expr, n]));
      const letters = axisLetters(
        one.expr.axes.filter((axis) => axis !== 'output' && !root.axes.includes(axis)),
        pairLetters(root),
      );
      const writer: Writer = { symbols, names, onUse: (name) => used.add(name) };
      const left = symbolWith(one.symbol, subscripts(one.expr.axes, letters));
      written.set(one, `${left} = ${compact(printTexWith(one.expr, writer, letters).text)}`);
    }
  }
  return [...written].sort(([a], [b]) => a.expr.id - b.expr.id).map(([, text]) => text);
}

/** The loss for one output: n counts all elements, so a formula need not tell rows from outputs. For the eye only. */
function perOutput(loss: Loss): Loss {
  const expr = loss.expression();
  if (expr.axes.includes('output')) return loss;
  const one = (root: Expr): Expr =>
    rewrite(root, (node) => {
      if (node.kind !== 'input') return node.kind === 'size' && node.axis === 'output' ? constant(1) : node;
      const axes = node.axes.filter((axis) => axis !== 'output');
      return input(node.name, axes, node.dtype);
    });
  return {
    ...loss,
    expression: () => one(expr),
    named: () => (loss.named?.() ?? []).map((n) => ({ ...n, expr: one(n.expr) })),
  };
}

/**
 * An expression as a textbook would have it, for the eye only: powers instead of the forms that keep their digits, and
 * without what only acts on gradients. What is whole has a name and is not taken apart.
 */
function textbook(root: Expr, whole: ReadonlySet<Expr> = new Set()): Expr {
  return rewrite(root, (node) => (node.kind === 'apply' ? plain(node, whole) : node));
}

/** One step of {@link textbook}; the arguments have been through it. */
function plain(node: Apply, whole: ReadonlySet<Expr>): Expr {
  const [x, y] = node.args;
  const isZero = (e: Expr | undefined) => e?.kind === 'const' && e.value === 0;
  switch (node.op) {
    // x − stop(x), and products with it: the value is 0, the gradient what it is there for.
    case 'sub':
      return y?.kind === 'apply' && y.op === 'stop' && y.args[0] === x ? constant(0) : node;
    case 'mul':
      return isZero(x) || isZero(y) ? constant(0) : node;
    case 'add':
      return isZero(y) ? x! : isZero(x) ? y! : node;
    case 'neg':
      return x?.kind === 'apply' && x.op === 'expm1' ? sub(1, exp(x.args[0]!)) : node;
    case 'le':
      return y?.kind === 'const' && y.value === -Infinity ? eq(x!, y) : node;
    // (1 + u)^k/(1 + u) is (1 + u)^(k − 1).
    case 'div':
      return x?.kind === 'apply' && x.op === 'pow' && x.args[0] === y ? pow(y!, sub(x.args[1]!, 1)) : node;
    // log(1 + e^u), with the sum that u may be the logarithm of.
    case 'softplus': {
      const grown = exponentialOf(x!, whole);
      return grown === undefined ? node : log1p(grown);
    }
    case 'logsumexp': {
      const inner = whole.has(x!) ? undefined : (exponentialOf(x!, whole) ?? choiceOfExponentials(x!));
      return inner === undefined ? node : log(sum(inner, node.attributes['axis']!));
    }
    // 0 where y is 0, else y/u: y/u.
    case 'where':
      return isZero(y) && isZeroTest(x!) && isMultipleOf(node.args[2]!, x.args[0]!) ? node.args[2]! : node;
    // e^(k·log(1 + u)) is (1 + u)^k.
    case 'exp':
      return powerOf(x!) ?? node;
    case 'expm1': {
      const power = powerOf(x!);
      return power === undefined ? node : sub(power, 1);
    }
    default:
      return node;
  }
}

/** e^x where that is shorter than x: of a logarithm, of a log-sum-exp. */
function exponentialOf(x: Expr, whole: ReadonlySet<Expr>): Expr | undefined {
  if (x.kind !== 'apply' || whole.has(x)) return undefined;
  if (x.op === 'log') return x.args[0];
  return x.op === 'logsumexp' ? sum(exp(x.args[0]!), x.attributes['axis']!) : undefined;
}

/** e^x where x is −∞ in one case. */
function choiceOfExponentials(x: Expr): Expr | undefined {
  if (x.kind !== 'apply' || x.op !== 'where') return undefined;
  const [condition, then, otherwise] = x.args as readonly [Expr, Expr, Expr];
  const isNothing = (e: Expr) => e.kind === 'const' && e.value === -Infinity;
  if (isNothing(otherwise)) return where(condition, exp(then), 0);
  return isNothing(then) ? where(condition, 0, exp(otherwise)) : undefined;
}

function isZeroTest(condition: Expr): condition is Apply {
  if (condition.kind !== 'apply' || condition.op !== 'eq') return false;
  const [, zero] = condition.args;
  return zero?.kind === 'const' && zero.value === 0;
}

/** Whether x is y/u or y·u with a u that y has no part in. */
function isMultipleOf(x: Expr, y: Expr): boolean {
  if (x.kind !== 'apply' || (x.op !== 'div' && x.op !== 'mul')) return false;
  return x.args[0] === y && !nodesOf(x.args[1]!).includes(y);
}

function powerOf(exponent: Expr): Expr | undefined {
  if (exponent.kind !== 'apply' || exponent.op !== 'mul') return undefined;
  const [k, logarithm] = exponent.args;
  if (logarithm?.kind !== 'apply' || logarithm.op !== 'log1p') return undefined;
  const base = add(1, logarithm.args[0]!);
  return k?.kind === 'const' && k.value === 0.5 ? sqrt(base) : pow(base, k!);
}

/** How much there is to read in an expression: its places as a tree, those of sums and the like counting three times. */
function effort(root: Expr): number {
  const efforts = new Map<Expr, number>();
  for (const node of nodesOf(root)) {
    const args = node.kind === 'apply' ? node.args : [];
    const own = node.kind === 'apply' && primitive(node.op).kind === 'reduction' ? 3 : 1;
    efforts.set(
      node,
      args.reduce((total, arg) => total + (efforts.get(arg) ?? 0), own),
    );
  }
  return efforts.get(root) ?? 1;
}

/** Brackets around what is no taller than a letter need not grow, and then stand closer. */
function compact(tex: string): string {
  const inner = /\\left([([|])((?:(?!\\left|\\right|frac|\\sum|\\begin|\\end|&).)*?)\\right([)\]|])/;
  const plain = { '|': ['\\lvert ', ' \\rvert'], '(': ['(', ')'], '[': ['[', ']'] } as const;
  let [before, after] = ['', tex];
  while (after !== before) {
    before = after;
    after = before.replace(inner, (_, open: keyof typeof plain, content: string) =>
      plain[open].join(content),
    );
  }
  return after;
}

type Names = ReadonlyMap<Expr, Named>;
const none: Names = new Map();

/** What an expression is written with. */
interface Writer {
  readonly symbols: ReadonlyMap<string, string>;
  /** Parts that are written as a name. */
  readonly names: Names;
  readonly onUse: (name: Named) => void;
}

/** An expression as TeX. `letters` says which axes are indexed where it stands. */
export function printTex(expr: Expr, symbols: ReadonlyMap<string, string>, letters: Letters): Fragment {
  return printTexWith(expr, { symbols, names: none, onUse: () => undefined }, letters);
}

function printTexWith(expr: Expr, writer: Writer, letters: Letters): Fragment {
  const print = (node: Expr, at: Letters) => printTexWith(node, writer, at);
  const { symbols } = writer;
  const name = writer.names.get(expr);
  if (name !== undefined) {
    writer.onUse(name);
    return atom(symbolWith(name.symbol, subscripts(expr.axes, letters)));
  }
  switch (expr.kind) {
    case 'const':
      return number(expr.value);
    case 'param':
      return atom(symbols.get(expr.name) ?? expr.name);
    case 'input':
      return atom(symbolWith(symbols.get(expr.name) ?? expr.name, subscripts(expr.axes, letters)));
    case 'size':
      return atom(extent(expr.axis));
    case 'index':
      return atom(letters.get(expr.axis) ?? letterFor(expr.axis, letters));
    case 'apply':
      return printApply(expr, letters, print);
  }
}

function printApply(expr: Apply, letters: Letters, print: (node: Expr, at: Letters) => Fragment): Fragment {
  const row = primitive(expr.op);
  const write = row.print.tex;
  const axis = axisOf(expr);
  const place = { dim: '', keepdim: false, rank: 0, letter: '', extent: extent(axis) };
  switch (row.kind) {
    case 'elementwise':
      return write(
        expr.args.map((arg, k) => asFactor(expr, k, print(arg, letters))),
        place,
      );
    case 'reduction': {
      const letter = letterFor(axis, letters);
      // A norm is of the vector as a whole.
      const inside = expr.op === 'norm' ? excluding(letters, axis) : including(letters, axis, letter);
      return write([print(expr.args[0]!, inside)], { ...place, letter });
    }
    case 'mapping': {
      const line = write([print(expr.args[0]!, excluding(letters, axis))], place);
      const letter = letters.get(axis);
      return letter === undefined ? line : { ...line, text: `${line.text}_{${letter}}` };
    }
    case 'structural': {
      if (expr.op === 'rename') {
        const { from = '', to = '' } = expr.attributes;
        return print(expr.args[0]!, relabelled(letters, from, to));
      }
      const [x, at] = [expr.args[0]!, print(expr.args[1]!, letters)];
      if (x.kind === 'input') return print(x, including(letters, axis, at.text));
      return write([print(x, excluding(letters, axis)), at], place);
    }
    case 'programme': {
      const whole = Object.values(expr.attributes).reduce(excluding, letters);
      const text = write(
        expr.args.map((arg) => print(arg, whole)),
        place,
      );
      const at = row.inner(expr.attributes).flatMap((inner) => letters.get(inner) ?? []);
      return at.length === 0 ? text : { ...text, text: `${text.text}_{${at.join(' ')}}` };
    }
  }
}

/**
 * `\log(…)` as the last factor needs no brackets, since nothing follows that it could take in; `\log x` before
 * another factor does.
 */
function asFactor(expr: Apply, k: number, fragment: Fragment): Fragment {
  if (expr.op !== 'mul' || !/^\\(?:log|tanh)\b/.test(fragment.text)) return fragment;
  if (fragment.precedence !== precedence.multiply) return fragment;
  if (k === 1) return atom(fragment.text);
  return fragment.text.endsWith('\\right)') ? fragment : { ...fragment, precedence: precedence.add };
}

/** A gradient under the mean of n values: its constant factor joins 1/n. */
function meanOf(expr: Expr, writer: Writer, letters: Letters, count: 'n' | 'm'): string {
  const [factor, rest] = factorOf(expr);
  const size = Math.abs(factor);
  const divisor = 1 / size;
  // ½ over n is 1 over 2 n.
  const share =
    size < 1 && Number.isInteger(divisor)
      ? `\\frac{1}{${divisor} \\, ${count}}`
      : `\\frac{${number(size).text}}{${count}}`;
  const lead = factor < 0 ? `-${share}` : share;
  if (rest.kind === 'const') return rest.value === 1 ? lead : '0';
  const inner = printTexWith(rest, writer, letters);
  // Cases have a brace of their own.
  const cases = inner.text.startsWith('\\begin{cases}') && inner.precedence === precedence.conditional;
  const body = cases ? inner.text : wrap(inner, precedence.multiply, '\\left(', '\\right)');
  return `${lead} ${body.startsWith('\\left(') ? '' : '\\, '}${body}`;
}

function symbolWith(symbol: string, letters: readonly string[]): string {
  if (letters.length === 0) return symbol;
  // A symbol may have a subscript of its own.
  const [, bare, braced, single] = /^(.*)_(?:\{([^{}]*)\}|(\w))$/.exec(symbol) ?? [];
  return bare === undefined
    ? `${symbol}_{${letters.join(' ')}}`
    : `${bare}_{${braced ?? single ?? ''}, ${letters.join(' ')}}`;
}

function extent(axis: string): string {
  return baseAxis(axis) === 'sample' ? 'n' : baseAxis(axis).charAt(0).toUpperCase();
}

/** Constants that are known by a formula. */
const wellKnown: readonly (readonly [value: number, tex: string, binding?: number])[] = [
  [0.5, '\\tfrac{1}{2}'],
  [0.25, '\\tfrac{1}{4}'],
  [Math.LN2, '\\log 2', precedence.multiply],
  [0.5 * Math.LN2, '\\tfrac{1}{2} \\log 2', precedence.add],
  [1 - 1e-7, '1 - 10^{-7}', precedence.add],
  [Math.PI, '\\pi'],
  [2 * Math.PI, '2 \\pi'],
  [0.5 * Math.log(2 * Math.PI), '\\tfrac{1}{2} \\log 2 \\pi'],
];

/** A float32 constant such as 10⁻¹² as what it stands for. */
function rounded(value: number): number {
  const power = 10 ** Math.round(Math.log10(value));
  return Math.abs(value - power) < 1e-8 * power ? power : value;
}

function number(value: number): Fragment {
  if (value < 0) {
    const { text } = number(-value);
    return { text: `-${text}`, precedence: precedence.add };
  }
  if (value === Infinity) return atom('\\infty');
  const known = wellKnown.find(([constant]) => Math.abs(value - constant) <= 1e-15 * value);
  if (known !== undefined) return { text: known[1], precedence: known[2] ?? precedence.atom };
  const [, digits, exponent] = /^([\d.]+)e([+-]\d+)$/.exec(String(rounded(value))) ?? [];
  if (digits === undefined) return atom(String(value));
  const power = `10^{${Number(exponent)}}`;
  return digits === '1'
    ? { text: power, precedence: precedence.power }
    : { text: `${digits} \\cdot ${power}`, precedence: precedence.multiply };
}
