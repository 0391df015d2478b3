import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { isIndex } from '../../../src/core/expression/print/pythonShape.ts';
import { scriptName } from '../../../src/core/expression/print/scriptDoc.ts';
import {
  manners,
  printLoss,
  refusalOf,
  type Manner,
  type Snippet,
} from '../../../src/core/expression/print/snippet.ts';
import { loadLoss, losses } from '../../../src/core/losses/catalogue.ts';
import type { Sample } from '../../../src/core/losses/loss.ts';
import { diagnoseTfjs, loadTfjs, tensorflow } from './printedTfjs.ts';
import {
  batchFor,
  expectedGradient,
  expectedValue,
  mismatch,
  predictionsOf,
  reductionsOf,
  variants,
  type Variant,
} from './variants.ts';

interface Printed {
  readonly variant: Variant;
  readonly manner: Manner;
  readonly snippet: Snippet;
}

const optionsOf = ({ parameters, convention }: Variant, manner: Manner) => ({
  manner,
  parameters,
  ...(convention === undefined ? {} : { convention }),
});

const printed: readonly Printed[] = variants.flatMap((variant) =>
  manners
    .filter((manner) => refusalOf(variant.loss, 'tfjs', optionsOf(variant, manner)) === undefined)
    .map((manner) => ({
      variant,
      manner,
      snippet: printLoss(variant.loss, 'tfjs', optionsOf(variant, manner)),
    })),
);

/** Definitions that single precision cannot follow to the last digit, from which scale on, and why. */
const coarse: Readonly<Record<string, { readonly from: number; readonly why: string }>> = {
  'binary-focal keras-torch': { from: 20, why: 'clips at 1 − 1e-7, of which float32 has two digits' },
  'logistic torch': { from: 100, why: 'overflows where PyTorch does: beyond 88 in float32' },
  ctc: { from: 100, why: 'compares sums of logarithms around −2000, of which float32 has seven digits' },
  'ctc per-label': { from: 100, why: 'as the default' },
};

const definitionOf = ({ loss, convention }: Variant) => [loss.id, convention ?? []].flat().join(' ');

function isCoarse(variant: Variant, scale: number): boolean {
  return scale >= (coarse[definitionOf(variant)]?.from ?? Infinity);
}

it('writes every form of every loss from scratch', () => {
  expect(printed.filter(({ manner }) => manner === 'scratch').length).toBe(variants.length);
});

it('uses every function that the library has for a loss, and says why not elsewhere', () => {
  for (const loss of losses()) {
    const own = variants.filter((variant) => variant.loss === loss);
    const reasons = own.map((variant) => refusalOf(loss, 'tfjs', optionsOf(variant, 'idiomatic')));
    for (const reason of reasons) if (reason !== undefined) expect(reason).toMatch(/TensorFlow\.js/);
    const hasFunction = loss.apis.some(({ framework, form }) => framework === 'tfjs' && form === 'function');
    expect(reasons.includes(undefined), loss.id).toBe(hasFunction);
  }
});

it('has the types of the library', () => {
  expect(diagnoseTfjs(printed.map(({ snippet }) => snippet.code))).toEqual([]);
}, 240_000);

it('is laid out as Prettier does', async () => {
  const style = { parser: 'typescript', singleQuote: true, printWidth: 88 } as const;
  for (const { variant, snippet } of printed)
    expect(await format(snippet.code, style), variant.name).toBe(snippet.code);
}, 240_000);

describe('equals the interpreter, value and tf.grads', () => {
  it.each([1, 20])(
    'at scale %d',
    (scale) => {
      const chosen = printed.filter(({ variant }) => !isCoarse(variant, scale));
      const { problems, executed } = compareAll(chosen, scale);
      expect(problems).toEqual([]);
      expect(executed).toBe(2 * chosen.length);
    },
    240_000,
  );

  it('at logits and scores of ±200', () => {
    const chosen = printed.filter(
      ({ variant }) =>
        !isCoarse(variant, 100) &&
        predictionsOf(variant.definition).every(({ kind }) => kind === 'logit' || kind === 'score'),
    );
    expect(chosen.length).toBeGreaterThan(30);
    const { problems, executed } = compareAll(chosen, 100);
    expect(problems).toEqual([]);
    expect(executed).toBe(2 * chosen.length);
  }, 240_000);

  it('and knows which definitions single precision cannot follow', () => {
    for (const [name, { from }] of Object.entries(coarse)) {
      const own = printed.filter(({ variant }) => definitionOf(variant) === name);
      expect(compareAll(own, from).problems.length, name).toBeGreaterThan(0);
    }
  });
});

function compareAll(chosen: readonly Printed[], scale: number): { problems: string[]; executed: number } {
  const problems: string[] = [];
  let executed = 0;
  for (const { variant, manner, snippet } of chosen) {
    const compute = loadTfjs(snippet.code)[snippet.name]!;
    for (const seed of [1, 2]) {
      const problem = tensorflow().tidy(() => difference(variant, compute, seed, scale));
      if (problem !== undefined) problems.push(`${variant.name} ${manner}: ${problem}`);
      executed++;
    }
  }
  return { problems, executed };
}

/** What a printed loss computes otherwise than the interpreter, in single precision. */
function difference(
  variant: Variant,
  compute: ReturnType<typeof loadTfjs>[string],
  seed: number,
  scale: number,
): string | undefined {
  const tf = tensorflow();
  const sample = inSinglePrecision(batchFor(variant, seed, scale));
  const { inputs } = variant.definition;
  // Labels come as whole numbers, or as the real ones that most data are.
  const given = inputs.map((input) => {
    const shape = input.axes.map((axis) => sample.sizes[axis]!);
    const dtype = isIndex(input) && seed === 1 ? 'int32' : 'float32';
    return tf.tensor([...sample.inputs[input.id]!], shape, dtype);
  });
  const predictions = predictionsOf(variant.definition);
  const places = predictions.map(({ id }) => inputs.findIndex((input) => input.id === id));
  const values = Object.entries(variant.parameters).map(([id, x]): [string, number] => [scriptName(id), x]);
  for (const reduction of reductionsOf(variant)) {
    const options = { ...Object.fromEntries(values), reduction };
    const wanted = rounded(expectedValue(variant, reduction, sample).data);
    const problem = mismatch(compute(...given, options).dataSync(), wanted, 2e-5, absolute(wanted));
    if (problem !== undefined) return `${reduction} ${problem}`;
    const total = (...moved: unknown[]) =>
      tf.sum(compute(...given.map((x, k) => (places.includes(k) ? moved[places.indexOf(k)] : x)), options));
    const slopes = tf.grads(total)(places.map((place) => given[place]!));
    for (const [k, prediction] of predictions.entries()) {
      const slope = rounded(expectedGradient(variant, reduction, sample, prediction));
      const wrong = mismatch(slopes[k]!.dataSync(), slope, 2e-5, absolute(slope));
      if (wrong !== undefined) return `gradient of ${reduction} by ${prediction.id} ${wrong}`;
    }
  }
  return undefined;
}

function inSinglePrecision(sample: Sample): Sample {
  const inputs = Object.entries(sample.inputs).map(([id, data]): [string, number[]] => [
    id,
    data.map(Math.fround),
  ]);
  return { ...sample, inputs: Object.fromEntries(inputs) };
}

/** With what is beyond single precision infinite. */
function rounded(values: Float64Array): Float64Array {
  return values.map(Math.fround);
}

/** What cancellation may leave of terms as large as the largest result, and of terms around 1. */
function absolute(values: Float64Array): number {
  return values.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, 2e-6 * Math.abs(x)) : most), 1e-6);
}

it('refuses shapes that differ and options out of range', () => {
  const tf = tensorflow();
  const { code, name } = printLoss(loadLoss('huber')!, 'tfjs');
  const huber = loadTfjs(code)[name]!;
  expect(() => huber(tf.ones([3, 1]), tf.ones([3]))).toThrow(/huberLoss: /);
  expect(() => huber(tf.ones([3]), tf.ones([3]), { delta: 0 })).toThrow(/delta must be greater than 0/);
  const triplet = printLoss(loadLoss('triplet-margin')!, 'tfjs');
  const margin = loadTfjs(triplet.code)[triplet.name]!;
  expect(() => margin(tf.ones([3, 2]), tf.ones([3, 2]), tf.ones([2, 2]))).toThrow(/shapes of anchor/);
});

it('keeps no tensor but its result', () => {
  const tf = tensorflow();
  const { code, name } = printLoss(loadLoss('info-nce')!, 'tfjs');
  const infoNce = loadTfjs(code)[name]!;
  const [x, y] = [tf.randomNormal([4, 3]), tf.randomNormal([4, 3])];
  const before = tf.memory().numTensors;
  infoNce(x, y);
  expect(tf.memory().numTensors).toBe(before + 1);
});

it('has a gradient of 0 for the distance of equal vectors', () => {
  const tf = tensorflow();
  const { code, name } = printLoss(loadLoss('contrastive')!, 'tfjs');
  const contrastive = loadTfjs(code)[name]!;
  const x = tf.tensor2d([[1, 2]]);
  const slope = tf.grad((a) => contrastive(a, x, tf.tensor1d([1])))(x);
  expect([...slope.dataSync()].every(Number.isFinite)).toBe(true);
});
