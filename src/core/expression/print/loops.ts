import { add, amax, exp, log, sub, sum } from '../build.ts';
import {
  baseAxis,
  inputsOf,
  nodesOf,
  type Apply,
  type Axis,
  type Expr,
  type Input,
  type Named,
} from '../expression.ts';
import { atom, precedence, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import { rewrite } from '../rewrite.ts';
import { cancelSigns } from './layout.ts';
import { chooseLets, isTrivial, suggestName, usesOf } from './lets.ts';
import { camel, type Names } from './names.ts';
import { axisOf, letterFor } from './symbols.ts';

const tab = '  ';

/** Loops over `axes` around an expression, as lines of TypeScript. */
export interface LoopPlan {
  readonly root: Expr;
  readonly axes: readonly Axis[];
  readonly named: readonly Named[];
  readonly names: Names;
  /** The input whose length bounds the loops. */
  readonly lead: string;
  /** A name for an input's element, where it is used more than once: `logit`. */
  readonly elementName: (input: Input) => string;
  /** Lines around the loops over `axes[level…]`, given the lines inside and, innermost, the value. */
  readonly around: (level: number, inside: readonly string[], loop: string) => string[];
  /** Lines that consume the value. */
  readonly consume: (value: Fragment) => string[];
}

/** A place inside loops: which axes are indexed and by what, the lines so far, and the values that have names here. */
interface Scope {
  readonly indices: ReadonlyMap<Axis, string>;
  readonly lines: string[];
  readonly values: Map<Expr, Fragment>;
  /** Names of rows of inputs, by what they stand for. */
  readonly rows: Map<string, string>;
  readonly parent: Scope | undefined;
}

/**
 * Prints an expression as loops: each value that deserves a line is computed at the outermost place where its axes
 * are indexed, each reduction by a loop of its own there.
 */
export function printLoops(plan: LoopPlan): string[] {
  return new LoopPrinter(plan).print();
}

/** The same value from elementwise operations, sums and maxima; `names` learns what a lowered value used to be. */
function lowered(root: Expr, names: Map<Expr, string>): Expr {
  const step = (expr: Expr) =>
    rewrite(expr, (node) => {
      if (node.kind !== 'apply') return node;
      const simpler = node.op === 'logsumexp' ? shifted(node) : primitive(node.op).lower?.(node);
      if (simpler === undefined) return node;
      names.set(simpler, suggestName(node));
      return simpler;
    });
  let [before, after] = [root, step(root)];
  while (after !== before) [before, after] = [after, step(after)];
  return after;
}

/** A log-sum-exp with the largest exponent taken out, so that nothing overflows. */
function shifted(node: Apply): Expr {
  const [x, axis] = [node.args[0]!, axisOf(node)];
  const top = amax(x, axis);
  return add(top, log(sum(exp(sub(x, top)), axis)));
}

class LoopPrinter {
  readonly #plan: LoopPlan;
  readonly #root: Expr;
  readonly #chosen: ReadonlySet<Expr>;
  readonly #named: ReadonlyMap<Expr, Named>;

  readonly #former = new Map<Expr, string>();

  constructor(plan: LoopPlan) {
    this.#plan = plan;
    this.#root = lowered(plan.root, this.#former);
    const named = plan.named.map((n) => ({ ...n, expr: lowered(n.expr, this.#former) }));
    this.#chosen = new Set([...chooseLets(this.#root, named), ...repeatedInputs(this.#root)]);
    this.#named = new Map(named.map((n) => [n.expr, n]));
  }

  print(): string[] {
    const outer: Scope = {
      indices: new Map(),
      lines: [],
      values: new Map(),
      rows: new Map(),
      parent: undefined,
    };
    this.#level(outer, 0);
    return outer.lines;
  }

  #level(scope: Scope, level: number): void {
    const axis = this.#plan.axes[level];
    if (axis === undefined) {
      scope.lines.push(...this.#plan.consume(this.#print(this.#root, scope)));
      return;
    }
    const index = this.#plan.names.take(letterFor(axis, scope.indices));
    const inner = child(scope, axis, index);
    const extent = this.#extent(axis, scope);
    this.#level(inner, level + 1);
    scope.lines.push(...this.#plan.around(level, inner.lines, loopHead(index, extent)));
  }

  #print(node: Expr, scope: Scope): Fragment {
    const known = lookUp(node, scope);
    if (known !== undefined) return known;
    const home = outermost(node, scope);
    const hoisted = home !== scope && !isTrivial(node);
    if (node.kind === 'apply' && primitive(node.op).kind === 'reduction') return this.#reduce(node, home);
    if (!this.#chosen.has(node) && !hoisted) return this.#build(node, scope);
    return this.#bind(node, this.#nameOf(node), this.#build(node, home), home);
  }

  #bind(node: Expr, wish: string, fragment: Fragment, home: Scope): Fragment {
    const name = this.#plan.names.take(wish);
    const meaning = this.#named.get(node)?.meaning;
    home.lines.push(`const ${name} = ${fragment.text};${meaning === undefined ? '' : ` // ${meaning}`}`);
    home.values.set(node, atom(name));
    return atom(name);
  }

  #nameOf(node: Expr): string {
    if (node.kind === 'input') return this.#plan.elementName(node);
    return camel((this.#named.get(node)?.name ?? this.#former.get(node) ?? suggestName(node)).split('_'));
  }

  #build(node: Expr, scope: Scope): Fragment {
    switch (node.kind) {
      case 'const':
        return number(node.value);
      case 'param':
        return atom(camel(node.name.split('_')));
      case 'input':
        return atom(
          this.#element(
            node,
            node.axes.map((axis) => indexOf(axis, scope)),
            scope,
          ),
        );
      case 'size':
        return atom(this.#extent(node.axis, scope));
      case 'index':
        return atom(indexOf(node.axis, scope));
      case 'apply':
        return this.#apply(node, scope);
    }
  }

  #apply(node: Apply, scope: Scope): Fragment {
    const row = primitive(node.op);
    if (node.op === 'rename') {
      const { from = '', to = '' } = node.attributes;
      return this.#elsewhere(node.args[0]!, scope, from, indexOf(to, scope));
    }
    if (node.op === 'gather') {
      const [x, at] = [node.args[0]!, this.#print(node.args[1]!, scope)];
      return this.#elsewhere(x, scope, axisOf(node), at.text);
    }
    const write = row.print.typescript;
    if (row.kind !== 'elementwise' || write === undefined)
      throw new RangeError(`${node.op} is not printable as a loop`);
    const args = node.args.map((arg) => this.#print(arg, scope));
    const bound =
      row.print.repeats === true ? args.map((arg, k) => this.#simple(node.args[k]!, arg, scope)) : args;
    const { text, precedence: level } = write(bound, {
      dim: '',
      keepdim: false,
      rank: 0,
      letter: '',
      extent: '',
    });
    return { text: cancelSigns(text), precedence: level };
  }

  /** A value that is written more than once needs a name. */
  #simple(node: Expr, fragment: Fragment, scope: Scope): Fragment {
    if (/^[\w.]+$/.test(fragment.text)) return fragment;
    return this.#bind(node, this.#nameOf(node), fragment, outermost(node, scope));
  }

  /** A value at a given position of an axis, without a loop. */
  #elsewhere(node: Expr, scope: Scope, axis: Axis, index: string): Fragment {
    const indices = new Map([...scope.indices, [axis, index]]);
    const place: Scope = { indices, lines: scope.lines, values: new Map(), rows: new Map(), parent: scope };
    return this.#print(node, place);
  }

  #reduce(node: Apply, home: Scope): Fragment {
    const axis = axisOf(node);
    const index = letterFor(axis, home.indices);
    const inner = child(home, axis, index);
    const value = this.#print(node.args[0]!, inner);
    const extent = this.#extent(axis, home);
    const name = this.#plan.names.take(this.#nameOf(node));
    const [start, line] =
      node.op === 'sum'
        ? ['0', `${name} += ${value.text};`]
        : ['-Infinity', `${name} = Math.max(${name}, ${value.text});`];
    if (node.op !== 'sum' && node.op !== 'amax')
      throw new RangeError(`${node.op} is not printable as a loop`);
    home.lines.push(`let ${name} = ${start};`);
    if (inner.lines.length === 0) home.lines.push(`${loopHead(index, extent)} ${line}`);
    else home.lines.push(`${loopHead(index, extent)} {`, ...[...inner.lines, line].map((l) => tab + l), '}');
    home.values.set(node, atom(name));
    return atom(name);
  }

  /** An element of an input; a row of two-dimensional data gets a name where its loop begins. */
  #element(input: Input, indices: readonly string[], scope: Scope): string {
    const inner = indices
      .slice(0, -1)
      .reduce((array, index, k) => this.#row(input, array, index, k, scope), input.name);
    const last = indices.at(-1);
    return last === undefined ? input.name : `${inner}[${last}]!`;
  }

  #row(input: Input, array: string, index: string, k: number, scope: Scope): string {
    const text = `${array}[${index}]!`;
    let home = scope;
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      const known = at.rows.get(text);
      if (at.indices.get(input.axes[k]!) !== index) break;
      if (known !== undefined) return known;
      home = at;
    }
    const name = this.#plan.names.take('row');
    home.lines.push(`const ${name} = ${text};`);
    home.rows.set(text, name);
    return name;
  }

  #extent(axis: Axis, scope: Scope): string {
    const base = baseAxis(axis);
    const inputs = [...inputsOf(this.#root)].sort(
      (a, b) => Number(b.name === this.#plan.lead) - Number(a.name === this.#plan.lead),
    );
    for (const input of inputs) {
      const at = input.axes.indexOf(base);
      if (at === 0) return `${input.name}.length`;
      const outer = input.axes.slice(0, Math.max(at, 0));
      if (at > 0 && outer.every((a) => scope.indices.has(a))) {
        const array = outer.reduce(
          (name, a, k) => this.#row(input, name, indexOf(a, scope), k, scope),
          input.name,
        );
        return `${array}.length`;
      }
    }
    const holder = inputs.find((input) => input.axes.indexOf(base) > 0);
    if (holder === undefined) throw new RangeError(`the extent of ${axis} is not known here`);
    return `${holder.name}${'[0]!'.repeat(holder.axes.indexOf(base))}.length`;
  }
}

/** Inputs whose element is read more than once, where there is one loop only. */
function repeatedInputs(root: Expr): readonly Expr[] {
  const nodes = nodesOf(root);
  if (nodes.some((n) => n.kind === 'apply' && primitive(n.op).kind !== 'elementwise')) return [];
  const uses = usesOf(root);
  return nodes.filter((n) => n.kind === 'input' && (uses.get(n)?.length ?? 0) > 1);
}

function loopHead(index: string, extent: string): string {
  return `for (let ${index} = 0; ${index} < ${extent}; ${index}++)`;
}

function child(parent: Scope, axis: Axis, index: string): Scope {
  return {
    indices: new Map([...parent.indices, [axis, index]]),
    lines: [],
    values: new Map(),
    rows: new Map(),
    parent,
  };
}

function lookUp(node: Expr, scope: Scope): Fragment | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const found = at.values.get(node);
    if (found !== undefined && sameIndices(node, at, scope)) return found;
  }
  return undefined;
}

/** Whether the axes of a node are indexed alike in two scopes: a reduction may run over an axis that a loop outside does. */
function sameIndices(node: Expr, a: Scope, b: Scope): boolean {
  return node.axes.every((axis) => a.indices.has(axis) && a.indices.get(axis) === b.indices.get(axis));
}

/** The outermost place at which all axes of a node are indexed; a node without inputs stays where it is. */
function outermost(node: Expr, scope: Scope): Scope {
  if (!nodesOf(node).some((n) => n.kind === 'input' || n.kind === 'index')) return scope;
  let home = scope;
  while (home.parent !== undefined && sameIndices(node, home.parent, scope)) home = home.parent;
  return home;
}

function indexOf(axis: Axis, scope: Scope): string {
  const index = scope.indices.get(axis);
  if (index === undefined) throw new RangeError(`${axis} is not indexed here`);
  return index;
}

/** A number as TypeScript source. */
function number(value: number): Fragment {
  return { text: String(value), precedence: value < 0 ? precedence.unary : precedence.atom };
}
