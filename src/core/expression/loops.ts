/** Writes steps as loops in JavaScript: what compiled functions and kernels share. */
import { baseAxis, type Apply, type Axis, type Expr } from './expression.ts';
import { atom, call, precedence as p, wrap, type Fragment } from './fragment.ts';
import { primitive } from './primitives.ts';
import type { Place } from './primitives/row.ts';
import { isReduction } from './schedule.ts';

/** An array in the code: element `Σ index·stride`. Strides are code. */
export interface Storage {
  readonly name: string;
  readonly axes: readonly Axis[];
  readonly strides: readonly string[];
}

/** What differs between the targets. */
export interface Dialect {
  readonly number: (value: number) => Fragment;
  /** Extent of an axis, as code. */
  readonly size: (axis: Axis) => string;
  /** The axis has one position and needs no loop. */
  readonly isTrivial: (axis: Axis) => boolean;
  /** A number that is known to be whole, as an index. */
  readonly position: (value: Fragment) => Fragment;
  /** A position as a number among others, where a language tells whole numbers from them. */
  readonly index?: (position: Fragment) => Fragment;
  /** Statements that check an index; none on devices. */
  readonly check?: (index: string, axis: Axis) => string;
  /** Start of a maximum. */
  readonly lowest: string;
  /** A maximum may be infinite; then it is the log-sum-exp itself. */
  readonly isInfinitySafe: boolean;
}

/** Where the loops are: an axis, the code of its position, and how deep its loop is. */
interface Position {
  readonly code: Fragment;
  readonly depth: number;
}
type Positions = ReadonlyMap<Axis, Position>;

interface Scope {
  readonly lines: string[];
  readonly bound: Map<string, string>;
}
interface Code extends Fragment {
  /** Number of loops that it depends on. */
  readonly depth: number;
}

const nowhere: Place = { dim: '', keepdim: false, rank: 0, letter: '', extent: '' };

/** Writes the body of one step. Loops that are open when it starts are opened with {@link loop} or {@link place}. */
export class LoopWriter {
  readonly #dialect: Dialect;
  readonly #arrays: ReadonlyMap<Expr, Storage>;
  readonly #inputs: ReadonlyMap<string, Storage>;
  readonly #uses: ReadonlyMap<Expr, number>;
  readonly #scopes: Scope[] = [{ lines: [], bound: new Map() }];
  #positions: Positions = new Map();
  #names = 0;

  /** `arrays` are the steps that have been filled, `inputs` the given arrays by name. */
  constructor(
    dialect: Dialect,
    arrays: ReadonlyMap<Expr, Storage>,
    inputs: ReadonlyMap<string, Storage>,
    body: Expr,
  ) {
    this.#dialect = dialect;
    this.#arrays = arrays;
    this.#inputs = inputs;
    this.#uses = countUses(body, arrays);
  }

  /** Makes a position known without a loop, such as a thread's. */
  place(axis: Axis, code: string): void {
    const trivial = this.#dialect.isTrivial(axis);
    this.#positions = new Map(this.#positions).set(axis, { code: atom(trivial ? '0' : code), depth: 0 });
  }

  /** A line in the innermost open loop. */
  line(text: string): void {
    this.#scopes.at(-1)!.lines.push(text);
  }

  /** Writes what `inside` writes, in a loop over an axis. */
  loop(axis: Axis, inside: () => void): void {
    const before = this.#positions;
    if (this.#dialect.isTrivial(axis)) {
      this.#positions = new Map(before).set(axis, { code: atom('0'), depth: 0 });
      inside();
    } else {
      const index = this.#fresh('i');
      this.#positions = new Map(before).set(axis, { code: atom(index), depth: this.#scopes.length });
      const lines = this.#nested(inside);
      this.line(`for (let ${index} = 0; ${index} < ${this.#dialect.size(axis)}; ${index}++) {`);
      this.#scopes.at(-1)!.lines.push(...lines, '}');
    }
    this.#positions = before;
  }

  /** The value of an expression at the current positions. */
  value(expr: Expr): Fragment {
    return this.#write(expr, this.#positions);
  }

  /** The element of an array at the current positions. */
  element(storage: Storage): string {
    return `${storage.name}[${this.#offset(storage, this.#positions).text}]`;
  }

  /** Writes a reduction of the current positions and gives its value. */
  reduced(expr: Apply): Fragment {
    return this.#reduction(expr, this.#positions);
  }

  /** All lines. */
  text(): string {
    return this.#scopes[0]!.lines.join('\n');
  }

  #nested(inside: () => void): readonly string[] {
    this.#scopes.push({ lines: [], bound: new Map() });
    inside();
    return this.#scopes.pop()!.lines;
  }

  #fresh(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  #write(node: Expr, positions: Positions): Code {
    const { number, size } = this.#dialect;
    switch (node.kind) {
      case 'const':
        return {
          ...(node.dtype === 'boolean' ? atom(String(node.value !== 0)) : number(node.value)),
          depth: 0,
        };
      case 'param':
        return { ...atom(`parameters.${node.name}`), depth: 0 };
      case 'size':
        return { ...atom(size(node.axis)), depth: 0 };
      case 'index': {
        const position = at(positions, node.axis);
        return { ...(this.#dialect.index?.(position) ?? position), depth: position.depth };
      }
      case 'input':
        return this.#read(this.#inputs.get(node.name), node.name, positions);
      case 'apply':
        return this.#applied(node, positions);
    }
  }

  #read(storage: Storage | undefined, name: string, positions: Positions): Code {
    if (storage === undefined) throw new RangeError(`no array for ${name}`);
    const offset = this.#offset(storage, positions);
    return { ...atom(`${storage.name}[${offset.text}]`), depth: offset.depth };
  }

  #offset({ axes, strides }: Storage, positions: Positions): Code {
    let text = '';
    let depth = 0;
    axes.forEach((axis, i) => {
      const position = at(positions, axis);
      if (position.text === '0') return;
      const stride = strides[i]!;
      const term = stride === '1' ? position.text : `${wrap(position, p.multiply)} * ${stride}`;
      text += text === '' ? term : ` + ${term}`;
      depth = Math.max(depth, position.depth);
    });
    return { text: text === '' ? '0' : text, precedence: p.add, depth };
  }

  #applied(node: Apply, positions: Positions): Code {
    const key = keyOf(node, positions);
    for (let depth = this.#scopes.length - 1; depth >= 0; depth--) {
      const name = this.#scopes[depth]!.bound.get(key);
      if (name !== undefined) return { ...atom(name), depth };
    }
    const array = this.#arrays.get(node);
    if (array !== undefined) return this.#read(array, array.name, positions);
    if (isReduction(node)) return this.#reduction(node, positions);
    if (node.op === 'rename') {
      const { from, to } = node.attributes;
      if (!positions.has(to!)) return this.#write(node.args[0]!, positions);
      return this.#write(node.args[0]!, new Map(positions).set(from!, at(positions, to!, true)));
    }
    if (node.op === 'gather') return this.#gathered(node, positions);
    const code = this.#operation(node, positions);
    return (this.#uses.get(node) ?? 0) > 1 ? this.#bound(node, code, positions) : code;
  }

  #operation(node: Apply, positions: Positions): Code {
    const { print } = primitive(node.op);
    // Positions are compared with each other as they are.
    const isOfPlaces = node.dtype === 'boolean' && node.args.every((arg) => arg.kind === 'index');
    const codes = node.args.map((arg) =>
      isOfPlaces && arg.kind === 'index' ? at(positions, arg.axis) : this.#write(arg, positions),
    );
    const depth = Math.max(...codes.map((code) => code.depth));
    const settled = codes.map((code, i) => {
      const arg = node.args[i]!;
      const isInvariant = code.depth < depth && arg.kind === 'apply' && code.precedence < p.atom;
      const isRepeated = print.repeats === true && code.precedence < p.atom;
      return isInvariant || isRepeated || isCall(arg, code, depth) ? this.#bound(arg, code, positions) : code;
    });
    if (print.typescript === undefined)
      throw new RangeError(`${node.op} must be lowered before it is written as a loop`);
    return { ...print.typescript(settled, nowhere), depth };
  }

  /** Gives a value a name in the outermost loop where it can be known. Conditions stay where they are used. */
  #bound(node: Expr, code: Code, positions: Positions): Code {
    if (node.dtype === 'boolean' || node.kind === 'const' || /^\w+$/u.test(code.text)) return code;
    const scope = this.#scopes[code.depth]!;
    const name = this.#fresh('t');
    scope.lines.push(`const ${name} = ${code.text};`);
    scope.bound.set(keyOf(node, positions), name);
    return { ...atom(name), depth: code.depth };
  }

  #gathered(node: Apply, positions: Positions): Code {
    const axis = node.attributes['axis']!;
    const [, where] = node.args as readonly [Expr, Expr];
    const { check, position } = this.#dialect;
    if (where.kind === 'index' && baseAxis(where.axis) === baseAxis(axis)) {
      // The same position under another name: nothing to work out or to check.
      const known = at(positions, where.axis, true);
      return this.#write(node.args[0]!, new Map(positions).set(axis, known));
    }
    const given = this.#write(where, positions);
    const index = this.#fresh('k');
    const { lines, bound } = this.#scopes[given.depth]!;
    const key = `${keyOf(where, positions)}@${axis}`;
    const known = bound.get(key);
    if (known === undefined) {
      lines.push(`const ${index} = ${position(given).text};`);
      if (check !== undefined) lines.push(check(index, axis));
      bound.set(key, index);
    }
    const place: Position = { code: atom(known ?? index), depth: given.depth };
    return this.#write(node.args[0]!, new Map(positions).set(axis, place));
  }

  #reduction(node: Apply, positions: Positions): Code {
    const axis = node.attributes['axis']!;
    const [body] = node.args as readonly [Expr];
    if (this.#dialect.isTrivial(axis)) {
      return this.#write(body, new Map(positions).set(axis, { code: atom('0'), depth: 0 }));
    }
    const depth = Math.max(0, ...node.axes.map((a) => at(positions, a).depth));
    // The loop belongs where its own axes are known, which may be further out than where it is used.
    const inner = this.#scopes.splice(depth + 1);
    const scope = this.#scopes[depth]!;
    const over = (write: (value: Fragment) => string): void => {
      const index = this.#fresh('i');
      const inside = new Map(positions).set(axis, { code: atom(index), depth: depth + 1 });
      const lines = this.#nested(() => {
        const value = this.#write(body, inside);
        this.line(write(value));
      });
      scope.lines.push(
        `for (let ${index} = 0; ${index} < ${this.#dialect.size(axis)}; ${index}++) {`,
        ...lines,
        '}',
      );
    };
    const name = this.#reduceWith(node.op, scope, over);
    scope.bound.set(keyOf(node, positions), name);
    this.#scopes.push(...inner);
    return { ...atom(name), depth };
  }

  #reduceWith(op: string, { lines }: Scope, over: (write: (value: Fragment) => string) => void): string {
    const { number, lowest, isInfinitySafe } = this.#dialect;
    if (op === 'sum') {
      const total = this.#fresh('s');
      lines.push(`let ${total} = ${number(0).text};`);
      over((value) => `${total} += ${value.text};`);
      return total;
    }
    const top = this.#fresh('m');
    lines.push(`let ${top} = ${lowest};`);
    over((value) => `${top} = ${call('Math.max', atom(top), value).text};`);
    if (op === 'amax') return top;
    if (op !== 'logsumexp') throw new RangeError(`${op} must be lowered before it is written as a loop`);
    const total = this.#fresh('s');
    lines.push(`let ${total} = ${number(0).text};`);
    over((value) => `${total} += Math.exp(${wrap(value, p.add)} - ${top});`);
    const result = this.#fresh('t');
    const finite = `${top} + Math.log(${total})`;
    lines.push(
      `const ${result} = ${isInfinitySafe ? `Number.isFinite(${top}) ? ${finite} : ${top}` : finite};`,
    );
    return result;
  }
}

/** A call that does not change in the inner loop is worth a name there; names and reads are not. */
function isCall(arg: Expr, code: Code, depth: number): boolean {
  return arg.kind === 'apply' && code.depth < depth && code.text.endsWith(')');
}

function at(positions: Positions, axis: Axis): Code;
function at(positions: Positions, axis: Axis, asPosition: true): Position;
function at(positions: Positions, axis: Axis, asPosition?: true): Code | Position {
  const position = positions.get(axis);
  if (position === undefined) throw new RangeError(`no loop over axis ${axis}`);
  return asPosition === true ? position : { ...position.code, depth: position.depth };
}

function keyOf(node: Expr, positions: Positions): string {
  return `${node.id}:${node.axes.map((axis) => positions.get(axis)?.code.text ?? '').join()}`;
}

/** How often each node is used in a body, not counting what already has an array. */
function countUses(body: Expr, arrays: ReadonlyMap<Expr, Storage>): ReadonlyMap<Expr, number> {
  const uses = new Map<Expr, number>();
  const visit = (node: Expr): void => {
    if (node.kind !== 'apply') return;
    for (const arg of node.args) {
      const before = uses.get(arg) ?? 0;
      uses.set(arg, before + 1);
      if (before === 0 && !arrays.has(arg)) visit(arg);
    }
  };
  visit(body);
  return uses;
}
