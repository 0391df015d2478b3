import { describe, expect, it } from 'vitest';
import { apply } from '../../../src/core/expression/build.ts';
import { differentiate } from '../../../src/core/expression/differentiate.ts';
import { broadcast, evaluate } from '../../../src/core/expression/evaluate.ts';
import { input } from '../../../src/core/expression/expression.ts';
import { atom, precedence, type Fragment } from '../../../src/core/expression/fragment.ts';
import { logNormalCdf } from '../../../src/core/expression/normal.ts';
import { primitive, primitives } from '../../../src/core/expression/primitives.ts';
import type { Elementwise, Place } from '../../../src/core/expression/primitives/row.ts';
import { lower } from '../../../src/core/expression/schedule.ts';

const place: Place = { dim: '-1', keepdim: false, rank: 2, letter: 'c', extent: 'C' };
const all = Object.entries(primitives);
const elementwise = all.filter((entry): entry is [string, Elementwise] => entry[1].kind === 'elementwise');
const names = ['a', 'b', 'c'];

/** Arguments inside the domain and away from kinks. */
const points: Readonly<Record<string, readonly (readonly number[])[]>> = {
  and: [
    [1, 0],
    [1, 1],
    [0, 0],
  ],
  or: [
    [1, 0],
    [1, 1],
    [0, 0],
  ],
  not: [[0], [1]],
  log: [[0.3], [5]],
  sqrt: [[0.3], [5]],
  log1p: [[-0.5], [3]],
  pow: [
    [0.7, 2.5],
    [3, -1.5],
  ],
  xlogy: [
    [0.7, 0.2],
    [2, 3],
  ],
  clamp: [
    [0.3, -1, 1],
    [-2, -1, 1],
    [4, -1, 1],
  ],
  where: [
    [1, 2, -3],
    [0, 2, -3],
  ],
};
const general = [
  [0.7, -1.3, 0.4],
  [-2.1, 0.6, 1.7],
];
const argumentsOf = (op: string, arity: number) => points[op] ?? general.map((p) => p.slice(0, arity));

describe('every primitive', () => {
  it.each(all)('%s is written in every language, and for screen readers', (_, row) => {
    const args = names.slice(0, row.arity).map(atom);
    for (const language of ['tex', 'numpy', 'torch'] as const) {
      const { text } = row.print[language](args, place);
      for (const name of args) expect(text).toContain(name.text);
    }
    const words = row.print.spoken(names.slice(0, row.arity), place);
    expect(words).not.toMatch(/[\\{}^_]/);
  });
  it.each(all)('%s has balanced brackets also around loose arguments', (_, row) => {
    const loose = names
      .slice(0, row.arity)
      .map((n): Fragment => ({ text: `${n} if ${n} else ${n}`, precedence: precedence.conditional }));
    for (const language of ['tex', 'numpy', 'torch', 'typescript'] as const) {
      const text = row.print[language]?.(loose, place).text ?? '';
      for (const [open, close] of ['()', '[]', '{}']) {
        if (open === '(' && language === 'tex') continue;
        expect(text.split(open!).length, text).toBe(text.split(close!).length);
      }
      expect(text.split('\\left').length, text).toBe(text.split('\\right').length);
    }
  });
  it('is unknown by another name', () => {
    expect(() => primitive('frobnicate')).toThrow('frobnicate');
    expect(() => apply('add', [])).toThrow('add');
  });
});

describe('an elementwise primitive', () => {
  it.each(elementwise)(
    '%s: the TypeScript text has its value, whatever the precedence of the arguments',
    (op, row) => {
      for (const values of argumentsOf(op, row.arity)) {
        const write = row.print.typescript;
        if (write === undefined) expect.fail('no TypeScript text');
        const plain = names.slice(0, row.arity).map(atom);
        // `a - 0` as an argument: a missing parenthesis changes the value or does not parse.
        const sums = plain.map((a): Fragment =>
          row.print.repeats === true ? a : { text: `${a.text} - 0`, precedence: precedence.add },
        );
        for (const args of [plain, sums]) {
          const outer = write(args, place);
          const text = outer.precedence > precedence.multiply ? `2 * ${outer.text}` : `2 * (${outer.text})`;
          // eslint-disable-next-line @typescript-eslint/no-implied-eval
          const run = new Function('logNormalCdf', ...names, `return ${text};`) as (
            helper: typeof logNormalCdf,
            ...x: readonly number[]
          ) => number;
          const [x = NaN, y = NaN, z = NaN] = values;
          expect(run(logNormalCdf, ...values)).toBeCloseTo(2 * row.value(x, y, z), 12);
        }
      }
    },
  );
  it.each(elementwise)('%s: the derivative is that of central differences', (op, row) => {
    if (op === 'stop') {
      expect(row.kink).toContain('0 everywhere');
      return;
    }
    for (const values of argumentsOf(op, row.arity)) {
      const inputs = names
        .slice(0, row.arity)
        .map((name) => input(name, ['sample'], op === 'where' && name === 'a' ? 'boolean' : 'real'));
      const expr = apply(op, inputs);
      const environment = (at: readonly number[]) => ({
        sizes: { sample: 1 },
        inputs: Object.fromEntries(at.map((x, i) => [names[i]!, [x]])),
      });
      values.forEach((x, i) => {
        if (op === 'where' && i === 0) return;
        const h = 1e-5;
        const moved = (by: number) =>
          evaluate(expr, environment(values.map((v, j) => (j === i ? x + by : v)))).data[0]!;
        const slope = (moved(h) - moved(-h)) / (2 * h);
        const gradient = evaluate(differentiate(expr, names[i]!), environment(values)).data[0]!;
        expect(gradient, `${op} by argument ${i} at ${values.join()}`).toBeCloseTo(slope, 7);
      });
    }
  });
  it('is stable far out', () => {
    const value = (op: string, x: number) => (primitives[op] as Elementwise).value(x, NaN, NaN);
    expect(value('softplus', 1000)).toBe(1000);
    expect(value('softplus', -745)).toBeGreaterThan(0);
    expect(value('logsigmoid', -1000)).toBe(-1000);
    expect(value('sigmoid', -740)).toBeGreaterThan(0);
    expect(value('sigmoid', 1000)).toBe(1);
    expect(value('softplus', NaN)).toBeNaN();
    expect(value('relu', NaN)).toBeNaN();
  });
});

describe('log Φ', () => {
  // mpmath 1.3 at 60 digits: log(erfc(-x/√2)/2).
  it.each([
    [-1000, -500007.8266948121],
    [-200, -20006.21728089819],
    [-38.5, -745.6952702904111],
    [-8, -35.01343715991455],
    [-1, -1.841021645009264],
    [-1e-30, -0.6931471805599453],
    [0, -0.6931471805599453],
    [1, -0.1727537790234499],
    [5, -2.866516129637636e-7],
    [8.5, -9.479534822203319e-18],
    [20, -2.7536241186062337e-89],
    [37, -5.725571222524576e-300],
  ])('at %d is %d', (x, expected) => {
    const value = logNormalCdf(x);
    expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-14 * Math.abs(expected));
  });
  it('has its limits', () => {
    expect(logNormalCdf(-Infinity)).toBe(-Infinity);
    expect(logNormalCdf(Infinity)).toBe(0);
    expect(logNormalCdf(NaN)).toBeNaN();
  });
});

describe('log-add-exp', () => {
  const value = (x: number, y: number) => (primitives['logaddexp'] as Elementwise).value(x, y, NaN);
  it('is stable, and keeps its limits', () => {
    expect(value(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 12);
    expect(value(-Infinity, 3)).toBe(3);
    expect(value(-Infinity, -Infinity)).toBe(-Infinity);
    expect(value(Infinity, -Infinity)).toBe(Infinity);
    expect(value(Infinity, Infinity)).toBe(Infinity);
    expect(value(NaN, 0)).toBeNaN();
  });
});

describe('the conventions at kinks', () => {
  const slope = (op: string, values: readonly number[], by = 0) => {
    const inputs = names.slice(0, values.length).map((name) => input(name, ['sample']));
    const environment = {
      sizes: { sample: 1 },
      inputs: Object.fromEntries(values.map((x, i) => [names[i]!, [x]])),
    };
    return evaluate(differentiate(apply(op, inputs), names[by]!), environment).data[0];
  };
  // PyTorch 2.13, as tabulated in the reference notes.
  it.each([
    ['abs', [0], 0],
    ['relu', [0], 0],
    ['maximum', [0, 0], 0.5],
    ['minimum', [0, 0], 0.5],
    ['clamp', [0, 0, 1], 1],
    ['sign', [0], 0],
  ] as const)('%s at %j has derivative %d', (op, values, expected) => {
    expect(slope(op, values)).toBe(expected);
  });
  it('xlogy by its second argument is 0 where the first is', () => {
    expect(slope('xlogy', [0, 0], 1)).toBe(0);
  });
  it('amax shares a tie, norm is flat at the zero vector', () => {
    const x = input('x', ['class']);
    const gradient = (op: string, values: readonly number[]) => {
      const environment = { sizes: { class: values.length }, inputs: { x: values } };
      return [
        ...broadcast(
          evaluate(differentiate(apply(op, [x], { axis: 'class' }), 'x'), environment),
          ['class'],
          environment.sizes,
        ),
      ];
    };
    expect(gradient('amax', [1, 3, 3])).toEqual([0, 0.5, 0.5]);
    expect(gradient('norm', [0, 0])).toEqual([0, 0]);
    expect(gradient('norm', [3, 4])).toEqual([0.6, 0.8]);
  });
});

describe('axis primitives', () => {
  const x = input('x', ['sample', 'class']);
  const environment = { sizes: { sample: 2, class: 3 }, inputs: { x: [1, -2, 0.5, 800, 801, 799] } };
  it.each(['mean', 'norm', 'softmax', 'logsoftmax', 'sum', 'amax', 'logsumexp', 'cumsum', 'rank', 'argsort'])(
    '%s: the lowered form has the same value',
    (op) => {
      const expr = apply(op, [x], { axis: 'class' });
      for (const target of ['host', 'device'] as const) {
        const lowered = lower(expr, target);
        const [actual, expected] = [evaluate(lowered, environment).data, evaluate(expr, environment).data];
        expected.forEach((value, i) => {
          expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value) + 1e-12);
        });
      }
    },
  );
  it('need their axis', () => {
    expect(() => apply('sum', [x], { axis: 'feature' })).toThrow('no axis feature');
    expect(() => apply('sum', [x])).toThrow('axis');
    expect(() => apply('rename', [x], { from: 'sample', to: 'class' })).toThrow('class');
  });
});
