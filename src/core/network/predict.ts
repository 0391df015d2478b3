import {
  biasName,
  buildNetwork,
  weightName,
  type Activation,
  type Model,
  type Parameters,
} from './network.ts';

/**
 * The network's raw outputs in float64: rows × outputs, row-major. `features` is rows × width of encoded rows. The
 * number of outputs follows from the last bias. Throws a RangeError when a parameter is missing or its size does not
 * fit: parameters come from a checkpoint that was checked when it was read.
 */
export function forward(
  model: Model,
  parameters: Parameters,
  features: Float64Array,
  rows: number,
  width: number,
): Float64Array {
  const outputs = parameters[`layers.${model.hidden.length}.bias`]?.length ?? 0;
  const network = buildNetwork(model, width, outputs);
  let values = features;
  if (values.length !== rows * width) {
    throw new RangeError(`forward: expected ${rows} × ${width} features, received ${values.length}`);
  }
  for (const layer of network.layers) {
    const weight = parameters[weightName(layer)];
    const bias = parameters[biasName(layer)];
    if (weight?.length !== layer.inputs * layer.outputs || bias?.length !== layer.outputs) {
      throw new RangeError(
        `forward: the parameters of ${layer.name} are not ${layer.inputs} × ${layer.outputs}`,
      );
    }
    const next = new Float64Array(rows * layer.outputs);
    for (let row = 0; row < rows; row++) {
      const to = row * layer.outputs;
      next.set(bias, to);
      for (let i = 0; i < layer.inputs; i++) {
        const x = values[row * layer.inputs + i]!;
        const from = i * layer.outputs;
        for (let o = 0; o < layer.outputs; o++) next[to + o]! += x * weight[from + o]!;
      }
    }
    values = activate(layer.activation, next);
  }
  return values;
}

function activate(activation: Activation, values: Float64Array): Float64Array {
  switch (activation) {
    case 'none':
      return values;
    case 'relu':
      return values.map((z) => Math.max(z, 0));
    case 'tanh':
      return values.map(Math.tanh);
    case 'sigmoid':
      return values.map((z) => 1 / (1 + Math.exp(-z)));
  }
}
