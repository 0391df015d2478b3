import type { Emission } from './emission.ts';
import type { Emitter, Local } from './members.ts';
import { isBounded } from './ranges.ts';
import { isNode, nameOf, part, parts, type Node } from './syntax.ts';
import { assignment } from './wholeNumbers.ts';

// GPU.js makes f32 of every local, loop counters included, so that each index pays a truncation. Those that hold whole
// numbers (wholeNumbers.ts) are i32 here. To GPU.js's types they stay what they were, `Number`: where such a local is
// read in an expression of floats, GPU.js converts the i32 it finds, and the value is the same.

/** `stmtVariableDeclaration`, for locals all lanes share: the declarators that were taken care of are left out. */
export function declareShared(emission: Emission, declaration: Node, rest: (declarator: Node) => void): void {
  const { node, whole } = emission;
  for (const declarator of parts(declaration)) {
    const [identifier, init] = [part(declarator, 'id'), part(declarator, 'init')];
    const name = nameOf(identifier);
    if (identifier === undefined || init === undefined || name === undefined || !whole.has(name))
      rest(declarator);
    else {
      node.getDeclaration(identifier).valueType = 'Number';
      node.setScalarLocal(name, 'i32', 'Number', () => emission.scalar(init));
    }
  }
}

/**
 * `vDeclareVarying`: a local that differs between lanes. Where the lanes have a fixed stride, the first one's number is
 * all that is kept: loads from there need no vector of indices.
 */
export function declareLanes(emission: Emission, declarator: unknown): boolean {
  if (!isNode(declarator)) return false;
  const { node, whole } = emission;
  const [identifier, init] = [part(declarator, 'id'), part(declarator, 'init')];
  const name = nameOf(identifier);
  if (identifier === undefined || init === undefined || name === undefined || !whole.has(name)) return false;
  node.getDeclaration(identifier).valueType = 'Number';
  const stride = whole.isConstant(name) ? emission.stride(init) : undefined;
  if (stride === undefined) {
    node.vSetVaryingScalar(name, 'vi32', 'Number', () => emission.lanes(init));
    return true;
  }
  const index = node.em.addLocal('i32');
  emission.scalar(init);
  node.em.localSet(index);
  // Block-scoped and never assigned again, so that lanes which are switched off need not keep an older value.
  node.locals.set(name, { kind: 'lane', index, stride });
  return true;
}

/** `emitAssignment` and `vAssign`. */
export function assign(emission: Emission, expression: unknown): boolean {
  if (!isNode(expression)) return false;
  const { node, whole } = emission;
  const assigned = assignment(expression);
  if (assigned === undefined || !whole.has(assigned.name)) return false;
  const local: Local | undefined = node.locals.get(assigned.name);
  if (local?.index === undefined) return false;
  if (local.kind === 'scalar' && local.wtype === 'i32') {
    emission.scalar(assigned.value);
    node.em.localSet(local.index);
    return true;
  }
  if (local.kind === 'vscalar' && local.wtype === 'vi32') {
    emission.lanes(assigned.value);
    node.vSetLocal(local.index);
    return true;
  }
  return false;
}

/** `vexprIdentifier`: the four numbers of a local of which only the first is kept. */
export function readLanes(emission: Emission, identifier: unknown): 'vi32' | undefined {
  const local = isNode(identifier) ? emission.node.locals.get(nameOf(identifier) ?? '') : undefined;
  if (local?.kind !== 'lane' || local.index === undefined || local.stride === undefined) return undefined;
  emission.node.em.localGet(local.index);
  emission.spread(local.stride);
  return 'vi32';
}

const comparisons: ReadonlyMap<unknown, (em: Emitter) => void> = new Map([
  ['<', (em) => em.i32LtS()],
  ['>', (em) => em.i32GtS()],
  ['<=', (em) => em.i32LeS()],
  ['>=', (em) => em.i32GeS()],
]);

/** `exprBinary`: whole numbers are compared as such, so that the test of a loop converts nothing. */
export function compare(emission: Emission, expression: unknown): 'bool' | undefined {
  if (!isNode(expression)) return undefined;
  const { em } = emission.node;
  const [left, right] = [part(expression, 'left'), part(expression, 'right')];
  const compared = comparisons.get(expression['operator']);
  if (compared === undefined || left === undefined || right === undefined) return undefined;
  const ranges = [emission.whole.rangeOf(left), emission.whole.rangeOf(right)];
  if (!ranges.every((found) => found !== undefined && isBounded(found))) return undefined;
  emission.scalar(left);
  emission.scalar(right);
  compared(em);
  return 'bool';
}
