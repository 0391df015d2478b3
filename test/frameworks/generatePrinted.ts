/**
 * Prints, as JSON for test_printed.py, every loss in every convention and with every choice, in every Python language
 * and manner: the code, or the reason why there is none, with batches and what our evaluator answers there. Then every
 * primitive by itself.
 */
import { randomStream } from '../../src/core/data/random.ts';
import { gradient } from '../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../src/core/expression/evaluate.ts';
import { baseAxis, inputsOf, type Axis } from '../../src/core/expression/expression.ts';
import { jaxDialect } from '../../src/core/expression/print/jax.ts';
import { kerasDialect } from '../../src/core/expression/print/keras.ts';
import { Names, pythonName, pythonNames } from '../../src/core/expression/print/names.ts';
import { numpyDialect } from '../../src/core/expression/print/numpy.ts';
import { importsOf } from '../../src/core/expression/print/pythonImports.ts';
import { isIndex } from '../../src/core/expression/print/pythonShape.ts';
import { manners, printLoss, pythonImports, refusalOf } from '../../src/core/expression/print/snippet.ts';
import { printTensors, type Statement } from '../../src/core/expression/print/tensor.ts';
import { torchDialect } from '../../src/core/expression/print/torch.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import { inConvention } from '../../src/core/losses/conventions.ts';
import { predictionsOf, type Loss, type Parameter, type Sample } from '../../src/core/losses/loss.ts';
import { reduce, reductions } from '../../src/core/losses/reduce.ts';
import { sampleBatch } from '../../src/core/losses/sample.ts';
import { expected, samples, type Sample as Expression } from '../core/print/samples.ts';

const languages = ['numpy', 'torch', 'keras', 'jax'] as const;

/** JSON has no NaN and no infinities: they become strings. */
const jsonNumber = (x: number) => (Number.isFinite(x) ? x : String(x));
const numbers = (data: ArrayLike<number>) => Array.from(data, jsonNumber);

/** A definition with its choices made and perhaps an option given: what one printed function is for. */
interface Variant {
  readonly loss: Loss;
  readonly original: Loss;
  readonly convention: string | undefined;
  /** What is given when it is printed. */
  readonly given: Readonly<Record<string, number>>;
  readonly keep: readonly string[];
}

function variantsOf(original: Loss): readonly Variant[] {
  return [undefined, ...(original.conventions ?? []).map(({ id }) => id)].flatMap((convention) => {
    const loss = inConvention(original, convention);
    const options = (loss.options ?? []).filter(({ axes }) => axes.length === 0);
    return [
      ...choicesOf(loss.parameters).map((given) => ({ loss, original, convention, given, keep: [] })),
      ...(convention === undefined
        ? options.map(({ id, neutral }) => ({
            loss,
            original,
            convention,
            given: { [id]: Number.isNaN(neutral) ? 1 : neutral },
            keep: [id],
          }))
        : []),
    ];
  });
}

function choicesOf(parameters: readonly Parameter[]): readonly Readonly<Record<string, number>>[] {
  return parameters.reduce<readonly Readonly<Record<string, number>>[]>(
    (all, { id, choices }) =>
      choices === undefined
        ? all
        : all.flatMap((one) => choices.map(({ value }) => ({ ...one, [id]: value }))),
    [{}],
  );
}

interface Range {
  readonly id: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly minExclusive?: boolean;
  readonly maxExclusive?: boolean;
}

/** Values of a parameter that tell its formula from others: limits, usual special cases, and one of no special kind. */
function valuesOf(p: Range): readonly number[] {
  const isAllowed = (x: number) =>
    Math.abs(x) < 1e5 &&
    (p.minExclusive === true ? x > p.min : x >= p.min) &&
    (p.maxExclusive === true ? x < p.max : x <= p.max);
  const special = [p.min, p.max, 0, 1, 2].filter(isAllowed);
  const other = [0.6 * p.default, 0.3, 1.7, -1.5].find((x) => isAllowed(x) && x !== 0);
  const wanted = [...special, ...(other === undefined ? [] : [other]), ...[p.min].filter(isLimit)];
  return [...new Set(wanted)].filter((x) => x !== p.default);
}

/** An infinite parameter that a loss allows by saying so: Barron's α = −∞. */
const isLimit = (x: number) => x === -Infinity;

function settingsOf({ loss, given, keep }: Variant) {
  const ranges: readonly Range[] = [
    ...loss.parameters.filter(({ choices }) => choices === undefined),
    ...(loss.options ?? []).flatMap(({ id, neutral, range }) =>
      keep.includes(id) && range !== undefined ? [{ id, default: neutral, ...range }] : [],
    ),
  ];
  const defaults = {
    ...Object.fromEntries(loss.parameters.map((p) => [p.id, p.default])),
    ...given,
  };
  const varied = ranges.flatMap((p) => valuesOf(p).map((value) => ({ ...defaults, [p.id]: value })));
  return [
    { parameters: defaults, scale: 1, plain: true },
    { parameters: defaults, scale: 1, plain: true },
    { parameters: defaults, scale: 100, plain: true },
    ...varied.map((parameters) => ({ parameters, scale: 1, plain: false })),
  ];
}

/** What our expressions say on a batch. */
function answersOf({ loss, keep }: Variant, sample: Sample) {
  const environment: Environment = { ...sample, parameters: sample.parameters ?? {} };
  const shapeOf = (axes: readonly Axis[]) => axes.map((axis) => sample.sizes[baseAxis(axis)]!);
  return Object.fromEntries(
    reductions.map((reduction) => {
      const expr = reduce(loss, reduction, { keep });
      const value = evaluate(expr, environment);
      const gradients = predictionsOf(loss).map(({ id, axes }) => {
        const derivative = evaluate(gradient(expr, id), environment);
        return [id, numbers(broadcast(derivative, axes, sample.sizes))];
      });
      return [
        reduction,
        {
          value: numbers(value.data),
          shape: shapeOf(value.axes),
          gradients: Object.fromEntries(gradients) as Record<string, unknown>,
        },
      ];
    }),
  );
}

function batchesOf(variant: Variant) {
  const { loss, given, keep } = variant;
  const random = randomStream(11, `printed ${loss.id}`);
  const names = pythonNames(loss);
  // Keras computes some losses otherwise on PyTorch, where its own functions are run here.
  const differs =
    (variant.convention ?? 'keras') === 'keras' &&
    loss.convention?.startsWith('Keras') === true &&
    variant.original.conventions?.some(({ id }) => id === 'keras-torch') === true;
  const onTorch = differs ? inConvention(variant.original, 'keras-torch') : undefined;
  const said = new Set([
    ...loss.parameters.filter(({ choices }) => choices === undefined).map(({ id }) => id),
    ...keep,
  ]);
  return settingsOf(variant).map(({ parameters, scale, plain }) => {
    const sample = sampleBatch(loss, random, { scale, parameters });
    return {
      scale,
      plain,
      parameters: Object.fromEntries(
        Object.entries({ ...parameters, ...(plain ? given : {}) })
          .filter(([id]) => said.has(id))
          .map(([id, value]) => [names(id), jsonNumber(value)]),
      ),
      inputs: Object.fromEntries(loss.inputs.map(({ id }) => [names(id), numbers(sample.inputs[id]!)])),
      shapes: Object.fromEntries(
        loss.inputs.map(({ id, axes }) => [names(id), axes.map((axis) => sample.sizes[axis]!)]),
      ),
      answers: answersOf(variant, sample),
      ...(onTorch === undefined ? {} : { onTorch: answersOf({ ...variant, loss: onTorch }, sample) }),
    };
  });
}

const cases = losses().flatMap((original) =>
  variantsOf(original).map((variant) => {
    const { loss, convention, given, keep } = variant;
    const names = pythonNames(loss);
    const named = loss.parameters.filter(({ id }) => Object.hasOwn(given, id));
    const offered = languages.flatMap((language) =>
      manners.map((manner) => {
        const options = {
          manner,
          parameters: given,
          ...(convention === undefined ? {} : { convention }),
        };
        const refused = refusalOf(original, language, options);
        if (refused !== undefined) return { language, manner, refused };
        const printed = printLoss(original, language, options);
        return {
          language,
          manner,
          name: printed.name,
          gradient: printed.gradientName ?? null,
          code: `${pythonImports(printed.imports)}\n\n\n${printed.code}`,
        };
      }),
    );
    return {
      id: [
        loss.id,
        ...(convention === undefined ? [] : [convention]),
        ...named.map((p) => `${p.id}=${given[p.id]!}`),
        ...keep,
      ].join('+'),
      loss: loss.id,
      function: pythonName(loss),
      inputs: loss.inputs.map((input) => ({
        id: input.id,
        name: names(input.id),
        axes: input.axes,
        integer: isIndex(input),
        prediction: input.role === 'prediction',
      })),
      parameters: [
        ...loss.parameters
          .filter(({ choices }) => choices === undefined)
          .map(({ id, min, max }) => ({ name: names(id), min: jsonNumber(min), max: jsonNumber(max) })),
        ...keep.map((id) => ({ name: names(id), min: '-Infinity', max: 'Infinity' })),
      ],
      batches: batchesOf(variant),
      offered,
    };
  }),
);

const dialects = [numpyDialect, torchDialect, kerasDialect, jaxDialect];

/** A sample expression as a function of all inputs. */
function expression(sample: Expression, dialect: (typeof dialects)[number]) {
  const inputs = inputsOf(sample.expr);
  const taken = [...inputs.map((i) => i.name), 'p'];
  const statements = printTensors({
    roots: [{ name: 'result', expr: sample.expr }],
    named: [],
    names: () => new Names('python', [...taken, 'result']),
    nameOf: (id) => id,
    dialect,
    fits: () => true,
  });
  const lines = (list: readonly Statement[], tab: string): string[] =>
    list.flatMap((s) =>
      s.kind === 'let'
        ? [`${tab}${s.name} = ${s.text}`]
        : [
            `${tab}if ${s.condition}:`,
            ...lines(s.then, `${tab}    `),
            `${tab}else:`,
            ...lines(s.otherwise, `${tab}    `),
          ],
    );
  const body = [`def f(${taken.join(', ')}):`, ...lines(statements, '    '), '    return result', ''].join(
    '\n',
  );
  return {
    name: sample.name,
    language: dialect.language,
    code: `${pythonImports(importsOf(body))}\n\n${body}`,
    inputs: inputs.map((i) => ({
      name: i.name,
      data: Array.from(sample.environment.inputs[i.name]!),
      shape: i.axes.map((axis) => sample.environment.sizes[axis]),
      index: i.dtype === 'index',
    })),
    p: sample.environment.parameters?.['p'],
    shape: sample.expr.axes.map((axis) => sample.environment.sizes[baseAxis(axis)]),
    expected: numbers(expected(sample)),
  };
}

/** What a language cannot write by itself (a helper function, a module) is left to the losses that use it. */
const isPlain = ({ code }: { readonly code: string }) => !/\b(?:ctc_\w+|log_ndtr)\(/.test(code);

const expressions = samples
  .flatMap((sample) => dialects.map((dialect) => expression(sample, dialect)))
  .filter(isPlain);

process.stdout.write(JSON.stringify({ cases, expressions }));
