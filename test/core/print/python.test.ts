import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as b from '../../../src/core/expression/build.ts';
import { index, input, param, size } from '../../../src/core/expression/expression.ts';
import { spread, subscriptsTo } from '../../../src/core/expression/print/arrayLayout.ts';
import { guardsOf } from '../../../src/core/expression/print/guards.ts';
import { intervalOf, type Interval } from '../../../src/core/expression/print/intervals.ts';
import { Names } from '../../../src/core/expression/print/names.ts';
import { printable } from '../../../src/core/expression/print/printable.ts';
import { shapeFor } from '../../../src/core/expression/print/pythonShape.ts';
import { manners, printLoss, refusalOf } from '../../../src/core/expression/print/snippet.ts';
import { printTensors, type Statement } from '../../../src/core/expression/print/tensor.ts';
import { torchDialect } from '../../../src/core/expression/print/torch.ts';
import { primitives } from '../../../src/core/expression/primitives.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';

const huber = loadLoss('huber')!;
const x = input('x', ['sample', 'feature']);
const y = input('y', ['sample', 'feature']);
const v = input('v', ['sample']);

/** The lines of an expression in PyTorch. */
function torchLines(expr: Parameters<typeof b.neg>[0]): string[] {
  const statements = printTensors({
    roots: [{ name: 'result', expr: b.node(expr) }],
    named: [],
    names: () => new Names('python', ['x', 'y', 'v', 'result']),
    nameOf: (id) => id,
    dialect: torchDialect,
    fits: (name, text) => name.length + text.length < 75,
  });
  const lines = (list: readonly Statement[], tab: string): string[] =>
    list.flatMap((s) =>
      s.kind === 'let'
        ? [`${tab}${s.name} = ${s.text}`]
        : [
            `${tab}if ${s.condition}:`,
            ...lines(s.then, `${tab}  `),
            `${tab}else:`,
            ...lines(s.otherwise, `${tab}  `),
          ],
    );
  return lines(statements, '');
}

describe('arrays over named axes', () => {
  it('multiply as matrices where each has an axis that the other lacks', () => {
    const other = b.rename(y, 'sample', 'sample′');
    expect(torchLines(b.sum(b.mul(x, other), 'feature'))).toEqual(['result = x @ y.T']);
    expect(torchLines(b.sum(b.mul(other, x), 'feature'))).toEqual(['result = x @ y.T']);
    expect(torchLines(b.sum(b.mul(x, y), 'feature'))).toEqual(['result = torch.sum(x * y, dim=-1)']);
    const scaled = b.div(b.mul(x, other), b.rename(v, 'sample', 'sample′'));
    expect(torchLines(b.sum(scaled, 'feature'))).toEqual(['result = x @ (y / v[:, None]).T']);
    const negatives = input('negatives', ['sample', 'negative', 'feature']);
    expect(torchLines(b.sum(b.mul(other, negatives), 'feature'))).toEqual([
      'result = torch.einsum("nkd,md->nmk", negatives, y)',
    ]);
  });

  it('are paired by empty axes', () => {
    expect(torchLines(b.sub(v, b.rename(v, 'sample', 'sample′')))).toEqual(['result = v[:, None] - v']);
    expect(torchLines(b.sub(x, v))).toEqual(['result = x - v[:, None]']);
  });

  it('have identities, diagonals and reversals of their own', () => {
    const pairs = b.sub(v, b.rename(v, 'sample', 'sample′'));
    const different = b.ne(index('sample'), index('sample′'));
    expect(torchLines(b.where(different, pairs, -Infinity)).at(-1)).toBe(
      'result = torch.where(different, v[:, None] - v, -torch.inf)',
    );
    expect(torchLines(b.gather(pairs, 'sample′', index('sample')))).toEqual([
      'result = torch.diagonal(v[:, None] - v)',
    ]);
    const fromEnd = b.sub(b.sub(size('sample'), 1), index('sample'));
    expect(torchLines(b.gather(v, 'sample', fromEnd))).toEqual(['result = torch.flip(v, dims=(-1,))']);
  });

  it('reduce several axes in one call, and keep those that are wanted back', () => {
    expect(torchLines(b.mean(b.mean(x, 'feature'), 'sample'))).toEqual(['result = torch.mean(x)']);
    expect(torchLines(b.div(x, b.sum(x, 'feature')))).toEqual([
      'result = x / torch.sum(x, dim=-1, keepdim=True)',
    ]);
  });

  it('turn positions into numbers before arithmetic, which would round them to float32', () => {
    expect(torchLines(b.log(b.add(b.rank(v, 'sample'), 2))).join('\n')).toMatch(/\.to\(v\.dtype\) \+ 2/);
    expect(torchLines(b.indicator(b.gt(v, 0)))).toEqual(['result = (v > 0).to(v.dtype)']);
    expect(torchLines(b.where(b.gt(v, 0), 0.1, 0.7))).toEqual([
      'result = torch.where(v > 0, v.new_tensor(0.1), 0.7)',
    ]);
  });

  it('leave a choice by parameters to Python, and compute what both branches need before', () => {
    const alpha = param('alpha');
    const shared = b.exp(b.sub(x, v));
    const chosen = b.where(b.eq(alpha, 0), b.log1p(shared), b.div(b.mul(shared, shared), alpha));
    expect(torchLines(chosen)).toEqual([
      'power = torch.exp(x - v[:, None])',
      'if alpha == 0:',
      '  result = torch.log1p(power)',
      'else:',
      '  result = power * power / alpha',
    ]);
    expect(torchLines(b.mul(x, b.where(b.gt(alpha, 0), alpha, 1)))).toEqual([
      'result = x * (alpha if alpha > 0 else 1)',
    ]);
  });

  it('write subscripts that keep, add and drop axes', () => {
    expect(subscriptsTo(['sample'], ['sample', null])).toEqual([':', 'None']);
    expect(subscriptsTo(['a', 'b'], ['a', 'b', null])).toEqual(['...', 'None']);
    expect(subscriptsTo(['a', null], ['a'])).toEqual([':', '0']);
    expect(subscriptsTo(['a', 'b'], ['a', 'b'])).toBeUndefined();
    expect(spread(['b'], ['a', 'b', 'c'])).toEqual([null, 'b', null]);
  });
});

describe('guards', () => {
  const values: Loss = { ...huber, inputs: huber.inputs.map((i) => ({ ...i, axes: ['sample'] })) };
  const pred = input('pred', ['sample']);
  const { rewrite, warnings } = guardsOf(printable(values), { numbersOnly: false, unsafeNorm: true });

  it('give a root, a logarithm and a quotient a harmless operand where they are not used', () => {
    const positive = b.gt(pred, 0);
    expect(rewrite(b.where(positive, b.sqrt(pred), 0))).toBe(
      b.where(positive, b.sqrt(b.where(positive, pred, 1)), 0),
    );
    expect(rewrite(b.where(positive, 0, b.div(1, pred)))).toBe(
      b.where(positive, 0, b.div(1, b.where(positive, 1, pred))),
    );
    expect(rewrite(b.where(positive, b.exp(pred), 0))).toBe(
      b.where(positive, b.exp(b.where(positive, pred, 0)), 0),
    );
  });

  it('leave what is safe by itself, or has no derivative', () => {
    const positive = b.gt(pred, 0);
    for (const safe of [
      b.where(positive, b.sqrt(b.add(1, b.square(pred))), 0),
      b.where(positive, b.log1p(b.square(pred)), 0),
      b.where(positive, b.exp(b.neg(b.abs(pred))), pred),
      b.where(positive, b.stop(b.sqrt(pred)), 0),
      b.where(positive, b.log(input('target', ['sample'])), pred),
      b.sqrt(pred),
    ])
      expect(rewrite(safe)).toBe(safe);
  });

  it('do not reach through a reduction over an axis of the condition', () => {
    const masked = b.where(b.gt(pred, 0), b.sum(b.log(pred), 'sample'), 0);
    expect(rewrite(masked)).toBe(masked);
  });

  it('give the norm of the zero vector a derivative', () => {
    const matrix = input('pred', ['sample', 'feature']);
    const total = b.sum(b.square(matrix), 'feature');
    const positive = b.gt(total, 0);
    expect(rewrite(b.norm(matrix, 'feature'))).toBe(
      b.where(positive, b.sqrt(b.where(positive, total, 1)), 0),
    );
    expect(rewrite(b.maximum(b.norm(matrix, 'feature'), 0.5))).toBe(b.sqrt(b.maximum(total, 0.25)));
  });

  it('tell of the logarithm of 0', () => {
    expect(warnings([b.log(b.relu(pred))])).toEqual(['divide']);
    expect(warnings([b.log(b.add(1, b.exp(pred)))])).toEqual([]);
  });
});

describe('intervals', () => {
  it('hold the values of every elementwise operation', () => {
    // The reciprocal of a subnormal number is infinite: bounds of such are not asked for.
    const bound = fc.double({ min: -20, max: 20, noNaN: true }).map((x) => (Math.abs(x) < 1e-150 ? 0 : x));
    const at = fc.double({ min: 0, max: 1, noNaN: true });
    const operations = Object.entries(primitives).flatMap(([op, row]) =>
      row.kind === 'elementwise' ? [{ op, row }] : [],
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...operations),
        fc.array(fc.tuple(bound, bound, at), { minLength: 3, maxLength: 3 }),
        ({ op, row }, drawn) => {
          const names = ['a', 'b', 'c'].slice(0, row.arity);
          const intervals = drawn.map(([p, q]): Interval => ({ low: Math.min(p, q), high: Math.max(p, q) }));
          const given = drawn.map(([p, q, t]) => Math.min(p, q) + t * Math.abs(p - q));
          if (op === 'clamp' && intervals[1]!.high > intervals[2]!.low) return;
          const args = names.map((name) => input(name, []));
          const found = intervalOf(b.apply(op, args), (e) =>
            e.kind === 'input' ? intervals[names.indexOf(e.name)] : undefined,
          );
          const value = row.value(given[0]!, given[1]!, given[2]!);
          if (!Number.isFinite(value)) return;
          const slack = 1e-9 * (1 + Math.abs(value));
          expect(value).toBeGreaterThanOrEqual(found.low - slack);
          expect(value).toBeLessThanOrEqual(found.high + slack);
        },
      ),
      { numRuns: 5000, seed: 1 },
    );
  });
});

describe('a Python function', () => {
  it('has safe names where those of the loss are reserved', () => {
    const parameter = { ...huber.parameters[0]!, id: 'lambda' };
    const reserved: Loss = {
      ...huber,
      inputs: [{ ...huber.inputs[0]!, id: 'class' }, huber.inputs[1]!],
      parameters: [parameter],
      expression: () =>
        b.mul(
          param('lambda'),
          b.sub(input('class', ['sample', 'output']), input('target', ['sample', 'output'])),
        ),
      named: () => [],
    };
    const { code } = printLoss(reserved, 'numpy');
    expect(code).toContain('class_: ArrayLike');
    expect(code).toContain('lambda_: float = 1.0');
    expect(code).toContain('loss = lambda_ * (class_ - target)');
  });

  it('has no argument for what is chosen', () => {
    const triplet = loadLoss('triplet-margin')!;
    const swapped = printLoss(triplet, 'torch', { parameters: { swap: 1 } }).code;
    expect(swapped).toContain('torch.minimum');
    expect(swapped).not.toContain('swap: float');
    expect(() => printLoss(triplet, 'torch', { parameters: { swap: 0.5 } })).toThrow(/has no swap 0.5/);
    const call = printLoss(triplet, 'torch', { manner: 'idiomatic', parameters: { swap: 1 } }).code;
    expect(call).toContain('swap=True');
  });

  it('follows a convention, also in how it averages', () => {
    const keras = { convention: 'keras' };
    expect(printLoss(huber, 'numpy', keras).code).toContain('axis=-1)');
    expect(printLoss(huber, 'numpy', keras).code).toContain('As Keras');
    expect(printLoss(huber, 'keras', { ...keras, manner: 'idiomatic' }).code).toContain(
      'loss = keras.losses.huber(target, pred, delta=delta)',
    );
    expect(printLoss(huber, 'keras', { manner: 'idiomatic' }).code).toContain('target[..., None]');
    expect(() => printLoss(huber, 'numpy', { convention: 'none such' })).toThrow(RangeError);
  });

  it('has a reduction only where there is something to reduce', () => {
    const penalty = printLoss(loadLoss('l2-penalty')!, 'numpy').code;
    expect(penalty).not.toContain('reduction');
    expect(printLoss(huber, 'numpy').code).toContain('reduction: Literal');
  });

  it('takes any shape where elements of equal places are compared', () => {
    expect(shapeFor(printable(huber)).kind).toBe('any');
    expect(shapeFor(printable(huber, { convention: 'keras' })).kind).toBe('rows');
    expect(shapeFor(printable(loadLoss('softmax-cross-entropy')!)).kind).toBe('shaped');
    const rmse = shapeFor(printable(loadLoss('root-mean-squared-error')!));
    expect([rmse.kind, rmse.expression.axes]).toEqual(['any', []]);
  });

  it('takes an option of the loss when it is given, class indices as whole numbers', () => {
    const loss = loadLoss('softmax-cross-entropy')!;
    const { code } = printLoss(loss, 'torch', { parameters: { ignoreIndex: -100 } });
    expect(code).toContain('ignore_index: int = -100,');
    expect(code).toContain('return loss.sum() / divisor.sum()');
    expect(printLoss(loss, 'torch').code).not.toContain('ignore_index');
  });

  it('of several predictions returns a gradient for each', () => {
    const { code, gradientName } = printLoss(loadLoss('info-nce')!, 'numpy');
    expect(gradientName).toBe('info_nce_loss_gradient');
    expect(code).toContain('-> tuple[np.ndarray, np.ndarray]:');
    expect(code).toContain('return z1_gradient / count, z2_gradient / count');
  });

  it('is refused with a reason, or printed', () => {
    for (const loss of losses()) {
      for (const language of ['numpy', 'torch', 'keras', 'jax'] as const) {
        const reasons = manners.map((manner) => refusalOf(loss, language, { manner }));
        expect(reasons[0], loss.id).toBeUndefined();
        if (reasons[1] !== undefined) expect(reasons[1]).toMatch(/\w+ .*\w+ /);
      }
    }
  });
});
