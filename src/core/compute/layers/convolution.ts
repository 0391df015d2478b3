import { biasStart, weightStart, type Initialiser } from '../../network/initialisers.ts';
import { gradientName, parameterShape } from '../../network/parameterShape.ts';
import { paddedShape, sizeOf, type RowShape } from '../../network/rowShape.ts';
import { ok, type Result } from '../../messages/message.ts';
import type { PlanPart } from '../../optimizers/rule.ts';
import { addProducts, fourSums } from '../kernelText.ts';
import type { ConvolutionExtent } from '../plan.ts';
import { activate, activated, derive, type Activation } from './activation.ts';
import { inputGradientName, join, nothing, outputName, piece, type Forward, type Layer } from './layer.ts';
import {
  eachCoveringPlace,
  outputShape,
  placeOf,
  windowPlaces,
  type WindowPlaces,
  type WindowSpec,
} from './window.ts';

/**
 * Convolution (cross-correlation, as every framework has it) of images or series, with bias and activation. Weights are
 * [height, width, channels, filters], for a series [time, channels, filters].
 */
export function convolution(
  name: string,
  input: RowShape,
  spec: WindowSpec & {
    readonly filters: number;
    readonly activation: Activation;
    readonly initialiser: Initialiser;
  },
  path: string,
): Result<Layer> {
  const found = windowPlaces(input, spec, path);
  if (!found.ok) return found;
  const places = found.value;
  const { filters, activation, initialiser } = spec;
  const channels = input.shape.at(-1)!;
  const output = paddedShape(outputShape(input, places, filters));
  const window = input.shape.length === 2 ? [places.windowWidth] : [places.windowHeight, places.windowWidth];
  const fans = { in: sizeOf(window) * channels, out: sizeOf(window) * filters };
  const stored = [...window, places.channels, output.stored.at(-1)!];
  const weight = parameterShape(
    name,
    'weight',
    [...window, channels, filters],
    weightStart(initialiser, fans),
    stored,
  );
  const bias = parameterShape(name, 'bias', [filters], biasStart(initialiser, fans));

  const forward: Layer['forward'] = (from, { batch }): Forward => {
    const extent = extentOf(places, batch, output.stored.at(-1)!);
    const names = { sum: `${name}.sum`, output: outputName(name) };
    const isFused = activation === 'none' || activation === 'relu';
    const sums = convolve(
      isFused ? names.output : names.sum,
      extent,
      places.reachesOut,
      { image: from, filter: weight.name, bias: bias.name },
      activation === 'relu',
    );
    const part = isFused ? sums : join(sums, activate(activation, output, names, batch));
    const backward: Forward['backward'] = (gradient, wantsInput) => {
      const delta = activation === 'none' ? gradient : `${name}.delta`;
      const derived =
        activation === 'none' ? nothing : derive(activation, output, { ...names, gradient, delta }, batch);
      const back = wantsInput ? inputGradientName(name) : undefined;
      return {
        part: join(
          derived,
          filterGradient(gradientName(weight.name), extent, places.reachesOut, from, delta),
          biasGradient(bias.name, extent, delta),
          back === undefined ? nothing : imageGradient(weight.name, places, extent, delta, back),
        ),
        ...(back === undefined ? {} : { input: back }),
      };
    };
    return { part, output: names.output, backward };
  };

  return ok({
    name,
    path,
    input,
    output,
    parameters: [weight, bias],
    multiplyAdds: places.outputHeight * places.outputWidth * fans.in * filters,
    widest: Math.max(sizeOf(input.stored), sizeOf(output.stored)),
    forward,
  });
}

function extentOf(places: WindowPlaces, batch: number, filters: number): ConvolutionExtent {
  const { height, width, channels, outputHeight, outputWidth } = places;
  const { strideHeight, strideWidth, padTop, padLeft } = places;
  return {
    batch,
    height,
    width,
    channels,
    filterHeight: places.windowHeight,
    filterWidth: places.windowWidth,
    outputHeight,
    outputWidth,
    filters,
    strideHeight,
    strideWidth,
    padTop,
    padLeft,
  };
}

/** A convolution, with bias and ReLU where they are wanted. */
function convolve(
  name: string,
  extent: ConvolutionExtent,
  reachesOut: boolean,
  buffers: { readonly image: string; readonly filter: string; readonly bias?: string },
  relu: boolean,
): PlanPart {
  const { batch, height, width, channels, filterHeight, filterWidth, filters } = extent;
  const { outputHeight, outputWidth, strideHeight, strideWidth, padTop, padLeft } = extent;
  const products = (length: number) =>
    addProducts(length, [
      { parameter: 'image', start: 'pixel', stride: 1 },
      { parameter: 'filter', start: 'tap', stride: filters },
    ]);
  // Within the image a row of the filter meets neighbouring numbers, and is one product.
  const loops = reachesOut
    ? `for (let i = 0; i < ${filterHeight}; i++) {
const row = top + i;
if (row >= 0 && row < ${height}) {
for (let j = 0; j < ${filterWidth}; j++) {
const column = left + j;
if (column >= 0 && column < ${width}) {
const pixel = ((n * ${height} + row) * ${width} + column) * ${channels};
const tap = (i * ${filterWidth} + j) * ${channels * filters} + this.thread.x;
${products(channels)}
}
}
}
}`
    : `for (let i = 0; i < ${filterHeight}; i++) {
const pixel = ((n * ${height} + top + i) * ${width} + left) * ${channels};
const tap = i * ${filterWidth * channels * filters} + this.thread.x;
${products(filterWidth * channels)}
}`;
  const body = `${placeOf(outputHeight, outputWidth)}
const top = y * ${strideHeight} - ${padTop};
const left = x * ${strideWidth} - ${padLeft};
${fourSums.declare}
${loops}
const z = ${fourSums.value}${buffers.bias === undefined ? '' : ' + bias[this.thread.x]'};
${activated(relu ? 'relu' : 'none')}`;
  return piece(name, [filters, batch * outputHeight * outputWidth], { ...buffers }, body, {
    kind: 'convolution',
    extent,
    ...buffers,
    ...(relu ? { relu } : {}),
  });
}

/** Σ image · delta for every weight, row of the batch by row of the batch, so that sums stay short. */
function filterGradient(
  name: string,
  extent: ConvolutionExtent,
  reachesOut: boolean,
  image: string,
  delta: string,
): PlanPart {
  const { batch, height, width, channels, filterHeight, filterWidth, filters } = extent;
  const { outputHeight, outputWidth, strideHeight, strideWidth, padTop, padLeft } = extent;
  const inside = `const pixel = ((n * ${height} + row) * ${width} + left) * ${channels} + c;
const place = (n * ${outputHeight} + y) * ${outputWidth * filters} + this.thread.x;`;
  const line = reachesOut
    ? `if (row >= 0 && row < ${height}) {
${inside}
for (let x = 0; x < ${outputWidth}; x++) {
const column = left + x * ${strideWidth};
if (column >= 0 && column < ${width}) { sum0 += image[pixel + x * ${strideWidth * channels}] * delta[place + x * ${filters}]; }
}
}`
    : `${inside}
${addProducts(outputWidth, [
  { parameter: 'image', start: 'pixel', stride: strideWidth * channels },
  { parameter: 'delta', start: 'place', stride: filters },
])}`;
  const body = `const tap = ((this.thread.y / ${channels}) | 0);
const c = this.thread.y - tap * ${channels};
const i = ((tap / ${filterWidth}) | 0);
const j = tap - i * ${filterWidth};
const left = j - ${padLeft};
let total = 0.0;
${fourSums.declare}
for (let n = 0; n < ${batch}; n++) {
${fourSums.clear}
for (let y = 0; y < ${outputHeight}; y++) {
const row = y * ${strideHeight} + i - ${padTop};
${line}
}
total += ${fourSums.value};
}
return total;`;
  return piece(name, [filters, filterHeight * filterWidth * channels], { image, delta }, body, {
    kind: 'filter-gradient',
    extent,
    image,
    delta,
  });
}

/** The sums of delta over all places, first of every row, so that sums stay short. */
function biasGradient(
  bias: string,
  { batch, outputHeight, outputWidth, filters }: ConvolutionExtent,
  delta: string,
): PlanPart {
  const rows = `${bias}.rows`;
  const places = outputHeight * outputWidth;
  return join(
    piece(
      rows,
      [filters, batch],
      { delta },
      `let sum = 0.0;
const first = this.thread.y * ${places * filters} + this.thread.x;
for (let p = 0; p < ${places}; p++) { sum += delta[first + p * ${filters}]; }
return sum;`,
    ),
    piece(
      gradientName(bias),
      [filters],
      { rows },
      `let sum = 0.0;
for (let n = 0; n < ${batch}; n++) { sum += rows[n * ${filters} + this.thread.x]; }
return sum;`,
    ),
  );
}

/**
 * The gradient in the image. At stride 1 it is a convolution of delta with the filter turned about: taps in reverse order,
 * channels and filters exchanged. At other strides each pixel gathers from the places that saw it.
 */
function imageGradient(
  weight: string,
  places: WindowPlaces,
  extent: ConvolutionExtent,
  delta: string,
  back: string,
): PlanPart {
  const { batch, height, width, channels, filterHeight, filterWidth, filters } = extent;
  const isPlain = extent.strideHeight === 1 && extent.strideWidth === 1;
  const taps = filterHeight * filterWidth;
  const turned = `${weight}.turned`;
  const turn = piece(
    turned,
    [channels, taps * filters],
    { weight },
    `const tap = ((this.thread.y / ${filters}) | 0);
const f = this.thread.y - tap * ${filters};
return weight[(${isPlain ? `${taps - 1} - tap` : 'tap'}) * ${channels * filters} + this.thread.x * ${filters} + f];`,
  );
  if (isPlain) {
    const mirrored: ConvolutionExtent = {
      ...extent,
      height: extent.outputHeight,
      width: extent.outputWidth,
      channels: filters,
      outputHeight: height,
      outputWidth: width,
      filters: channels,
      padTop: filterHeight - 1 - extent.padTop,
      padLeft: filterWidth - 1 - extent.padLeft,
    };
    const reachesOut = taps > 1;
    return join(turn, convolve(back, mirrored, reachesOut, { image: delta, filter: turned }, false));
  }
  const gathered = eachCoveringPlace(
    places,
    `const from = at * ${filters};
const tap = (i * ${filterWidth} + j) * ${filters * channels} + this.thread.x;
${addProducts(filters, [
  { parameter: 'delta', start: 'from', stride: 1 },
  { parameter: 'filter', start: 'tap', stride: channels },
])}`,
  );
  return join(
    turn,
    piece(
      back,
      [channels, batch * height * width],
      { delta, filter: turned },
      `${placeOf(height, width)}\n${fourSums.declare}\n${gathered}\nreturn ${fourSums.value};`,
    ),
  );
}
