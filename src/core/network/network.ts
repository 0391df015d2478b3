import type { Experiment } from '../training/experiment.ts';

/** The model part of an experiment: a multilayer perceptron. */
export type Model = Experiment['model'];

/** What a layer applies to its sums; the last layer applies nothing, because losses take raw outputs. */
export type Activation = Model['activation'] | 'none';

/** One dense layer: `activation(x W + b)` with W of shape [inputs × outputs]. */
export interface Layer {
  /** `layers.0`, `layers.1` …; prefix of its parameters' names. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
}

/** A parameter tensor: `layers.0.weight` of shape [inputs, outputs], `layers.0.bias` of shape [outputs]. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** Inputs of its layer: the fan-in that initialisers scale by. */
  readonly fanIn: number;
}

/** Layers and parameters of a model for given numbers of inputs and outputs. */
export interface Network {
  readonly layers: readonly Layer[];
  readonly parameters: readonly ParameterShape[];
  /** Trainable numbers in all. */
  readonly parameterCount: number;
}

/** Values by parameter name, flat and row-major, without padding. */
export type Parameters = Readonly<Record<string, Float64Array>>;

/** Name of a layer's weight: `layers.0.weight`. */
export function weightName(layer: Layer): string {
  return `${layer.name}.weight`;
}

/** Name of a layer's bias: `layers.0.bias`. */
export function biasName(layer: Layer): string {
  return `${layer.name}.bias`;
}

/** The network of a model: hidden layers with its activation, then a linear layer. */
export function buildNetwork(model: Model, inputs: number, outputs: number): Network {
  const widths = [inputs, ...model.hidden, outputs];
  const layers = widths.slice(1).map((width, i): Layer => ({
    name: `layers.${i}`,
    inputs: widths[i]!,
    outputs: width,
    activation: i < model.hidden.length ? model.activation : 'none',
  }));
  const parameters = layers.flatMap((layer): ParameterShape[] => [
    {
      name: weightName(layer),
      shape: [layer.inputs, layer.outputs],
      size: layer.inputs * layer.outputs,
      fanIn: layer.inputs,
    },
    { name: biasName(layer), shape: [layer.outputs], size: layer.outputs, fanIn: layer.inputs },
  ]);
  return { layers, parameters, parameterCount: parameters.reduce((sum, p) => sum + p.size, 0) };
}
