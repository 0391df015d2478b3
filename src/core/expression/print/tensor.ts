/** Expressions over named axes as code over positional arrays, for the array libraries of Python. */
import {
  axisOrder,
  baseAxis,
  index,
  inputsOf,
  nodesOf,
  type Apply,
  type Axis,
  type Expr,
  type Input,
  type Named,
} from '../expression.ts';
import { apply } from '../build.ts';
import { atom, infix, precedence, wrap, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import type { Place, Printing, Write } from '../primitives/row.ts';
import {
  axesOf,
  hasOrder,
  merge,
  shortened,
  spread,
  stripped,
  subscriptsTo,
  type Layout,
} from './arrayLayout.ts';
import { cancelSigns } from './layout.ts';
import { chooseLets, isTrivial, suggestName, usesOf } from './lets.ts';
import { shortNumber, type Names } from './names.ts';

/** What differs between array libraries inside an expression. */
export interface TensorDialect {
  readonly language: 'numpy' | 'torch' | 'keras' | 'jax';
  readonly infinity: string;
  /** What must be kept from infinite derivatives, or from warnings. */
  readonly guards: { readonly numbersOnly: boolean; readonly unsafeNorm: boolean };
  /** How an operation is written: its own column, or NumPy's with another module. */
  readonly write: (printing: Printing) => Write;
  /** Replaces operations that this library writes better in another way; the same for all roots. */
  readonly prepare: (root: Expr) => Expr;
  /** `pred.shape[0]`. */
  readonly extent: (name: string, at: number) => string;
  /** How many elements an array has. */
  readonly count: (name: string) => string;
  /** 0, 1, 2 … of the given length, on the device of an array. */
  readonly arange: (length: string, like: string) => string;
  /** A square of truth values, true on the diagonal. */
  readonly eye: (length: string, like: string) => string;
  /** The diagonal of a square. */
  readonly diagonal: (text: string) => string;
  /** The two axes of a matrix exchanged. */
  readonly transposed: (text: string) => string;
  /** The axes of an array in another order. */
  readonly permuted: (text: string, order: readonly number[]) => string;
  /** The order along an axis reversed. */
  readonly reversed: (text: string, dim: number) => string;
  /** The elements at the places in `at`, an array of as many axes, along an axis. */
  readonly takeAlong: (text: string, at: string, dim: number) => string;
  /** The elements of a vector, or rows of a matrix, at places. */
  readonly lookUp: (text: string, at: string) => string;
  readonly einsum: (subscripts: string, x: string, y: string) => string;
  /** Lines that are run without warnings of these kinds, where the library warns. */
  readonly quiet?: (
    lines: readonly string[],
    warnings: readonly ('divide' | 'invalid')[],
  ) => readonly string[];
  /** Truth values as the numbers 1 and 0, of the type of `like`. */
  readonly asNumber: (condition: string, like: string) => string;
  /** Whole numbers in arithmetic with those of `like`; undefined where the library converts them by itself. */
  readonly asReal?: (whole: string, like: string) => string;
  /** Numbers as positions. */
  readonly asPosition: (real: string) => string;
  /** A Python condition as the first argument of `where` beside an array. */
  readonly decided: (like: string, condition: string) => string;
  /** A Python number as an array beside which other numbers may stand. */
  readonly number: (like: string, value: string) => string;
  /** The larger or smaller of an array and a number. */
  readonly limited: (op: 'maximum' | 'minimum', x: string, value: string) => string;
}

/** A line `name = text` of printed code. */
export interface Let {
  readonly kind: 'let';
  readonly name: string;
  readonly text: string;
  readonly expr: Expr;
  /** Where its axes stand. */
  readonly layout: Layout;
  readonly meaning?: string;
}
/** `if condition:` and `else:`, each of which gives the same name a value. */
export interface Branches {
  readonly kind: 'branches';
  readonly condition: string;
  readonly then: readonly Statement[];
  readonly otherwise: readonly Statement[];
}
export type Statement = Let | Branches;

/** What is printed: a value for a name. */
export interface Root {
  readonly name: string;
  readonly expr: Expr;
}

export interface TensorPlan {
  readonly roots: readonly Root[];
  /** What has shapes to read extents from; the inputs of the roots where absent. */
  readonly inputs?: readonly Input[];
  readonly named: readonly Named[];
  /** Fresh names, beside those that inputs, parameters and roots have. */
  readonly names: () => Names;
  /** The Python name of an input or parameter. */
  readonly nameOf: (id: string) => string;
  readonly dialect: TensorDialect;
  /** Whether the lines that come of a text fit, at a depth of indentation. */
  readonly fits: (name: string, text: string, depth: number) => boolean;
}

interface Value {
  readonly fragment: Fragment;
  readonly layout: Layout;
  /** Whether it holds whole numbers, which some libraries do not mix with others. */
  readonly whole: boolean;
}

/** Lines that are run together, and the values that have names there. */
interface Block {
  readonly statements: Statement[];
  readonly values: Map<Expr, Value>;
  readonly parent: Block | undefined;
}

/** A sub-expression whose text would be longer gets a line of its own. */
const longest = 70;

/**
 * Expressions as lines of code, the values of the roots last. Dimensions are the axes in canonical order. What does not
 * fit on lines gets names for its parts.
 */
export function printTensors(plan: TensorPlan): readonly Statement[] {
  const { dialect } = plan;
  const prepared = { ...plan, roots: plan.roots.map((r) => ({ ...r, expr: dialect.prepare(r.expr) })) };
  const exprs = prepared.roots.map(({ expr }) => expr);
  const named = plan.named.map((n) => ({ ...n, expr: dialect.prepare(n.expr) }));
  const lets = new Set(chooseLets(exprs, named));
  for (;;) {
    const statements = new TensorPrinter({ ...prepared, named }, lets).print();
    const fresh = statements.flatMap((s) => tooLong(s, plan.fits, 1)).flatMap((expr) => partsOf(expr, lets));
    if (fresh.length === 0) return statements;
    for (const part of fresh) lets.add(part);
  }
}

function tooLong(statement: Statement, fits: TensorPlan['fits'], depth: number): readonly Expr[] {
  if (statement.kind === 'branches')
    return [...statement.then, ...statement.otherwise].flatMap((s) => tooLong(s, fits, depth + 1));
  return fits(statement.name, statement.text, depth) ? [] : [statement.expr];
}

/** Parts of an expression that get lines of their own: those with natural names, or else the largest. */
function partsOf(expr: Expr, lets: ReadonlySet<Expr>): readonly Expr[] {
  if (expr.kind !== 'apply') return [];
  const own = expr.args.flatMap((arg) => (arg.kind === 'apply' && arg.op === 'rename' ? arg.args : [arg]));
  const parts = own.filter((arg) => !lets.has(arg) && !isTrivial(arg));
  const inner = parts.flatMap((part) => partsOf(part, lets));
  const natural = [parts.filter(hasNaturalName), inner.filter(hasNaturalName)].find(
    (some) => some.length > 0,
  );
  if (natural !== undefined) return natural;
  const [largest] = [...(parts.length > 0 ? parts : inner)].sort(
    (x, y) => nodesOf(y).length - nodesOf(x).length,
  );
  return largest === undefined ? [] : [largest];
}

function hasNaturalName(part: Expr): boolean {
  return (
    part.kind === 'apply' && (primitive(part.op).kind !== 'elementwise' || suggestName(part) === 'one_hot')
  );
}

class TensorPrinter {
  readonly #plan: TensorPlan;
  readonly #roots: ReadonlySet<Expr>;
  readonly #named: ReadonlyMap<Expr, Named>;
  #names: Names;
  readonly #dialect: TensorDialect;
  readonly #chosen: ReadonlySet<Expr>;
  readonly #uses: ReadonlyMap<Expr, readonly Expr[]>;
  readonly #unconditional = new Map<Expr, ReadonlySet<Expr>>();
  /** An array of real numbers, whose type and device others take. */
  readonly #like: string;

  constructor(plan: TensorPlan, lets: ReadonlySet<Expr>) {
    this.#plan = plan;
    const exprs = plan.roots.map(({ expr }) => expr);
    this.#roots = new Set(exprs);
    this.#named = new Map(plan.named.map((n) => [n.expr, n]));
    this.#names = plan.names();
    this.#dialect = plan.dialect;
    this.#chosen = lets;
    this.#uses = usesOf(...exprs);
    const inputs = this.#inputs();
    const like = inputs.find(({ dtype }) => dtype === 'real') ?? inputs[0];
    this.#like = like === undefined ? '' : plan.nameOf(like.name);
  }

  print(): readonly Statement[] {
    const block: Block = { statements: [], values: new Map(), parent: undefined };
    for (const { name, expr } of this.#plan.roots) this.#assign(name, expr, block);
    return block.statements;
  }

  /** Gives a name the value of an expression with all its axes in canonical order. */
  #assign(name: string, expr: Expr, block: Block): void {
    const decision = lookUp(expr, block) === undefined ? decisionOf(expr) : undefined;
    if (decision !== undefined) {
      this.#branch(decision, block, (branch, inner) => {
        if (!hasOrderOf(branch, expr.axes)) {
          throw new RangeError(
            `a value over [${branch.axes.join()}] in place of one over [${expr.axes.join()}]`,
          );
        }
        this.#assign(name, branch, inner);
      });
      return;
    }
    const { fragment, layout } = this.#value(expr, block);
    const text = this.#aligned(fragment, layout, expr.axes).text;
    block.statements.push({ kind: 'let', name, text, expr, layout: expr.axes });
  }

  #inputs(): readonly Input[] {
    if (this.#plan.inputs !== undefined) return this.#plan.inputs;
    return [...new Set([...this.#roots].flatMap((root) => inputsOf(root)))].sort((a, b) => a.id - b.id);
  }

  /** Names that are taken inside are free again behind. */
  #scoped<T>(inside: () => T): T {
    const before = this.#names;
    this.#names = before.copy();
    const result = inside();
    this.#names = before;
    return result;
  }

  #value(node: Expr, block: Block): Value {
    const known = lookUp(node, block);
    if (known !== undefined) return known;
    const decision = decisionOf(node);
    if (decision !== undefined) return this.#decision(decision, block);
    const value = this.#build(node, block);
    const long = node.kind === 'apply' && node.op !== 'rename' && value.fragment.text.length > longest;
    if (!this.#chosen.has(node) && (!long || this.#roots.has(node))) return value;
    return this.#bind(node, value, block);
  }

  #bind(expr: Expr, value: Value, block: Block): Value {
    const name = this.#nameFor(expr);
    block.statements.push({
      kind: 'let',
      name,
      text: value.fragment.text,
      expr,
      layout: value.layout,
      ...this.#meaningOf(expr),
    });
    return this.#known(expr, { ...value, fragment: atom(name) }, block);
  }

  #known(expr: Expr, value: Value, block: Block): Value {
    block.values.set(expr, value);
    return value;
  }

  #nameFor(expr: Expr): string {
    return this.#names.take(this.#named.get(expr)?.name ?? suggestName(expr));
  }

  #meaningOf(expr: Expr): { readonly meaning?: string } {
    const own = this.#named.get(expr);
    return own === undefined ? {} : { meaning: own.meaning };
  }

  /**
   * A choice by parameters alone is made by Python: the branch that is not taken must not be computed (1/α at α = 0
   * raises). On one line where both branches are short.
   */
  #decision(node: Apply, block: Block): Value {
    const [condition, ...branches] = node.args as readonly [Expr, Expr, Expr];
    const test = this.#value(condition, block).fragment;
    const aligned = (branch: Expr, into: Block) => {
      const { fragment, layout } = this.#value(branch, into);
      return this.#aligned(fragment, layout, node.axes);
    };
    if (branches.every((branch) => hasOrderOf(branch, node.axes)) || this.#isSpread(node)) {
      const inner = branches.map(() => child(block));
      const [then, otherwise] = this.#scoped(() => branches.map((branch, k) => aligned(branch, inner[k]!)));
      const text = `${wrap(then!, precedence.or)} if ${wrap(test, precedence.or)} else ${wrap(otherwise!, precedence.conditional)}`;
      const isPlain = inner.every(({ statements }) => statements.length === 0);
      if (isPlain && text.length <= longest && !this.#chosen.has(node))
        return {
          fragment: { text, precedence: precedence.conditional },
          layout: node.axes,
          whole: node.dtype === 'index',
        };
      const name = this.#nameFor(node);
      this.#branch(node, block, (branch, into) => {
        const nested = decisionOf(branch);
        if (nested !== undefined && hasOrderOf(branch, node.axes)) {
          this.#assign(name, branch, into);
          return;
        }
        into.statements.push({
          kind: 'let',
          name,
          text: aligned(branch, into).text,
          expr: branch,
          layout: branch.axes,
        });
      });
      return this.#known(node, { fragment: atom(name), layout: node.axes, whole: false }, block);
    }
    const [then, otherwise] = branches.map((branch) => this.#value(branch, block));
    const like = branches[0].axes.length > 0 ? then! : otherwise!;
    const array = atom(this.#dialect.decided(like.fragment.text, test.text));
    const layout = merge([then!.layout, otherwise!.layout]) ?? node.axes;
    const fragments = [then!, otherwise!].map((v) => this.#aligned(v.fragment, v.layout, node.axes));
    return { fragment: this.#write(node, [array, ...fragments], place), layout, whole: false };
  }

  /** Whether all that uses a value gives it the axes that it may lack. */
  #isSpread(node: Apply): boolean {
    const uses = this.#uses.get(node) ?? [];
    return (
      !this.#roots.has(node) &&
      uses.length > 0 &&
      uses.every(
        (user) =>
          user.kind === 'apply' &&
          primitive(user.op).kind === 'elementwise' &&
          user.args.some(
            (arg) => arg !== node && decisionOf(arg) === undefined && hasOrderOf(arg, user.axes),
          ),
      )
    );
  }

  /** What is computed with an expression whatever its parameters are. */
  #always(expr: Expr): ReadonlySet<Expr> {
    const known = this.#unconditional.get(expr);
    if (known !== undefined) return known;
    const result = new Set<Expr>([expr]);
    this.#unconditional.set(expr, result);
    if (expr.kind !== 'apply') return result;
    const [condition, then, otherwise] = expr.args;
    if (decisionOf(expr) === undefined) {
      for (const arg of expr.args) for (const node of this.#always(arg)) result.add(node);
      return result;
    }
    for (const node of this.#always(condition!)) result.add(node);
    const other = this.#always(otherwise!);
    for (const node of this.#always(then!)) if (other.has(node)) result.add(node);
    return result;
  }

  #branch(node: Apply, block: Block, write: (branch: Expr, into: Block) => void): void {
    const [condition, then, otherwise] = node.args as readonly [Expr, Expr, Expr];
    // What is computed in any case, whatever the choice, is computed before.
    const inBoth = new Set(this.#always(then));
    const outside = new Set([...this.#roots].flatMap((root) => [...this.#always(root)]));
    const inside = new Set(this.#always(otherwise));
    for (const shared of nodesOf(then, otherwise)) {
      if (this.#chosen.has(shared) && ((inBoth.has(shared) && inside.has(shared)) || outside.has(shared)))
        this.#value(shared, block);
    }
    const test = this.#value(condition, block).fragment.text;
    const branches = [then, otherwise].map((branch) => {
      const into = child(block);
      this.#scoped(() => {
        write(branch, into);
      });
      return into.statements;
    });
    block.statements.push({
      kind: 'branches',
      condition: test,
      then: branches[0]!,
      otherwise: branches[1]!,
    });
  }

  #build(node: Expr, block: Block): Value {
    switch (node.kind) {
      case 'const':
        return { fragment: number(node.value, this.#dialect.infinity), layout: [], whole: false };
      case 'param':
        return { fragment: atom(this.#plan.nameOf(node.name)), layout: [], whole: false };
      case 'input':
        return {
          fragment: atom(this.#plan.nameOf(node.name)),
          layout: node.axes,
          whole: node.dtype === 'index',
        };
      case 'size':
        return { fragment: atom(this.#extent(node.axis)), layout: [], whole: false };
      case 'index':
        return { fragment: this.#positions(node.axis, block), layout: [node.axis], whole: true };
      case 'apply':
        return this.#apply(node, block);
    }
  }

  /** 0, 1, 2 … along an axis and its copies; a name where it is used twice. */
  #positions(axis: Axis, block: Block): Fragment {
    const base = baseAxis(axis);
    const key = index(base);
    const known = lookUp(key, block);
    if (known !== undefined) return known.fragment;
    const text = this.#dialect.arange(this.#extent(base), this.#like);
    const users = [...this.#uses].filter(([node]) => node.kind === 'index' && baseAxis(node.axis) === base);
    const count = users.flatMap(([, by]) => by.filter((user) => !isSpecialPlace(user))).length;
    if (count < 2) return atom(text);
    const name = this.#names.take(suggestName(key));
    block.statements.push({ kind: 'let', name, text, expr: key, layout: [base] });
    return this.#known(key, { fragment: atom(name), layout: [base], whole: true }, block).fragment;
  }

  #apply(node: Apply, block: Block): Value {
    const row = primitive(node.op);
    switch (row.kind) {
      case 'elementwise':
        return this.#elementwise(node, block);
      case 'reduction':
        return node.op === 'sum'
          ? (this.#contraction(node, block) ?? this.#reduction(node, block))
          : this.#reduction(node, block);
      case 'mapping': {
        const { fragment, layout, whole } = this.#arithmetic(node.args[0]!, block, node);
        const dim = layout.indexOf(axisOf(node)) - layout.length;
        const at = { ...place, dim: String(dim), rank: layout.length };
        return {
          fragment: this.#write(node, [fragment], at),
          layout,
          whole: whole || node.dtype === 'index',
        };
      }
      case 'structural':
        return node.op === 'rename' ? this.#rename(node, block) : this.#gather(node, block);
      case 'programme': {
        const args = node.args.map((arg) => {
          const { fragment, layout } = this.#value(arg, block);
          return this.#aligned(fragment, layout, arg.axes);
        });
        return { fragment: this.#write(node, args, place), layout: node.axes, whole: false };
      }
    }
  }

  #elementwise(node: Apply, block: Block): Value {
    const { op, args } = node;
    if (op === 'eq' || op === 'ne') {
      const square = this.#identity(node);
      if (square !== undefined) return square;
    }
    const values = args.map((arg) => this.#arithmetic(arg, block, node));
    const merged = merge(values.map((v) => v.layout));
    const fits = merged !== undefined && hasOrder(merged, node.axes);
    const layout = fits ? merged : node.axes;
    const fragments = values.map((v) => (fits ? v.fragment : this.#aligned(v.fragment, v.layout, node.axes)));
    const stays =
      ['where', 'stop'].includes(op) &&
      args.every((arg, k) => k < args.length - 2 || isWhole(arg, values[k]!));
    const whole = node.dtype === 'index' || (stays && values.some((v) => v.whole));
    const result = (fragment: Fragment) => ({ fragment, layout, whole });
    if (node.axes.length === 0 && args.every(isPythonNumber)) return result(this.#scalar(node, fragments));
    if (op === 'where') return result(this.#where(node, fragments as [Fragment, Fragment, Fragment]));
    if (op === 'maximum' || op === 'minimum') {
      const plain = args.findIndex(isPythonNumber);
      if (plain >= 0) {
        const text = this.#dialect.limited(op, fragments[1 - plain]!.text, fragments[plain]!.text);
        return result(atom(text));
      }
    }
    if (op === 'logaddexp') {
      const numbers = fragments.map((f, k) =>
        isPythonNumber(args[k]!) ? atom(this.#dialect.number(this.#like, f.text)) : f,
      );
      return result(this.#write(node, numbers, place));
    }
    const [only] = fragments;
    if (op === 'neg' && (only?.precedence === precedence.multiply || only?.precedence === precedence.power)) {
      const opposite = signed(only);
      if (opposite !== undefined) return result(opposite);
    }
    return result(withoutSign(op, fragments) ?? this.#write(node, fragments, place));
  }

  /** The comparison of an axis with a copy of itself: the identity matrix. */
  #identity(node: Apply): Value | undefined {
    const [a, b] = node.args;
    if (a?.kind !== 'index' || b?.kind !== 'index' || a.axis === b.axis) return undefined;
    if (baseAxis(a.axis) !== baseAxis(b.axis)) return undefined;
    const eye = atom(this.#dialect.eye(this.#extent(a.axis), this.#like));
    const fragment =
      node.op === 'eq' ? eye : { text: `~${wrap(eye, precedence.atom)}`, precedence: precedence.unary };
    return { fragment, layout: node.axes, whole: false };
  }

  #where(node: Apply, [condition, then, otherwise]: readonly [Fragment, Fragment, Fragment]): Fragment {
    const [, x, y] = node.args as readonly [Expr, Expr, Expr];
    if (!isPythonNumber(x) || !isPythonNumber(y)) {
      return this.#write(node, [condition, then, otherwise], place);
    }
    if (then.text === '1' && otherwise.text === '0')
      return atom(this.#dialect.asNumber(condition.text, this.#like));
    if (then.text === '0' && otherwise.text === '1') {
      const not = `~${wrap(condition, precedence.atom)}`;
      return atom(this.#dialect.asNumber(not, this.#like));
    }
    const array = atom(this.#dialect.number(this.#like, then.text));
    return this.#write(node, [condition, array, otherwise], place);
  }

  /** A function of parameters and extents: plain Python. */
  #scalar(node: Apply, args: readonly Fragment[]): Fragment {
    const plain: Readonly<Record<string, string>> = {
      maximum: 'max',
      minimum: 'min',
      clampMin: 'max',
      abs: 'abs',
      exp: 'math.exp',
      log: 'math.log',
      log1p: 'math.log1p',
      expm1: 'math.expm1',
      sqrt: 'math.sqrt',
      tanh: 'math.tanh',
      cos: 'math.cos',
      sin: 'math.sin',
    };
    const name = plain[node.op];
    if (name !== undefined) return atom(`${name}(${args.map((a) => a.text).join(', ')})`);
    if (node.op === 'and' || node.op === 'or') {
      const level = precedence[node.op];
      return {
        text: args.map((a) => wrap(a, level + 1)).join(` ${node.op} `),
        precedence: level,
      };
    }
    if (node.op === 'not')
      return { text: `not ${wrap(args[0]!, precedence.not)}`, precedence: precedence.not };
    return this.#write(node, args, place);
  }

  #reduction(node: Apply, block: Block): Value {
    const axes = [axisOf(node)];
    let inner = node.args[0]!;
    // The same reduction along several axes is one call.
    while (
      inner.kind === 'apply' &&
      inner.op === node.op &&
      !this.#chosen.has(inner) &&
      lookUp(inner, block) === undefined
    ) {
      axes.push(axisOf(inner));
      inner = inner.args[0]!;
    }
    const { fragment, layout } = this.#arithmetic(inner, block, node);
    // The reduced axes stay when everything that uses the value would have to put them back.
    const uses = this.#roots.has(node) ? [] : (this.#uses.get(node) ?? []);
    const rest = axesOf(layout).filter((axis) => !axes.includes(axis));
    const left = layout.findIndex((a) => a !== null && rest.includes(a));
    const keepdim =
      uses.length > 0 &&
      axes.every((axis) => layout.indexOf(axis) > left && left >= 0) &&
      uses.every((user) => axes.every((axis) => user.axes.includes(axis)));
    const kept = layout.map((a) => (a !== null && axes.includes(a) ? null : a));
    const dims = axes.map((axis) => layout.indexOf(axis) - layout.length).sort((a, b) => a - b);
    const all = rest.length === 0 && ['sum', 'mean', 'amax', 'norm'].includes(node.op);
    const dim = all ? 'None' : dims.length === 1 ? String(dims[0]) : `(${dims.join(', ')})`;
    const written = this.#write(node, [fragment], { ...place, dim, keepdim, rank: layout.length });
    return {
      fragment: all ? { ...written, text: written.text.replace(/, (?:axis|dim)=None/, '') } : written,
      layout: rest.length === 0 ? [] : keepdim ? kept : layout.filter((a) => a === null || !axes.includes(a)),
      whole: false,
    };
  }

  /** Σ a·b along an axis where each has axes that the other lacks: a product of matrices. */
  #contraction(node: Apply, block: Block): Value | undefined {
    const axis = axisOf(node);
    const product = node.args[0]!;
    const pair = this.#twoFactors(product, axis, block);
    if (pair === undefined) return undefined;
    const [x, y] = pair;
    const batch = x.axes.filter((a) => a !== axis && y.axes.includes(a));
    const [own, other] = [x, y].map((arg) => arg.axes.find((a) => a !== axis && !batch.includes(a)));
    if (own === undefined || other === undefined) return undefined;
    const values = pair.map((arg) => this.#arithmetic(arg, block, node));
    // The operand whose axes lead in the result stands first.
    const [first, second] = node.axes.indexOf(own) < node.axes.indexOf(other) ? [0, 1] : [1, 0];
    const [left, right] = [values[first]!, values[second]!];
    if (values.every(({ layout }) => layout.length === 2 && !layout.includes(null)) && batch.length === 0) {
      const l = left.layout.at(-1) === axis ? left.fragment : this.#transposed(left.fragment);
      const r = right.layout[0] === axis ? right.fragment : this.#transposed(right.fragment);
      const text = `${wrap(l, precedence.multiply)} @ ${wrap(r, precedence.power)}`;
      return { fragment: { text, precedence: precedence.multiply }, layout: node.axes, whole: false };
    }
    if (values.some(({ layout }) => layout.includes(null))) return undefined;
    const letters = lettersFor([...node.axes, axis]);
    const spell = (layout: Layout) =>
      axesOf(layout)
        .map((a) => letters.get(a)!)
        .join('');
    const subscripts = `${spell(left.layout)},${spell(right.layout)}->${spell(node.axes)}`;
    return {
      fragment: atom(this.#dialect.einsum(subscripts, left.fragment.text, right.fragment.text)),
      layout: node.axes,
      whole: false,
    };
  }

  /**
   * The product as one of two factors that both have the axis, and each an axis that the other lacks; further factors and
   * divisors go to that of the two whose axes they have.
   */
  #twoFactors(product: Expr, axis: Axis, block: Block): readonly [Expr, Expr] | undefined {
    const isOpen = (expr: Expr) => !this.#chosen.has(expr) && lookUp(expr, block) === undefined;
    if (!isOpen(product)) return undefined;
    const { above, below } = factorsOf(product, isOpen);
    const has = (inner: Expr, outer: Expr) => inner.axes.every((a) => outer.axes.includes(a));
    for (const x of above) {
      const y = above.find((one) => one !== x && !has(one, x) && !has(x, one));
      if (y === undefined || ![x, y].every((one) => one.axes.includes(axis))) continue;
      const others = [
        ...above.filter((one) => one !== x && one !== y).map((one) => ({ op: 'mul', one })),
        ...below.map((one) => ({ op: 'div', one })),
      ];
      let [left, right]: readonly [Expr, Expr] = [x, y];
      for (const { op, one } of others) {
        if (has(one, left)) left = apply(op, [left, one]);
        else if (has(one, right)) right = apply(op, [right, one]);
        else return undefined;
      }
      return [left, right];
    }
    return undefined;
  }

  #transposed(matrix: Fragment): Fragment {
    return atom(this.#dialect.transposed(wrap(matrix, precedence.atom)));
  }

  #rename(node: Apply, block: Block): Value {
    const { from, to } = node.attributes;
    const value = this.#value(node.args[0]!, block);
    return { ...value, layout: value.layout.map((axis) => (axis === from ? (to ?? null) : axis)) };
  }

  #gather(node: Apply, block: Block): Value {
    const axis = axisOf(node);
    const [source, at] = node.args as readonly [Expr, Expr];
    const x = this.#value(source, block);
    const whole = node.dtype === 'index';
    if (isReversal(at, axis)) {
      const dim = x.layout.indexOf(axis) - x.layout.length;
      return { fragment: atom(this.#dialect.reversed(x.fragment.text, dim)), layout: x.layout, whole };
    }
    if (at.kind === 'index' && x.layout.length === 2 && x.layout.includes(at.axis))
      return { fragment: atom(this.#dialect.diagonal(x.fragment.text)), layout: [at.axis], whole };
    const raw = this.#value(at, block);
    const places = raw.whole ? raw : { ...raw, fragment: atom(this.#dialect.asPosition(raw.fragment.text)) };
    const rest = x.layout.slice(1);
    if (x.layout[0] === axis && !rest.some((a) => a === null || places.layout.includes(a))) {
      // Elements of a vector, or rows of a table.
      const text = this.#dialect.lookUp(wrap(x.fragment, precedence.atom), places.fragment.text);
      const layout = [...places.layout, ...rest];
      const fragment = this.#aligned(atom(text), layout, node.axes);
      return { fragment, layout: hasOrder(layout, node.axes) ? layout : node.axes, whole };
    }
    return this.#takeAlong(node, x, places, whole);
  }

  /** Elements picked line by line: both arrays are given the same axes. */
  #takeAlong(node: Apply, x: Value, places: Value, whole: boolean): Value {
    const axis = axisOf(node);
    const take = (all: readonly Axis[], slot: number, from: Value, at: Layout) =>
      this.#dialect.takeAlong(
        this.#laid(from.fragment, from.layout, spread(from.layout, all)).text,
        this.#laid(places.fragment, places.layout, at).text,
        slot - all.length,
      );
    if (places.layout.includes(axis)) {
      const all = node.axes;
      const text = take(all, all.indexOf(axis), x, spread(places.layout, all));
      return { fragment: atom(text), layout: all, whole };
    }
    const [own, another] = axesOf(places.layout).filter((a) => !x.layout.includes(a));
    if (own !== undefined && another === undefined) {
      // Places along one further axis stand where the gathered axis stood.
      const slot = node.axes.indexOf(own);
      const all = node.axes.map((a) => (a === own ? axis : a));
      if (
        hasOrder(
          x.layout,
          all.filter((a) => x.layout.includes(a)),
        )
      ) {
        const text = take(all, slot, x, spread(places.layout, node.axes));
        return { fragment: atom(text), layout: node.axes, whole };
      }
    }
    const all = axisOrder([...node.axes, axis]);
    const slot = all.indexOf(axis);
    const text = take(all, slot, x, spread(places.layout, all));
    const squeezed = shortened(all.map((a) => (a === axis ? '0' : ':')));
    return { fragment: atom(`${text}[${squeezed.join(', ')}]`), layout: node.axes, whole };
  }

  /** A value whose whole numbers are real ones where the operation is arithmetic. */
  #arithmetic(arg: Expr, block: Block, user: Apply): Value {
    const value = this.#value(arg, block);
    const { asReal } = this.#dialect;
    const mixes = [
      'lt',
      'le',
      'gt',
      'ge',
      'eq',
      'ne',
      'where',
      'and',
      'or',
      'not',
      'argsort',
      'rank',
      'stop',
    ];
    if (!value.whole || asReal === undefined || mixes.includes(user.op)) return value;
    return { ...value, fragment: atom(asReal(value.fragment.text, this.#like)), whole: false };
  }

  #write(node: Apply, args: readonly Fragment[], at: Place): Fragment {
    const { text, precedence: level } = this.#dialect.write(primitive(node.op).print)(args, at);
    return { text: cancelSigns(text), precedence: level };
  }

  /** The value with its dimensions where a broadcast over `axes` expects them. */
  #aligned(fragment: Fragment, layout: Layout, axes: readonly Axis[]): Fragment {
    return this.#laid(fragment, stripped(layout), stripped(spread(layout, axes)));
  }

  /** The value in another layout, which has its axes in perhaps another order. */
  #laid(fragment: Fragment, layout: Layout, wanted: Layout): Fragment {
    const named = axesOf(layout);
    const ordered = axesOf(wanted);
    if (ordered.length !== named.length)
      throw new RangeError(`an array over [${named.join()}] cannot be printed over [${ordered.join()}]`);
    if (ordered.join() !== named.join()) {
      if (layout.length !== named.length)
        throw new RangeError(`an array over [${layout.join()}] cannot be printed over [${ordered.join()}]`);
      const order = ordered.map((axis) => layout.indexOf(axis));
      const turned =
        layout.length === 2
          ? atom(this.#dialect.transposed(wrap(fragment, precedence.atom)))
          : atom(this.#dialect.permuted(fragment.text, order));
      return this.#laid(turned, ordered, wanted);
    }
    const subscripts = subscriptsTo(layout, wanted);
    if (subscripts === undefined) return fragment;
    return atom(`${wrap(fragment, precedence.atom)}[${subscripts.join(', ')}]`);
  }

  #extent(axis: Axis): string {
    const base = baseAxis(axis);
    for (const input of this.#inputs()) {
      const at = input.axes.indexOf(base);
      if (at < 0) continue;
      const name = this.#plan.nameOf(input.name);
      if (input.axes.length === 1) return this.#dialect.count(name);
      return this.#dialect.extent(name, at === 0 ? 0 : at - input.axes.length);
    }
    throw new RangeError(`no input has the axis ${axis}`);
  }
}

const place: Place = { dim: '-1', keepdim: false, rank: 0, letter: '', extent: '' };

function child(parent: Block): Block {
  return { statements: [], values: new Map(), parent };
}

function lookUp(node: Expr, block: Block): Value | undefined {
  for (let at: Block | undefined = block; at !== undefined; at = at.parent) {
    const found = at.values.get(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a value is a number of Python's, not an array: it depends on parameters and extents alone. */
function isPythonNumber(expr: Expr): boolean {
  return expr.axes.length === 0 && nodesOf(expr).every((n) => n.kind !== 'input' && n.kind !== 'index');
}

/** Whether a value consists of whole numbers: positions, or a whole constant. */
function isWhole(expr: Expr, { whole }: Value): boolean {
  return whole || (expr.kind === 'const' && Number.isInteger(expr.value));
}

/** −x·y without brackets, but with those that Black wants around a power behind a sign. */
function signed(product: Fragment): Fragment | undefined {
  if (product.precedence === precedence.power)
    return { text: `-(${product.text})`, precedence: precedence.unary };
  const power = /^[\w.]+ \*\* [\w.]+(?![\w.([])/.exec(product.text)?.[0];
  if (power === undefined && /^-|^\(.*?\) \*\* /.test(product.text)) return undefined;
  const text = power === undefined ? product.text : `(${power})${product.text.slice(power.length)}`;
  return { text: `-${text}`, precedence: precedence.multiply };
}

/** x + (−y) as x − y, x − (−y) as x + y and x·(−y) as −x·y, which are the same numbers. */
function withoutSign(op: string, [x, y]: readonly Fragment[]): Fragment | undefined {
  if (x === undefined || y?.text.startsWith('-') !== true) return undefined;
  const isSigned = y.precedence === precedence.unary || y.precedence === precedence.multiply;
  const positive = { text: y.text.slice(1), precedence: y.precedence };
  if (isSigned && (op === 'add' || op === 'sub'))
    return infix(op === 'add' ? '-' : '+', precedence.add, x, positive);
  if (op !== 'mul' || y.precedence !== precedence.unary || /^[-\d]/.test(positive.text)) return undefined;
  const product = infix('*', precedence.multiply, x, { ...positive, precedence: precedence.power });
  if (!x.text.startsWith('-')) return signed(product);
  return x.precedence === precedence.unary ? { ...product, text: product.text.slice(1) } : undefined;
}

/** A choice that is made by parameters and extents alone. */
function decisionOf(expr: Expr): Apply | undefined {
  return expr.kind === 'apply' && expr.op === 'where' && isPythonNumber(expr.args[0]!) ? expr : undefined;
}

/** What is multiplied and what it is divided by, down to what `isOpen` says has a name. */
function factorsOf(
  expr: Expr,
  isOpen: (expr: Expr) => boolean,
): { readonly above: readonly Expr[]; readonly below: readonly Expr[] } {
  if (expr.kind !== 'apply' || !isOpen(expr) || (expr.op !== 'mul' && expr.op !== 'div'))
    return { above: [expr], below: [] };
  const [x, y] = expr.args.map((arg) => factorsOf(arg, isOpen));
  return expr.op === 'mul'
    ? { above: [...x!.above, ...y!.above], below: [...x!.below, ...y!.below] }
    : { above: [...x!.above, ...y!.below], below: [...x!.below, ...y!.above] };
}

function axisOf(node: Apply): Axis {
  return node.attributes['axis'] ?? '';
}

function hasOrderOf(expr: Expr, axes: readonly Axis[]): boolean {
  return expr.axes.join() === axes.join();
}

/** `size − 1 − index`: the places of an axis from its end. */
function isReversal(at: Expr, axis: Axis): boolean {
  if (at.kind !== 'apply' || at.op !== 'sub') return false;
  const [last, position] = at.args;
  if (position?.kind !== 'index' || position.axis !== axis) return false;
  if (last?.kind !== 'apply' || last.op !== 'sub') return false;
  const [length, one] = last.args;
  return length?.kind === 'size' && one?.kind === 'const' && one.value === 1;
}

/** Whether positions are written there in another way: as an identity matrix, a diagonal or a reversal. */
function isSpecialPlace(user: Expr): boolean {
  if (user.kind !== 'apply') return false;
  const { op, args } = user;
  if (op === 'eq' || op === 'ne') return args.every((a) => a.kind === 'index');
  if (op === 'gather') return args[1]!.kind === 'index';
  return op === 'sub' && args[1]!.kind === 'index' && isReversal(user, args[1]!.axis);
}

/** A letter for each axis of a contraction: its own where no other has it. */
function lettersFor(axes: readonly Axis[]): ReadonlyMap<Axis, string> {
  const usual: Readonly<Record<string, readonly string[]>> = {
    sample: ['n', 'm'],
    feature: ['d'],
    class: ['c'],
    negative: ['k'],
    item: ['i', 'j'],
  };
  const letters = new Map<Axis, string>();
  for (const axis of axes) {
    const taken = new Set(letters.values());
    const base = baseAxis(axis);
    const wishes = [...(usual[base] ?? [base.charAt(0)]), 'a', 'b', 'e', 'f', 'g'];
    letters.set(axis, wishes.find((letter) => !taken.has(letter)) ?? 'z');
  }
  return letters;
}

/** A number as Python source. */
function number(value: number, infinity: string): Fragment {
  const text = Number.isNaN(value)
    ? 'math.nan'
    : Number.isFinite(value)
      ? shortNumber(value)
      : `${value < 0 ? '-' : ''}${infinity}`;
  return { text, precedence: text.startsWith('-') ? precedence.unary : precedence.atom };
}
