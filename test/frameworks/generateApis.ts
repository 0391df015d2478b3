/**
 * Writes, as JSON for the tests of what the catalogue claims about frameworks, every loss with its `apis` and
 * `pitfalls`, and for every api that Python can call the batches to call it on: seeded inputs of several sizes and
 * magnitudes, parameters within the claimed keywords, and our value and gradient under every reduction.
 */
import { randomStream } from '../../src/core/data/random.ts';
import type { Environment } from '../../src/core/expression/evaluate.ts';
import { input, type Axis } from '../../src/core/expression/expression.ts';
import { losses } from '../../src/core/losses/catalogue.ts';
import { inConvention } from '../../src/core/losses/conventions.ts';
import type { Api, Loss } from '../../src/core/losses/loss.ts';
import { reductions } from '../../src/core/losses/reduce.ts';
import { answer, jsonNumber, numbers, type JsonNumber } from './answer.ts';
import { batchOf, fewShapes, shapes, weightedShapes, type Shape } from './batches.ts';
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
function weightedCases(loss: Loss, api: Api) {
  const { axes } = loss.expression();
  if (axes[0] !== 'sample' || loss.divisor !== undefined) return undefined;
  const random = randomStream(2, `${loss.id} ${loss.convention ?? ''}`);
  const [{ parameters, keep, told }] = settingsOf(loss, api);
  const byRows: Loss = axes.length > 1 ? { ...loss, averaging: { rowsFirst: true } } : loss;
  const byElements: Loss = { ...loss, averaging: {} };
  return weightedShapes.map((shape) => {
    const environment = batchOf(loss, { parameters, keep, told }, shape, random);
    const count = axes.reduce((product, axis) => product * environment.sizes[axis]!, 1);
    const weight = Array.from({ length: count }, () => 0.25 + 2 * random.next());
    const mean = (definition: Loss, over: readonly Axis[], weightedBy: 'weights' | 'elements') => {
      const data = over.length === 1 ? weight.slice(0, environment.sizes['sample']) : weight;
      const inputs = { ...environment.inputs, weight: data };
      return answer(
        definition,
        { ...environment, inputs },
        { reduction: 'mean', keep, weighted: { weight: input('weight', over), weightedBy } },
      );
    };
    const data = Object.entries(environment.inputs).map(([id, values]) => {
      const own = loss.inputs.find((one) => one.id === id)!.axes;
      return [id, numbers(own, values, environment)] as const;
    });
    return {
      inputs: Object.fromEntries(data),
      told,
      otherLabels: shape.special === 'other labels',
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
  const claim = [
    loss.id,
    definition.convention,
    api.framework,
    api.form === 'string',
    api.keywords,
    api.fixed,
  ];
  return {
    ...api,
    // NaN is the neutral value of a label that never occurs; Python's None.
    inputs: definition.inputs.map(({ id, kind, role }) => ({ id, kind, role })),
    weightedBy: definition.averaging?.weightedBy ?? null,
    cases: once(JSON.stringify(claim), () => casesOf(definition, api)),
    weighted: once(JSON.stringify([...claim, 'weighted']), () => weightedCases(definition, api) ?? []),
  };
}

const result = losses().map((loss) => ({
  id: loss.id,
  pitfalls: loss.pitfalls,
  apis: loss.apis.map((api) => apiOf(loss, api)),
}));
process.stdout.write(JSON.stringify({ losses: result, batches }));
