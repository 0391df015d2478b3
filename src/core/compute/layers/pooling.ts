import { sizeOf, type RowShape } from '../../network/rowShape.ts';
import { ok, type Result } from '../../messages/message.ts';
import { literal } from '../kernelText.ts';
import type { MaxPool, MaxPoolGradient, PoolExtent } from '../plan.ts';
import { inputGradientName, join, nothing, outputName, piece, type Forward, type Layer } from './layer.ts';
import { eachCoveringPlace, outputShape, placeOf, windowPlaces, type Extent } from './window.ts';

/**
 * The largest or the mean value of each window, channel by channel; windows that would reach beyond the image are left
 * out. Of equal largest values the first in the window (row by row) gets the gradient, as in PyTorch.
 */
export function pooling(
  name: string,
  input: RowShape,
  spec: { readonly of: 'max' | 'average'; readonly size: Extent; readonly stride?: Extent },
  path: string,
): Result<Layer> {
  const found = windowPlaces(
    input,
    { size: spec.size, stride: spec.stride ?? spec.size, padding: 'valid' },
    path,
  );
  if (!found.ok) return found;
  const places = found.value;
  const { height, width, channels, windowHeight, windowWidth, outputHeight, outputWidth } = places;
  const { strideHeight, strideWidth } = places;
  const shape = outputShape(input, places, input.shape.at(-1)!);
  const output: RowShape = { shape, stored: [...shape.slice(0, -1), channels] };
  const offsets = Array.from({ length: windowHeight * windowWidth }, (_, k) => {
    const [i, j] = [Math.floor(k / windowWidth), k % windowWidth];
    return (i * width + j) * channels;
  });
  const corner = `${placeOf(outputHeight, outputWidth)}
const first = ((n * ${height} + y * ${strideHeight}) * ${width} + x * ${strideWidth}) * ${channels} + this.thread.x;`;
  const share = literal(1 / offsets.length);
  // Each pixel gathers from the windows that saw it; where windows lie apart that is one at most.
  const isApart = strideHeight >= windowHeight && strideWidth >= windowWidth;
  // A pixel behind the last window, or between two, looks at one beside it and takes nothing from it.
  const isDown = outputHeight * strideHeight >= height;
  const isAcross = outputWidth * strideWidth >= width;
  const nearest = (place: string, count: number, isCovered: boolean) =>
    isCovered ? place : `(${place} - ((${place} / ${count}) | 0))`;
  const guards = [
    isDown ? '' : ` && oy < ${outputHeight}`,
    isAcross ? '' : ` && ox < ${outputWidth}`,
    strideHeight > windowHeight ? ` && i < ${windowHeight}` : '',
    strideWidth > windowWidth ? ` && j < ${windowWidth}` : '',
  ].join('');
  const onePlace = `const oy = ((y / ${strideHeight}) | 0);
const ox = ((x / ${strideWidth}) | 0);
const i = y - oy * ${strideHeight};
const j = x - ox * ${strideWidth};
const from = ((n * ${outputHeight} + ${nearest('oy', outputHeight, isDown)}) * ${outputWidth} + ${nearest('ox', outputWidth, isAcross)}) * ${channels} + this.thread.x;
const d = delta[from];
${spec.of === 'max' ? `const k = winner[from] - i * ${windowWidth} - j;` : 'const k = 0.0;'}
if (k === 0.0${guards}) { sum = ${spec.of === 'max' ? 'd' : `${share} * d`}; }`;
  const everyPlace = eachCoveringPlace(
    places,
    spec.of === 'max'
      ? `if (winner[at * ${channels} + this.thread.x] === i * ${windowWidth} + j) { sum += delta[at * ${channels} + this.thread.x]; }`
      : `sum += ${share} * delta[at * ${channels} + this.thread.x];`,
  );

  const forward: Layer['forward'] = (from, { batch, isTraining }): Forward => {
    const to = outputName(name);
    const extent = [channels, batch * outputHeight * outputWidth] as const;
    const winner = `${name}.winner`;
    const value =
      spec.of === 'max'
        ? `let m = image[first];\n${offsets
            .slice(1)
            .map((offset) => `m = Math.max(m, image[first + ${offset}]);`)
            .join('\n')}\nreturn m;`
        : `return ${share} * (${offsets.map((offset) => `image[first + ${offset}]`).join(' + ')});`;
    // All values are loaded before they are compared: loads in branches are slow.
    const winning = [
      ...offsets.map((offset, k) => `const v${k} = image[first + ${offset}];`),
      'let m = v0;',
      'let k = 0.0;',
      ...offsets.slice(1).map((_, k) => `if (v${k + 1} > m) { m = v${k + 1}; k = ${k + 1}.0; }`),
      'return k;',
    ].join('\n');
    const needsWinner = isTraining && spec.of === 'max';
    const pooled: PoolExtent = {
      batch,
      height,
      width,
      channels,
      filterHeight: windowHeight,
      filterWidth: windowWidth,
      outputHeight,
      outputWidth,
      strideHeight,
      strideWidth,
    };
    const pool = (of: MaxPool['of']): MaxPool | undefined =>
      spec.of === 'max' ? { kind: 'max-pool', extent: pooled, image: from, of } : undefined;
    return {
      part: join(
        piece(to, extent, { image: from }, `${corner}\n${value}`, pool('value')),
        needsWinner
          ? piece(winner, extent, { image: from }, `${corner}\n${winning}`, pool('place'))
          : nothing,
      ),
      output: to,
      backward(gradient) {
        const back = inputGradientName(name);
        const gathered = isApart ? onePlace : everyPlace;
        const body = `${placeOf(height, width)}\nlet sum = 0.0;\n${gathered}\nreturn sum;`;
        const reads = { delta: gradient, ...(spec.of === 'max' ? { winner } : {}) };
        const operation: MaxPoolGradient | undefined =
          spec.of === 'max' && isApart
            ? { kind: 'max-pool-gradient', extent: pooled, delta: gradient, winner }
            : undefined;
        const part = piece(back, [channels, batch * height * width], reads, body, operation);
        return { part, input: back };
      },
    };
  };

  return ok({
    name,
    path,
    input,
    output,
    parameters: [],
    multiplyAdds: 0,
    widest: Math.max(sizeOf(input.stored), sizeOf(output.stored)),
    forward,
  });
}
