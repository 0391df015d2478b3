import * as b from '../build.ts';
import { size } from '../expression.ts';
import { atom, infix, precedence as p } from '../fragment.ts';
import { times } from '../guarded.ts';
import {
  argument,
  axisOf,
  axisPrinting,
  logSumExp,
  mapping,
  need,
  one,
  type Primitive,
  reducer,
  reduction,
  sumOver,
  texCall,
  texWrap,
} from './row.ts';

/** What collapses an axis or maps each line along it. */
export const axes = {
  sum: reduction({
    value: (line) => line.reduce((total, x) => total + x, 0),
    vjp: (g) => g,
    print: reducer(
      'sum',
      (args, place) => ({
        text: `\\sum_{${place.letter}} ${texWrap(need(args, 0), p.multiply)}`,
        precedence: p.add,
      }),
      (args, place) => `the sum over ${place.letter} of ${need(args, 0)}`,
    ),
  }),
  mean: reduction({
    value: (line) => line.reduce((total, x) => total + x, 0) / line.length,
    vjp: (g, out) => b.div(g, size(axisOf(out.attributes))),
    lower: (out) => {
      const axis = axisOf(out.attributes);
      return b.div(b.sum(argument(out), axis), size(axis));
    },
    print: reducer(
      'mean',
      (args, place) => ({
        text: `\\frac{1}{${place.extent}} \\sum_{${place.letter}} ${texWrap(need(args, 0), p.multiply)}`,
        precedence: p.add,
      }),
      (args, place) => `the mean over ${place.letter} of ${need(args, 0)}`,
    ),
  }),
  amax: reduction({
    value: (line) => line.reduce((top, x) => Math.max(top, x), -Infinity),
    vjp: (g, out) => {
      const at = b.indicator(b.eq(argument(out), out));
      return times(at, b.div(g, b.sum(at, axisOf(out.attributes))));
    },
    kink: 'at a tie: shared equally, as PyTorch (amax), JAX and TensorFlow',
    print: reducer(
      'amax',
      (args, place) => ({
        text: `\\max_{${place.letter}} ${texWrap(need(args, 0), p.multiply)}`,
        precedence: p.add,
      }),
      (args, place) => `the largest over ${place.letter} of ${need(args, 0)}`,
    ),
  }),
  logsumexp: reduction({
    value: logSumExp,
    vjp: (g, out) => times(g, b.softmax(argument(out), axisOf(out.attributes))),
    lowerOnDevice: (out) => {
      const x = argument(out);
      const axis = axisOf(out.attributes);
      const top = b.amax(x, axis);
      return b.add(top, b.log(b.sum(b.exp(b.sub(x, top)), axis)));
    },
    print: axisPrinting({
      tex: (args, place) => ({
        text: `\\log \\sum_{${place.letter}} e^{${need(args, 0).text}}`,
        precedence: p.add,
      }),
      numpy: (x, place, keep) => `np.logaddexp.reduce(${x}, axis=${place.dim}${keep})`,
      torch: (x, place, keep) => `torch.logsumexp(${x}, dim=${place.dim}${keep})`,
      keras: (x, place, keep) => `ops.logsumexp(${x}, axis=${place.dim}${keep})`,
      jax: (x, place, keep) => `jax.nn.logsumexp(${x}, axis=${place.dim}${keep})`,
      tfjs: 'logSumExp',
      spoken: (args, place) =>
        `the logarithm of the sum over ${place.letter} of e to the power of ${need(args, 0)}`,
    }),
  }),
  norm: reduction({
    value: (line) => Math.sqrt(line.reduce((total, x) => total + x * x, 0)),
    vjp: (g, out) => b.where(b.eq(out, 0), 0, times(g, b.div(argument(out), out))),
    kink: 'at the zero vector: 0, as PyTorch; JAX and TensorFlow give NaN',
    lower: (out) => b.sqrt(b.sum(b.square(argument(out)), axisOf(out.attributes))),
    print: axisPrinting({
      tex: one((x) => atom(`\\left\\lVert ${x.text} \\right\\rVert`)),
      numpy: (x, place, keep) => `np.linalg.norm(${x}, axis=${place.dim}${keep})`,
      keras: (x, place, keep) => `ops.norm(${x}, axis=${place.dim}${keep})`,
      torch: (x, place, keep) => `torch.linalg.vector_norm(${x}, dim=${place.dim}${keep})`,
      spoken: (args) => `the norm of ${need(args, 0)}`,
    }),
  }),
  softmax: mapping({
    value: (line) => {
      const top = line.reduce((most, x) => Math.max(most, x), -Infinity);
      const powers = line.map((x) => Math.exp(x - top));
      const total = powers.reduce((sum, x) => sum + x, 0);
      return powers.map((x) => x / total);
    },
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      return times(out, b.sub(g, sumOver(times(g, out), axis)));
    },
    lower: (out) => {
      const x = argument(out);
      return b.exp(b.sub(x, b.logsumexp(x, axisOf(out.attributes))));
    },
    print: axisPrinting({
      tex: one(texCall('\\operatorname{softmax}')),
      numpy: (x, place) => `np.exp(${x} - np.logaddexp.reduce(${x}, axis=${place.dim}, keepdims=True))`,
      torch: (x, place) => `torch.softmax(${x}, dim=${place.dim})`,
      keras: (x, place) => `ops.softmax(${x}, axis=${place.dim})`,
      jax: (x, place) => `jax.nn.softmax(${x}, axis=${place.dim})`,
      tfjs: 'softmax',
      spoken: (args) => `the softmax of ${need(args, 0)}`,
    }),
  }),
  logsoftmax: mapping({
    value: (line) => {
      const total = logSumExp(line);
      return line.map((x) => x - total);
    },
    vjp: (g, out) => {
      const axis = axisOf(out.attributes);
      return b.sub(g, times(b.softmax(argument(out), axis), sumOver(g, axis)));
    },
    lower: (out) => {
      const x = argument(out);
      return b.sub(x, b.logsumexp(x, axisOf(out.attributes)));
    },
    print: {
      tex: one((x) => ({
        text: `\\log \\operatorname{softmax}\\left(${x.text}\\right)`,
        precedence: p.multiply,
      })),
      numpy: (args, place) => {
        const x = need(args, 0);
        return infix('-', p.add, x, atom(`np.logaddexp.reduce(${x.text}, axis=${place.dim}, keepdims=True)`));
      },
      torch: (args, place) => atom(`torch.log_softmax(${need(args, 0).text}, dim=${place.dim})`),
      keras: (args, place) => atom(`ops.log_softmax(${need(args, 0).text}, axis=${place.dim})`),
      jax: (args, place) => atom(`jax.nn.log_softmax(${need(args, 0).text}, axis=${place.dim})`),
      tfjs: 'logSoftmax',
      spoken: (args) => `the log-softmax of ${need(args, 0)}`,
    },
  }),
} satisfies Record<string, Primitive>;
