/** Long sums into few numbers, cut into pieces: parallel on a GPU, and rounding less. */
import * as b from '../build.ts';
import { index, type Apply, type Axis, type Expr } from '../expression.ts';
import { rewrite } from '../rewrite.ts';

const piece = 256;
const longSum = 1024;
const fewResults = 256;

export interface Extents {
  readonly of: (axis: Axis) => number;
  /** Makes an axis known. */
  readonly add: (axis: Axis, extent: number) => void;
}

/**
 * The same value with every long sum that would leave most threads idle written as the sum of the sums of its pieces,
 * over new axes.
 */
export function inPieces(expr: Expr, extents: Extents): Expr {
  return rewrite(expr, (node) => {
    if (node.kind !== 'apply' || node.op !== 'sum') return node;
    const results = node.axes.reduce((product, axis) => product * extents.of(axis), 1);
    const length = extents.of(node.attributes['axis']!);
    return length > longSum && results <= fewResults ? cut(node, length, extents) : node;
  });
}

function cut(sum: Apply, length: number, extents: Extents): Expr {
  const axis = sum.attributes['axis']!;
  const body = sum.args[0]!;
  const count = Math.ceil(length / piece);
  // Named after the node, so that the same sum in another result has the same pieces.
  const [outer, inner] = [`piece${sum.id}`, `within${sum.id}`];
  extents.add(outer, count);
  extents.add(inner, piece);
  const at = b.add(b.mul(index(outer), piece), index(inner));
  const isFull = count * piece === length;
  const element = b.gather(body, axis, isFull ? at : b.minimum(at, length - 1));
  const total = b.sum(isFull ? element : b.where(b.lt(at, length), element, 0), inner);
  const again = b.sum(total, outer);
  return count > longSum ? cut(again, count, extents) : again;
}
