import * as b from '../build.ts';
import { atom, call, prefix, wrap, precedence as p } from '../fragment.ts';
import { boolean, comparison, elementwise, logical, need, one, type Primitive, texWrap } from './row.ts';

/** Conditions, choice by a condition, and the value that counts as a constant. */
export const logic = {
  lt: comparison('<', '<', '<', 'is less than', (x, y) => x < y),
  le: comparison('<=', '<=', '\\le', 'is at most', (x, y) => x <= y),
  gt: comparison('>', '>', '>', 'is greater than', (x, y) => x > y),
  ge: comparison('>=', '>=', '\\ge', 'is at least', (x, y) => x >= y),
  eq: comparison('==', '===', '=', 'equals', (x, y) => x === y),
  ne: comparison('!=', '!==', '\\ne', 'differs from', (x, y) => x !== y),
  and: logical('&', '&&', p.and, '\\land', 'and', (x, y) => x !== 0 && y !== 0),
  or: logical('|', '||', p.or, '\\lor', 'or', (x, y) => x !== 0 || y !== 0),
  not: elementwise(1, {
    value: (x) => (x === 0 ? 1 : 0),
    partials: () => [undefined],
    dtype: boolean,
    print: {
      tex: one((x) => ({ text: `\\lnot ${texWrap(x, p.atom)}`, precedence: p.not })),
      numpy: one((x) => prefix('~', p.unary, x)),
      torch: one((x) => prefix('~', p.unary, x)),
      typescript: one((x) => prefix('!', p.unary, x)),
      tfjs: 'logicalNot',
      spoken: (args) => `not ${need(args, 0)}`,
    },
  }),
  where: elementwise(3, {
    value: (condition, x, y) => (condition !== 0 ? x : y),
    partials: (args) => {
      const condition = need(args, 0);
      return [undefined, b.where(condition, 1, 0), b.where(condition, 0, 1)];
    },
    dtype: (args) => {
      const [x, y] = [need(args, 1), need(args, 2)];
      return x.dtype === y.dtype ? x.dtype : 'real';
    },
    print: {
      tex: (args) => {
        const [condition, x, y] = [need(args, 0), need(args, 1), need(args, 2)];
        if (x.text === '1' && y.text === '0') return atom(`\\left[${condition.text}\\right]`);
        // Cases of the otherwise are further rows of the same cases.
        const more = /^\\begin\{cases\} (.*) \\end\{cases\}$/.exec(
          y.precedence === p.conditional ? y.text : '',
        );
        const rest = more?.[1] ?? `${y.text} & \\text{otherwise}`;
        return {
          text: `\\begin{cases} ${x.text} & \\text{if } ${condition.text} \\\\ ${rest} \\end{cases}`,
          precedence: p.conditional,
        };
      },
      numpy: (args) => call('np.where', ...args),
      torch: (args) => call('torch.where', ...args),
      typescript: (args) => ({
        text: `${wrap(need(args, 0), p.or)} ? ${wrap(need(args, 1), p.or)} : ${wrap(need(args, 2), p.conditional)}`,
        precedence: p.conditional,
      }),
      spoken: (args) => `${need(args, 1)} if ${need(args, 0)}, otherwise ${need(args, 2)}`,
    },
  }),
  stop: elementwise(1, {
    value: (x) => x,
    partials: () => [undefined],
    dtype: (args) => need(args, 0).dtype,
    kink: '0 everywhere: its argument counts as a constant',
    print: {
      tex: one((x) => x),
      numpy: one((x) => x),
      torch: one((x) => atom(`${wrap(x, p.atom)}.detach()`)),
      keras: one((x) => call('ops.stop_gradient', x)),
      jax: one((x) => call('jax.lax.stop_gradient', x)),
      typescript: one((x) => x),
      spoken: (args) => need(args, 0),
    },
  }),
} satisfies Record<string, Primitive>;
