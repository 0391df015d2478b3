import {
  add,
  int32,
  isBounded,
  multiply,
  quotient,
  range,
  remainder,
  subtract,
  union,
  type Range,
} from './ranges.ts';
import { isElement, nameOf, ownMember, part, parts, wholeLiteral, type Node } from './syntax.ts';

/** What the analysis must know about a kernel besides its text. */
export interface KernelFacts {
  /** Extent of the output, fastest axis first. */
  readonly output: readonly number[];
  /** Bounds of a constant or argument that holds a whole number of 32 bits; undefined for anything else. */
  readonly integer: (node: Node) => Range | undefined;
}

const unbounded = range(-Infinity, Infinity);
const bitwise = new Set(['&', '|', '^', '<<', '>>', '>>>']);

/**
 * Which expressions and locals of a kernel hold whole numbers, and their bounds.
 *
 * GPU.js keeps every local as f32, so that each index computed from one costs a conversion, in the inner loop too. A
 * local can be i32 instead where this changes no value: everything assigned to it is whole, and either 32 bits hold it
 * whatever the inputs are, or it is used for indices alone, which the wrapping of + − × leaves right. Only locals that
 * lead to an index, and loop counters, are worth it.
 */
export class WholeNumbers {
  readonly #facts: KernelFacts;
  /** Everything that is assigned to a name. */
  readonly #values = new Map<string, Node[]>();
  readonly #counters = new Map<string, Counter[]>();
  readonly #reassigned = new Set<string>();
  #candidates = new Set<string>();
  #ranges = new Map<string, Range | undefined>();
  #known = new WeakMap<Node, { range: Range | undefined }>();
  /** Names whose range is being found. */
  #open = 0;

  constructor(root: Node, facts: KernelFacts) {
    this.#facts = facts;
    this.#collect(root);
    const names = new Set([...this.#values.keys(), ...this.#counters.keys()]);
    const declared = declaredNames(root);
    this.#candidates = new Set([...names].filter((name) => declared.has(name)));
    // A name that turns out unfit can make others unfit.
    while (this.#reject(root));
  }

  /** Whether a local can be kept as i32. */
  has(name: string): boolean {
    return this.#candidates.has(name);
  }

  /** Whether a local keeps the value it was declared with. */
  isConstant(name: string): boolean {
    return !this.#reassigned.has(name);
  }

  /** Bounds of an expression that can be computed in i32; undefined where it need not be whole. */
  rangeOf(node: Node | undefined): Range | undefined {
    if (node === undefined) return undefined;
    const found = this.#known.get(node) ?? { range: this.#find(node) };
    // Within a name's own definition its range is not known yet.
    if (this.#open === 0) this.#known.set(node, found);
    return found.range;
  }

  #find(node: Node): Range | undefined {
    const literal = wholeLiteral(node);
    if (literal !== undefined) return range(literal, literal);
    switch (node.type) {
      case 'Identifier': {
        const name = nameOf(node)!;
        return this.#candidates.has(name) ? this.#rangeOfName(name) : this.#facts.integer(node);
      }
      case 'MemberExpression': {
        const axis = ['x', 'y', 'z'].indexOf(ownMember(node, 'thread') ?? '');
        if (axis >= 0) return range(0, (this.#facts.output[axis] ?? 1) - 1);
        const extent = this.#facts.output[['x', 'y', 'z'].indexOf(ownMember(node, 'output') ?? '')];
        return extent === undefined ? this.#facts.integer(node) : range(extent, extent);
      }
      case 'UnaryExpression': {
        if (node['operator'] === '~') return int32;
        const argument = this.rangeOf(part(node, 'argument'));
        if (argument === undefined) return undefined;
        if (node['operator'] === '+') return argument;
        return node['operator'] === '-' ? multiply(argument, range(-1, -1)) : undefined;
      }
      case 'BinaryExpression':
        return this.#rangeOfBinary(node);
      default:
        return undefined;
    }
  }

  #rangeOfBinary(node: Node): Range | undefined {
    const { operator } = node;
    const truncated = truncatedPart(node);
    if (truncated !== undefined) {
      const inner = this.rangeOf(truncated);
      if (inner !== undefined && isBounded(inner)) return { ...inner, signedZero: false };
      const division = this.wholeDivision(truncated);
      if (division !== undefined) return quotient(division.range, division.divisor);
    }
    const mask = wholeLiteral(part(node, 'right'));
    if (operator === '&' && mask !== undefined && mask >= 0) return range(0, mask);
    if (typeof operator === 'string' && bitwise.has(operator)) return int32;
    const left = this.rangeOf(part(node, 'left'));
    const right = this.rangeOf(part(node, 'right'));
    if (left === undefined || right === undefined) return undefined;
    switch (operator) {
      case '+':
        return known(add(left, right));
      case '-':
        return known(subtract(left, right));
      case '*':
        return known(multiply(left, right));
      case '%': {
        const divisor = right.low === right.high ? right.low : 0;
        return divisor !== 0 && dividesExactly(left) ? remainder(left, divisor) : undefined;
      }
      default:
        return undefined;
    }
  }

  /** `a / 3` of a whole a: what `| 0` makes a whole number of. */
  wholeDivision(node: Node): { dividend: Node; divisor: number; range: Range } | undefined {
    if (node.type !== 'BinaryExpression' || node['operator'] !== '/') return undefined;
    const dividend = part(node, 'left');
    const divisor = wholeLiteral(part(node, 'right'));
    const inner = this.rangeOf(dividend);
    if (dividend === undefined || divisor === undefined || divisor === 0) return undefined;
    return inner !== undefined && dividesExactly(inner) ? { dividend, divisor, range: inner } : undefined;
  }

  #rangeOfName(name: string): Range | undefined {
    if (this.#ranges.has(name)) return this.#ranges.get(name);
    // What is computed from itself can grow.
    this.#ranges.set(name, unbounded);
    this.#open++;
    const found = [
      ...(this.#values.get(name) ?? []).map((value) => this.rangeOf(value)),
      ...(this.#counters.get(name) ?? []).map((counter) => this.#rangeOfCounter(counter)),
    ];
    this.#open--;
    const whole = found.reduce((a, b) => (a === undefined || b === undefined ? undefined : union(a, b)));
    this.#ranges.set(name, whole);
    return whole;
  }

  #rangeOfCounter({ first, step, limit, inclusive }: Counter): Range | undefined {
    const [start, end] = [this.rangeOf(first), this.rangeOf(limit)];
    if (start === undefined) return undefined;
    // The value that fails the test must not wrap, but only the test sees it.
    if (end === undefined || !isBounded(add(end, range(step, step)))) return unbounded;
    const over = inclusive ? 0 : Math.sign(step);
    return step > 0
      ? range(start.low, Math.max(start.high, end.high - over))
      : range(Math.min(start.low, end.low - over), start.high);
  }

  /** Gives up the names that are unfit as things stand; whether there were any. */
  #reject(root: Node): boolean {
    this.#forget();
    const unfit = [...this.#candidates].filter((name) => this.#rangeOfName(name) === undefined);
    if (unfit.length === 0) {
      const uses = new Uses(this, root);
      for (const name of this.#candidates) {
        const found = this.#rangeOfName(name)!;
        const exact = isBounded(found) && !found.signedZero;
        const isWorthIt = uses.leadsToIndex(name) || this.#counters.has(name);
        if (!isWorthIt || (!exact && uses.isRead(name))) unfit.push(name);
      }
    }
    for (const name of unfit) this.#candidates.delete(name);
    this.#forget();
    return unfit.length > 0;
  }

  #forget(): void {
    this.#ranges = new Map();
    this.#known = new WeakMap();
  }

  #collect(node: Node): void {
    const counter = counterOf(node);
    if (counter !== undefined && assignmentsTo(counter.name, part(node, 'body')!) === 0) {
      append(this.#counters, counter.name, counter);
      this.#reassigned.add(counter.name);
      this.#collect(part(node, 'test')!);
      this.#collect(part(node, 'body')!);
      return;
    }
    const assigned = assignment(node);
    if (assigned !== undefined) {
      append(this.#values, assigned.name, assigned.value);
      if (node.type !== 'VariableDeclarator') this.#reassigned.add(assigned.name);
    }
    for (const child of parts(node)) this.#collect(child);
  }
}

/** Where locals are used: their values themselves, or only as a part of an index. */
class Uses {
  readonly #whole: WholeNumbers;
  readonly #read = new Set<string>();
  /** For each name what it is used for: other names, or an index. */
  readonly #sinks = new Map<string, Set<string | typeof index>>();

  constructor(whole: WholeNumbers, root: Node) {
    this.#whole = whole;
    this.#walk(root, true, undefined);
  }

  /** Whether a name is used where its value must be right, not only right modulo 2³². */
  isRead(name: string): boolean {
    return this.#read.has(name);
  }

  leadsToIndex(name: string, seen = new Set<string>()): boolean {
    if (seen.has(name)) return false;
    seen.add(name);
    return [...(this.#sinks.get(name) ?? [])].some((sink) => sink === index || this.leadsToIndex(sink, seen));
  }

  #walk(node: Node | undefined, isRead: boolean, sink: string | typeof index | undefined): void {
    if (node === undefined) return;
    const name = nameOf(node);
    if (name !== undefined) {
      if (isRead) this.#read.add(name);
      if (sink !== undefined) this.#sinks.set(name, (this.#sinks.get(name) ?? new Set()).add(sink));
      return;
    }
    if (isElement(node)) {
      const property = part(node, 'property');
      const isWhole = this.#whole.rangeOf(property) !== undefined;
      this.#walk(property, !isWhole, isWhole ? index : undefined);
      const object = part(node, 'object');
      if (nameOf(object) === undefined) this.#walk(object, true, undefined);
      return;
    }
    const assigned = assignment(node);
    if (assigned !== undefined) {
      const isWhole = this.#whole.has(assigned.name);
      this.#walk(assigned.value, !isWhole, isWhole ? assigned.name : undefined);
      return;
    }
    const wraps =
      this.#whole.rangeOf(node) !== undefined &&
      ((node.type === 'BinaryExpression' && ['+', '-', '*'].includes(String(node['operator']))) ||
        (node.type === 'UnaryExpression' && ['+', '-'].includes(String(node['operator']))));
    const continues = sink !== undefined && (wraps || node.type === 'BinaryExpression');
    for (const child of parts(node)) this.#walk(child, isRead || !wraps, continues ? sink : undefined);
  }
}

const index = Symbol('index');

/** `for (let i = first; i < limit; i += step)`. */
interface Counter {
  readonly name: string;
  readonly first: Node;
  readonly limit: Node;
  readonly inclusive: boolean;
  readonly step: number;
}

function counterOf(node: Node): Counter | undefined {
  if (node.type !== 'ForStatement') return undefined;
  const [init, test, update, body] = [
    part(node, 'init'),
    part(node, 'test'),
    part(node, 'update'),
    part(node, 'body'),
  ];
  // After its loop a `let` is gone, and with it the value that ended the loop.
  if (
    init?.type !== 'VariableDeclaration' ||
    init['kind'] !== 'let' ||
    test?.type !== 'BinaryExpression' ||
    body === undefined
  )
    return undefined;
  const [declarator, ...others] = parts(init);
  const name = declarator === undefined ? undefined : nameOf(part(declarator, 'id'));
  const first = declarator === undefined ? undefined : part(declarator, 'init');
  const limit = part(test, 'right');
  if (others.length > 0 || name === undefined || first === undefined || limit === undefined) return undefined;
  const step = update === undefined ? undefined : stepOf(update, name);
  if (nameOf(part(test, 'left')) !== name || step === undefined || step === 0) return undefined;
  const direction = step > 0 ? '<' : '>';
  if (test['operator'] !== direction && test['operator'] !== `${direction}=`) return undefined;
  return { name, first, limit, inclusive: test['operator'] !== direction, step };
}

function stepOf(update: Node, name: string): number | undefined {
  const target = part(update, update.type === 'UpdateExpression' ? 'argument' : 'left');
  if (nameOf(target) !== name) return undefined;
  switch (update['operator']) {
    case '++':
      return 1;
    case '--':
      return -1;
    case '+=':
      return wholeLiteral(part(update, 'right'));
    case '-=': {
      const literal = wholeLiteral(part(update, 'right'));
      return literal === undefined ? undefined : -literal;
    }
    default:
      return undefined;
  }
}

/** What a node assigns to a name: `i += 2` assigns `i + 2`. */
export function assignment(node: Node): { readonly name: string; readonly value: Node } | undefined {
  if (node.type === 'VariableDeclarator') {
    const [name, value] = [nameOf(part(node, 'id')), part(node, 'init')];
    return name === undefined || value === undefined ? undefined : { name, value };
  }
  if (node.type === 'AssignmentExpression') {
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    const name = nameOf(left);
    if (name === undefined || right === undefined) return undefined;
    if (node['operator'] === '=') return { name, value: right };
    const operator = String(node['operator']).slice(0, -1);
    return { name, value: { type: 'BinaryExpression', operator, left, right } };
  }
  if (node.type === 'UpdateExpression') {
    const left = part(node, 'argument');
    const name = nameOf(left);
    if (name === undefined) return undefined;
    const right = { type: 'Literal', value: 1 };
    return {
      name,
      value: { type: 'BinaryExpression', operator: node['operator'] === '++' ? '+' : '-', left, right },
    };
  }
  return undefined;
}

function assignmentsTo(name: string, node: Node): number {
  const own = assignment(node)?.name === name ? 1 : 0;
  return parts(node).reduce((sum, child) => sum + assignmentsTo(name, child), own);
}

function declaredNames(node: Node, names = new Set<string>()): Set<string> {
  if (node.type === 'VariableDeclarator') {
    const name = nameOf(part(node, 'id'));
    if (name !== undefined) names.add(name);
  }
  for (const child of parts(node)) declaredNames(child, names);
  return names;
}

/** Whether float32 divides all of these numbers as whole numbers are divided: the four-lane code does. */
function dividesExactly({ low, high }: Range): boolean {
  return low > -(2 ** 24) && high < 2 ** 24;
}

/** a of `a | 0`. */
export function truncatedPart(node: Node): Node | undefined {
  return node.type === 'BinaryExpression' &&
    node['operator'] === '|' &&
    wholeLiteral(part(node, 'right')) === 0
    ? part(node, 'left')
    : undefined;
}

/** Bounds as far as they are known: beyond 2⁵³ numbers lose their last digits. */
function known(found: Range): Range {
  return Math.abs(found.low) < 2 ** 53 && Math.abs(found.high) < 2 ** 53
    ? found
    : { ...unbounded, signedZero: found.signedZero };
}

function append<Value>(map: Map<string, Value[]>, name: string, value: Value): void {
  map.set(name, [...(map.get(name) ?? []), value]);
}
