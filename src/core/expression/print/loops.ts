import { apply } from '../build.ts';
import {
  baseAxis,
  nodesOf,
  type Apply,
  type Axis,
  type Expr,
  type Input,
  type Named,
} from '../expression.ts';
import { atom, precedence, type Fragment } from '../fragment.ts';
import { primitive } from '../primitives.ts';
import type { Place } from '../primitives/row.ts';
import { cancelSigns, indent } from './layout.ts';
import { isTrivial, usesOf } from './lets.ts';
import { camel, type Names } from './names.ts';
import { scriptName } from './scriptDoc.ts';
import { guarded, loweredForLoops, type Former } from './scriptLowering.ts';
import {
  chosenFrom,
  dependsOnData,
  isPart,
  isReduction,
  lineAxes,
  loopingIn,
  repeatedInputs,
  transcendental,
  wordFor,
} from './scriptNodes.ts';
import { scriptNumber } from './scriptNumber.ts';
import {
  around,
  element,
  endsWith,
  finalNames,
  find,
  keyOf,
  lettersOf,
  lookUp,
  namesIn,
  pluralOf,
  positionOf,
  reads,
  scopeWithin,
  sharedLoop,
  holds,
  type Positions,
  type Scope,
  type Stored,
  type Wish,
} from './scriptScope.ts';
import { axisOf } from './symbols.ts';

const tab = '  ';
const nowhere: Place = { dim: '', keepdim: false, rank: 0, letter: '', extent: '' };

/** A value to be computed for every position of some axes. */
export interface LoopRoot {
  readonly expr: Expr;
  /** The loops around it, outermost first. */
  readonly axes: readonly Axis[];
  /** Lines before the loop over `axes[level]`. */
  readonly before?: (level: number) => readonly string[];
  /** Lines behind the loop over `axes[level]`. */
  readonly after?: (level: number) => readonly string[];
  /** Lines that take the value. */
  readonly consume: (value: Fragment) => readonly string[];
}

/** What is printed as loops; roots that share their first axes share those loops. */
export interface LoopPlan {
  readonly roots: readonly LoopRoot[];
  readonly named: readonly Named[];
  readonly names: Names;
  /** The extent of an axis as code, valid everywhere. */
  readonly extent: (axis: Axis) => string;
  /** The variable that holds an input. */
  readonly variable: (input: Input) => string;
  /** A name for an input's element, where it is used more than once: `logit`. */
  readonly elementName: (input: Input) => string;
}

/**
 * Prints expressions as loops. Each value that deserves a line is computed at the outermost place where its positions
 * are known, each reduction by a loop of its own there; what would be computed again and again is kept in an array.
 */
export function printLoops(plan: LoopPlan): string[] {
  const former: Former = { names: new Map(), summaries: new Set() };
  const lower = (expr: Expr) => loweredForLoops(expr, former);
  const roots = plan.roots.map((root) => ({ ...root, expr: lower(root.expr) }));
  const named = plan.named.map((n) => ({ ...n, expr: lower(n.expr) }));
  let depths: Depths = new Map();
  for (;;) {
    const printer = new LoopPrinter({ ...plan, roots, named, names: plan.names.copy() }, former, depths);
    const lines = printer.print();
    const better = printer.betterDepths();
    if (better === undefined) return lines;
    depths = better;
  }
}

/** How many loops may stand around the place where a value is kept. */
type Depths = ReadonlyMap<Expr, number>;

class LoopPrinter {
  readonly #plan: LoopPlan;
  readonly #former: Former;
  readonly #depths: Depths;
  readonly #named: ReadonlyMap<Expr, Named>;
  readonly #chosen: ReadonlySet<Expr>;
  /** Nodes whose computation takes a loop. */
  readonly #looping: ReadonlySet<Expr>;
  readonly #letters: ReadonlyMap<Axis, readonly string[]>;
  readonly #uses: ReadonlyMap<Expr, readonly Expr[]>;
  /** How many loops stand around the place where each name is given. */
  readonly #given = new Map<string, number>();
  readonly #wishes: Wish[] = [];
  /** How many loops stood around each costly value each time it was written. */
  readonly #written = new Map<Expr, number[]>();

  constructor(plan: LoopPlan, former: Former, depths: Depths) {
    this.#plan = plan;
    this.#former = former;
    this.#depths = depths;
    const exprs = plan.roots.map((root) => root.expr);
    this.#named = new Map(plan.named.map((n) => [n.expr, n]));
    this.#chosen = new Set([...chosenFrom(exprs, this.#named), ...repeatedInputs(exprs)]);
    this.#looping = loopingIn(exprs);
    this.#letters = lettersOf(exprs, plan.names);
    this.#uses = usesOf(...exprs);
  }

  print(): string[] {
    const scope = scopeWithin(undefined);
    this.#nest(scope, new Map(), 0, this.#plan.roots);
    const names = finalNames(this.#wishes, this.#plan.names);
    return withoutRepetition(scope.lines).map((line) =>
      line.replaceAll(/\b[A-Za-z]\w*?__\d+__/g, (name) => names.get(name) ?? name),
    );
  }

  /** Places further out for what was computed more than once; undefined where nothing was. */
  betterDepths(): Depths | undefined {
    const again = [...this.#written].filter(([, depths]) => depths.length > 1).map(([node]) => node);
    // What is a part of another such value may come right by itself.
    const whole = again.filter((node) => !again.some((other) => other !== node && isPart(node, other)));
    const depths = new Map(this.#depths);
    for (const node of whole) {
      const before = depths.get(node) ?? Infinity;
      const least = Math.min(...this.#written.get(node)!);
      depths.set(node, least < before ? least : before - 1);
    }
    return whole.some((node) => depths.get(node)! >= 0) ? depths : undefined;
  }

  #nest(scope: Scope, at: Positions, level: number, roots: readonly LoopRoot[]): void {
    for (const root of roots.filter(({ axes }) => axes.length === level))
      scope.lines.push(...root.consume(this.#print(root.expr, scope, at)));
    const deeper = roots.filter(({ axes }) => axes.length > level);
    for (const axis of new Set(deeper.map(({ axes }) => axes[level]!))) {
      const group = deeper.filter(({ axes }) => axes[level] === axis);
      const { inner, index, head } = this.#loop(scope, axis);
      this.#nest(inner, new Map(at).set(axis, index), level + 1, group);
      scope.lines.push(
        ...group.flatMap(({ before }) => before?.(level) ?? []),
        ...loopOf(head, inner.lines),
        ...group.flatMap(({ after }) => after?.(level) ?? []),
      );
    }
  }

  #loop(scope: Scope, axis: Axis): { readonly inner: Scope; readonly index: string; readonly head: string } {
    const letters = this.#letters.get(baseAxis(axis)) ?? [];
    const index =
      letters.find((letter) => !scope.loops.includes(letter)) ?? this.#plan.names.take(letters[0] ?? 'k');
    const head = `for (let ${index} = 0; ${index} < ${this.#plan.extent(axis)}; ${index}++)`;
    return { inner: scopeWithin(scope, index), index, head };
  }

  #print(node: Expr, scope: Scope, at: Positions): Fragment {
    const known = lookUp(node, scope, at);
    if (known !== undefined) return known;
    if (node.kind === 'apply') {
      if (node.op === 'rename') return this.#apply(node, scope, at);
      const line = lineAxes(node);
      if (line.length > 0) return atom(element(this.#stored(node, line, scope, at), at));
      if (this.#isCostly(node)) {
        const home = this.#homeOf(node, [], scope, at);
        if (this.#open(node, [], home, { scope, at }).length > 0)
          return atom(element(this.#stored(node, [], scope, at), at));
        this.#note(node, home);
        return isReduction(node)
          ? this.#reduce(node, home, at)
          : this.#bind(node, this.#build(node, home, at), home, at);
      }
    }
    const home = this.#outermost(node, scope, at);
    const isLabel = node.kind === 'input' && node.dtype === 'index' && node.axes.length === 1;
    const hoisted = home !== scope && (isLabel || (!isTrivial(node) && dependsOnData(node)));
    if (!this.#chosen.has(node) && !hoisted) return this.#build(node, scope, at);
    const fragment = this.#build(node, home, at);
    // The negative of a name is as short as a name.
    return /^-\w+$/.test(fragment.text) && !this.#named.has(node)
      ? fragment
      : this.#bind(node, fragment, home, at);
  }

  /** Whether the value takes a loop and is worth computing only once. */
  #isCostly(node: Apply): boolean {
    if (!this.#looping.has(node)) return false;
    if (isReduction(node) || this.#former.summaries.has(node)) return true;
    if (primitive(node.op).kind === 'programme') return true;
    // Arithmetic on values that are kept anyway is not worth another array.
    return this.#chosen.has(node) && (transcendental.has(node.op) || this.#isOnlyUser(node));
  }

  /** Whether one of the loops that a node needs serves nothing else. */
  #isOnlyUser(node: Apply): boolean {
    return node.args.some((arg) => {
      if (arg.kind !== 'apply' || !this.#looping.has(arg)) return false;
      if ((this.#uses.get(arg) ?? []).length > 1) return false;
      const ends = isReduction(arg) || this.#former.summaries.has(arg) || this.#chosen.has(arg);
      return ends || this.#isOnlyUser(arg);
    });
  }

  #note(node: Expr, home: Scope): void {
    this.#written.set(node, [...(this.#written.get(node) ?? []), home.loops.length]);
  }

  /** How many loops stand around the place where a position is known. */
  #depthOf(position: string | undefined, scope: Scope): number {
    const depths = namesIn(position ?? '').map((name) => {
      const loop = scope.loops.indexOf(name);
      return loop >= 0 ? loop + 1 : (this.#given.get(name) ?? 0);
    });
    return Math.max(0, ...depths);
  }

  /** The outermost scope in which all positions of a node are known. */
  #outermost(node: Expr, scope: Scope, at: Positions): Scope {
    if (!dependsOnData(node)) return scope;
    return around(scope, Math.max(0, ...node.axes.map((axis) => this.#depthOf(at.get(axis), scope))));
  }

  /**
   * The scope to which a costly value belongs: inside no loop that does not concern it, nor deeper than was asked for.
   * Axes of `line` are kept whole.
   */
  #homeOf(node: Expr, line: readonly Axis[], scope: Scope, at: Positions): Scope {
    const positions = node.axes.filter((axis) => !line.includes(axis)).map((axis) => at.get(axis) ?? '');
    const deepest = Math.max(0, ...positions.map((position) => this.#depthOf(position, scope)));
    let home = around(scope, Math.min(deepest, this.#depths.get(node) ?? Infinity));
    while (
      home.parent !== undefined &&
      !home.loops.every((loop) => positions.some((code) => reads(code, loop)))
    )
      home = home.parent;
    return home;
  }

  /** The axes along which a value must be kept in an array: their positions are not known where it belongs. */
  #open(
    node: Expr,
    line: readonly Axis[],
    home: Scope,
    { scope, at }: { readonly scope: Scope; readonly at: Positions },
  ): readonly Axis[] {
    const others = node.axes.filter(
      (axis) => !line.includes(axis) && this.#depthOf(at.get(axis), scope) > home.loops.length,
    );
    return [...others, ...line];
  }

  #bind(node: Expr, fragment: Fragment, home: Scope, at: Positions): Fragment {
    const name = this.#nameIn(home, this.#wishFor(node));
    home.lines.push(this.#explained(node, `const ${name} = ${fragment.text};`));
    home.values.set(keyOf(node, at), atom(name));
    return atom(name);
  }

  /** A name that stands for the wish until all names of a scope and those around it are known. */
  #nameIn(scope: Scope, wish: string): string {
    const name = `${wish}__${this.#wishes.length}__`;
    this.#wishes.push({ scope, wish, name });
    this.#given.set(name, scope.loops.length);
    return name;
  }

  /** A line with what the definition says about its value. */
  #explained(node: Expr, line: string): string {
    const meaning = this.#named.get(node)?.meaning;
    return meaning === undefined ? line : `${line} // ${meaning}`;
  }

  #wishFor(node: Expr): string {
    if (node.kind === 'input') return this.#plan.elementName(node);
    const own = this.#named.get(node)?.name ?? this.#former.names.get(node);
    return camel((own ?? wordFor(node)).split('_'));
  }

  #build(node: Expr, scope: Scope, at: Positions): Fragment {
    switch (node.kind) {
      case 'const':
        return node.dtype === 'boolean' ? atom(String(node.value !== 0)) : scriptNumber(node.value);
      case 'param':
        return atom(scriptName(node.name));
      case 'input':
        return atom(this.#element(node, scope, at));
      case 'size':
        return atom(this.#plan.extent(node.axis));
      case 'index':
        return atom(positionOf(node.axis, at));
      case 'apply':
        return this.#apply(node, scope, at);
    }
  }

  #apply(node: Apply, scope: Scope, at: Positions): Fragment {
    if (node.op === 'rename') {
      const { from = '', to = '' } = node.attributes;
      return this.#print(node.args[0]!, scope, new Map(at).set(from, positionOf(to, at)));
    }
    if (node.op === 'gather') {
      const position = this.#position(node.args[1]!, scope, at);
      return this.#print(node.args[0]!, scope, new Map(at).set(axisOf(node), position));
    }
    const row = primitive(node.op);
    const write = row.print.typescript;
    if (row.kind === 'programme') return this.#programme(node, scope, at);
    if (row.kind !== 'elementwise' || write === undefined)
      throw new RangeError(`${node.op} is not printable as a loop`);
    const args = node.args.map((arg) => {
      const fragment = this.#print(arg, scope, at);
      return row.print.repeats === true ? this.#simple(arg, fragment, scope, at) : fragment;
    });
    const { text, precedence: level } = write(args, nowhere);
    return { text: cancelSigns(text), precedence: level };
  }

  /** A value that is written more than once needs a name. */
  #simple(node: Expr, fragment: Fragment, scope: Scope, at: Positions): Fragment {
    if (/^[\w.]+$/.test(fragment.text)) return fragment;
    return this.#bind(node, fragment, this.#outermost(node, scope, at), at);
  }

  /** A position as it stands between brackets; what is longer than a difference gets a name. */
  #position(node: Expr, scope: Scope, at: Positions): string {
    const fragment = this.#print(node, scope, at);
    if (fragment.precedence > precedence.compare) return fragment.text;
    return this.#bind(node, fragment, this.#outermost(node, scope, at), at).text;
  }

  #reduce(node: Apply, home: Scope, at: Positions): Fragment {
    const name = this.#nameIn(home, this.#wishFor(node));
    this.#accumulate(node, home, at, name);
    home.values.set(keyOf(node, at), atom(name));
    return atom(name);
  }

  /** Writes a loop that leaves a sum or a maximum in a variable. */
  #accumulate(node: Apply, scope: Scope, at: Positions, name: string): void {
    const axis = axisOf(node);
    const isSum = node.op === 'sum';
    if (!isSum && node.op !== 'amax') throw new RangeError(`${node.op} is not printable as a loop`);
    const before = sharedLoop(scope, axis, node);
    const loop = before ?? this.#loop(scope, axis);
    const { inner, index, head } = loop;
    scope.last = undefined;
    const within = new Map(at).set(axis, index);
    // What does not count is left out, rather than counted as nothing.
    const [condition, body] = guarded(node.args[0]!, isSum ? 0 : -Infinity);
    const test = condition === undefined ? undefined : this.#print(condition, inner, within).text;
    const value = this.#print(body, inner, within);
    const step = isSum ? addition(name, value) : `${name} = Math.max(${name}, ${value.text});`;
    inner.lines.push(test === undefined ? step : `if (${test}) ${step}`);
    // The loop moves behind what has become known since.
    if (before !== undefined) scope.lines.splice(before.start, before.end - before.start);
    scope.lines.push(this.#explained(node, `let ${name} = ${isSum ? '0' : '-Infinity'};`));
    const start = scope.lines.length;
    scope.lines.push(...loopOf(head, inner.lines));
    scope.last = {
      axis,
      inner,
      index,
      head,
      nodes: [...(before?.nodes ?? []), node],
      names: [...(before?.names ?? []), name],
      start,
      end: scope.lines.length,
    };
  }

  /** The array that holds a value: along the axes of `line`, and along others where the value is needed further in. */
  #stored(node: Apply, line: readonly Axis[], scope: Scope, at: Positions): Stored {
    for (let place: Scope | undefined = scope; place !== undefined; place = place.parent) {
      const known = place.arrays.get(node)?.find((array) => holds(array, at));
      if (known !== undefined && endsWith(known.axes, line)) return known;
    }
    const home = this.#homeOf(node, line, scope, at);
    const axes = this.#open(node, line, home, { scope, at });
    const fixed = new Map(
      node.axes.filter((axis) => !axes.includes(axis)).map((axis) => [axis, positionOf(axis, at)]),
    );
    this.#note(node, home);
    const wish = this.#wishFor(node);
    const rows = axes.slice(1).map((_, k) => (k === 0 ? `${wish}Row` : `${wish}Line`));
    const all = node.op === 'argsort' ? wish : pluralOf(wish);
    const names = [all, ...rows].map((name) => this.#nameIn(home, name));
    this.#fill(node, axes, names, home, new Map(fixed));
    const array: Stored = { name: names[0]!, axes, fixed };
    home.arrays.set(node, [...(home.arrays.get(node) ?? []), array]);
    return array;
  }

  /** Writes the loops that fill an array; `names` are its own and those of its rows. */
  #fill(
    node: Apply,
    axes: readonly Axis[],
    names: readonly string[],
    scope: Scope,
    at: Positions,
    isRow = false,
  ): void {
    const [name = '', ...rows] = names;
    if (lineAxes(node).length === axes.length) {
      this.#fillLine(node, name, scope, at);
      return;
    }
    const start = `const ${name}: number${'[]'.repeat(axes.length)} = [];`;
    const axis = axes[0]!;
    const { inner, index, head } = this.#loop(scope, axis);
    const within = new Map(at).set(axis, index);
    if (axes.length > 1) {
      this.#fill(node, axes.slice(1), rows, inner, within, true);
      inner.lines.push(`${name}.push(${rows[0]!});`);
    } else {
      inner.lines.push(`${name}.push(${this.#computed(node, inner, within).text});`);
    }
    scope.lines.push(isRow ? start : this.#explained(node, start), ...loopOf(head, inner.lines));
  }

  /** The value of a node that is about to be kept in an array. */
  #computed(node: Apply, scope: Scope, at: Positions): Fragment {
    if (!isReduction(node)) return this.#build(node, scope, at);
    const name = this.#nameIn(scope, wordFor(node));
    this.#accumulate(node, scope, at, name);
    return atom(name);
  }

  /** Writes an array that is made for a whole line at once. */
  #fillLine(node: Apply, name: string, scope: Scope, at: Positions): void {
    const arg = node.args[0]!;
    const start = this.#explained(node, `const ${name}: number[] = [];`);
    switch (node.op) {
      case 'cumsum': {
        const total = this.#nameIn(scope, 'runningTotal');
        const { inner, index, head } = this.#loop(scope, axisOf(node));
        const value = this.#print(arg, inner, new Map(at).set(axisOf(node), index));
        inner.lines.push(addition(total, value), `${name}.push(${total});`);
        scope.lines.push(start, `let ${total} = 0;`, ...loopOf(head, inner.lines));
        return;
      }
      case 'argsort': {
        const descends = arg.kind === 'apply' && arg.op === 'neg';
        const line = this.#namedLine(descends ? arg.args[0]! : arg, axisOf(node), scope, at);
        const [first, second] = descends ? ['b', 'a'] : ['a', 'b'];
        const order = `(a, b) => ${line}[${first}]! - ${line}[${second}]!`;
        scope.lines.push(
          this.#explained(node, `const ${name} = Array.from(${line}, (_, at) => at).sort(${order});`),
        );
        return;
      }
      case 'rank': {
        const order = this.#whole(apply('argsort', node.args, node.attributes), [axisOf(node)], scope, at);
        scope.lines.push(start, `${order}.forEach((at, place) => {`, `${tab}${name}[at] = place;`, '});');
        return;
      }
      default:
        scope.lines.push(this.#explained(node, `const ${name} = ${this.#programme(node, scope, at).text};`));
    }
  }

  /** A dynamic programme on one item: a call of a helper function. */
  #programme(node: Apply, scope: Scope, at: Positions): Fragment {
    const own = Object.values(node.attributes);
    const args = node.args.map((arg) => {
      const axes = arg.axes.filter((axis) => own.includes(axis));
      return axes.length === 0 ? this.#print(arg, scope, at) : atom(this.#whole(arg, axes, scope, at));
    });
    return primitive(node.op).print.typescript!(args, nowhere);
  }

  #namedLine(node: Expr, axis: Axis, scope: Scope, at: Positions): string {
    const line = this.#whole(node, [axis], scope, at);
    if (/^\w+$/.test(line)) return line;
    const name = this.#nameIn(scope, this.#wishFor(node));
    scope.lines.push(`const ${name} = ${line};`);
    return name;
  }

  /** Code of an array that holds a value along the given axes, its last ones. */
  #whole(node: Expr, axes: readonly Axis[], scope: Scope, at: Positions): string {
    if (node.kind === 'input' && endsWith(node.axes, axes)) return this.#partOf(node, axes.length, scope, at);
    if (node.kind === 'apply' && node.op === 'stop') return this.#whole(node.args[0]!, axes, scope, at);
    if (node.kind !== 'apply') throw new RangeError(`there is no array along ${axes.join(', ')}`);
    const { name, axes: all } = this.#stored(node, axes, scope, at);
    return all
      .slice(0, all.length - axes.length)
      .reduce((code, axis) => `${code}[${positionOf(axis, at)}]!`, name);
  }

  #element(input: Input, scope: Scope, at: Positions): string {
    const last = input.axes.at(-1);
    if (last === undefined) return this.#plan.variable(input);
    return `${this.#partOf(input, 1, scope, at)}[${positionOf(last, at)}]!`;
  }

  /** A row of an input, or what it consists of further in; it gets a name where its position is known. */
  #partOf(input: Input, open: number, scope: Scope, at: Positions): string {
    const variable = this.#plan.variable(input);
    const level = input.axes.length - open;
    if (level === 0) return variable;
    const axis = input.axes[level - 1]!;
    const position = positionOf(axis, at);
    const code = `${this.#partOf(input, open + 1, scope, at)}[${position}]!`;
    const known = find(scope, (place) => place.values.get(code));
    if (known !== undefined) return known.text;
    const home = around(scope, Math.max(this.#depthOf(code, scope), 0));
    const name = this.#nameIn(home, this.#rowName(input, open, axis, position));
    home.lines.push(`const ${name} = ${code};`);
    home.values.set(code, atom(name));
    return name;
  }

  #rowName(input: Input, open: number, axis: Axis, position: string): string {
    const word = open === 1 ? 'row' : 'rows';
    const wide = this.#wideInputs() > 1 ? [this.#plan.variable(input), word] : [word];
    const [first, ...others] = this.#letters.get(baseAxis(axis)) ?? [];
    return camel(first !== undefined && others.includes(position) ? ['other', ...wide] : wide);
  }

  /** How many inputs have rows. */
  #wideInputs(): number {
    const inputs = nodesOf(...this.#plan.roots.map((root) => root.expr)).filter((n) => n.kind === 'input');
    return inputs.filter((input) => input.axes.length > 1).length;
  }
}

function addition(name: string, value: Fragment): string {
  return value.precedence === precedence.unary && value.text.startsWith('-')
    ? `${name} -= ${value.text.slice(1)};`
    : `${name} += ${value.text};`;
}

/** Lines without remarks that an earlier line has made. */
function withoutRepetition(lines: readonly string[]): string[] {
  const said = new Set<string>();
  return lines.map((line) => {
    const remark = / \/\/ .*$/.exec(line)?.[0];
    if (remark === undefined) return line;
    if (said.has(remark)) return line.slice(0, -remark.length);
    said.add(remark);
    return line;
  });
}

function loopOf(head: string, lines: readonly string[]): string[] {
  const [only, ...more] = lines;
  if (only !== undefined && more.length === 0 && !/^(?:if|for|const|let)\b/.test(only))
    return [`${head} ${only}`];
  return [`${head} {`, ...indent(lines, tab), '}'];
}
