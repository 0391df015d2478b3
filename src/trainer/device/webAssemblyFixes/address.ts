import type { Emission } from './emission.ts';
import type { ArrayLayout } from './members.ts';
import { add, multiply, range, type Range } from './ranges.ts';
import { part, wholeLiteral, type Node } from './syntax.ts';

/** The place of an element: Σ term · factor + constant elements from the start of its array. */
export interface Place {
  readonly terms: readonly { readonly node: Node; readonly factor: number }[];
  readonly constant: number;
  /** Bounds of the terms without the constant. */
  readonly rest: Range;
  /** Elements from lane to lane; undefined where the lanes lie anywhere. */
  readonly stride: number | undefined;
}

/** Where `a[z][y][x]` lies; undefined where an index need not be whole. */
export function placeOf(
  emission: Emission,
  { dims }: ArrayLayout,
  indices: readonly (Node | undefined)[],
): Place | undefined {
  const terms: { node: Node; factor: number }[] = [];
  let constant = 0;
  const collect = (node: Node, factor: number): void => {
    const literal = wholeLiteral(node);
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    if (literal !== undefined) constant += literal * factor;
    else if (
      node.type === 'BinaryExpression' &&
      left !== undefined &&
      right !== undefined &&
      (node['operator'] === '+' || node['operator'] === '-')
    ) {
      collect(left, factor);
      collect(right, node['operator'] === '+' ? factor : -factor);
    } else terms.push({ node, factor });
  };
  let factor = 1;
  for (const [axis, index] of indices.entries()) {
    if (index !== undefined) {
      if (emission.whole.rangeOf(index) === undefined) return undefined;
      collect(index, factor);
    }
    factor *= dims[axis] ?? 1;
  }
  let rest = range(0, 0);
  let stride: number | undefined = 0;
  for (const term of terms) {
    const bounds = emission.whole.rangeOf(term.node);
    if (bounds === undefined) return undefined;
    rest = add(rest, multiply(bounds, range(term.factor, term.factor)));
    const own = emission.stride(term.node);
    stride = own === undefined || stride === undefined ? undefined : stride + own * term.factor;
  }
  return { terms, constant, rest, stride };
}

/** Whether every lane is sure to lie within the array. */
export function isInside({ rest, constant }: Place, length: number): boolean {
  return rest.low + constant >= 0 && rest.high + constant < length;
}

/** Computes the element's number in i32, of the first lane where lanes differ; `withConstant`: all of it. */
export function emitElement(emission: Emission, { terms, constant }: Place, withConstant: boolean): void {
  const { em } = emission.node;
  emitSum(
    terms.map(({ node, factor }) => ({ emit: () => emission.scalar(node), factor })),
    {
      add: () => em.i32Add(),
      subtract: () => em.i32Sub(),
      scale: (factor) => em.i32Const(factor).i32Mul(),
      constant: (value) => em.i32Const(value),
    },
    withConstant ? constant : 0,
  );
}

/** Computes the element's number in every lane. */
export function emitElements(emission: Emission, place: Place): void {
  if (place.stride !== undefined) {
    emitElement(emission, place, true);
    emission.spread(place.stride);
    return;
  }
  const { em } = emission.node;
  const constant = (value: number) => em.v128ConstI32x4(value, value, value, value);
  emitSum(
    place.terms.map(({ node, factor }) => ({ emit: () => emission.lanes(node), factor })),
    {
      add: () => em.i32x4Add(),
      subtract: () => em.i32x4Sub(),
      scale: (factor) => constant(factor).i32x4Mul(),
      constant,
    },
    place.constant,
  );
}

interface Operations {
  readonly add: () => void;
  readonly subtract: () => void;
  readonly scale: (factor: number) => void;
  readonly constant: (value: number) => void;
}

function emitSum(
  terms: readonly { readonly emit: () => void; readonly factor: number }[],
  operations: Operations,
  constant: number,
): void {
  // What is added comes first, so that nothing need be negated at the start.
  const ordered = [...terms.filter((t) => t.factor > 0), ...terms.filter((t) => t.factor <= 0)];
  let isFirst = true;
  for (const { emit, factor } of ordered) {
    const size = isFirst ? factor : Math.abs(factor);
    emit();
    if (size !== 1) operations.scale(size);
    if (!isFirst) (factor < 0 ? operations.subtract : operations.add)();
    isFirst = false;
  }
  if (isFirst) operations.constant(constant);
  else if (constant !== 0) {
    operations.constant(constant);
    operations.add();
  }
}

/**
 * Computes the byte address of the element, and returns the offset that the load adds to it: that of the array and,
 * where it is safe, the constant part of the index. A load's offset is added without wrapping, so the rest of the index
 * must not be negative: with a positive constant its bounds must say so; with a negative one it cannot be, as long as
 * the element exists.
 */
export function emitAddress(emission: Emission, place: Place, { offset }: ArrayLayout): number {
  const { em } = emission.node;
  const bytes = offset + 4 * place.constant;
  const folds = bytes >= 0 && bytes < 2 ** 31 && (place.constant <= 0 || place.rest.low >= 0);
  emitElement(emission, place, !folds);
  em.i32Const(2).i32Shl();
  return folds ? bytes : offset;
}
