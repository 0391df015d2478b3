import { baseAxis, inputsOf, nodesOf, type Axis, type Expr, type Named } from '../expression.ts';
import { atom, precedence, wrap, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import type { Place } from '../primitives/row.ts';
import { cancelSigns } from './layout.ts';
import { chooseLets, suggestName, usesOf } from './lets.ts';
import { snake, type Names } from './names.ts';

/** What differs between array libraries inside an expression. */
export interface TensorDialect {
  readonly language: 'numpy' | 'torch';
  /** 0, 1, 2 … of the given length, on the device of an array. */
  readonly arange: (length: string, like: string) => string;
  /** A condition on numbers, as the first argument of `where` beside an array. */
  readonly decided: (like: string, condition: string) => string;
  /** Replaces operations that this library writes better in another way. */
  readonly prepare: (root: Expr) => Expr;
  /** An elementwise operation that the library refuses for plain numbers is given an array instead. */
  readonly filled: (like: string, value: string) => string;
}

/** A line `name = text` of printed code. */
interface Let {
  readonly name: string;
  readonly text: string;
  readonly expr: Expr;
  readonly meaning?: string;
}

export interface TensorCode {
  readonly lets: readonly Let[];
  readonly result: Fragment;
}

/** Axes from left to right; null is a position of length one. */
type Layout = readonly (Axis | null)[];

interface Value {
  readonly fragment: Fragment;
  readonly layout: Layout;
}

/** A sub-expression whose text would be longer gets a line of its own. */
const longest = 76;

/**
 * An expression over named axes as code over positional arrays, whose dimensions are the axes in canonical order.
 * Elementwise expressions come out independent of the number of dimensions.
 */
export function printTensor(
  root: Expr,
  named: readonly Named[],
  names: () => Names,
  dialect: TensorDialect,
  width: number,
): TensorCode {
  const written = dialect.prepare(root);
  const lets = new Set(chooseLets(written, named));
  const code = new TensorPrinter(written, named, names(), dialect, lets).print();
  if (code.result.text.length <= width || written.kind !== 'apply') return code;
  // Too long for a line: the parts for which there are natural names get them; else the line is broken.
  for (const part of written.args) if (hasNaturalName(part)) lets.add(part);
  return new TensorPrinter(written, named, names(), dialect, lets).print();
}

function hasNaturalName(part: Expr): boolean {
  return (
    part.kind === 'apply' && (primitive(part.op).kind !== 'elementwise' || suggestName(part) === 'one_hot')
  );
}

class TensorPrinter {
  readonly #root: Expr;
  readonly #named: ReadonlyMap<Expr, Named>;
  readonly #names: Names;
  readonly #dialect: TensorDialect;
  readonly #chosen: ReadonlySet<Expr>;
  readonly #uses: ReadonlyMap<Expr, readonly Expr[]>;
  readonly #values = new Map<Expr, Value>();
  readonly #lets: Let[] = [];

  constructor(
    root: Expr,
    named: readonly Named[],
    names: Names,
    dialect: TensorDialect,
    lets: ReadonlySet<Expr>,
  ) {
    this.#root = root;
    this.#named = new Map(named.map((n) => [n.expr, n]));
    this.#names = names;
    this.#dialect = dialect;
    this.#chosen = lets;
    this.#uses = usesOf(root);
  }

  print(): TensorCode {
    for (const node of nodesOf(this.#root)) {
      const value = this.#build(node);
      const long = value.fragment.text.length > longest && node !== this.#root;
      this.#values.set(node, this.#chosen.has(node) || long ? this.#bind(node, value) : value);
    }
    const { fragment, layout } = this.#value(this.#root);
    return { lets: this.#lets, result: this.#aligned(fragment, layout, this.#root.axes) };
  }

  #value(node: Expr): Value {
    const value = this.#values.get(node);
    if (value === undefined) throw new Error(`node ${node.id} is printed before its arguments`);
    return value;
  }

  #bind(expr: Expr, value: Value): Value {
    const own = this.#named.get(expr);
    const name = this.#names.take(own?.name ?? suggestName(expr));
    const meaning = own === undefined ? {} : { meaning: own.meaning };
    this.#lets.push({ name, text: value.fragment.text, expr, ...meaning });
    return { fragment: atom(name), layout: value.layout };
  }

  #build(node: Expr): Value {
    switch (node.kind) {
      case 'const':
        return { fragment: number(node.value), layout: [] };
      case 'param':
        return { fragment: atom(snake(node.name)), layout: [] };
      case 'input':
        return { fragment: atom(node.name), layout: node.axes };
      case 'size':
        return { fragment: atom(this.#extent(node.axis)), layout: [] };
      case 'index': {
        const like = this.#holder(baseAxis(node.axis)).name;
        return { fragment: atom(this.#dialect.arange(this.#extent(node.axis), like)), layout: [node.axis] };
      }
      case 'apply': {
        switch (primitive(node.op).kind) {
          case 'elementwise':
            return this.#elementwise(node, node.args);
          case 'reduction':
          case 'mapping':
            return this.#alongAxis(node, node.args);
          case 'structural':
            return node.op === 'rename' ? this.#rename(node, node.args) : this.#gather(node, node.args);
          case 'programme':
            throw new RangeError(`${node.op} is not written in this language yet`);
        }
      }
    }
  }

  #elementwise(node: Expr & { kind: 'apply' }, args: readonly Expr[]): Value {
    const values = args.map((arg) => this.#value(arg));
    const merged = merge(values.map((v) => v.layout));
    const fits = merged !== undefined && sameAxes(merged, node.axes);
    const layout = fits ? merged : node.axes;
    const fragments = fits
      ? values.map((v) => v.fragment)
      : values.map((v) => this.#aligned(v.fragment, v.layout, node.axes));
    const [condition, then, otherwise] = fragments;
    if (node.op === 'where' && args[0]?.axes.length === 0 && condition && then && otherwise) {
      if (args.slice(1).every((arg) => arg.axes.length === node.axes.length)) {
        // A condition on parameters alone: the branch that is not taken must not be computed (1/α at α = 0 raises).
        const text = `${wrap(then, precedence.or)} if ${wrap(condition, precedence.or)} else ${wrap(otherwise, precedence.conditional)}`;
        return { fragment: { text, precedence: precedence.conditional }, layout };
      }
      const like = args[1]!.axes.length > 0 ? then : otherwise;
      const array = atom(this.#dialect.decided(like.text, condition.text));
      return { fragment: this.#write(node, [array, then, otherwise], place), layout };
    }
    if (['maximum', 'minimum'].includes(node.op)) {
      const like = args.findIndex((arg) => arg.axes.length > 0);
      const arrays = fragments.map((f, k) =>
        args[k]?.axes.length === 0 && like >= 0
          ? atom(this.#dialect.filled(fragments[like]!.text, f.text))
          : f,
      );
      return { fragment: this.#write(node, arrays, place), layout };
    }
    return { fragment: this.#write(node, fragments, place), layout };
  }

  #alongAxis(node: Expr & { kind: 'apply' }, args: readonly Expr[]): Value {
    const axis = node.attributes['axis'] ?? '';
    const { fragment, layout } = this.#value(args[0]!);
    const at = layout.indexOf(axis);
    const reduces = primitive(node.op).kind === 'reduction';
    // The reduced axis stays when everything that uses the value would have to put it back.
    const uses = this.#uses.get(node) ?? [];
    const keepdim = reduces && uses.length > 0 && uses.every((user) => user.axes.includes(axis));
    const kept = layout.map((a) => (a === axis ? null : a));
    return {
      fragment: this.#write(node, [fragment], {
        ...place,
        dim: String(at - layout.length),
        keepdim,
        rank: layout.length,
      }),
      layout: !reduces ? layout : keepdim ? stripped(kept) : layout.filter((a) => a !== axis),
    };
  }

  #gather(node: Expr & { kind: 'apply' }, args: readonly Expr[]): Value {
    const axis = node.attributes['axis'] ?? '';
    const [x, at] = [this.#value(args[0]!), this.#value(args[1]!)];
    const rest = x.layout.filter((a) => a !== axis);
    if (x.layout.length > 1 && (x.layout.at(-1) !== axis || rest.join() !== at.layout.join())) {
      throw new RangeError(
        `gather along ${axis} of [${x.layout.join()}] at [${at.layout.join()}] is not printable`,
      );
    }
    return {
      fragment: this.#write(node, [x.fragment, at.fragment], { ...place, dim: '-1', rank: x.layout.length }),
      layout: node.axes,
    };
  }

  #rename(node: Expr & { kind: 'apply' }, args: readonly Expr[]): Value {
    const { from, to } = node.attributes;
    const { fragment, layout } = this.#value(args[0]!);
    return { fragment, layout: layout.map((axis) => (axis === from ? (to ?? null) : axis)) };
  }

  #write(node: Expr & { kind: 'apply' }, args: readonly Fragment[], at: Place): Fragment {
    const { text, precedence: level } = primitive(node.op).print[this.#dialect.language](args, at);
    return { text: cancelSigns(text), precedence: level };
  }

  /** The value with its dimensions where a broadcast over `axes` expects them. */
  #aligned(fragment: Fragment, layout: Layout, axes: readonly Axis[]): Fragment {
    const wanted = stripped(axes.map((axis) => (layout.includes(axis) ? axis : null)));
    const given = stripped(layout);
    if (wanted.join('|') === given.join('|') || given.length === 0) return fragment;
    if (given.includes(null) || wanted.filter((axis) => axis !== null).join() !== given.join()) {
      throw new RangeError(`[${given.join()}] cannot be broadcast over [${axes.join()}]`);
    }
    const leading = wanted.lastIndexOf(given.at(-1)!) + 1;
    const trailing = wanted.slice(leading);
    const positions =
      given.length === leading
        ? given.length === 1
          ? [':', ...trailing.map(() => 'None')]
          : ['...', ...trailing.map(() => 'None')]
        : wanted.map((axis) => (axis === null ? 'None' : ':'));
    return atom(`${wrap(fragment, precedence.atom)}[${positions.join(', ')}]`);
  }

  #holder(axis: Axis): { name: string; at: number } {
    for (const input of inputsOf(this.#root)) {
      const at = input.axes.indexOf(axis);
      // Leading axes are counted from the left, which reads naturally; none of ours is variadic there.
      if (at >= 0) return { name: input.name, at: at === 0 ? 0 : at - input.axes.length };
    }
    throw new RangeError(`no input has the axis ${axis}`);
  }

  #extent(axis: Axis): string {
    const { name, at } = this.#holder(baseAxis(axis));
    return `${name}.shape[${at}]`;
  }
}

const place: Place = { dim: '-1', keepdim: false, rank: 0, letter: '', extent: '' };

function stripped(layout: Layout): Layout {
  const first = layout.findIndex((axis) => axis !== null);
  return first < 0 ? [] : layout.slice(first);
}

/** Layouts laid over each other from the right; undefined where two names meet. */
function merge(layouts: readonly Layout[]): Layout | undefined {
  const rank = Math.max(0, ...layouts.map((l) => l.length));
  const merged: (Axis | null)[] = [];
  for (let k = 1; k <= rank; k++) {
    const names = new Set(layouts.map((l) => l.at(-k) ?? null).filter((axis) => axis !== null));
    if (names.size > 1) return undefined;
    merged.unshift([...names][0] ?? null);
  }
  return merged;
}

function sameAxes(layout: Layout, axes: readonly Axis[]): boolean {
  return layout.filter((axis) => axis !== null).join() === axes.join();
}

/** A number as Python source. */
function number(value: number): Fragment {
  const text = Number.isNaN(value)
    ? 'float("nan")'
    : Number.isFinite(value)
      ? String(value)
      : `${value < 0 ? '-' : ''}float("inf")`;
  return { text, precedence: text.startsWith('-') ? precedence.unary : precedence.atom };
}
