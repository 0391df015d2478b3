import * as b from '../build.ts';
import type { Expr } from '../expression.ts';
import { atom, call, prefix, wrap, precedence as p, type Fragment } from '../fragment.ts';
import {
  elementwise,
  fn,
  frac,
  joined,
  need,
  one,
  operator,
  type Primitive,
  superscript,
  texCall,
  texInfix,
  texWrap,
  tight,
  two,
  withoutShift,
} from './row.ts';

/** A factor such as −2 at the beginning of a product needs no brackets; the product then stands like a sum. */
function isNegativeNumber({ text }: Fragment): boolean {
  return /^-(?:[\d.]+|\\tfrac\{1\}\{\d\})$/.test(text);
}

/** Arithmetic on each element, and what compares or limits elements. */
export const arithmetic = {
  add: elementwise(2, {
    value: (x, y) => x + y,
    partials: () => [b.node(1), b.node(1)],
    print: operator('+', p.add, texInfix('+', p.add), 'plus'),
  }),
  sub: elementwise(2, {
    value: (x, y) => x - y,
    partials: () => [b.node(1), b.node(-1)],
    lowerOnDevice: (out) => withoutShift(out) ?? out,
    print: operator('-', p.add, texInfix('-', p.add), 'minus'),
  }),
  mul: elementwise(2, {
    value: (x, y) => x * y,
    partials: (args) => [need(args, 1), need(args, 0)],
    print: operator(
      '*',
      p.multiply,
      (x, y) => ({
        text: `${isNegativeNumber(x) ? x.text : texWrap(x, p.multiply)} ${/^[\d.-]/u.test(y.text) ? '\\cdot ' : '\\, '}${texWrap(y, p.multiply + 1)}`,
        precedence: isNegativeNumber(x) ? p.add : p.multiply,
      }),
      'times',
    ),
  }),
  div: elementwise(2, {
    value: (x, y) => x / y,
    partials: (args, out) => [b.div(1, need(args, 1)), b.neg(b.div(out, need(args, 1)))],
    print: operator('/', p.multiply, frac, 'over'),
  }),
  neg: elementwise(1, {
    value: (x) => -x,
    partials: () => [b.node(-1)],
    print: {
      tex: one((x) => ({ text: `-${texWrap(x, p.multiply)}`, precedence: p.add })),
      numpy: one((x) => prefix('-', p.unary, x)),
      torch: one((x) => prefix('-', p.unary, x)),
      typescript: one((x) => prefix('-', p.unary, x)),
      tfjs: 'neg',
      spoken: (args) => `minus ${need(args, 0)}`,
    },
  }),
  pow: elementwise(2, {
    value: (x, y) => Math.pow(x, y),
    partials: (args, out) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      return [b.mul(y, b.pow(x, b.sub(y, 1))), b.where(b.gt(x, 0), b.mul(out, b.log(x)), 0)];
    },
    kink: 'by the exponent at base ≤ 0: 0',
    print: {
      tex: two((x, y) => superscript(x, y.text)),
      numpy: two((x, y) => ({ text: `${wrap(x, p.atom)} ** ${wrap(y, p.power)}`, precedence: p.power })),
      torch: two((x, y) => ({ text: `${wrap(x, p.atom)} ** ${wrap(y, p.power)}`, precedence: p.power })),
      typescript: two((x, y) => call('Math.pow', x, y)),
      tfjs: 'pow',
      spoken: joined('to the power'),
    },
  }),
  square: elementwise(1, {
    value: (x) => x * x,
    partials: (args) => [b.mul(2, need(args, 0))],
    print: {
      tex: one((x) => superscript(x, '2')),
      numpy: one((x) => ({ text: `${wrap(x, p.atom)} ** 2`, precedence: p.power })),
      torch: one((x) => ({ text: `${wrap(x, p.atom)} ** 2`, precedence: p.power })),
      typescript: one((x) => ({ text: `${tight(x)} * ${tight(x)}`, precedence: p.multiply })),
      repeats: true,
      tfjs: 'square',
      spoken: (args) => `${need(args, 0)} squared`,
    },
  }),
  sqrt: elementwise(1, {
    value: (x) => Math.sqrt(x),
    partials: (_, out) => [b.div(0.5, out)],
    kink: 'at 0: infinite, as written (0/0 = NaN under a zero adjoint); all frameworks agree',
    print: fn(
      { numpy: 'np.sqrt', torch: 'torch.sqrt', typescript: 'Math.sqrt' },
      (x) => atom(`\\sqrt{${x.text}}`),
      (x) => `the square root of ${x}`,
    ),
  }),
  abs: elementwise(1, {
    value: (x) => Math.abs(x),
    partials: (args) => [b.sign(need(args, 0))],
    kink: 'at 0: 0, as PyTorch and TensorFlow; JAX gives 1',
    print: fn(
      { numpy: 'np.abs', torch: 'torch.abs', typescript: 'Math.abs' },
      (x) => atom(`\\left|${x.text}\\right|`),
      (x) => `the absolute value of ${x}`,
    ),
  }),
  sign: elementwise(1, {
    value: (x) => Math.sign(x),
    partials: () => [undefined],
    kink: '0 everywhere',
    print: fn(
      { numpy: 'np.sign', torch: 'torch.sign', typescript: 'Math.sign' },
      texCall('\\operatorname{sign}'),
      (x) => `the sign of ${x}`,
    ),
  }),
  relu: elementwise(1, {
    value: (x) => Math.max(x, 0),
    partials: (args) => [b.where(b.gt(need(args, 0), 0), 1, 0)],
    kink: 'at 0: 0, as all frameworks',
    print: {
      tex: one((x) => atom(`\\max\\left(${x.text}, 0\\right)`)),
      numpy: one((x) => call('np.maximum', x, '0')),
      torch: one((x) => call('F.relu', x)),
      keras: one((x) => call('ops.relu', x)),
      jax: one((x) => call('jax.nn.relu', x)),
      typescript: one((x) => call('Math.max', x, '0')),
      tfjs: 'relu',
      spoken: (args) => `the positive part of ${need(args, 0)}`,
    },
  }),
  maximum: elementwise(2, {
    value: (x, y) => Math.max(x, y),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      const share = (first: Expr, second: Expr) =>
        b.where(b.gt(first, second), 1, b.where(b.eq(first, second), 0.5, 0));
      return [share(x, y), share(y, x)];
    },
    kink: 'at equal arguments: ½ each, as PyTorch and JAX; TensorFlow gives all to one of them',
    print: {
      tex: two((x, y) => atom(`\\max\\left(${x.text}, ${y.text}\\right)`)),
      numpy: two((x, y) => call('np.maximum', x, y)),
      torch: two((x, y) => call('torch.maximum', x, y)),
      typescript: two((x, y) => call('Math.max', x, y)),
      tfjs: 'maximum',
      spoken: (args) => `the larger of ${need(args, 0)} and ${need(args, 1)}`,
    },
  }),
  minimum: elementwise(2, {
    value: (x, y) => Math.min(x, y),
    partials: (args) => {
      const [x, y] = [need(args, 0), need(args, 1)];
      const share = (first: Expr, second: Expr) =>
        b.where(b.lt(first, second), 1, b.where(b.eq(first, second), 0.5, 0));
      return [share(x, y), share(y, x)];
    },
    kink: 'at equal arguments: ½ each',
    print: {
      tex: two((x, y) => atom(`\\min\\left(${x.text}, ${y.text}\\right)`)),
      numpy: two((x, y) => call('np.minimum', x, y)),
      torch: two((x, y) => call('torch.minimum', x, y)),
      typescript: two((x, y) => call('Math.min', x, y)),
      tfjs: 'minimum',
      spoken: (args) => `the smaller of ${need(args, 0)} and ${need(args, 1)}`,
    },
  }),
  clamp: elementwise(3, {
    value: (x, low, high) => Math.min(Math.max(x, low), high),
    partials: (args) => {
      const [x, low, high] = [need(args, 0), need(args, 1), need(args, 2)];
      return [
        b.where(b.and(b.ge(x, low), b.le(x, high)), 1, 0),
        b.where(b.lt(x, low), 1, 0),
        b.where(b.gt(x, high), 1, 0),
      ];
    },
    kink: 'at a limit: 1, as PyTorch and TensorFlow; JAX gives ½',
    print: {
      tex: (args) => atom(`\\operatorname{clip}\\left(${args.map((a) => a.text).join(', ')}\\right)`),
      numpy: (args) => call('np.clip', ...args),
      torch: (args) => call('torch.clamp', ...args),
      typescript: (args) => call('Math.min', call('Math.max', need(args, 0), need(args, 1)), need(args, 2)),
      tfjs: 'clipByValue',
      spoken: (args) => `${need(args, 0)} limited to between ${need(args, 1)} and ${need(args, 2)}`,
    },
  }),
  clampMin: elementwise(2, {
    value: (x, low) => Math.max(x, low),
    partials: (args) => {
      const [x, low] = [need(args, 0), need(args, 1)];
      return [b.where(b.ge(x, low), 1, 0), b.where(b.lt(x, low), 1, 0)];
    },
    kink: 'at the limit: 1, as PyTorch; JAX gives ½',
    print: {
      tex: two((x, low) => atom(`\\max\\left(${x.text}, ${low.text}\\right)`)),
      numpy: two((x, low) => call('np.maximum', x, low)),
      torch: two((x, low) => call('torch.clamp', x, `min=${low.text}`)),
      typescript: two((x, low) => call('Math.max', x, low)),
      tfjs: 'maximum',
      spoken: (args) => `the larger of ${need(args, 0)} and ${need(args, 1)}`,
    },
  }),
} satisfies Record<string, Primitive>;
