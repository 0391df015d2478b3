import * as b from '../build.ts';
import { axisOrder, index } from '../expression.ts';
import { atom, wrap, precedence as p } from '../fragment.ts';
import { times } from '../guarded.ts';
import {
  argument,
  axisOf,
  freshAxis,
  need,
  one,
  type Primitive,
  type Structural,
  sumOver,
  texWrap,
  two,
} from './row.ts';

/** What rearranges elements. */
export const structural = {
  gather: {
    kind: 'structural',
    arity: 2,
    axes: (args, attributes) => {
      const axis = axisOf(attributes);
      const [x, at] = [need(args, 0), need(args, 1)];
      return axisOrder([...x.axes.filter((a) => a !== axis), ...at.axes]);
    },
    dtype: (args) => need(args, 0).dtype,
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      const at = argument(out, 1);
      if (!at.axes.includes(axis)) return times(b.indicator(b.eq(index(axis), at)), g);
      // Positions run along the gathered axis itself (a permutation): keep the two apart under another name.
      const copy = freshAxis(axis, g.axes);
      return b.rename(sumOver(times(b.indicator(b.eq(index(copy), at)), g), axis), copy, axis);
    },
    print: {
      tex: two((x, i) => ({ text: `${texWrap(x, p.atom)}_{${i.text}}`, precedence: p.atom })),
      numpy: (args, place) => {
        const [x, i] = [need(args, 0), need(args, 1)];
        if (place.rank === 1) return atom(`${wrap(x, p.atom)}[${i.text}]`);
        return atom(
          `np.take_along_axis(${x.text}, ${wrap(i, p.atom)}[..., None], axis=${place.dim})[..., 0]`,
        );
      },
      torch: (args, place) => {
        const [x, i] = [need(args, 0), need(args, 1)];
        if (place.rank === 1) return atom(`${wrap(x, p.atom)}[${i.text}]`);
        return atom(`${wrap(x, p.atom)}.gather(${place.dim}, ${wrap(i, p.atom)}.unsqueeze(-1)).squeeze(-1)`);
      },
      spoken: (args) => `${need(args, 0)} at ${need(args, 1)}`,
    },
  } satisfies Structural,
  rename: {
    kind: 'structural',
    arity: 1,
    axes: (args, attributes) => {
      const [from, to] = [axisOf(attributes, 'from'), axisOf(attributes, 'to')];
      const { axes } = need(args, 0);
      if (axes.includes(to)) throw new RangeError(`rename: axis ${to} is there already`);
      return axisOrder(axes.map((a) => (a === from ? to : a)));
    },
    dtype: (args) => need(args, 0).dtype,
    vjp: (g, out) => {
      const [from, to] = [axisOf(out.attributes, 'from'), axisOf(out.attributes, 'to')];
      return g.axes.includes(to) ? b.rename(g, to, from) : g;
    },
    print: {
      tex: one((x) => x),
      numpy: one((x) => x),
      torch: one((x) => x),
      spoken: (args) => need(args, 0),
    },
  } satisfies Structural,
} satisfies Record<string, Primitive>;
