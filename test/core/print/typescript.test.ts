import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { printLoops } from '../../../src/core/expression/print/loops.ts';
import { Names } from '../../../src/core/expression/print/names.ts';
import { helpersFor } from '../../../src/core/expression/print/scriptHelpers.ts';
import { printable } from '../../../src/core/expression/print/printable.ts';
import { scriptName } from '../../../src/core/expression/print/scriptDoc.ts';
import { flattened } from '../../../src/core/expression/print/scriptFlat.ts';
import { printLoss, type Snippet } from '../../../src/core/expression/print/snippet.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Loss, Sample } from '../../../src/core/losses/loss.ts';
import { taskOf } from '../../../src/core/losses/task.ts';
import { casesFor, hasCases, type GoldenArray, type PrintedCase } from './printedCases.ts';
import { diagnose, load } from './printedTypeScript.ts';
import { expected, samples, type Sample as ExpressionSample } from './samples.ts';
import {
  batchFor,
  expectedGradient,
  expectedValue,
  mismatch,
  nested,
  numbersOf,
  predictionsOf,
  reductionsOf,
  variants,
  type Variant,
} from './variants.ts';

/** Every form of every loss. */
const printed = variants.map((variant) => {
  const { loss, parameters, convention } = variant;
  const options = { parameters, ...(convention === undefined ? {} : { convention }) };
  return { variant, options, snippet: printLoss(loss, 'typescript', options) };
});

/** Losses with golden cases in plain form, and each option that an experiment may set by itself. */
const golden = losses()
  .filter(({ id }) => hasCases(id))
  .flatMap((loss) => {
    const options = (loss.options ?? []).filter((o) => o.axes.length === 0 && o.range !== undefined);
    return [{}, ...options.map((o) => ({ [o.id]: o.neutral }))].map((parameters) => ({
      loss,
      name: [loss.id, ...Object.keys(parameters)].join(' with '),
      snippet: printLoss(loss, 'typescript', { parameters }),
      cases: casesFor(loss, Object.keys(parameters)),
    }));
  })
  .filter(({ cases }) => cases.length > 0);

const flat = ({ data }: GoldenArray): number[] => data.map(Number);

function argumentsOf(loss: Loss, { prediction, target }: PrintedCase): [number[] | number[][], number[]] {
  if (taskOf(loss) !== 'classes') return [flat(prediction), flat(target)];
  const [rows = 0, width = 0] = prediction.shape;
  const data = flat(prediction);
  return [Array.from({ length: rows }, (_, i) => data.slice(i * width, (i + 1) * width)), flat(target)];
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
  const sources = Object.fromEntries(printed.map(({ snippet }, k) => [`/printed/${k}.ts`, snippet.code]));
  expect(Object.keys(sources).length).toBe(variants.length);
  expect(diagnose(sources)).toEqual([]);
}, 240_000);

it('covers every loss, every convention and every choice', () => {
  expect(new Set(variants.map(({ loss }) => loss.id)).size).toBe(losses().length);
  for (const loss of losses())
    for (const { id } of loss.conventions ?? [])
      expect(
        variants.some((v) => v.loss === loss && v.convention === id),
        `${loss.id} ${id}`,
      ).toBe(true);
});

it('equals the interpreter, value and gradient, in every form of every loss', () => {
  const problems: string[] = [];
  let executed = 0;
  for (const { variant, options, snippet } of printed) {
    const functions = load(snippet.code);
    for (const scale of [1, 100]) {
      for (const seed of [1, 2]) {
        const problem = difference(variant, options, snippet, functions, batchFor(variant, seed, scale));
        if (problem !== undefined) problems.push(`${variant.name} (scale ${scale}): ${problem}`);
        executed++;
      }
    }
  }
  expect(problems).toEqual([]);
  expect(executed).toBe(4 * printed.length);
}, 240_000);

/** What a printed loss computes otherwise than the interpreter. */
function difference(
  variant: Variant,
  options: Parameters<typeof printable>[1],
  { name, gradientName = '' }: Snippet,
  functions: ReturnType<typeof load>,
  sample: Sample,
): string | undefined {
  const flat = flattened(printable(variant.loss, options));
  const given = variant.definition.inputs.map(({ id, axes }) => {
    const data = sample.inputs[id]!;
    return flat.inputs.find((one) => one.id === id)!.axes.length < axes.length
      ? data
      : nested(data, axes, sample.sizes);
  });
  const predictions = predictionsOf(variant.definition);
  const values = Object.entries(variant.parameters).map(([id, value]): [string, number] => [
    scriptName(id),
    value,
  ]);
  for (const reduction of reductionsOf(variant)) {
    const call = { ...Object.fromEntries(values), reduction };
    const value = numbersOf(functions[name]!(...given, call));
    const wanted = expectedValue(variant, reduction, sample).data;
    const problem = mismatch(value, wanted, 1e-9, rounding(wanted));
    if (problem !== undefined) return `${reduction} ${problem}`;
    const slopes = functions[gradientName]!(...given, call);
    for (const prediction of predictions) {
      const own = predictions.length === 1 ? slopes : memberOf(slopes, scriptName(prediction.id));
      const slope = expectedGradient(variant, reduction, sample, prediction);
      const wrong = mismatch(numbersOf(own), slope, 1e-9, rounding(slope));
      if (wrong !== undefined) return `gradient of ${reduction} by ${prediction.id} ${wrong}`;
    }
  }
  return undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** What cancellation may leave of terms as large as the largest result, and of terms around 1. */
function rounding(values: Float64Array): number {
  return values.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, 1e-12 * Math.abs(x)) : most), 1e-15);
}

it('is laid out as Prettier does', async () => {
  for (const { variant, snippet } of printed) {
    const style = { parser: 'typescript', singleQuote: true, printWidth: 88 } as const;
    expect(await format(snippet.code, style), variant.name).toBe(snippet.code);
  }
}, 240_000);

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

describe.each(golden)('$name', ({ loss, snippet, cases }) => {
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
  expect(() => value([[1, 2], [3]], [0, 0])).toThrow(/shapes of pred and target do not fit/);
});

it('refuses a parameter out of range', () => {
  const { code, name } = printLoss(loadLoss('huber')!, 'typescript', { parameters: { delta: 0.5 } });
  const value = load(code)[name]!;
  expect(value([0], [1])).toBe(0.375);
  for (const delta of [0, -1, NaN])
    expect(() => value([1], [2], { delta })).toThrow(/delta must be greater than 0/);
});

/** A sample as a function of its inputs, two-dimensional ones as rows. */
function sampleFunction({ expr }: ExpressionSample): string {
  const rank = expr.axes.length;
  const arrays = expr.axes.map((_, level) => `r${level}`);
  const lines = printLoops({
    roots: [
      {
        expr,
        axes: expr.axes,
        before: (level) => [`const ${arrays[level]!}: unknown[] = [];`],
        after: (level) => [level === 0 ? 'return r0;' : `${arrays[level - 1]!}.push(${arrays[level]!});`],
        consume: ({ text }) => [rank === 0 ? `return ${text};` : `${arrays.at(-1)!}.push(${text});`],
      },
    ],
    named: [],
    names: new Names('typescript', ['x', 'positive', 'v', 'w', 'label', 'p', ...arrays]),
    extent: (axis) => (axis.startsWith('sample') ? 'x.length' : 'w.length'),
    variable: ({ name }) => name,
    elementName: () => 'element',
  });
  const array = 'readonly number[]';
  const matrix = `readonly (${array})[]`;
  return `export function f(x: ${matrix}, positive: ${matrix}, v: ${array}, w: ${array}, label: ${array}, p: number) {\n${[...lines, ...helpersFor(lines).flat()].join('\n')}\n}`;
}

it.each(samples)('loops of $name equal the interpreter', (sample) => {
  const code = sampleFunction(sample);
  const { inputs, sizes, parameters } = sample.environment;
  const given = ['x', 'positive', 'v', 'w', 'label'].map((name) => {
    const axes = { x: ['sample', 'class'], positive: ['sample', 'class'], w: ['class'] }[name] ?? ['sample'];
    return nested(inputs[name]!, axes, sizes);
  });
  const result = numbersOf(load(code)['f']!(...given, parameters?.['p']));
  const wanted = expected(sample);
  expect(result.length).toBe(wanted.length);
  result.forEach((y, k) => expect(y, code).toBeCloseTo(wanted[k]!, 12));
});
