import { biasName, weightName, type Activation, type Layer } from '../network/network.ts';
import { padded, sumOfProducts } from './kernelText.ts';
import type { Buffer, Kernel, MatrixProduct } from './plan.ts';

/**
 * Kernels of a dense layer over a batch. Activations are batch × padded outputs, row-major; weights are padded inputs ×
 * padded outputs, so that the fastest axis of every kernel runs over contiguous memory (formulations: GPU.js wants
 * unrolled inner products with lanes on the outputs). Products say that they are products, so that a device may run a
 * routine of its own; what is done to their elements is then a kernel after them.
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
  operation?: MatrixProduct,
): Piece {
  return {
    buffer: { name, size: output[0] * (output[1] ?? 1), role: 'temporary' },
    kernel: {
      name,
      output,
      reads: Object.entries(reads).map(([parameter, buffer]) => ({ parameter, buffer })),
      writes: name,
      body,
      ...(operation === undefined ? {} : { operation }),
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

/**
 * Products of fewer multiplications gain nothing from a routine: their elements are finished in the same kernel, which
 * saves one.
 */
const smallProduct = 2 ** 12;

/** A row-major matrix without gaps. */
function rowMajor(buffer: string, columns: number): MatrixProduct['left'] {
  return { buffer, rowStride: columns, columnStride: 1 };
}

/** `output = activation(input W + b)`. */
export function layerForward(layer: Layer, input: string, batch: number): readonly Piece[] {
  const [width, depth] = paddedWeight(layer);
  const { statements, value } = sumOfProducts(depth, [
    { parameter: 'input', start: `this.thread.y * ${depth}`, stride: 1 },
    { parameter: 'weight', start: 'this.thread.x', stride: width },
  ]);
  const sum = `${statements}\nconst z = ${value} + bias[this.thread.x];\n`;
  const output = [width, batch] as const;
  const reads = { input, weight: weightName(layer), bias: biasName(layer) };
  const product: MatrixProduct = {
    kind: 'matrix-product',
    rows: batch,
    columns: width,
    depth,
    left: rowMajor(input, depth),
    right: rowMajor(weightName(layer), width),
    bias: biasName(layer),
  };
  switch (layer.activation) {
    case 'none':
      return [piece(outputName(layer), output, reads, sum + activation(layer), product)];
    case 'relu':
      return [piece(outputName(layer), output, reads, sum + activation(layer), { ...product, relu: true })];
    default: {
      if (batch * width * depth < smallProduct)
        return [piece(outputName(layer), output, reads, sum + activation(layer))];
      const name = `${layer.name}.sum`;
      const read = `const z = sum[this.thread.y * ${width} + this.thread.x];\n`;
      return [
        piece(name, output, reads, `${sum}return z;`, product),
        piece(outputName(layer), output, { sum: name }, read + activation(layer)),
      ];
    }
  }
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
export function layerBackward(layer: Layer, below: Layer, batch: number): readonly Piece[] {
  const [width, depth] = paddedWeight(layer);
  const { statements, value } = sumOfProducts(width, [
    { parameter: 'delta', start: `this.thread.y * ${width}`, stride: 1 },
    { parameter: 'weight', start: 'this.thread.x', stride: depth },
  ]);
  const output = [depth, batch] as const;
  const weight = `${weightName(layer)}.transposed`;
  const reads = { delta: deltaName(layer), weight };
  const activated = { activated: outputName(below) };
  const place = `this.thread.y * ${depth} + this.thread.x`;
  const finish = `const h = activated[${place}];\n${derivative(below.activation)}`;
  const product: MatrixProduct = {
    kind: 'matrix-product',
    rows: batch,
    columns: depth,
    depth: width,
    left: rowMajor(deltaName(layer), width),
    right: rowMajor(weight, depth),
  };
  if (below.activation === 'none')
    return [piece(deltaName(below), output, reads, `${statements}\nreturn ${value};`, product)];
  if (batch * width * depth < smallProduct) {
    const body = `${statements}\nconst d = ${value};\n${finish}`;
    return [piece(deltaName(below), output, { ...reads, ...activated }, body)];
  }
  const name = `${outputName(below)}.gradient`;
  return [
    piece(name, output, reads, `${statements}\nreturn ${value};`, product),
    piece(
      deltaName(below),
      output,
      { gradient: name, ...activated },
      `const d = gradient[${place}];\n${finish}`,
    ),
  ];
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
      {
        kind: 'matrix-product',
        rows: depth,
        columns: width,
        depth: batch,
        left: { buffer: input, rowStride: 1, columnStride: depth },
        right: rowMajor(deltaName(layer), width),
      },
    ),
    piece(
      `${biasName(layer)}.gradient`,
      [width],
      { delta: deltaName(layer) },
      `${bias.statements}\nreturn ${bias.value};`,
    ),
  ];
}
