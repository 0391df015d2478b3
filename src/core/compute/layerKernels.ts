import { biasName, weightName, type Activation, type Layer } from '../network/network.ts';
import { padded, sumOfProducts } from './kernelText.ts';
import type { Buffer, Kernel } from './plan.ts';

/**
 * Kernels of a dense layer over a batch. Activations are batch × padded outputs, row-major; weights are padded inputs ×
 * padded outputs, so that the fastest axis of every kernel runs over contiguous memory (formulations: GPU.js wants
 * unrolled inner products with lanes on the outputs).
 */
export interface Piece {
  readonly buffer: Buffer;
  readonly kernel: Kernel;
}

function piece(
  name: string,
  output: Kernel['output'],
  reads: Readonly<Record<string, string>>,
  body: string,
): Piece {
  return {
    buffer: { name, size: output[0] * (output[1] ?? 1), role: 'temporary' },
    kernel: {
      name,
      output,
      reads: Object.entries(reads).map(([parameter, buffer]) => ({ parameter, buffer })),
      writes: name,
      body,
    },
  };
}

/** Elements of a layer's weight buffer, padding included. */
export function paddedWeight(layer: Layer): readonly [columns: number, rows: number] {
  return [padded(layer.outputs), padded(layer.inputs)];
}

/** Name of a layer's activations. */
export function outputName(layer: Layer): string {
  return `${layer.name}.output`;
}

/** Name of the gradient of the loss in a layer's sums, before its activation. */
export function deltaName(layer: Layer): string {
  return `${layer.name}.delta`;
}

/** `output = activation(input W + b)`. */
export function layerForward(layer: Layer, input: string, batch: number): Piece {
  const [width, depth] = paddedWeight(layer);
  const { statements, value } = sumOfProducts(depth, [
    { parameter: 'input', start: `this.thread.y * ${depth}`, stride: 1 },
    { parameter: 'weight', start: 'this.thread.x', stride: width },
  ]);
  return piece(
    outputName(layer),
    [width, batch],
    { input, weight: weightName(layer), bias: biasName(layer) },
    `${statements}\nconst z = ${value} + bias[this.thread.x];\n${activation(layer)}`,
  );
}

/** Padding columns have weight and bias 0, so their sum is 0; only the sigmoid makes something else of it. */
function activation(layer: Layer): string {
  switch (layer.activation) {
    case 'none':
      return 'return z;';
    case 'relu':
      return 'return Math.max(z, 0.0);';
    case 'tanh':
      // tanh is ±1 beyond 20 even in float64; some GPUs form it from exponentials that overflow near 44.
      return 'return Math.tanh(Math.max(Math.min(z, 20.0), -20.0));';
    case 'sigmoid': {
      const mask =
        padded(layer.outputs) === layer.outputs
          ? ''
          : `if (this.thread.x >= ${layer.outputs}) { s = 0.0; }\n`;
      // The exponential of −|z| cannot overflow.
      return `const e = Math.exp(-Math.abs(z));\nlet s = 1.0 / (1.0 + e);\nif (z < 0.0) { s = e / (1.0 + e); }\n${mask}return s;`;
    }
  }
}

/** The weight transposed to outputs × inputs, for {@link layerBackward}. */
export function transposed(layer: Layer): Piece {
  const [width, depth] = paddedWeight(layer);
  return piece(
    `${weightName(layer)}.transposed`,
    [depth, width],
    { weight: weightName(layer) },
    `return weight[this.thread.x * ${width} + this.thread.y];`,
  );
}

/** The gradient in the sums of the layer below: delta Wᵀ times the derivative of its activation. */
export function layerBackward(layer: Layer, below: Layer, batch: number): Piece {
  const [width, depth] = paddedWeight(layer);
  const { statements, value } = sumOfProducts(width, [
    { parameter: 'delta', start: `this.thread.y * ${width}`, stride: 1 },
    { parameter: 'weight', start: 'this.thread.x', stride: depth },
  ]);
  return piece(
    deltaName(below),
    [depth, batch],
    { delta: deltaName(layer), weight: `${weightName(layer)}.transposed`, activated: outputName(below) },
    `${statements}\nconst d = ${value};\nconst h = activated[this.thread.y * ${depth} + this.thread.x];\n${derivative(below.activation)}`,
  );
}

/** The derivative written in the activation's own value h; ReLU's at 0 is 0, as in PyTorch. */
function derivative(of: Activation): string {
  switch (of) {
    case 'none':
      return 'return d;';
    case 'relu':
      return 'let g = 0.0;\nif (h > 0.0) { g = d; }\nreturn g;';
    case 'tanh':
      return 'return d * (1.0 - h * h);';
    case 'sigmoid':
      return 'return d * h * (1.0 - h);';
  }
}

/** Gradients of the weight, inputᵀ delta, and of the bias, the column sums of delta. */
export function layerGradients(layer: Layer, input: string, batch: number): readonly Piece[] {
  const [width, depth] = paddedWeight(layer);
  const delta = { parameter: 'delta', start: 'this.thread.x', stride: width };
  const weight = sumOfProducts(batch, [{ parameter: 'input', start: 'this.thread.y', stride: depth }, delta]);
  const bias = sumOfProducts(batch, [delta]);
  return [
    piece(
      `${weightName(layer)}.gradient`,
      [width, depth],
      { input, delta: deltaName(layer) },
      `${weight.statements}\nreturn ${weight.value};`,
    ),
    piece(
      `${biasName(layer)}.gradient`,
      [width],
      { delta: deltaName(layer) },
      `${bias.statements}\nreturn ${bias.value};`,
    ),
  ];
}
