import { biasStart, weightStart, type Initialiser } from '../../network/initialisers.ts';
import { gradientName, parameterShape } from '../../network/parameterShape.ts';
import { paddedShape, shapeText, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';
import { sumOfProducts } from '../kernelText.ts';
import type { MatrixProduct } from '../plan.ts';
import { activate, activated, derive, needsSum, type Activation } from './activation.ts';
import { inputGradientName, join, nothing, outputName, piece, type Forward, type Layer } from './layer.ts';

/**
 * Products of fewer multiplications gain nothing from a routine: their elements are finished in the same kernel, which
 * saves one.
 */
const smallProduct = 2 ** 12;

/** A row-major matrix without gaps. */
function rowMajor(buffer: string, columns: number): MatrixProduct['left'] {
  return { buffer, rowStride: columns, columnStride: 1 };
}

/**
 * `activation(x W + b)` with W of shape [inputs, units]. In memory W is padded inputs × padded units, so that the fastest
 * axis of every kernel runs over contiguous memory (formulations: GPU.js wants unrolled inner products with lanes on
 * the units). Products say that they are products, so that a device may run a routine of its own.
 */
export function dense(
  name: string,
  input: RowShape,
  spec: { readonly units: number; readonly activation: Activation; readonly initialiser: Initialiser },
  path: string,
): Result<Layer> {
  if (input.shape.length > 1) {
    return bad(
      message('A dense layer takes flat rows, but here rows are {shape}. Put a flatten layer before it.', {
        shape: shapeText(input.shape),
      }),
      { path },
    );
  }
  const { units, activation, initialiser } = spec;
  const [inputs = 1] = input.shape;
  const output = paddedShape([units]);
  const [depth, width] = [sizeOf(input.stored), sizeOf(output.stored)];
  const fans = { in: inputs, out: units };
  const weight = parameterShape(name, 'weight', [inputs, units], weightStart(initialiser, fans), [
    depth,
    width,
  ]);
  const bias = parameterShape(name, 'bias', [units], biasStart(initialiser, fans));

  const forward: Layer['forward'] = (from, { batch }): Forward => {
    const names = { sum: `${name}.sum`, output: outputName(name) };
    const sums = sumOfProducts(depth, [
      { parameter: 'input', start: `this.thread.y * ${depth}`, stride: 1 },
      { parameter: 'weight', start: 'this.thread.x', stride: width },
    ]);
    const body = `${sums.statements}\nconst z = ${sums.value} + bias[this.thread.x];\n`;
    const reads = { input: from, weight: weight.name, bias: bias.name };
    const product: MatrixProduct = {
      kind: 'matrix-product',
      rows: batch,
      columns: width,
      depth,
      left: rowMajor(from, depth),
      right: rowMajor(weight.name, width),
      bias: bias.name,
    };
    const isFused = activation === 'none' || activation === 'relu';
    const isSmall = batch * width * depth < smallProduct && !isFused && !needsSum(activation);
    const padding = units < width ? { channel: 'this.thread.x', channels: units } : undefined;
    const part =
      isFused || isSmall
        ? piece(
            names.output,
            [width, batch],
            reads,
            body + activated(activation, padding),
            isSmall ? undefined : { ...product, ...(activation === 'relu' ? { relu: true } : {}) },
          )
        : join(
            piece(names.sum, [width, batch], reads, `${body}return z;`, product),
            activate(activation, output, names, batch),
          );

    const backward: Forward['backward'] = (gradient, wantsInput) => {
      const delta = activation === 'none' ? gradient : `${name}.delta`;
      const derived =
        activation === 'none' ? nothing : derive(activation, output, { ...names, gradient, delta }, batch);
      const back = wantsInput ? inputGradientName(name) : undefined;
      return {
        part: join(
          derived,
          weightGradient(from, delta, batch),
          biasGradient(delta, batch),
          back === undefined ? nothing : inputGradient(delta, back, batch),
        ),
        ...(back === undefined ? {} : { input: back }),
      };
    };
    return { part, output: names.output, backward };
  };

  /** inputᵀ delta. */
  const weightGradient = (from: string, delta: string, batch: number) => {
    const sums = sumOfProducts(batch, [
      { parameter: 'input', start: 'this.thread.y', stride: depth },
      { parameter: 'delta', start: 'this.thread.x', stride: width },
    ]);
    return piece(
      gradientName(weight.name),
      [width, depth],
      { input: from, delta },
      `${sums.statements}\nreturn ${sums.value};`,
      {
        kind: 'matrix-product',
        rows: depth,
        columns: width,
        depth: batch,
        left: { buffer: from, rowStride: 1, columnStride: depth },
        right: rowMajor(delta, width),
      },
    );
  };

  /** The column sums of delta. */
  const biasGradient = (delta: string, batch: number) => {
    const sums = sumOfProducts(batch, [{ parameter: 'delta', start: 'this.thread.x', stride: width }]);
    return piece(gradientName(bias.name), [width], { delta }, `${sums.statements}\nreturn ${sums.value};`);
  };

  /** delta Wᵀ, with W transposed first. */
  const inputGradient = (delta: string, back: string, batch: number) => {
    const transposed = `${weight.name}.transposed`;
    const sums = sumOfProducts(width, [
      { parameter: 'delta', start: `this.thread.y * ${width}`, stride: 1 },
      { parameter: 'weight', start: 'this.thread.x', stride: depth },
    ]);
    return join(
      piece(
        transposed,
        [depth, width],
        { weight: weight.name },
        `return weight[this.thread.x * ${width} + this.thread.y];`,
      ),
      piece(
        back,
        [depth, batch],
        { delta, weight: transposed },
        `${sums.statements}\nreturn ${sums.value};`,
        {
          kind: 'matrix-product',
          rows: batch,
          columns: depth,
          depth: width,
          left: rowMajor(delta, width),
          right: rowMajor(transposed, depth),
        },
      ),
    );
  };

  return ok({
    name,
    path,
    input,
    output,
    parameters: [weight, bias],
    multiplyAdds: inputs * units,
    widest: Math.max(depth, width),
    forward,
  });
}
