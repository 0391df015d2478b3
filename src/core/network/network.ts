import { dense } from '../compute/layers/dense.ts';
import type { Layer } from '../compute/layers/layer.ts';
import { ok, type Result } from '../messages/message.ts';
import type { Experiment } from '../training/experiment.ts';
import type { ParameterShape } from './parameterShape.ts';
import { paddedShape, type RowShape } from './rowShape.ts';

/** The model part of an experiment. */
export type Model = Experiment['model'];

/** Layers and parameters of a model for given numbers of inputs and outputs. */
export interface Network {
  readonly input: RowShape;
  readonly layers: readonly Layer[];
  readonly parameters: readonly ParameterShape[];
  /** Trainable numbers in all. */
  readonly parameterCount: number;
}

/** Values by parameter name, flat and row-major, without padding. */
export type Parameters = Readonly<Record<string, Float64Array>>;

/** The network of a model: hidden layers with its activation, then a linear layer. */
export function buildNetwork(model: Model, inputs: number, outputs: number): Result<Network> {
  const layers: Layer[] = [];
  const input = paddedShape([inputs]);
  let row = input;
  for (const units of [...model.hidden, outputs]) {
    const name = `layers.${layers.length}`;
    const activation = layers.length < model.hidden.length ? model.activation : 'none';
    const built = dense(name, row, { units, activation, initialiser: 'default' }, 'model.hidden');
    if (!built.ok) return built;
    layers.push(built.value);
    row = built.value.output;
  }
  const parameters = layers.flatMap((layer) => layer.parameters);
  const trained = parameters.filter((parameter) => parameter.trained);
  return ok({
    input,
    layers,
    parameters,
    parameterCount: trained.reduce((sum, { size }) => sum + size, 0),
  });
}
