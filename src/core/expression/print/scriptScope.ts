import { baseAxis, nodesOf, type Apply, type Axis, type Expr } from '../expression.ts';
import { atom, type Fragment } from '../fragment.ts';
import type { Names } from './names.ts';

/** Where each axis stands: a loop's variable or any other whole number, as code. */
export type Positions = ReadonlyMap<Axis, string>;

/** An array that holds a value along some of its axes, for fixed positions of the others. */
export interface Stored {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly fixed: Positions;
}

/** The inside of a loop, or of the function: its lines so far, and what has been computed there. */
export interface Scope {
  /** The variables of the loops around, outermost first. */
  readonly loops: readonly string[];
  readonly lines: string[];
  /** Names of values, by what they are and where. */
  readonly values: Map<string, Fragment>;
  readonly arrays: Map<Expr, Stored[]>;
  readonly parent: Scope | undefined;
  /** The loop that was written last. */
  last: WrittenLoop | undefined;
}

/** A loop that leaves the values of some nodes in variables, and between which lines of its scope it stands. */
export interface WrittenLoop {
  readonly axis: Axis;
  readonly inner: Scope;
  readonly index: string;
  readonly head: string;
  readonly nodes: readonly Expr[];
  readonly names: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** An empty scope, inside a loop with the given variable where there is a parent. */
export function scopeWithin(parent: Scope | undefined, variable?: string): Scope {
  const loops = [...(parent?.loops ?? []), ...(variable === undefined ? [] : [variable])];
  return { loops, lines: [], values: new Map(), arrays: new Map(), parent, last: undefined };
}

/** The scope or the one around it that stands inside that many loops. */
export function around(scope: Scope, loops: number): Scope {
  let at = scope;
  while (at.loops.length > loops && at.parent !== undefined) at = at.parent;
  return at;
}

/** Whether code reads a variable. */
export function reads(code: string, variable: string): boolean {
  return namesIn(code).includes(variable);
}

/** The names that code reads, members left out. */
export function namesIn(code: string): readonly string[] {
  return code.match(/(?<![\w.])[A-Za-z_]\w*/g) ?? [];
}

const usual: Readonly<Record<Axis, string>> = {
  sample: 'ijk',
  item: 'jkl',
  time: 'tuv',
  pixel: 'pqr',
  row: 'rst',
  column: 'qst',
  output: 'opq',
  class: 'cke',
  label: 'lmn',
  negative: 'nml',
  feature: 'def',
};

/**
 * Letters for the loops over each axis, by the axis without primes: as many as there are copies of it, and one more
 * for an inner loop beside them. No letter serves two axes, and none is a name of something else.
 */
export function lettersOf(exprs: readonly Expr[], names: Names): ReadonlyMap<Axis, readonly string[]> {
  const axes = [...new Set(nodesOf(...exprs).flatMap((node) => node.axes))];
  const letters = new Map<Axis, readonly string[]>();
  for (const base of new Set(axes.map(baseAxis))) {
    const copies = axes.filter((axis) => baseAxis(axis) === base).length;
    const wishes = usual[base] ?? base.charAt(0);
    const own = Array.from({ length: copies === 1 ? 1 : copies + 1 }, (_, k) => wishes[k] ?? wishes[0]!);
    letters.set(
      base,
      own.map((letter) => names.take(letter)),
    );
  }
  return letters;
}

/** A name for an array of values: the plural, or `pOf` for what has a short name. */
export function pluralOf(name: string): string {
  if (/[a-z]{3}s$/.test(name) && !name.endsWith('ss')) return name;
  if (name.length <= 3) return `${name}Of`;
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`;
}

/** A name that was asked for in a scope, and what stands for it in the lines so far. */
export interface Wish {
  readonly scope: Scope;
  readonly wish: string;
  readonly name: string;
}

/** A name for each wish that nothing in its own scope or around it has; loops beside each other may use the same. */
export function finalNames(wishes: readonly Wish[], names: Names): ReadonlyMap<string, string> {
  const final = new Map<string, string>();
  const known = new Map<Scope, Names>();
  const namesOf = (scope: Scope): Names => {
    const before = known.get(scope);
    if (before !== undefined) return before;
    const own = (scope.parent === undefined ? names : namesOf(scope.parent)).copy();
    known.set(scope, own);
    for (const { wish, name } of wishes.filter((one) => one.scope === scope)) final.set(name, own.take(wish));
    return own;
  };
  for (const { scope } of wishes) namesOf(scope);
  return final;
}

/** What a scope or one around it has. */
export function find<T>(scope: Scope, look: (place: Scope) => T | undefined): T | undefined {
  for (let place: Scope | undefined = scope; place !== undefined; place = place.parent) {
    const found = look(place);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name or the array element that holds a value at some positions. */
export function lookUp(node: Expr, scope: Scope, at: Positions): Fragment | undefined {
  const key = keyOf(node, at);
  return find(scope, (place) => {
    const value = place.values.get(key);
    if (value !== undefined) return value;
    const array = place.arrays.get(node)?.find((one) => holds(one, at));
    return array === undefined ? undefined : atom(element(array, at));
  });
}

/** What tells a value at some positions from others. */
export function keyOf(node: Expr, at: Positions): string {
  return `${node.id}:${node.axes.map((axis) => at.get(axis) ?? '').join()}`;
}

/** Whether an array is the one for these positions of the axes that it does not have. */
export function holds({ fixed }: Stored, at: Positions): boolean {
  return [...fixed].every(([axis, position]) => at.get(axis) === position);
}

/** The element of an array at some positions. */
export function element({ name, axes }: Stored, at: Positions): string {
  return axes.reduce((code, axis) => `${code}[${positionOf(axis, at)}]!`, name);
}

/** The position of an axis; throws a RangeError where it has none. */
export function positionOf(axis: Axis, at: Positions): string {
  const position = at.get(axis);
  if (position === undefined) throw new RangeError(`${axis} has no position here`);
  return position;
}

/** Whether axes end with others. */
export function endsWith(axes: readonly Axis[], last: readonly Axis[]): boolean {
  return axes.slice(axes.length - last.length).join() === last.join();
}

/** The loop before, where a reduction can run along in it: it runs over the axis, and its results are not needed. */
export function sharedLoop(scope: Scope, axis: Axis, node: Apply): WrittenLoop | undefined {
  const { last } = scope;
  if (last === undefined || baseAxis(last.axis) !== baseAxis(axis)) return undefined;
  const needed = nodesOf(node.args[0]!);
  const since = scope.lines.slice(last.end);
  const isNeeded =
    last.nodes.some((one) => needed.includes(one)) ||
    last.names.some((name) => since.some((line) => reads(line, name)));
  return isNeeded ? undefined : last;
}
