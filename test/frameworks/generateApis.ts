/**
 * Writes, as JSON for the tests of what the catalogue claims about frameworks, every loss with its `apis`, `pitfalls`
 * and cases: seeded inputs in several shapes with parameters varied, and the value (interpreter) and gradient (compiled)
 * that our expression has there under every reduction. Golden cases of frameworks that are not run here come along.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { randomStream } from '../../src/core/data/random.ts';
import { compileFunction } from '../../src/core/expression/compile.ts';
import { gradient } from '../../src/core/expression/differentiate.ts';
import { broadcast, evaluate, type Environment } from '../../src/core/expression/evaluate.ts';
import { input, type Expr } from '../../src/core/expression/expression.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import { pairOf, type Api, type Loss } from '../../src/core/losses/loss.ts';
import { reduce, reductions, weightedMean, type ReduceOptions } from '../../src/core/losses/reduce.ts';
import { lossCaseSchema, type LossCase } from '../golden/types.ts';
import { taskOf } from '../../src/core/losses/task.ts';

/** What an expression is worth at some inputs: its value, and the gradient of the value's sum by the prediction. */
function answer(expr: Expr, environment: Environment, axes: readonly string[]) {
  const derivative = gradient(expr, 'pred');
  const [data] = compileFunction([derivative])(environment);
  return {
    value: Array.from(evaluate(expr, environment).data, jsonNumber),
    gradient: Array.from(
      broadcast({ axes: derivative.axes, data: data! }, axes, environment.sizes),
      jsonNumber,
    ),
  };
}

/** JSON has no NaN and no infinities: they become strings, as in golden files. */
const jsonNumber = (x: number) => (Number.isFinite(x) ? x : String(x));

/** Inputs of a loss; the prediction has `shape`, whose last axis is the loss's second one where it has two. */
interface Inputs {
  readonly shape: readonly number[];
  readonly pred: readonly number[];
  readonly target: readonly number[];
  /** Parameters and scalar options. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly classWeight?: readonly number[];
}

function environmentOf(loss: Loss, { shape, pred, target, parameters, classWeight }: Inputs): Environment {
  const { axes } = pairOf(loss).prediction;
  const last = axes.length === 2 && shape.length > 1 ? shape.at(-1)! : 1;
  const sizes = { sample: pred.length / last, ...(axes[1] === undefined ? {} : { [axes[1]]: last }) };
  const inputs = { pred, target, ...(classWeight === undefined ? {} : { classWeight }) };
  return { sizes, inputs, parameters };
}

const optionsOf = (loss: Loss, { parameters, classWeight }: Inputs) => [
  ...Object.keys(parameters).filter((id) => loss.options?.some((option) => option.id === id)),
  ...(classWeight === undefined ? [] : ['classWeight']),
];

/** A case with our answers: `none` has a value for each element (a row where the loss has classes). */
function withAnswers(loss: Loss, given: Inputs) {
  const environment = environmentOf(loss, given);
  const keep = optionsOf(loss, given);
  const { axes } = pairOf(loss).prediction;
  const answers = reductions.map((reduction) => [
    reduction,
    answer(reduce(loss, reduction, { keep }), environment, axes),
  ]);
  return { ...given, answers: Object.fromEntries(answers) as Record<string, ReturnType<typeof answer>> };
}

/** A case with a weight for each element and one for each sample, and the means that frameworks make of them. */
function withWeights(loss: Loss, given: Inputs) {
  const random = randomStream(7, `weights ${loss.id}`);
  const environment = environmentOf(loss, given);
  const { axes } = pairOf(loss).prediction;
  const weight = given.pred.map(() => 0.25 + 2 * random.next());
  const perSample = weight.slice(0, environment.sizes['sample']);
  const mean = (weightedBy: 'weights' | 'elements') => {
    const options: ReduceOptions = { weight: input('weight', axes), weightedBy };
    const inputs = { ...environment.inputs, weight };
    return answer(reduce(loss, 'mean', options), { ...environment, inputs }, axes);
  };
  const overSamples = (expr: Expr) =>
    answer(expr, { ...environment, inputs: { ...environment.inputs, weight: perSample } }, axes);
  return {
    ...given,
    weight,
    perSample,
    ...(taskOf(loss) === 'classes' ? {} : { byWeights: mean('weights'), byElements: mean('elements') }),
    samplesByWeights: overSamples(weightedMean(loss)),
    samplesByElements: overSamples(
      reduce(loss, 'mean', { weight: input('weight', ['sample']), weightedBy: 'elements' }),
    ),
  };
}

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function regressionInputs(loss: Loss): readonly Inputs[] {
  const random = randomStream(1, loss.id);
  const normals = (n: number, scale: number) => Array.from({ length: n }, () => scale * random.normal());
  const settings = loss.parameters.some((p) => p.id === 'delta')
    ? [{ delta: 1 }, { delta: 0.25 }, { delta: 3.5 }]
    : [{}];
  return [[1], [7], [5, 3], [4, 1], [2, 3, 4]].flatMap((shape) =>
    [1, 0.01, 1e4].flatMap((scale) =>
      settings.map((parameters) => ({
        shape,
        pred: normals(count(shape), scale),
        target: normals(count(shape), scale),
        parameters,
      })),
    ),
  );
}

function binaryInputs(loss: Loss): readonly Inputs[] {
  const random = randomStream(2, loss.id);
  return [[1], [7], [4, 3], [6, 1]].flatMap((shape) =>
    [1, 4, 200].flatMap((scale) =>
      [{}, { positiveWeight: 3 }, { positiveWeight: 0.5 }].flatMap((parameters) =>
        ['hard', 'soft'].map((labels) => ({
          shape,
          pred: Array.from({ length: count(shape) }, () => scale * random.normal()),
          target: Array.from({ length: count(shape) }, () =>
            labels === 'hard' ? random.below(2) : random.next(),
          ),
          parameters,
        })),
      ),
    ),
  );
}

function classInputs(loss: Loss): readonly Inputs[] {
  const random = randomStream(3, loss.id);
  const settings = [
    {},
    { labelSmoothing: 0.1 },
    { ignoreIndex: -100 },
    { ignoreIndex: 1 },
    { labelSmoothing: 0.2, ignoreIndex: 0 },
  ];
  return [
    [1, 4],
    [5, 3],
    [6, 10],
    [8, 2],
  ].flatMap((shape) =>
    [1, 4, 200].flatMap((scale) =>
      settings.flatMap((parameters: Record<string, number>) =>
        [false, true].map((isWeighted) => {
          const [samples, classes] = shape as [number, number];
          const ignored = parameters['ignoreIndex'];
          const target = Array.from({ length: samples }, (_, i) =>
            ignored !== undefined && samples > 1 && i % 3 === 1 ? ignored : random.below(classes),
          );
          // Not everything is ignored: the mean of nothing is another test's.
          if (ignored !== undefined) target[0] = 2 % classes === ignored ? 1 : 2 % classes;
          return {
            shape,
            pred: Array.from({ length: count(shape) }, () => scale * random.normal()),
            target,
            parameters,
            ...(isWeighted
              ? { classWeight: Array.from({ length: classes }, () => 0.25 + 2 * random.next()) }
              : {}),
          };
        }),
      ),
    ),
  );
}

const inputsOf = { regression: regressionInputs, binary: binaryInputs, classes: classInputs };

/**
 * Where golden cases stand of frameworks that test/frameworks does not install, and of Keras on TensorFlow, the one
 * backend on which it computes in float64 throughout. `wanted` is what a case calls its `api`.
 */
const golden: readonly {
  readonly framework: 'tf' | 'tfjs' | 'keras';
  readonly name: string;
  readonly file: string;
  readonly wanted: string;
  readonly parameters?: Readonly<Record<string, string>>;
}[] = [
  {
    framework: 'tf',
    name: 'tensorflow.nn.sigmoid_cross_entropy_with_logits',
    file: 'bce_with_logits',
    wanted: 'tf.nn.sigmoid_cross_entropy_with_logits',
  },
  {
    framework: 'tf',
    name: 'tensorflow.nn.weighted_cross_entropy_with_logits',
    file: 'bce_with_logits',
    wanted: 'tf.nn.weighted_cross_entropy_with_logits(pos_weight)',
    parameters: { pos_weight: 'positiveWeight' },
  },
  {
    framework: 'tfjs',
    name: 'tf.losses.meanSquaredError',
    file: 'mse',
    wanted: 'tf.losses.meanSquaredError',
  },
  {
    framework: 'tfjs',
    name: 'tf.losses.absoluteDifference',
    file: 'mae',
    wanted: 'tf.losses.absoluteDifference',
  },
  {
    framework: 'tfjs',
    name: 'tf.losses.huberLoss',
    file: 'huber',
    wanted: 'tf.losses.huberLoss',
    parameters: { delta: 'delta' },
  },
  {
    framework: 'tfjs',
    name: 'tf.losses.sigmoidCrossEntropy',
    file: 'bce_with_logits',
    wanted: 'tf.losses.sigmoidCrossEntropy',
  },
  {
    framework: 'tfjs',
    name: 'binaryCrossentropy',
    file: 'bce',
    wanted: "tfjs-layers 'binaryCrossentropy'",
  },
  {
    framework: 'tfjs',
    name: 'tf.losses.softmaxCrossEntropy',
    file: 'cross_entropy',
    wanted: 'tf.losses.softmaxCrossEntropy(onehot)',
  },
  {
    framework: 'tfjs',
    name: 'sparseCategoricalCrossentropy',
    file: 'sparse_categorical_crossentropy',
    wanted: "tfjs-layers 'sparseCategoricalCrossentropy' (labels must be a float32 tensor)",
  },
  {
    framework: 'keras',
    name: 'keras.losses.MeanSquaredError',
    file: 'mse',
    wanted: 'keras.losses.MeanSquaredError',
  },
  {
    framework: 'keras',
    name: 'keras.losses.MeanAbsoluteError',
    file: 'mae',
    wanted: 'keras.losses.MeanAbsoluteError',
  },
  {
    framework: 'keras',
    name: 'keras.losses.Huber',
    file: 'huber',
    wanted: 'keras.losses.Huber',
    parameters: { delta: 'delta' },
  },
  {
    framework: 'keras',
    name: 'keras.losses.BinaryCrossentropy',
    file: 'bce_with_logits',
    wanted: 'keras.losses.BinaryCrossentropy(from_logits=True)',
  },
  {
    framework: 'keras',
    name: 'keras.losses.SparseCategoricalCrossentropy',
    file: 'cross_entropy',
    wanted: 'keras.losses.SparseCategoricalCrossentropy(from_logits=True)',
  },
];

function goldenCases(file: string): readonly LossCase[] {
  const text = readFileSync(path.join(import.meta.dirname, '../fixtures/golden', `${file}.json`), 'utf8');
  const { cases } = v.parse(v.object({ cases: v.array(v.unknown()) }), JSON.parse(text));
  return cases.map((each) => v.parse(lossCaseSchema, each));
}

/** The golden cases of an api, with our answers; where it expects probabilities, we get the logits that have them. */
function goldenOf(loss: Loss, api: Api) {
  const source = golden.find((g) => g.framework === api.framework && g.name === api.name);
  if (source === undefined) return [];
  return goldenCases(source.file).flatMap((given) => {
    const { expected, tol, inputs, params, reduction } = given;
    const { pred, target } = inputs;
    const parameters: Record<string, number> = {};
    for (const [name, value] of Object.entries(params)) {
      const own = source.parameters?.[name];
      if (own === undefined && name !== 'eps') return [];
      if (own !== undefined && typeof value === 'number') parameters[own] = value;
    }
    const isTaken =
      given.api === source.wanted &&
      (reduction === 'mean' || reduction === 'sum' || reduction === 'none') &&
      given.grad_policy === undefined;
    if (!isTaken || pred === undefined || target === undefined) return [];
    if (expected.loss === undefined || tol === undefined || pred.data.length === 0) return [];
    // Frameworks clip probabilities; where they do, value and gradient are the clip's.
    const isClipped = pred.data.some((p) => p < 1e-6 || p > 1 - 1e-6);
    const isProbability = api.expects === 'probabilities' && api.requires === undefined;
    if (isProbability && isClipped) return [];
    const binary = taskOf(loss) === 'binary';
    const logits = isProbability
      ? pred.data.map((p) => (binary ? Math.log(p / (1 - p)) : Math.log(p)))
      : pred.data;
    const own = withAnswers(loss, { shape: pred.shape, pred: logits, target: target.data, parameters });
    return [
      {
        id: given.id,
        reduction,
        ...own,
        expected: {
          value: expected.loss.data.map(jsonNumber),
          // By probabilities, not by logits, where those are expected: another function's gradient.
          gradient: isProbability ? undefined : expected.grad?.['pred']?.data.map(jsonNumber),
        },
        tolerance: tol,
      },
    ];
  });
}

const result = losses().map((loss) => {
  const inputs = inputsOf[taskOf(loss)!](loss);
  const plain = inputs.filter((given) => given.classWeight === undefined && given.shape.length < 3);
  return {
    id: loss.id,
    task: taskOf(loss),
    inputs: Object.values(loss.inputs).map(({ id }) => id),
    defaults: Object.fromEntries([
      ...loss.parameters.map((p): [string, number] => [p.id, p.default]),
      ...(loss.options ?? []).map((o): [string, number | string] => [o.id, jsonNumber(o.neutral)]),
    ]),
    pitfalls: loss.pitfalls,
    apis: loss.apis.map((api) => ({ ...api, golden: goldenOf(loss, api) })),
    cases: inputs.map((given) => withAnswers(loss, given)),
    weighted: plain
      .filter(({ parameters }) =>
        Object.keys(parameters).every((id) => loss.parameters.some((p) => p.id === id)),
      )
      .map((given) => withWeights(loss, given)),
  };
});
process.stdout.write(JSON.stringify(result));
