import { describe, expect, it } from 'vitest';
import type { Axis } from '../../../src/core/expression/expression.ts';
import { printLoops } from '../../../src/core/expression/print/loops.ts';
import { Names } from '../../../src/core/expression/print/names.ts';
import { printLoss } from '../../../src/core/expression/print/snippet.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss } from '../../../src/core/losses/loss.ts';
import { casesFor, type GoldenArray, type PrintedCase } from './printedCases.ts';
import { diagnose, load } from './printedTypeScript.ts';
import { expected, samples, type Sample } from './samples.ts';
import { taskOf } from '../../../src/core/losses/task.ts';

/** Every loss plain, and with each option that an experiment may set by itself. */
const printed = losses().flatMap((loss) => {
  const options = (loss.options ?? []).filter((o) => o.axes.length === 0 && o.range !== undefined);
  return [{}, ...options.map((o) => ({ [o.id]: o.neutral }))].map((parameters) => ({
    loss,
    name: [loss.id, ...Object.keys(parameters)].join(' with '),
    snippet: printLoss(loss, 'typescript', { parameters }),
    cases: casesFor(loss, Object.keys(parameters)),
  }));
});

const flat = ({ data }: GoldenArray): number[] => data.map(Number);

function argumentsOf(loss: Loss, { prediction, target }: PrintedCase): [number[] | number[][], number[]] {
  if (taskOf(loss) !== 'classes') return [flat(prediction), flat(target)];
  const [rows = 0, width = 0] = prediction.shape;
  const data = flat(prediction);
  return [Array.from({ length: rows }, (_, i) => data.slice(i * width, (i + 1) * width)), flat(target)];
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? (value.flat() as number[]) : [value as number];
}

function compare(actual: readonly number[], wanted: readonly number[], c: PrintedCase): void {
  expect(actual.length, c.id).toBe(wanted.length);
  const rtol = Math.max(1e-9, c.tol.rtol);
  actual.forEach((x, k) => {
    const y = wanted[k]!;
    const close = Object.is(x, y) || x === y || Math.abs(x - y) <= c.tol.atol + rtol * Math.abs(y);
    expect(close, `${c.id}[${k}]: ${x} for ${y}`).toBe(true);
  });
}

it('compiles under the strictest options', () => {
  const sources = Object.fromEntries(
    printed.map(({ name, snippet }) => [`/printed/${name.replaceAll(' ', '_')}.ts`, snippet.code]),
  );
  expect(diagnose(sources)).toEqual([]);
}, 60_000);

it('has types that know the result of each reduction', () => {
  const { code } = printLoss(losses()[0]!, 'typescript');
  const use = `
const mean: number = meanSquaredError([1], new Float64Array([2]));
const each: number[] = meanSquaredError([1], [2], { reduction: 'none' });
const wrong: number[] = meanSquaredError([1], [2], { reduction: 'sum' });
export { mean, each, wrong };`;
  expect(diagnose({ '/printed/use.ts': code + use })).toEqual([
    "Type 'number' is not assignable to type 'number[]'.",
  ]);
}, 60_000);

describe.each(printed)('$name', ({ loss, snippet, cases }) => {
  const functions = load(snippet.code);
  const value = functions[snippet.name]!;
  const gradient = functions[snippet.gradientName!]!;
  const comparable = cases.filter((c) => c.grad_policy === undefined && c.expected.prediction !== undefined);

  it('equals the golden values', () => {
    expect(cases.length).toBeGreaterThanOrEqual(10);
    for (const c of cases) {
      const result = value(...argumentsOf(loss, c), { ...c.parameters, reduction: c.reduction });
      expect(Array.isArray(result), c.id).toBe(c.reduction === 'none');
      compare(numbersOf(result), flat(c.expected.loss), c);
    }
  });

  it('has the golden gradient', () => {
    expect(comparable.length).toBeGreaterThan(0);
    for (const c of comparable) {
      const result = gradient(...argumentsOf(loss, c), { ...c.parameters, reduction: c.reduction });
      compare(numbersOf(result), flat(c.expected.prediction!), c);
    }
  });

  it('has the gradient of central differences', () => {
    const random = comparable.filter((c) => c.tags.includes('random'));
    expect(random.length).toBeGreaterThan(0);
    for (const c of random) {
      const options = { ...c.parameters, reduction: c.reduction };
      const slope = numbersOf(gradient(...argumentsOf(loss, c), options));
      const data = flat(c.prediction);
      const at = (k: number, x: number) => {
        const moved = { ...c, prediction: { ...c.prediction, data: data.map((y, j) => (j === k ? x : y)) } };
        return numbersOf(value(...argumentsOf(loss, moved), options)).reduce((a, b) => a + b, 0);
      };
      data.forEach((x, k) => {
        const step = 1e-6 * Math.max(1, Math.abs(x));
        const difference = (at(k, x + step) - at(k, x - step)) / (x + step - (x - step));
        const scale = Math.max(1, Math.abs(difference), Math.abs(at(k, x)));
        expect(Math.abs(slope[k]! - difference), `${c.id}[${k}]`).toBeLessThan(1e-6 * scale);
      });
    }
  });

  it('refuses lengths that differ', () => {
    const [first] = cases;
    const [prediction, target] = argumentsOf(loss, first!);
    for (const f of [value, gradient]) expect(() => f(prediction, [...target, 0])).toThrow(RangeError);
  });
});

it('refuses what is not a class index', () => {
  const { code, name } = printLoss(loadLoss('softmax-cross-entropy')!, 'typescript');
  const value = load(code)[name]!;
  for (const label of [-1, 2, 0.5, NaN])
    expect(() => value([[1, 2]], [label])).toThrow(/class index from 0 to 1/);
  expect(() => value([[1, 2], [3]], [0, 0])).toThrow(/differ in length/);
});

it('refuses a parameter out of range', () => {
  const { code, name } = printLoss(loadLoss('huber')!, 'typescript', { parameters: { delta: 0.5 } });
  const value = load(code)[name]!;
  expect(value([0], [1])).toBe(0.375);
  for (const delta of [0, -1, NaN])
    expect(() => value([1], [2], { delta })).toThrow(/delta must be greater than 0/);
});

/** A sample as a function of its inputs, two-dimensional ones as rows. */
function sampleFunction({ expr }: Sample): string {
  const arrays = expr.axes.map((_, level) => `r${level}`);
  const lines = printLoops({
    root: expr,
    axes: expr.axes,
    named: [],
    names: new Names('typescript', ['x', 'positive', 'v', 'w', 'label', 'p', ...arrays]),
    lead: 'x',
    elementName: () => 'element',
    around: (level, inside, loop) => [
      `const ${arrays[level]!}: unknown[] = [];`,
      `${loop} {`,
      ...inside,
      '}',
      ...(level === 0 ? [`return ${arrays[0]!};`] : [`${arrays[level - 1]!}.push(${arrays[level]!});`]),
    ],
    consume: (value) => [`${arrays.at(-1)!}.push(${value.text});`],
  });
  const array = 'readonly number[]';
  const matrix = `readonly (${array})[]`;
  return `export function f(x: ${matrix}, positive: ${matrix}, v: ${array}, w: ${array}, label: ${array}, p: number) {\n${lines.join('\n')}\n}`;
}

const rows = (
  data: ArrayLike<number>,
  axes: readonly Axis[],
  sizes: Readonly<Record<Axis, number>>,
): unknown => {
  if (axes.length < 2) return Array.from(data);
  const width = sizes[axes[1]!]!;
  return Array.from({ length: data.length / width }, (_, i) =>
    Array.from(data).slice(i * width, (i + 1) * width),
  );
};

it.each(samples)('loops of $name equal the interpreter', (sample) => {
  const code = sampleFunction(sample);
  const { inputs, sizes, parameters } = sample.environment;
  const given = ['x', 'positive', 'v', 'w', 'label'].map((name) =>
    rows(inputs[name]!, name === 'x' || name === 'positive' ? ['sample', 'class'] : [name], sizes),
  );
  const result = (load(code)['f']!(...given, parameters?.['p']) as number[]).flat();
  const wanted = expected(sample);
  expect(result.length).toBe(wanted.length);
  result.forEach((y, k) => expect(y, code).toBeCloseTo(wanted[k]!, 12));
});
