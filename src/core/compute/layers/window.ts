import { shapeText, type RowShape } from '../../network/rowShape.ts';
import { bad, message, ok, type Result } from '../../messages/message.ts';

/** A number for both axes, or one for each: [height, width]. */
export type Extent = number | readonly [number, number];

/** Places of a window that moves over an image. A series is an image of one row. */
export interface WindowPlaces {
  readonly height: number;
  readonly width: number;
  /** Channels in memory. */
  readonly channels: number;
  readonly windowHeight: number;
  readonly windowWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Rows and columns of zeros before the first of the image. */
  readonly padTop: number;
  readonly padLeft: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  /** Whether some place reaches beyond the image. */
  readonly reachesOut: boolean;
}

/** How a window is written in a layer. */
export interface WindowSpec {
  readonly size: Extent;
  /** Default: 1. */
  readonly stride?: Extent;
  /** `same`: as many zeros around the image as one output for every stride needs, more of them at the end; `valid`: none. */
  readonly padding: 'same' | 'valid';
}

/**
 * The places of a window over rows of the given shape, [height, width, channels] or [time, channels]. Bad when rows have
 * another shape, or the window is larger than the image.
 */
export function windowPlaces(row: RowShape, spec: WindowSpec, path: string): Result<WindowPlaces> {
  const { shape } = row;
  if (shape.length !== 2 && shape.length !== 3) {
    return bad(
      message(
        'This layer takes images (height × width × channels) or series (time × channels), but here rows are {shape}.',
        { shape: shapeText(shape) },
      ),
      { path },
    );
  }
  const isSeries = shape.length === 2;
  if (isSeries && (typeof spec.size !== 'number' || typeof (spec.stride ?? 1) !== 'number')) {
    return bad(message('A series has one axis, so size and stride are one number each.'), { path });
  }
  const pair = (extent: Extent): readonly [number, number] =>
    typeof extent !== 'number' ? extent : isSeries ? [1, extent] : [extent, extent];
  const [height, width] = isSeries ? [1, shape[0]!] : [shape[0]!, shape[1]!];
  const [windowHeight, windowWidth] = pair(spec.size);
  const [strideHeight, strideWidth] = pair(spec.stride ?? 1);
  const vertical = along(height, windowHeight, strideHeight, spec.padding);
  const horizontal = along(width, windowWidth, strideWidth, spec.padding);
  if (vertical.outputs < 1 || horizontal.outputs < 1) {
    return bad(
      message('A window of {size} is larger than what it moves over: rows are {shape} here.', {
        size: shapeText(isSeries ? [windowWidth] : [windowHeight, windowWidth]),
        shape: shapeText(shape),
      }),
      { path },
    );
  }
  return ok({
    height,
    width,
    channels: row.stored.at(-1)!,
    windowHeight,
    windowWidth,
    strideHeight,
    strideWidth,
    padTop: vertical.before,
    padLeft: horizontal.before,
    outputHeight: vertical.outputs,
    outputWidth: horizontal.outputs,
    reachesOut: vertical.reachesOut || horizontal.reachesOut,
  });
}

/** One axis of the places; `same` as Keras and TensorFlow define it, which at stride 1 is PyTorch's. */
function along(length: number, size: number, stride: number, padding: 'same' | 'valid') {
  if (padding === 'valid') {
    return { outputs: Math.floor((length - size) / stride) + 1, before: 0, reachesOut: false };
  }
  const outputs = Math.ceil(length / stride);
  const total = Math.max((outputs - 1) * stride + size - length, 0);
  return { outputs, before: Math.floor(total / 2), reachesOut: total > 0 };
}

/** The shape of what a layer with a window puts out. */
export function outputShape(
  row: RowShape,
  { outputHeight, outputWidth }: WindowPlaces,
  channels: number,
): readonly number[] {
  return row.shape.length === 2 ? [outputWidth, channels] : [outputHeight, outputWidth, channels];
}

/**
 * Statements that take apart `place`, the number of a place among height × width places of every row of a batch, into
 * `n`, `y` and `x`.
 */
export function placeOf(height: number, width: number): string {
  return `const place = this.thread.y;
const line = ((place / ${width}) | 0);
const x = place - line * ${width};
const n = ((line / ${height}) | 0);
const y = line - n * ${height};`;
}

/**
 * For every place of a window that covers pixel (y, x) of an image: runs `body` with `i` and `j`, the pixel's row and
 * column in the window, and `at`, the number of the window's place in the batch.
 */
export function eachCoveringPlace(places: WindowPlaces, body: string): string {
  const { windowHeight, windowWidth, strideHeight, strideWidth, padTop, padLeft } = places;
  const { outputHeight, outputWidth } = places;
  return `for (let i = 0; i < ${windowHeight}; i++) {
const up = y + ${padTop} - i;
const oy = ((up / ${strideHeight}) | 0);
if (up >= 0 && oy * ${strideHeight} === up && oy < ${outputHeight}) {
for (let j = 0; j < ${windowWidth}; j++) {
const over = x + ${padLeft} - j;
const ox = ((over / ${strideWidth}) | 0);
if (over >= 0 && ox * ${strideWidth} === over && ox < ${outputWidth}) {
const at = (n * ${outputHeight} + oy) * ${outputWidth} + ox;
${body}
}
}
}
}`;
}
