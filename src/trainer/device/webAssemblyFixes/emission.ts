import { int32, isBounded, range } from './ranges.ts';
import { nameOf, ownMember, part, wholeLiteral, type Node } from './syntax.ts';
import { truncatedPart, WholeNumbers } from './wholeNumbers.ts';
import type { Category, Emitter, FunctionNode } from './members.ts';

const scalarOperations: ReadonlyMap<unknown, (em: Emitter) => void> = new Map([
  ['+', (em) => em.i32Add()],
  ['-', (em) => em.i32Sub()],
  ['*', (em) => em.i32Mul()],
  ['%', (em) => em.i32RemS()],
]);
const laneOperations: ReadonlyMap<unknown, (em: Emitter) => void> = new Map([
  ['+', (em) => em.i32x4Add()],
  ['-', (em) => em.i32x4Sub()],
  ['*', (em) => em.i32x4Mul()],
]);

/** The emission of one kernel: its whole numbers, and the instructions that compute them in i32. */
export class Emission {
  readonly node: FunctionNode;
  readonly whole: WholeNumbers;
  /** Locals that hold what was computed before the loop over cells. */
  readonly hoisted = new Map<string, number>();

  constructor(node: FunctionNode) {
    this.node = node;
    this.whole = new WholeNumbers(node.getJsAST(), {
      output: node.output,
      integer: (expression) => integerOf(node, expression),
    });
  }

  /** Whether an expression differs between the four lanes. */
  varies(expression: Node): boolean {
    return this.node.vec && this.node.vInfo !== null && this.node.vInfo.exprVarying(expression);
  }

  /** By how much a whole number grows from lane to lane; undefined where that is not known. */
  stride(expression: Node): number | undefined {
    if (!this.varies(expression)) return 0;
    if (ownMember(expression, 'thread') === 'x') return 1;
    const name = nameOf(expression);
    if (name !== undefined) {
      const local = this.node.locals.get(name);
      return local?.kind === 'lane' ? local.stride : undefined;
    }
    const truncated = truncatedPart(expression);
    if (truncated !== undefined && this.#isBounded(truncated)) return this.stride(truncated);
    const [a, b] = [part(expression, 'left'), part(expression, 'right')];
    if (expression.type !== 'BinaryExpression' || a === undefined || b === undefined) return undefined;
    const [left, right] = [this.stride(a), this.stride(b)];
    if (left === undefined || right === undefined) return undefined;
    switch (expression['operator']) {
      case '+':
        return left + right;
      case '-':
        return left - right;
      case '*': {
        const factor = this.whole.rangeOf(left === 0 ? a : b);
        return factor === undefined || factor.low !== factor.high ? undefined : factor.low * (left + right);
      }
      default:
        return undefined;
    }
  }

  /** Computes a whole number in i32: the one all lanes share, or that of the first lane where they have a stride. */
  scalar(expression: Node): void {
    const { em, locals } = this.node;
    const literal = wholeLiteral(expression);
    if (literal !== undefined) {
      em.i32Const(literal);
      return;
    }
    const name = nameOf(expression);
    const local = name === undefined ? undefined : locals.get(name);
    if (
      local?.index !== undefined &&
      (local.kind === 'lane' || (local.kind === 'scalar' && local.wtype === 'i32'))
    ) {
      em.localGet(local.index);
      return;
    }
    if (ownMember(expression, 'thread') === 'x') {
      em.globalGet(this.node.assembler.globals.threadX);
      return;
    }
    const truncated = truncatedPart(expression);
    if (truncated !== undefined) {
      if (this.#isBounded(truncated)) {
        this.scalar(truncated);
        return;
      }
      const division = this.whole.wholeDivision(truncated);
      if (division !== undefined) {
        this.scalar(division.dividend);
        em.i32Const(division.divisor).i32DivS();
        return;
      }
    }
    const [left, right] = [part(expression, 'left'), part(expression, 'right')];
    if (expression.type === 'BinaryExpression' && left !== undefined && right !== undefined) {
      const apply = scalarOperations.get(expression['operator']);
      if (apply !== undefined) {
        this.scalar(left);
        this.scalar(right);
        apply(em);
        return;
      }
    }
    const argument = part(expression, 'argument');
    if (expression.type === 'UnaryExpression' && argument !== undefined) {
      if (expression['operator'] === '+') {
        this.scalar(argument);
        return;
      }
      if (expression['operator'] === '-') {
        em.i32Const(0);
        this.scalar(argument);
        {
          em.i32Sub();
          return;
        }
      }
    }
    this.node.coerce(
      this.#asInteger(() => this.node.expression(expression)),
      'i32',
    );
  }

  /** Computes a whole number in four lanes of i32. */
  lanes(expression: Node): void {
    const { em, locals } = this.node;
    const stride = this.stride(expression);
    if (stride !== undefined) {
      this.scalar(expression);
      this.spread(stride);
      return;
    }
    const name = nameOf(expression);
    const local = name === undefined ? undefined : locals.get(name);
    if (local?.kind === 'vscalar' && local.wtype === 'vi32' && local.index !== undefined) {
      em.localGet(local.index);
      return;
    }
    const truncated = truncatedPart(expression);
    if (truncated !== undefined && this.#isBounded(truncated)) {
      this.lanes(truncated);
      return;
    }
    const [left, right] = [part(expression, 'left'), part(expression, 'right')];
    if (expression.type === 'BinaryExpression' && left !== undefined && right !== undefined) {
      const apply = laneOperations.get(expression['operator']);
      if (apply !== undefined) {
        this.lanes(left);
        this.lanes(right);
        apply(em);
        return;
      }
    }
    this.node.vCoerce(
      this.#asInteger(() => this.node.vexpr(expression)),
      'vi32',
    );
  }

  /** Makes four lanes of the first lane's number on the stack. */
  spread(stride: number): void {
    const { em } = this.node;
    em.i32x4Splat();
    if (stride !== 0) em.v128ConstI32x4(0, stride, 2 * stride, 3 * stride).i32x4Add();
  }

  #isBounded(expression: Node): boolean {
    const found = this.whole.rangeOf(expression);
    return found !== undefined && isBounded(found);
  }

  #asInteger(emit: () => Category): Category {
    this.node.pushState('building-integer');
    const category = emit();
    this.node.popState('building-integer');
    return category;
  }
}

/** Bounds of an argument or constant that GPU.js types as a whole number. */
function integerOf(node: FunctionNode, expression: Node): ReturnType<WholeNumbers['rangeOf']> {
  const name = nameOf(expression);
  if (name !== undefined) {
    const argument = node.argumentNames.indexOf(name);
    return argument >= 0 && node.argumentTypes[argument] === 'Integer' ? int32 : undefined;
  }
  const constant = ownMember(expression, 'constants');
  if (constant === undefined || node.constantTypes?.[constant] !== 'Integer') return undefined;
  const value = Math.round(Number(node.constants?.[constant]));
  return Math.abs(value) < 2 ** 31 ? range(value, value) : undefined;
}
