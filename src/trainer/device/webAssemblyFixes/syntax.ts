/** Reading the syntax trees (ESTree) that GPU.js's parser makes, whose nodes are unknown until they were looked at. */

export interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string';
}

/** A part of a node; undefined where there is none. */
export function part(node: Node, key: string): Node | undefined {
  const value = node[key];
  return isNode(value) ? value : undefined;
}

const below = new WeakMap<Node, readonly Node[]>();

/** All nodes directly below one, in the order of the text. */
export function parts(node: Node): readonly Node[] {
  const known = below.get(node);
  if (known !== undefined) return known;
  const found: Node[] = [];
  for (const key in node) {
    if (key === 'loc' || key === 'parent') continue;
    const value = node[key];
    if (Array.isArray(value)) found.push(...value.filter(isNode));
    else if (isNode(value)) found.push(value);
  }
  below.set(node, found);
  return found;
}

/** The name of an identifier. */
export function nameOf(node: Node | undefined): string | undefined {
  return node?.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
}

/** The value of a literal that is a whole number of 32 bits. */
export function wholeLiteral(node: Node | undefined): number | undefined {
  if (node?.type !== 'Literal') return undefined;
  const value = node['value'];
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31
    ? value
    : undefined;
}

/** `x` of `this.thread.x`, or of another object of `this`. */
export function ownMember(node: Node, object: 'thread' | 'output' | 'constants'): string | undefined {
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined;
  const inner = part(node, 'object');
  if (inner?.type !== 'MemberExpression' || inner['computed'] === true) return undefined;
  if (part(inner, 'object')?.type !== 'ThisExpression' || nameOf(part(inner, 'property')) !== object)
    return undefined;
  return nameOf(part(node, 'property'));
}

/** Whether a node is an element of an array: `a[i]`. */
export function isElement(node: Node): boolean {
  return node.type === 'MemberExpression' && node['computed'] === true;
}
