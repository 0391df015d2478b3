import * as b from '../build.ts';
import type { Expr } from '../expression.ts';
import { atom, call, infix, prefix, wrap, precedence as p } from '../fragment.ts';
import { inverseMillsRatio, logNormalCdf, scaledErfcTerms } from '../normal.ts';
import {
  argument,
  correctedLog1p,
  decay,
  elementwise,
  fn,
  need,
  one,
  type Primitive,
  softPlus,
  texCall,
  texFunction,
  texWrap,
  tight,
  two,
} from './row.ts';

/** e^{−x²/2}, never above 1. */
const bell = (x: Expr) => b.exp(b.mul(-0.5, b.square(x)));

/** e^{t²}·erfc(t) at t = |x|/√2 as devices compute it, in Horner's form. */
function scaledErfcOf(x: Expr): Expr {
  const t = b.mul(Math.SQRT1_2, b.abs(x));
  const y = b.div(b.sub(t, 3.5), b.add(t, 3.5));
  const top = scaledErfcTerms.reduceRight<Expr>((sum, c) => b.add(b.mul(sum, y), c), b.node(0));
  return b.div(top, b.add(1, b.mul(2, t)));
}

/** φ(x)/Φ(x) on the logarithmic scale: far in the left tail both are 0. */
const mills = (exp: string, logCdf: string) =>
  one((x) => call(exp, `-0.5 * ${tight(x)} ** 2 - ${logCdf}(${x.text}) - ${Math.log(2 * Math.PI) / 2}`));

/** Exponentials, logarithms and what is made of them, each in a form that neither overflows nor loses digits. */
export const functions = {
  exp: elementwise(1, {
    value: (x) => Math.exp(x),
    partials: (_, out) => [out],
    print: fn(
      { numpy: 'np.exp', torch: 'torch.exp', typescript: 'Math.exp' },
      (x) => ({ text: `e^{${x.text}}`, precedence: p.power }),
      (x) => `e to the power of ${x}`,
    ),
  }),
  log: elementwise(1, {
    value: (x) => Math.log(x),
    partials: (args) => [b.div(1, need(args, 0))],
    print: fn(
      { numpy: 'np.log', torch: 'torch.log', typescript: 'Math.log' },
      texFunction('\\log'),
      (x) => `the logarithm of ${x}`,
    ),
  }),
  log1p: elementwise(1, {
    value: (x) => Math.log1p(x),
    partials: (args) => [b.div(1, b.add(1, need(args, 0)))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      // Beyond 1e8 the 1 is lost in rounding, and x/(u - 1) would be ∞/∞ at infinity.
      return b.where(b.gt(x, 1e8), b.log(b.add(1, x)), correctedLog1p(x));
    },
    print: fn(
      { numpy: 'np.log1p', torch: 'torch.log1p', typescript: 'Math.log1p' },
      (x) => ({
        text: `\\log\\left(1 ${x.text.startsWith('-') ? `- ${x.text.slice(1)}` : `+ ${texWrap(x, p.add)}`}\\right)`,
        precedence: p.multiply,
      }),
      (x) => `the logarithm of one plus ${x}`,
    ),
  }),
  expm1: elementwise(1, {
    value: (x) => Math.expm1(x),
    partials: (args) => [b.exp(need(args, 0))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      const u = b.exp(x);
      const corrected = b.where(b.eq(u, 1), x, b.div(b.mul(b.sub(u, 1), x), b.log(u)));
      return b.where(b.lt(b.abs(x), 1), corrected, b.sub(u, 1));
    },
    print: fn(
      { numpy: 'np.expm1', torch: 'torch.expm1', typescript: 'Math.expm1' },
      (x) => ({ text: `e^{${x.text}} - 1`, precedence: p.add }),
      (x) => `e to the power of ${x}, minus one`,
    ),
  }),
  tanh: elementwise(1, {
    value: (x) => Math.tanh(x),
    partials: (_, out) => [b.sub(1, b.square(out))],
    print: fn(
      { numpy: 'np.tanh', torch: 'torch.tanh', typescript: 'Math.tanh' },
      texFunction('\\tanh'),
      (x) => `the hyperbolic tangent of ${x}`,
    ),
  }),
  cos: elementwise(1, {
    value: (x) => Math.cos(x),
    partials: (args) => [b.neg(b.sin(need(args, 0)))],
    print: fn(
      { numpy: 'np.cos', torch: 'torch.cos', typescript: 'Math.cos' },
      texFunction('\\cos'),
      (x) => `the cosine of ${x}`,
    ),
  }),
  sin: elementwise(1, {
    value: (x) => Math.sin(x),
    partials: (args) => [b.cos(need(args, 0))],
    print: fn(
      { numpy: 'np.sin', torch: 'torch.sin', typescript: 'Math.sin' },
      texFunction('\\sin'),
      (x) => `the sine of ${x}`,
    ),
  }),
  sigmoid: elementwise(1, {
    value: (x) => {
      const e = Math.exp(-Math.abs(x));
      return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    },
    partials: (args, out) => [b.mul(out, b.sigmoid(b.neg(need(args, 0))))],
    lowerOnDevice: (out) => {
      // One exponential that cannot overflow: devices may take an overflow for undefined.
      const x = argument(out);
      const e = decay(x);
      return b.div(b.where(b.ge(x, 0), 1, e), b.add(1, e));
    },
    print: {
      tex: one(texCall('\\sigma')),
      numpy: one((x) => call('np.exp', `-np.logaddexp(0, ${prefix('-', p.unary, x).text})`)),
      torch: one((x) => call('torch.sigmoid', x)),
      keras: one((x) => call('ops.sigmoid', x)),
      jax: one((x) => call('jax.nn.sigmoid', x)),
      typescript: one((x) => ({
        text: `1 / (1 + Math.exp(${prefix('-', p.unary, x).text}))`,
        precedence: p.multiply,
      })),
      tfjs: 'sigmoid',
      spoken: (args) => `the sigmoid of ${need(args, 0)}`,
    },
  }),
  softplus: elementwise(1, {
    value: softPlus,
    partials: (args) => [b.sigmoid(need(args, 0))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      return b.add(b.maximum(x, 0), correctedLog1p(decay(x)));
    },
    print: {
      tex: one((x) => ({ text: `\\log\\left(1 + e^{${x.text}}\\right)`, precedence: p.multiply })),
      numpy: one((x) => call('np.logaddexp', '0', x)),
      // F.softplus drops the tail above its threshold of 20.
      torch: one((x) => ({
        text: `-F.logsigmoid(${prefix('-', p.unary, x).text})`,
        precedence: p.unary,
      })),
      // On PyTorch the softplus of Keras drops its tail too.
      keras: one((x) => ({
        text: `-ops.log_sigmoid(${prefix('-', p.unary, x).text})`,
        precedence: p.unary,
      })),
      jax: one((x) => call('jax.nn.softplus', x)),
      typescript: one((x) => ({
        text: `Math.max(${x.text}, 0) + Math.log1p(Math.exp(-Math.abs(${x.text})))`,
        precedence: p.add,
      })),
      repeats: true,
      tfjs: 'softplus',
      spoken: (args) => `the softplus of ${need(args, 0)}`,
    },
  }),
  logsigmoid: elementwise(1, {
    value: (x) => -softPlus(-x),
    partials: (args) => [b.sigmoid(b.neg(need(args, 0)))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      return b.sub(b.minimum(x, 0), correctedLog1p(decay(x)));
    },
    print: {
      tex: one((x) => ({ text: `\\log \\sigma\\left(${x.text}\\right)`, precedence: p.multiply })),
      numpy: one((x) => ({
        text: `-np.logaddexp(0, ${prefix('-', p.unary, x).text})`,
        precedence: p.unary,
      })),
      torch: one((x) => call('F.logsigmoid', x)),
      keras: one((x) => call('ops.log_sigmoid', x)),
      jax: one((x) => call('jax.nn.log_sigmoid', x)),
      typescript: one((x) => ({
        text: `Math.min(${x.text}, 0) - Math.log1p(Math.exp(-Math.abs(${x.text})))`,
        precedence: p.add,
      })),
      repeats: true,
      spoken: (args) => `the logarithm of the sigmoid of ${need(args, 0)}`,
    },
  }),
  xlogy: elementwise(2, {
    value: (x, y) => (x === 0 && !Number.isNaN(y) ? 0 : x * Math.log(y)),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      return [b.log(y), b.where(b.eq(x, 0), 0, b.div(x, y))];
    },
    kink: 'by the second argument where the first is 0: 0; PyTorch and JAX give NaN at (0, 0)',
    print: {
      tex: two((x, y) => ({
        text: `${texWrap(x, p.multiply)} \\log ${texWrap(y, p.power)}`,
        precedence: p.multiply,
      })),
      numpy: two((x, y) =>
        call(
          'np.where',
          infix('==', p.compare, x, atom('0')),
          '0',
          infix('*', p.multiply, x, call('np.log', y)),
        ),
      ),
      torch: two((x, y) => call('torch.xlogy', x, y)),
      typescript: two((x, y) => ({
        text: `${wrap(x, p.add)} === 0 ? 0 : ${infix('*', p.multiply, x, call('Math.log', y)).text}`,
        precedence: p.conditional,
      })),
      repeats: true,
      spoken: (args) => `${need(args, 0)} times the logarithm of ${need(args, 1)}`,
    },
  }),
  logaddexp: elementwise(2, {
    value: (x, y) => (x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)))),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      return [b.sigmoid(b.sub(x, y)), b.sigmoid(b.sub(y, x))];
    },
    kink: 'where both are −∞: NaN, as PyTorch',
    lowerOnDevice: (out) => {
      const [x, y] = [argument(out), argument(out, 1)];
      return b.add(b.maximum(x, y), correctedLog1p(decay(b.sub(x, y))));
    },
    print: {
      tex: two((x, y) => ({
        text: `\\log\\left(e^{${x.text}} + e^{${y.text}}\\right)`,
        precedence: p.multiply,
      })),
      numpy: two((x, y) => call('np.logaddexp', x, y)),
      torch: two((x, y) => call('torch.logaddexp', x, y)),
      typescript: two((x, y) => ({
        text: `${wrap(x, p.add)} === ${wrap(y, p.add)} ? ${wrap(x, p.add)} + Math.LN2 : Math.max(${x.text}, ${y.text}) + Math.log1p(Math.exp(-Math.abs(${wrap(x, p.add)} - ${wrap(y, p.multiply)})))`,
        precedence: p.conditional,
      })),
      repeats: true,
      spoken: (args) =>
        `the logarithm of the sum of e to the power of ${need(args, 0)} and e to the power of ${need(args, 1)}`,
    },
  }),
  logndtr: elementwise(1, {
    value: logNormalCdf,
    partials: (args) => [b.inverseMills(need(args, 0))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      const left = b.sub(b.log(b.mul(0.5, scaledErfcOf(x))), b.mul(0.5, b.square(x)));
      const right = correctedLog1p(b.mul(b.mul(-0.5, scaledErfcOf(x)), bell(x)));
      return b.where(b.lt(x, 0), left, right);
    },
    print: {
      ...fn(
        { numpy: 'special.log_ndtr', torch: 'torch.special.log_ndtr', typescript: 'logNormalCdf' },
        (x) => ({ text: `\\log \\Phi\\left(${x.text}\\right)`, precedence: p.multiply }),
        (x) => `the logarithm of the normal distribution function of ${x}`,
      ),
      keras: one((x) => call('log_ndtr', x)),
      jax: one((x) => call('jax.scipy.special.log_ndtr', x)),
    },
  }),
  inverseMills: elementwise(1, {
    value: inverseMillsRatio,
    partials: (args, out) => [b.neg(b.mul(out, b.add(need(args, 0), out)))],
    lowerOnDevice: (out) => {
      const x = argument(out);
      const scaled = scaledErfcOf(x);
      const left = b.div(Math.sqrt(2 / Math.PI), scaled);
      const right = b.div(
        b.mul(1 / Math.sqrt(2 * Math.PI), bell(x)),
        b.sub(1, b.mul(b.mul(0.5, scaled), bell(x))),
      );
      return b.where(b.lt(x, 0), left, right);
    },
    print: {
      tex: one((x) => atom(`\\frac{\\varphi\\left(${x.text}\\right)}{\\Phi\\left(${x.text}\\right)}`)),
      numpy: mills('np.exp', 'special.log_ndtr'),
      torch: mills('torch.exp', 'torch.special.log_ndtr'),
      keras: mills('ops.exp', 'log_ndtr'),
      jax: mills('jnp.exp', 'jax.scipy.special.log_ndtr'),
      typescript: one((x) => ({
        text: `Math.exp(-${tight(x)} * ${tight(x)} / 2 - logNormalCdf(${x.text})) / Math.sqrt(2 * Math.PI)`,
        precedence: p.multiply,
      })),
      repeats: true,
      spoken: (args) => `the normal density over its distribution function at ${need(args, 0)}`,
    },
  }),
} satisfies Record<string, Primitive>;
