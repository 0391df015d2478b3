import * as b from '../build.ts';
import { index, size } from '../expression.ts';
import { times } from '../guarded.ts';
import { argument, axisOf, axisPrinting, freshAxis, mapping, type Primitive, texCall } from './row.ts';

/** Positions in ascending order, ties by position; NaN last, as NumPy. */
function ascending(line: Float64Array): Float64Array {
  return Float64Array.from(line.keys()).sort((i, j) => compare(line[i]!, line[j]!) || i - j);
}

function compare(x: number, y: number): number {
  if (x < y) return -1;
  if (x > y) return 1;
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
}

/** What orders a line and what runs along it. */
export const order = {
  argsort: mapping({
    value: ascending,
    dtype: () => 'index',
    vjp: () => undefined,
    kink: '0 everywhere: positions do not move',
    lower: (out) => {
      const axis = axisOf(out.attributes);
      const copy = freshAxis(axis, out.axes);
      const place = b.rename(b.rank(argument(out), axis), axis, copy);
      return b.sum(b.where(b.eq(place, index(axis)), index(copy), 0), copy);
    },
    print: axisPrinting({
      tex: (args) => texCall('\\operatorname{argsort}')(args[0]!),
      numpy: (x, place) => `np.argsort(${x}, axis=${place.dim}, kind="stable")`,
      torch: (x, place) => `torch.argsort(${x}, dim=${place.dim}, stable=True)`,
      keras: (x, place) => `ops.argsort(${x}, axis=${place.dim})`,
      jax: (x, place) => `jnp.argsort(${x}, axis=${place.dim})`,
      spoken: (args) => `the ascending order of ${args[0]!}`,
    }),
  }),
  rank: mapping({
    value: (line) => {
      const ranks = new Float64Array(line.length);
      ascending(line).forEach((at, place) => (ranks[at] = place));
      return ranks;
    },
    dtype: () => 'index',
    vjp: () => undefined,
    kink: '0 everywhere: positions do not move',
    lower: (out) => {
      const axis = axisOf(out.attributes);
      const copy = freshAxis(axis, out.axes);
      const x = argument(out);
      const other = b.rename(x, axis, copy);
      const earlier = b.and(b.eq(other, x), b.lt(index(copy), index(axis)));
      return b.sum(b.indicator(b.or(b.lt(other, x), earlier)), copy);
    },
    print: axisPrinting({
      tex: (args) => texCall('\\operatorname{rank}')(args[0]!),
      numpy: (x, place) =>
        `np.argsort(np.argsort(${x}, axis=${place.dim}, kind="stable"), axis=${place.dim})`,
      torch: (x, place) =>
        `torch.argsort(torch.argsort(${x}, dim=${place.dim}, stable=True), dim=${place.dim})`,
      keras: (x, place) => `ops.argsort(ops.argsort(${x}, axis=${place.dim}), axis=${place.dim})`,
      jax: (x, place) => `jnp.argsort(jnp.argsort(${x}, axis=${place.dim}), axis=${place.dim})`,
      spoken: (args) => `the rank of ${args[0]!}`,
    }),
  }),
  cumsum: mapping({
    value: (line) => {
      let total = 0;
      return line.map((x) => (total += x));
    },
    // Element i counts in every later sum: the cumulative sum from the end. Subtracting from the total would lose
    // small adjoints beside large ones.
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      if (!g.axes.includes(axis)) return times(b.sub(size(axis), index(axis)), g);
      const fromEnd = b.sub(b.sub(size(axis), 1), index(axis));
      return b.gather(b.cumsum(b.gather(g, axis, fromEnd), axis), axis, fromEnd);
    },
    lower: (out) => {
      const axis = axisOf(out.attributes);
      const copy = freshAxis(axis, out.axes);
      const upTo = b.le(index(copy), index(axis));
      return b.sum(b.where(upTo, b.rename(argument(out), axis, copy), 0), copy);
    },
    print: axisPrinting({
      tex: (args) => texCall('\\operatorname{cumsum}')(args[0]!),
      numpy: (x, place) => `np.cumsum(${x}, axis=${place.dim})`,
      torch: (x, place) => `torch.cumsum(${x}, dim=${place.dim})`,
      tfjs: 'cumsum',
      spoken: (args) => `the cumulative sum of ${args[0]!}`,
    }),
  }),
} satisfies Record<string, Primitive>;
