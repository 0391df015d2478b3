/**
 * Writes, as JSON for the tests of what the catalogue claims about frameworks, every loss with its `apis` and
 * `pitfalls`, and for every api that Python can call the batches to call it on: seeded inputs of several sizes and
 * magnitudes, parameters within the claimed keywords, and our value and gradient under every reduction.
 */
import { randomStream, type RandomStream } from '../../src/core/data/random.ts';
import type { Environment } from '../../src/core/expression/evaluate.ts';
import { input, type Axis } from '../../src/core/expression/expression.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import { inConvention } from '../../src/core/losses/conventions.ts';
import type { Api, InputKind, Loss } from '../../src/core/losses/loss.ts';
import { reductions } from '../../src/core/losses/reduce.ts';
import { sampleBatch, usualSizes } from '../../src/core/losses/sample.ts';
import { answer, jsonNumber, numbers, type JsonNumber } from './answer.ts';
import { settingsOf, type Setting } from './settings.ts';

/**
 * Definitions that Keras has on TensorFlow, and what the same call computes on PyTorch, where it is executed. Golden
 * cases hold the former.
 */
const onTorch: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  'sparse-categorical-cross-entropy': { '': 'keras-torch' },
  'binary-focal': { keras: 'keras-torch' },
  'softmax-cross-entropy-distribution': { tf: undefined },
};

/** The definition of a loss that a call computes in the tests. */
function definitionOf(loss: Loss, { framework, convention }: Api): Loss {
  const moved = framework === 'keras' ? onTorch[loss.id] : undefined;
  const claimed = convention ?? '';
  return inConvention(loss, moved !== undefined && claimed in moved ? moved[claimed] : convention);
}

/** How the numbers of a batch are drawn. */
interface Shape {
  readonly sizes: Readonly<Record<Axis, number>>;
  readonly scale: number;
  /** `ties`: scores and values are multiples of ½, so that many are equal; `other labels`: soft in place of hard, hard of soft. */
  readonly special?: 'ties' | 'other labels';
}

const single: Readonly<Record<Axis, number>> = {
  ...Object.fromEntries(Object.keys(usualSizes).map((axis) => [axis, 1])),
  class: 2,
  time: 3,
};
const large: Readonly<Record<Axis, number>> = {
  ...{ sample: 8, output: 1, class: 10, feature: 7, pixel: 12, item: 9, negative: 4, time: 12, label: 4 },
};
const shapes: readonly Shape[] = [
  { sizes: usualSizes, scale: 1 },
  { sizes: usualSizes, scale: 30 },
  { sizes: usualSizes, scale: 1, special: 'ties' },
  { sizes: usualSizes, scale: 3, special: 'other labels' },
  { sizes: single, scale: 1 },
  { sizes: large, scale: 4 },
];
/** Where a keyword is given, two are enough. */
const fewShapes = shapes.slice(0, 2);

const continuous: readonly InputKind[] = ['value', 'logit', 'score', 'embedding'];

/** A random batch, as environment of an expression. */
function batchOf(loss: Loss, setting: Setting, shape: Shape, random: RandomStream): Environment {
  const { sizes, inputs } = sampleBatch(loss, random, shape);
  const { parameters, classWeight } = setting;
  const data: Record<string, readonly number[]> = { ...inputs };
  for (const { id, kind, axes } of loss.inputs) {
    const given = data[id]!;
    if (shape.special === 'ties' && continuous.includes(kind))
      data[id] = given.map((x) => Math.round(2 * x) / 2);
    if (shape.special === 'other labels' && kind === 'binary-label') data[id] = given.map(() => random.next());
    if (shape.special === 'other labels' && kind === 'distribution' && id === 'target')
      data[id] = oneHot(given, sizes[axes.at(-1)!]!);
    const ignored = parameters['ignoreIndex'] ?? NaN;
    if (kind === 'class-index' && !Number.isNaN(ignored))
      data[id] = given.map((label, i) => (i === 1 ? ignored : i === 0 && label === ignored ? 1 - label : label));
    // From power 2 on a target of 0 is not allowed.
    if (kind === 'nonnegative' && id === 'target' && (parameters['power'] ?? 0) >= 2)
      data[id] = given.map((amount) => amount + 0.5);
  }
  if (classWeight !== undefined)
    data['classWeight'] = Array.from(
      { length: sizes[classWeight]! },
      () => 0.25 + 2 * random.next(),
    );
  return { sizes, inputs: data, parameters };
}

/** Rows of distributions with everything on the largest share. */
function oneHot(rows: readonly number[], width: number): readonly number[] {
  return rows.map((share, i) => {
    const row = rows.slice(i - (i % width), i - (i % width) + width);
    return share === Math.max(...row) && row.indexOf(share) === i % width ? 1 : 0;
  });
}

function caseOf(loss: Loss, setting: Setting, shape: Shape, environment: Environment) {
  const given = Object.entries(environment.inputs).map(([id, data]) => {
    const axes = loss.inputs.find((one) => one.id === id)?.axes ?? [setting.classWeight!];
    return [id, numbers(axes, data, environment)] as const;
  });
  return {
    inputs: Object.fromEntries(given),
    parameters: jsonNumbers(setting.parameters),
    told: setting.told,
    ties: shape.special === 'ties',
    otherLabels: shape.special === 'other labels',
    answers: Object.fromEntries(
      reductions.map((reduction) => [
        reduction,
        answer(loss, environment, { reduction, keep: setting.keep }),
      ]),
    ),
  };
}

const jsonNumbers = (values: Readonly<Record<string, number>>): Readonly<Record<string, JsonNumber>> =>
  Object.fromEntries(Object.entries(values).map(([id, value]) => [id, jsonNumber(value)]));

/** The batches of a definition with parameters as the claim says. */
function casesOf(loss: Loss, api: Api) {
  const random = randomStream(1, `${loss.id} ${loss.convention ?? ''} ${api.framework}`);
  // Many metrics of scikit-learn take one output column only.
  const narrow = ({ sizes, ...rest }: Shape): Shape => ({ ...rest, sizes: { ...sizes, output: 1 } });
  const isNarrow = api.framework === 'sklearn';
  return settingsOf(loss, api).flatMap((setting) => {
    const chosen = setting.told.length === 0 ? shapes : fewShapes;
    return [...chosen, ...(isNarrow ? chosen.map(narrow) : [])].map((shape) =>
      caseOf(loss, setting, shape, batchOf(loss, setting, shape, random)),
    );
  });
}

/** Means of weighted elements and samples, by each rule; undefined where the loss is not one of samples by themselves. */
function weightedCases(loss: Loss) {
  const { axes } = loss.expression();
  if (axes[0] !== 'sample' || loss.divisor !== undefined) return undefined;
  const random = randomStream(2, `${loss.id} ${loss.convention ?? ''}`);
  const parameters = Object.fromEntries(loss.parameters.map((p) => [p.id, p.default]));
  const byRows: Loss = axes.length > 1 ? { ...loss, averaging: { rowsFirst: true } } : loss;
  const byElements: Loss = { ...loss, averaging: {} };
  return [usualSizes, large, single].map((sizes) => {
    const environment = { ...sampleBatch(loss, random, { sizes }), parameters };
    const count = axes.reduce((product, axis) => product * environment.sizes[axis]!, 1);
    const weight = Array.from({ length: count }, () => 0.25 + 2 * random.next());
    const mean = (definition: Loss, over: readonly Axis[], weightedBy: 'weights' | 'elements') => {
      const data = over.length === 1 ? weight.slice(0, environment.sizes['sample']) : weight;
      const inputs = { ...environment.inputs, weight: data };
      return answer(
        definition,
        { ...environment, inputs },
        { reduction: 'mean', keep: [], weighted: { weight: input('weight', over), weightedBy } },
      );
    };
    const data = Object.entries(environment.inputs).map(([id, values]) => {
      const own = loss.inputs.find((one) => one.id === id)!.axes;
      return [id, numbers(own, values, environment)] as const;
    });
    return {
      inputs: Object.fromEntries(data),
      weight: numbers(axes, weight, environment),
      elements: { weights: mean(byElements, axes, 'weights'), elements: mean(byElements, axes, 'elements') },
      samples: {
        weights: mean(byRows, ['sample'], 'weights'),
        elements: mean(byRows, ['sample'], 'elements'),
      },
    };
  });
}

/** Whether tests in Python call it on batches: neither an estimator nor an objective, nor what is not installed there. */
function isCalled({ framework, name }: Api): boolean {
  if (framework === 'torch') return !name.startsWith('torchvision.');
  if (framework === 'sklearn') return name.startsWith('sklearn.metrics.');
  return framework === 'optax' || framework === 'keras';
}

/** Equal batches are written once: most apis of a loss share them. */
const batches: unknown[] = [];
const indices = new Map<string, number>();
function once(key: string, make: () => unknown): number {
  let index = indices.get(key);
  if (index === undefined) {
    index = batches.push(make()) - 1;
    indices.set(key, index);
  }
  return index;
}

function apiOf(loss: Loss, api: Api) {
  if (!isCalled(api)) return api;
  const definition = definitionOf(loss, api);
  const claim = [loss.id, definition.convention, api.framework, api.form === 'string', api.keywords, api.fixed];
  return {
    ...api,
    // NaN is the neutral value of a label that never occurs; Python's None.
    inputs: definition.inputs.map(({ id, kind, role }) => ({ id, kind, role })),
    weightedBy: definition.averaging?.weightedBy ?? null,
    cases: once(JSON.stringify(claim), () => casesOf(definition, api)),
    weighted: once(JSON.stringify([loss.id, definition.convention]), () => weightedCases(definition) ?? []),
  };
}

const result = losses().map((loss) => ({
  id: loss.id,
  pitfalls: loss.pitfalls,
  apis: loss.apis.map((api) => apiOf(loss, api)),
}));
process.stdout.write(JSON.stringify({ losses: result, batches }));
