import { buildLayers } from '../compute/layers/build.ts';
import { dense } from '../compute/layers/dense.ts';
import { factorisation } from '../compute/layers/factorisation.ts';
import type { Layer } from '../compute/layers/layer.ts';
import { bad, message, ok, type Result } from '../messages/message.ts';
import type { Experiment } from '../training/experiment.ts';
import type { LayerSpec } from '../training/schema/model.ts';
import { trainedCount, type ParameterShape } from './parameterShape.ts';
import { paddedShape, shapeText, sizeOf, type RowShape } from './rowShape.ts';

/** The model part of an experiment. */
export type Model = Experiment['model'];

/** A model without its starting values: what a trained model keeps of it. */
export type ModelShape = Model extends infer Kind
  ? Kind extends Model
    ? Omit<Kind, 'initial'>
    : never
  : never;

/** A model and the data that it is built for. */
export interface ModelOnData {
  readonly model: ModelShape;
  /** Width of an encoded row. */
  readonly inputs: number;
  /** How the values of a row lie; absent: flat. */
  readonly shape?: readonly number[];
  /** Of rows of indices how many different ones each column has: [users, items]. Absent: rows of numbers. */
  readonly counts?: readonly number[];
  readonly outputs: number;
}

/** Layers and parameters of a model for given inputs and outputs. */
export interface Network {
  readonly input: RowShape;
  readonly layers: readonly Layer[];
  readonly parameters: readonly ParameterShape[];
  /** Trainable numbers in all. */
  readonly parameterCount: number;
  /** Names of the layers that draw random numbers in training. */
  readonly draws: readonly string[];
}

/** Values by parameter name, flat and row-major, without padding. */
export type Parameters = Readonly<Record<string, Float64Array>>;

/** Where a network stands: the prefix of its layers' names, and the path of its model in the experiment. */
export interface NetworkPlace {
  readonly name: string;
  readonly path: string;
}

const ofModel: NetworkPlace = { name: 'layers', path: 'model' };

/**
 * The network of a model: its layers, then a linear layer to the outputs. An mlp takes every row as flat; a factorisation
 * stands alone, on rows of a user and an item. Bad, with the path in the experiment, when a layer does not fit what comes
 * before it.
 */
export function buildNetwork(on: ModelOnData, place: NetworkPlace = ofModel): Result<Network> {
  const { model, inputs, shape, outputs } = on;
  if (model.type === 'factorisation') return factorisationNetwork(on, model);
  const isFlat = model.type === 'mlp' || shape === undefined || shape.length < 2;
  if (!isFlat && sizeOf(shape) !== inputs) {
    return bad(
      message('Rows of {inputs} values cannot have the shape {shape}.', { inputs, shape: shapeText(shape) }),
      { path: 'data' },
    );
  }
  // The data lies as it came; only flat rows are padded.
  const input: RowShape = isFlat ? paddedShape([inputs]) : { shape, stored: shape };
  const built = buildLayers(layersOf(model), input, {
    name: place.name,
    startsModel: true,
    pathOf: (i) => (model.type === 'mlp' ? `${place.path}.hidden` : `${place.path}.layers.${i}`),
  });
  if (!built.ok) return built;
  const name = `${place.name}.${built.value.length}`;
  const row = built.value.at(-1)?.output ?? input;
  const initialiser = model.initialiser ?? 'default';
  const last = dense(
    name,
    row,
    { units: outputs, activation: 'none', initialiser },
    `${place.path}.${model.type === 'mlp' ? 'hidden' : 'layers'}`,
  );
  if (!last.ok) return last;
  return ok(networkOf(input, [...built.value, last.value]));
}

function networkOf(input: RowShape, layers: readonly Layer[]): Network {
  const parameters = layers.flatMap((layer) => layer.parameters);
  return {
    input,
    layers,
    parameters,
    parameterCount: trainedCount(parameters),
    draws: layers.flatMap((layer) => layer.draws ?? []),
  };
}

function factorisationNetwork(
  { inputs, counts = [], outputs }: ModelOnData,
  { factors, biases }: Extract<ModelShape, { type: 'factorisation' }>,
): Result<Network> {
  const [users, items] = counts;
  if (inputs !== 2 || users === undefined || items === undefined || outputs !== 1) {
    return bad(
      message(
        'A factorisation scores an item for a user, so it is for recommendation alone. Set "task" to recommendation, or choose another model.',
      ),
      { path: 'model' },
    );
  }
  const input = paddedShape([inputs]);
  return ok(networkOf(input, [factorisation('layers.0', input, { users, items, factors, biases }, 'model')]));
}

/** The layers of a model but the last. */
export function layersOf(model: Exclude<ModelShape, { type: 'factorisation' }>): readonly LayerSpec[] {
  if (model.type === 'layers') return model.layers;
  const { hidden, activation, initialiser } = model;
  return hidden.map((units) => ({ type: 'dense', units, activation, initialiser }));
}

/** What a trained model keeps of its model. */
export function withoutInitial({ initial: _, ...model }: Model): ModelShape {
  return model;
}
