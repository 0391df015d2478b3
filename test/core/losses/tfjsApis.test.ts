/**
 * What the catalogue claims about TensorFlow.js, called in TensorFlow.js itself (float32): functions of `tf.losses`,
 * regularizers, and the names that `compile(loss=…)` knows. Value and gradient.
 */
import { expect, it } from 'vitest';
import { randomStream } from '../../../src/core/data/random.ts';
import type { Environment } from '../../../src/core/expression/evaluate.ts';
import { input } from '../../../src/core/expression/expression.ts';
import { losses } from '../../../src/core/losses/catalogue.ts';
import { inConvention } from '../../../src/core/losses/conventions.ts';
import { predictionsOf, targetsOf, type Api, type Loss } from '../../../src/core/losses/loss.ts';
import { answer, type Question } from '../../frameworks/answer.ts';
import { batchOf, shapes } from '../../frameworks/batches.ts';
import { settingsOf, type Setting } from '../../frameworks/settings.ts';
import { tensorflow } from '../print/printedTfjs.ts';
import type * as Library from '../print/tensorflow.ts';

type Tensor = Library.Tensor;

/** float32 all the way. */
const tolerance = 2e-5;

const claims = losses().flatMap((loss) =>
  loss.apis.filter(({ framework }) => framework === 'tfjs').map((api) => ({ loss, api })),
);
const isRegularizer = ({ name }: Api) => name.startsWith('tf.regularizers.');
const functions = claims.filter(({ api }) => api.form === 'function' && !isRegularizer(api));
const regularizers = claims.filter(({ api }) => isRegularizer(api));
const strings = claims.filter(({ api }) => api.form === 'string');

it('executes every claim', () => {
  expect(functions.length + regularizers.length + strings.length).toBe(claims.length);
  expect(Math.min(functions.length, regularizers.length, strings.length)).toBeGreaterThan(0);
});

/** Batches that float32 can hold: no logarithm of a probability that rounds to 0 or 1. */
function batchesOf(loss: Loss, api: Api) {
  const random = randomStream(1, `${loss.id} ${api.name}`);
  return settingsOf(loss, api).flatMap((setting) =>
    shapes
      .filter(({ special, scale }) => special !== 'ties' && scale < 10)
      // Probabilities that are 0 to float32 are not to float64.
      .map((shape) => ({
        setting,
        environment: batchOf(loss, setting, { ...shape, scale: Math.min(shape.scale, 2) }, random),
      })),
  );
}

/** The arrays of a batch as tensors; losses with one output column have it. */
function tensorsOf(loss: Loss, { inputs, sizes }: Environment): Readonly<Record<string, Tensor>> {
  const tf = tensorflow();
  return Object.fromEntries(
    loss.inputs.map(({ id, axes }) => [
      id,
      tf.tensor(
        Array.from(inputs[id]!),
        axes.map((axis) => sizes[axis]!),
      ),
    ]),
  );
}

function expectClose(
  actual: ArrayLike<number>,
  wanted: readonly (number | string)[],
  what: string,
  floor = 0,
) {
  const expected = wanted.map(Number);
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i]! - value);
    expect(error, `${what} [${i}]: ${actual[i]!} for ${value}`).toBeLessThanOrEqual(
      tolerance * (Math.abs(value) + 0.05 * largest) + 1e-7 + floor,
    );
  });
}

const ours = (loss: Loss, environment: Environment, setting: Setting, reduction: Question['reduction']) =>
  answer(loss, environment, { reduction, keep: setting.keep });

/** What follows the inputs in a call, by position: what is told or required, nothing for the rest. */
function behind(api: Api, { told }: Setting): readonly unknown[] {
  const positional = api.positional ?? Object.keys(api.keywords ?? {});
  const given = new Map<string, unknown>([
    ...Object.entries(api.requires ?? {}),
    ...told.map(({ keyword, value }) => [keyword, value] as const),
  ]);
  return positional.map((name) => given.get(name));
}

type Call = (...args: readonly unknown[]) => Tensor;

function functionOf({ name }: Api): Call {
  const [, , last] = name.split('.');
  const found = Object.entries(tensorflow().losses).find(([key]) => key === last);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found[1] as unknown as Call;
}

/** The inputs of the call in its order. */
function ordered(loss: Loss, api: Api): readonly string[] {
  const ids = (inputs: readonly { readonly id: string }[]) => inputs.map(({ id }) => id);
  if (api.args !== undefined) return api.args;
  return api.targetFirst === true ? [...ids(targetsOf(loss)), ...ids(predictionsOf(loss))] : ids(loss.inputs);
}

it.each(functions)('$api.name ($loss.id)', ({ loss, api }) => {
  const tf = tensorflow();
  const definition = inConvention(loss, api.convention);
  const call = functionOf(api);
  const [prediction] = predictionsOf(definition);
  const told = new Set<string>();
  const batches = batchesOf(definition, api);
  for (const { setting, environment } of batches) {
    const tensors = tensorsOf(definition, environment);
    const value = (pred: Tensor) =>
      call(
        ...ordered(definition, api).map((id) => (id === prediction!.id ? pred : tensors[id])),
        ...behind(api, setting),
      );
    const wanted = ours(definition, environment, setting, 'mean');
    expectClose(value(tensors[prediction!.id]!).dataSync(), wanted.value.data, 'value');
    const gradient = tf.grad((pred) => value(pred))(tensors[prediction!.id]!);
    expectClose(gradient.dataSync(), wanted.gradients[prediction!.id]!.data, 'gradient');
    for (const { keyword } of setting.told) told.add(keyword);
  }
  expect(batches.length).toBeGreaterThanOrEqual(4);
  expect([...told].sort()).toEqual(Object.keys(api.keywords ?? {}).sort());
});

it.each(functions)(
  '$api.name ($loss.id) divides a weighted sum by the weights that are not 0',
  ({ loss, api }) => {
    const tf = tensorflow();
    const definition = inConvention(loss, api.convention);
    const { axes } = definition.expression();
    const random = randomStream(3, api.name);
    const [setting] = settingsOf(definition, api);
    const environment = batchOf(definition, setting, shapes[0]!, random);
    const count = axes.reduce((product, axis) => product * environment.sizes[axis]!, 1);
    const weight = Array.from({ length: count }, (_, i) => (i % 3 === 1 ? 0 : 0.25 + 2 * random.next()));
    const tensors = tensorsOf(definition, environment);
    // Weights stand behind the inputs, except that the axis comes first.
    const first = Object.values(api.requires ?? {});
    // What sums over an axis keeps it.
    const shape = axes.map((axis) => environment.sizes[axis]!);
    const weights = tf.tensor(weight, api.requires === undefined ? shape : [...shape, 1]);
    const value = functionOf(api)(...ordered(definition, api).map((id) => tensors[id]), ...first, weights);
    const wanted = answer(
      definition,
      { ...environment, inputs: { ...environment.inputs, weight } },
      {
        reduction: 'mean',
        keep: setting.keep,
        weighted: { weight: input('weight', axes), weightedBy: 'non-zero-weights' },
      },
    );
    expectClose(value.dataSync(), wanted.value.data, 'value');
  },
);

type Make = (told?: Readonly<Record<string, number>>) => ReturnType<typeof Library.regularizers.l1>;

it.each(regularizers)('$api.name ($loss.id)', ({ loss, api }) => {
  const tf = tensorflow();
  const { l1, l2, l1l2 } = tf.regularizers;
  const made: Readonly<Record<string, Make>> = {
    'tf.regularizers.l1': (told) => l1(told === undefined ? undefined : { l1: 0.01, ...told }),
    'tf.regularizers.l2': (told) => l2(told === undefined ? undefined : { l2: 0.01, ...told }),
    'tf.regularizers.l1l2': (told) => l1l2(told),
  };
  const [weights] = predictionsOf(loss);
  for (const { setting, environment } of batchesOf(loss, api)) {
    const options = Object.fromEntries(setting.told.map(({ keyword, value }) => [keyword, value]));
    const tensors = tensorsOf(loss, environment);
    const regularizer = made[api.name]!(setting.told.length === 0 ? undefined : options);
    const wanted = ours(loss, environment, setting, 'sum');
    const value = (x: Tensor) => regularizer.apply(x).asScalar();
    expectClose(value(tensors[weights!.id]!).dataSync(), wanted.value.data, 'value');
    const gradient = tf.grad(value)(tensors[weights!.id]!);
    expectClose(gradient.dataSync(), wanted.gradients[weights!.id]!.data, 'gradient');
  }
});

it.each(strings)('$api.name ($loss.id) in compile', async ({ loss, api }) => {
  const tf = tensorflow();
  const definition = inConvention(loss, api.convention);
  const [prediction] = predictionsOf(definition);
  const [target] = targetsOf(definition);
  for (const { setting, environment } of batchesOf(definition, api)) {
    const tensors = tensorsOf(definition, environment);
    const pred = tensors[prediction!.id]!;
    const [rows = 0, columns = 0] = pred.shape;
    // Rows of the unit matrix times the weights are the weights: a step at rate 1 takes the gradient off them.
    const given = tf.input({ shape: [rows] });
    const dense = tf.layers.dense({ units: columns, useBias: false });
    const model = tf.model({ inputs: given, outputs: dense.apply(given) as typeof given });
    dense.setWeights([pred]);
    model.compile({ loss: api.name, optimizer: tf.train.sgd(1) });
    const labels = tensors[target!.id]!;
    const y = labels.rank === 1 ? labels.reshape([rows, 1]) : labels;
    const value = await model.trainOnBatch(tf.eye(rows), y);
    const wanted = ours(definition, environment, setting, 'mean');
    expectClose([value as number], wanted.value.data, 'value');
    const before = pred.dataSync();
    const after = dense.getWeights()[0]!.dataSync();
    const step = Array.from(before, (x, i) => x - after[i]!);
    const rounding = 2e-7 * Math.max(...Array.from(before, Math.abs));
    expectClose(step, wanted.gradients[prediction!.id]!.data, 'gradient', rounding);
  }
});

it('does not know the short names that Keras knows', () => {
  const tf = tensorflow();
  const compile = (name: string) => {
    const given = tf.input({ shape: [2] });
    const model = tf.model({
      inputs: given,
      outputs: tf.layers.dense({ units: 2 }).apply(given) as typeof given,
    });
    model.compile({ loss: name, optimizer: 'sgd' });
  };
  for (const name of ['mse', 'mae']) {
    expect(() => compile(name)).toThrow(name);
    const noted = strings.filter(({ api }) => api.note?.includes(`‘${name}’ throws`));
    expect(noted).toHaveLength(1);
  }
});
