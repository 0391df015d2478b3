/** Expressions over named axes as TensorFlow.js: methods of tensors, whose dimensions are the axes in canonical order. */
import { predictionsOf } from '../../losses/loss.ts';
import { baseAxis, nodesOf, type Apply, type Axis, type Expr, type Named } from '../expression.ts';
import { atom, precedence, wrap, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import type { Place } from '../primitives/row.ts';
import { axesOf, hasOrder, merge, spread, stripped, type Layout } from './arrayLayout.ts';
import { guardsOf } from './guards.ts';
import { chooseLets, suggestName, usesOf } from './lets.ts';
import { camel, type Names } from './names.ts';
import type { PrintableLoss } from './printable.ts';
import type { PythonShape } from './pythonShape.ts';
import { axisPlural, scriptName } from './scriptDoc.ts';
import { scriptNumber } from './scriptNumber.ts';
import { axisOf } from './symbols.ts';
import { isPermuted, loweredForTfjs } from './tfjsLowering.ts';

const nowhere: Place = { dim: '', keepdim: false, rank: 0, letter: '', extent: '' };

/** A sub-expression whose text would be longer gets a line of its own. */
const longest = 64;

export interface TfjsPlan {
  readonly loss: PrintableLoss;
  readonly shape: PythonShape;
  readonly names: Names;
  /** The extent of an axis as code. */
  readonly extent: (axis: Axis) => string;
  /** What is computed, and the names that it gets. */
  readonly roots: readonly { readonly name: string; readonly expr: Expr }[];
}

/** A piece of code: a plain number, or a tensor with its dimensions. */
interface Value {
  readonly fragment: Fragment;
  readonly isNumber: boolean;
  readonly layout: Layout;
  /** Comes from predictions by operations without a gradient, which must not see it. */
  readonly needsShelter: boolean;
  /** Holds whole numbers of dtype int32. */
  readonly isWhole: boolean;
}

/** The lines that compute the roots, each a `const`. */
export function printTfjs(plan: TfjsPlan): string[] {
  const guards = guardsOf(plan.loss, { numbersOnly: false, unsafeNorm: false });
  const former = new Map<Expr, string>();
  const roots = plan.roots.map((root) => ({
    ...root,
    expr: loweredForTfjs(guards.rewrite(root.expr), former),
  }));
  const named = plan.shape.named.flatMap((n) =>
    [n.expr, ...guards.formsOf(n.expr)].map((form) => ({ ...n, expr: loweredForTfjs(form, former) })),
  );
  return new TfjsPrinter({ ...plan, roots }, named, former).print();
}

class TfjsPrinter {
  readonly #plan: TfjsPlan;
  readonly #roots: ReadonlySet<Expr>;
  readonly #named: ReadonlyMap<Expr, Named>;
  readonly #former: ReadonlyMap<Expr, string>;
  readonly #chosen: ReadonlySet<Expr>;
  readonly #uses: ReadonlyMap<Expr, readonly Expr[]>;
  /** What depends on predictions. */
  readonly #traced: ReadonlySet<Expr>;
  readonly #values = new Map<Expr, Value>();
  readonly #lines: string[] = [];

  constructor(plan: TfjsPlan, named: readonly Named[], former: ReadonlyMap<Expr, string>) {
    this.#plan = plan;
    const exprs = plan.roots.map(({ expr }) => expr);
    this.#roots = new Set(exprs);
    this.#named = new Map(named.map((n) => [n.expr, n]));
    this.#former = former;
    this.#chosen = new Set(chooseLets(exprs, named));
    this.#uses = usesOf(...exprs);
    this.#traced = tracedIn(exprs, new Set(predictionsOf(plan.loss).map(({ id }) => id)));
  }

  print(): string[] {
    for (const { name, expr } of this.#plan.roots) {
      const value = this.#value(expr);
      const text = value.isNumber
        ? `tf.scalar(${value.fragment.text})`
        : this.#aligned(value, expr.axes).text;
      this.#lines.push(this.#commented(`const ${name} = ${text};`, expr, expr.axes));
    }
    return this.#lines;
  }

  /** A line with the shape of what it computes and what the definition says about it. */
  #commented(line: string, expr: Expr, layout: Layout): string {
    const meaning = this.#named.get(expr)?.meaning;
    const shape = this.#plan.shape.kind === 'shaped' ? shapeText(layout) : undefined;
    const remark = [shape, meaning].filter((part) => part !== undefined).join(': ');
    return remark === '' ? line : `${line} // ${remark}`;
  }

  #value(node: Expr): Value {
    const known = this.#values.get(node);
    if (known !== undefined) return known;
    const value = this.#build(node);
    const long = node.kind === 'apply' && node.op !== 'rename' && value.fragment.text.length > longest;
    if ((!this.#chosen.has(node) && !long) || (this.#roots.has(node) && !this.#chosen.has(node)))
      return value;
    const name = this.#plan.names.take(this.#wishFor(node));
    const { text } = value.needsShelter ? sheltered(value) : value.fragment;
    this.#lines.push(this.#commented(`const ${name} = ${text};`, node, value.layout));
    const bound = { ...value, fragment: atom(name), needsShelter: false };
    this.#values.set(node, bound);
    return bound;
  }

  #wishFor(node: Expr): string {
    const own = this.#named.get(node)?.name ?? this.#former.get(node) ?? suggestName(node);
    return camel(own.split('_'));
  }

  #build(node: Expr): Value {
    switch (node.kind) {
      case 'const':
        return number(node.dtype === 'boolean' ? atom(String(node.value !== 0)) : scriptNumber(node.value));
      case 'param':
        return number(atom(scriptName(node.name)));
      case 'size':
        return number(atom(this.#plan.extent(node.axis)));
      case 'input':
        if (node.axes.length === 0) return number(atom(scriptName(node.name)));
        return tensor(atom(scriptName(node.name)), node.axes, { isWhole: node.dtype === 'index' });
      case 'index':
        return tensor(atom(`tf.range(0, ${this.#plan.extent(node.axis)})`), [node.axis]);
      case 'apply':
        return this.#apply(node);
    }
  }

  #apply(node: Apply): Value {
    const row = primitive(node.op);
    switch (row.kind) {
      case 'elementwise':
        return this.#elementwise(node);
      case 'reduction':
        return (node.op === 'sum' ? this.#product(node) : undefined) ?? this.#reduction(node);
      case 'mapping':
        return this.#mapping(node);
      case 'structural':
        return node.op === 'rename' ? this.#renamed(node) : this.#gathered(node);
      case 'programme': {
        const args = node.args.map((arg) => this.#aligned(this.#value(arg), arg.axes).text);
        return tensor(atom(`ctcLogLikelihood(${args.join(', ')})`), node.axes);
      }
    }
  }

  #elementwise(node: Apply): Value {
    const values = node.args.map((arg) => this.#value(arg));
    if (values.every(({ isNumber }) => isNumber)) {
      const write = primitive(node.op).print.typescript;
      if (write === undefined) throw new RangeError(`${node.op} of numbers cannot be written`);
      return number(
        write(
          values.map((v) => v.fragment),
          nowhere,
        ),
      );
    }
    const special = this.#identity(node) ?? this.#oneHot(node);
    if (special !== undefined) return special;
    const merged = merge(values.map((v) => v.layout));
    const fits = merged !== undefined && hasOrder(merged, node.axes);
    const layout = fits ? merged : node.axes;
    const args = values.map((v): Value =>
      fits ? v : { ...v, fragment: this.#aligned(v, node.axes), layout: spread(v.layout, node.axes) },
    );
    if (node.op === 'where') return this.#where(node, args, layout);
    if (node.op === 'stop') return this.#stopped(node.args[0]!, args[0]!);
    if (node.dtype === 'boolean') {
      const needsShelter = this.#traced.has(node);
      return tensor(this.#method(node.op, args), layout, { needsShelter });
    }
    return tensor(this.#method(node.op, args.map(asReal)), layout);
  }

  /** A call of a method of the first tensor, or of a function where a number stands first. */
  #method(op: string, args: readonly Value[]): Fragment {
    const name = primitive(op).print.tfjs;
    if (name === undefined)
      return op === 'logndtr' ? atom(`logNormalCdf(${args[0]!.fragment.text})`) : unknown(op);
    const [x, y, z] = args;
    if (name === 'clipByValue' && y?.isNumber !== true && x !== undefined) {
      const limited = this.#method('clampMin', [x, y!]);
      return this.#method('minimum', [tensor(limited, x.layout), z!]);
    }
    const [first, ...others] = args.map(({ fragment }) => fragment);
    if (x?.isNumber !== true) return methodOf(first!, name, others);
    const turned = exchanged[name];
    return turned === undefined
      ? atom(`tf.${name}(${[first!, ...others].map(({ text }) => text).join(', ')})`)
      : methodOf(others[0]!, turned, [first!]);
  }

  #where(node: Apply, [condition, then, otherwise]: readonly Value[], layout: Layout): Value {
    if (condition === undefined || then === undefined || otherwise === undefined) return unknown('where');
    if (condition.isNumber) return this.#decided(node, condition, [then, otherwise]);
    const test = condition.needsShelter ? sheltered(condition) : condition.fragment;
    const isWhole = [then, otherwise].every((v) => v.isWhole);
    if (then.isNumber && otherwise.isNumber) {
      const pair = `${then.fragment.text}:${otherwise.fragment.text}`;
      if (pair === '1:0') return tensor(methodOf(test, 'toFloat', []), layout);
      if (pair === '0:1') {
        const not = methodOf(condition.fragment, 'logicalNot', []);
        const turned = condition.needsShelter ? sheltered({ ...condition, fragment: not }) : not;
        return tensor(methodOf(turned, 'toFloat', []), layout);
      }
    }
    const parts = [test, then.fragment, otherwise.fragment].map(({ text }) => text);
    return tensor(atom(`tf.where(${parts.join(', ')})`), layout, { isWhole });
  }

  /** A choice by parameters alone: JavaScript's own. */
  #decided(node: Apply, condition: Value, branches: readonly [Value, Value]): Value {
    const [a, b] = branches.map((value) => wrap(this.#spreadOut(value, node.axes), precedence.or));
    const text = `${wrap(condition.fragment, precedence.or)} ? ${a!} : ${b!}`;
    return tensor({ text, precedence: precedence.conditional }, node.axes);
  }

  /** A value with all of some axes, also where it does not vary along them. */
  #spreadOut(value: Value, axes: readonly Axis[]): Fragment {
    if (!value.isNumber && axesOf(value.layout).join() === axes.join()) return this.#aligned(value, axes);
    const like = this.#plan.loss.inputs.find((input) => input.axes.join() === axes.join());
    const shaped =
      like ??
      this.#plan.loss.inputs.find(({ axes: own }) => own.length >= 2 && this.#plan.shape.kind === 'any');
    if (shaped === undefined) return unknown(`a choice over [${axes.join()}]`);
    const name = scriptName(shaped.id);
    const { text } = this.#aligned(value, axes);
    if (text === '0') return atom(`tf.zerosLike(${name})`);
    return atom(text === '1' ? `tf.onesLike(${name})` : `tf.zerosLike(${name}).add(${text})`);
  }

  #stopped(arg: Expr, value: Value): Value {
    const isFixed = !this.#traced.has(arg);
    return { ...value, needsShelter: false, fragment: isFixed ? value.fragment : sheltered(value) };
  }

  /** The comparison of an axis with a copy of itself. */
  #identity(node: Apply): Value | undefined {
    const [a, b] = node.args;
    if (!['eq', 'ne'].includes(node.op) || a?.kind !== 'index' || b?.kind !== 'index') return undefined;
    if (a.axis === b.axis || baseAxis(a.axis) !== baseAxis(b.axis)) return undefined;
    const eye = `tf.eye(${this.#plan.extent(a.axis)}).toBool()`;
    return tensor(atom(node.op === 'eq' ? eye : `${eye}.logicalNot()`), node.axes);
  }

  /** Which class each label names; a mask. */
  #oneHot(node: Apply): Value | undefined {
    const [position, label] = node.args;
    if (node.op !== 'eq' || position?.kind !== 'index' || label === undefined) return undefined;
    if (position.axis !== 'class' || node.axes.at(-1) !== 'class' || label.axes.includes('class'))
      return undefined;
    const value = this.#value(label);
    if (value.layout.includes(null) || this.#traced.has(label) || value.isNumber) return undefined;
    const places = methodOf(value.fragment, 'toInt', []).text;
    const text = `tf.oneHot(${places}, ${this.#plan.extent('class')}, 1, 0, 'bool')`;
    return tensor(atom(text), [...value.layout, 'class']);
  }

  #reduction(node: Apply): Value {
    const axes = [axisOf(node)];
    let inner = node.args[0]!;
    // The same reduction along several axes is one call.
    while (inner.kind === 'apply' && inner.op === node.op && node.op !== 'norm' && !this.#chosen.has(inner)) {
      axes.push(axisOf(inner));
      inner = inner.args[0]!;
    }
    const value = asReal(this.#value(inner));
    if (value.isNumber) return unknown(`${node.op} of a number`);
    const { layout } = value;
    const rest = axesOf(layout).filter((axis) => !axes.includes(axis));
    // The reduced axes stay when everything that uses the value would have to put them back.
    const last = layout.findLastIndex((axis) => axis !== null && rest.includes(axis));
    const keeps =
      rest.length > 0 && axes.every((axis) => layout.indexOf(axis) > last) && this.#isWantedBack(node, axes);
    const dims = axes.map((axis) => layout.indexOf(axis)).sort((a, b) => a - b);
    const only = dims.length === 1 && dims[0] === layout.length - 1 ? '-1' : String(dims[0]);
    const dim = rest.length === 0 ? '' : dims.length === 1 ? only : `[${dims.join(', ')}]`;
    const name = primitive(node.op).print.tfjs;
    const options = [dim, ...(keeps ? ['true'] : [])].filter((text) => text !== '').map(atom);
    const fragment =
      node.op === 'norm'
        ? atom(
            `euclideanNorm(${[value.fragment.text, dim === '' ? '-1' : dim, ...(keeps ? ['true'] : [])].join(', ')})`,
          )
        : methodOf(value.fragment, name ?? unknown(node.op), options);
    const kept = layout.map((a) => (a !== null && axes.includes(a) ? null : a));
    const left = layout.filter((a) => a === null || !axes.includes(a));
    return tensor(fragment, rest.length === 0 ? [] : keeps ? kept : left);
  }

  /** Whether all that uses a value, perhaps after arithmetic with numbers, gives it axes that it lacks. */
  #isWantedBack(node: Expr, axes: readonly Axis[]): boolean {
    const uses = this.#roots.has(node) ? [] : (this.#uses.get(node) ?? []);
    return (
      uses.length > 0 &&
      uses.every((user) => {
        if (axes.every((axis) => user.axes.includes(axis))) return true;
        const withNumbers =
          user.kind === 'apply' &&
          primitive(user.op).kind === 'elementwise' &&
          user.args.every((arg) => arg === node || arg.axes.length === 0);
        return withNumbers && !this.#chosen.has(user) && this.#isWantedBack(user, axes);
      })
    );
  }

  /** Σ a·b along an axis where each has one axis that the other lacks: a product of matrices. */
  #product(node: Apply): Value | undefined {
    const axis = axisOf(node);
    const product = node.args[0]!;
    if (product.kind !== 'apply' || product.op !== 'mul' || this.#chosen.has(product)) return undefined;
    const [x, y] = product.args as readonly [Expr, Expr];
    const isMatrix = (arg: Expr) => arg.axes.length === 2 && arg.axes.includes(axis);
    if (!isMatrix(x) || !isMatrix(y)) return undefined;
    const [own, other] = [x, y].map((arg) => arg.axes.find((a) => a !== axis)!);
    if (own === other) return undefined;
    const values = [x, y].map((arg) => this.#value(arg));
    if (values.some(({ layout }) => layout.length !== 2 || layout.includes(null))) return undefined;
    const [left, right] =
      node.axes.indexOf(own!) < node.axes.indexOf(other!) ? values : [...values].reverse();
    const turns = [left!.layout[1] !== axis, right!.layout[0] !== axis];
    const flags = turns[0] || turns[1] ? turns.map((turn) => atom(String(turn))) : [];
    const options = turns[1] ? flags : flags.slice(0, 1);
    return tensor(methodOf(left!.fragment, 'matMul', [right!.fragment, ...options]), node.axes);
  }

  #mapping(node: Apply): Value {
    const axis = axisOf(node);
    const arg = node.args[0]!;
    const value = this.#value(arg);
    const x = this.#aligned(value, arg.axes);
    switch (node.op) {
      case 'argsort':
        return tensor(atom(`argsort(${x.text})`), node.axes, { isWhole: true });
      case 'rank':
        return tensor(atom(`argsort(argsort(${x.text}))`), node.axes, { isWhole: true });
      case 'cumsum': {
        const dim = arg.axes.indexOf(axis);
        const real = asReal({ ...value, fragment: x }).fragment;
        return tensor(methodOf(real, 'cumsum', dim === 0 ? [] : [atom(String(dim))]), node.axes);
      }
      default:
        return tensor(methodOf(x, primitive(node.op).print.tfjs ?? unknown(node.op), []), node.axes);
    }
  }

  #renamed(node: Apply): Value {
    const { from, to } = node.attributes;
    const value = this.#value(node.args[0]!);
    return { ...value, layout: value.layout.map((axis) => (axis === from ? (to ?? null) : axis)) };
  }

  #gathered(node: Apply): Value {
    const axis = axisOf(node);
    const [x, at] = node.args as readonly [Expr, Expr];
    const [source, places] = [this.#value(x), this.#value(at)];
    const from = this.#aligned(source, x.axes).text;
    const raw = this.#aligned(places, at.axes);
    const whole =
      at.kind === 'apply' && ['argsort', 'rank'].includes(at.op) ? raw : methodOf(raw, 'toInt', []);
    const to = places.needsShelter ? sheltered({ ...places, fragment: whole }).text : whole.text;
    const isWhole = source.isWhole;
    if (isPermuted(x, at, axis)) return tensor(atom(`tf.gather(${from}, ${to}, 1, 1)`), at.axes, { isWhole });
    const layout = [...at.axes, ...x.axes.slice(1)];
    const gathered = tensor(atom(`tf.gather(${from}, ${to})`), layout, { isWhole });
    return hasOrder(layout, node.axes)
      ? gathered
      : { ...gathered, fragment: this.#aligned(gathered, node.axes), layout: node.axes };
  }

  /** The value with its dimensions where a broadcast over `axes` expects them. */
  #aligned({ fragment, layout, isNumber }: Value, axes: readonly Axis[]): Fragment {
    if (isNumber) return fragment;
    return laid(fragment, stripped(layout), stripped(spread(layout, axes)));
  }
}

/** A tensor in another layout, which has its axes in perhaps another order. */
function laid(fragment: Fragment, layout: Layout, wanted: Layout): Fragment {
  const [named, ordered] = [axesOf(layout), axesOf(wanted)];
  if (ordered.length !== named.length) return unknown(`[${named.join()}] over [${ordered.join()}]`);
  if (ordered.join() !== named.join()) {
    const flat = squeezed(fragment, layout);
    const order = ordered.map((axis) => named.indexOf(axis));
    const turned = methodOf(flat, 'transpose', order.length === 2 ? [] : [atom(`[${order.join(', ')}]`)]);
    return laid(turned, ordered, wanted);
  }
  if (layout.join('|') === wanted.join('|')) return fragment;
  return wanted.reduce<Fragment>(
    (text, axis, at) =>
      axis === null
        ? methodOf(text, 'expandDims', [atom(at === wanted.length - 1 ? '-1' : String(at))])
        : text,
    squeezed(fragment, layout),
  );
}

/** A tensor without its dimensions of length one. */
function squeezed(fragment: Fragment, layout: Layout): Fragment {
  const single = layout.flatMap((axis, at) => (axis === null ? [at] : []));
  return single.length === 0 ? fragment : methodOf(fragment, 'squeeze', [atom(`[${single.join(', ')}]`)]);
}

function number(fragment: Fragment): Value {
  return { fragment, isNumber: true, layout: [], needsShelter: false, isWhole: false };
}

function tensor(fragment: Fragment, layout: Layout, more: Partial<Value> = {}): Value {
  return { fragment, isNumber: false, layout, needsShelter: false, isWhole: false, ...more };
}

function methodOf(of: Fragment, name: string, args: readonly Fragment[]): Fragment {
  return atom(`${wrap(of, precedence.atom)}.${name}(${args.map(({ text }) => text).join(', ')})`);
}

/** Code that is run without a trace for gradients. */
function sheltered({ fragment }: Value): Fragment {
  return atom(`withoutGradient(() => ${fragment.text})`);
}

/** Whole numbers as real ones, for arithmetic: the quotient of two whole tensors would be rounded down. */
function asReal(value: Value): Value {
  if (!value.isWhole || value.isNumber) return value;
  return { ...value, fragment: methodOf(value.fragment, 'toFloat', []), isWhole: false };
}

/** The method that means the same with the arguments exchanged. */
const exchanged: Readonly<Record<string, string>> = {
  add: 'add',
  mul: 'mul',
  maximum: 'maximum',
  minimum: 'minimum',
  equal: 'equal',
  notEqual: 'notEqual',
  logicalAnd: 'logicalAnd',
  logicalOr: 'logicalOr',
  less: 'greater',
  lessEqual: 'greaterEqual',
  greater: 'less',
  greaterEqual: 'lessEqual',
};

/** Extents in words: `[samples, classes]`; empty for a scalar. */
export function shapeText(layout: Layout): string | undefined {
  if (layout.length === 0) return undefined;
  return `[${layout.map((axis) => (axis === null ? '1' : axisPlural(baseAxis(axis)))).join(', ')}]`;
}

function tracedIn(roots: readonly Expr[], predictions: ReadonlySet<string>): ReadonlySet<Expr> {
  const traced = new Set<Expr>();
  for (const node of nodesOf(...roots)) {
    const own = node.kind === 'input' && predictions.has(node.name);
    const inherited = node.kind === 'apply' && node.op !== 'stop' && node.args.some((arg) => traced.has(arg));
    const isOrder = node.kind === 'apply' && ['argsort', 'rank'].includes(node.op);
    if (own || (inherited && !isOrder)) traced.add(node);
  }
  return traced;
}

function unknown(what: string): never {
  throw new RangeError(`${what} cannot be written in TensorFlow.js`);
}
