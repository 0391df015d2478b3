import type { MaxPool, MaxPoolGradient, PoolExtent } from '../../../core/compute/plan.ts';
import type { Routine } from './routine.ts';
import { spans, type Span } from './shape.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** Vectors of channels that are written out one after another without a loop. */
const unrolled = 8;

/** The largest value of each window or its place; the images are shared out among at most `most` routines. */
export function maxPool(op: MaxPool, most = 1): readonly Routine[] {
  return byImages(op.extent, most, (body, images, { address, written }) => {
    const [m, k, value, mask] = [0, 1, 2, 3].map(() => body.local('v128')) as [Local, Local, Local, Local];
    const at = {
      image: address(op.image) + images.start * imageBytes(op.extent),
      result: written + images.start * resultBytes(op.extent),
    };
    eachPlace(body, op.extent, images.size, at, (image, result, offset, lanes) => {
      const load = (window: number) => body.get(image).loadVector(window + offset);
      const [first, ...others] = windowOffsets(op.extent);
      load(first!).set(m);
      if (op.of === 'value') {
        for (const window of others) load(window).get(m).maximumVectors().set(m);
        store(body, result, m, offset, lanes);
        return;
      }
      body.zeroVector().set(k);
      others.forEach((window, i) => {
        load(window).set(value).get(value).get(m).areLarger().set(mask);
        body
          .constantVector(i + 1)
          .get(k)
          .get(mask)
          .chooseVectors()
          .set(k);
        body.get(value).get(m).get(mask).chooseVectors().set(m);
      });
      store(body, result, k, offset, lanes);
    });
  });
}

/** Delta at the places that won; the images are shared out among at most `most` routines. */
export function maxPoolGradient(op: MaxPoolGradient, most = 1): readonly Routine[] {
  const { extent } = op;
  const { strideHeight, strideWidth, outputHeight, outputWidth } = extent;
  const isCovered =
    strideHeight === extent.filterHeight &&
    strideWidth === extent.filterWidth &&
    outputHeight * strideHeight === extent.height &&
    outputWidth * strideWidth === extent.width;
  return byImages(extent, most, (body, images, { address, written }) => {
    const [d, winner, value] = [0, 1, 2].map(() => body.local('v128')) as [Local, Local, Local];
    const skipped = images.start * resultBytes(extent);
    const at = { image: written + images.start * imageBytes(extent), result: address(op.delta) + skipped };
    const winners = address(op.winner) - address(op.delta);
    const from = body.local('i32');
    if (!isCovered) {
      body.constant(at.image).constant(0);
      body.constant(images.size * imageBytes(extent)).fillMemory();
    }
    eachPlace(body, extent, images.size, at, (image, delta, offset, lanes) => {
      body.get(delta).loadVector(offset).set(d);
      body.offset(from, delta, winners).get(from).loadVector(offset).set(winner);
      windowOffsets(extent).forEach((window, i) => {
        body.get(winner).constantVector(i).areEqual().get(d).andVectors().set(value);
        store(body, image, value, window + offset, lanes);
      });
    });
  });
}

type Places = Parameters<Routine['define']>[2];

function byImages(
  { batch }: PoolExtent,
  most: number,
  write: (body: FunctionBody, images: Span, places: Places) => void,
): readonly Routine[] {
  return spans(batch, 1, most).map((images) => ({
    scratch: 0,
    define: (module, _, places) => module.define([], (body) => write(body, images, places)),
  }));
}

function imageBytes({ height, width, channels }: PoolExtent): number {
  return height * width * channels * 4;
}

function resultBytes({ outputHeight, outputWidth, channels }: PoolExtent): number {
  return outputHeight * outputWidth * channels * 4;
}

/** Bytes from the first place of a window to each of its places, row by row. */
function windowOffsets({ filterHeight, filterWidth, width, channels }: PoolExtent): readonly number[] {
  return Array.from(
    { length: filterHeight * filterWidth },
    (_, k) => (Math.floor(k / filterWidth) * width + (k % filterWidth)) * channels * 4,
  );
}

/**
 * Calls for the vectors of channels of every window: with pointers to the first place of the window in the image and to
 * its place in the result, both to be moved by `offset`, and the lanes that exist.
 */
function eachPlace(
  body: FunctionBody,
  extent: PoolExtent,
  images: number,
  at: { readonly image: number; readonly result: number },
  write: (image: Local, result: Local, offset: number, lanes: number) => void,
): void {
  const { height, width, channels, outputHeight, outputWidth, strideHeight, strideWidth } = extent;
  const [image, result] = [body.local('i32'), body.local('i32')];
  const vectors = Math.floor(channels / 4);
  const turns = Math.floor(vectors / unrolled);
  const place = channels * 4;
  const row = strideHeight * width * place;
  body.constant(at.image).set(image).constant(at.result).set(result);
  body.repeat(images, () => {
    body.repeat(outputHeight, () => {
      body.repeat(outputWidth, () => {
        body.repeat(turns, () => {
          for (let v = 0; v < unrolled; v++) write(image, result, v * 16, 4);
          body.advance(image, unrolled * 16).advance(result, unrolled * 16);
        });
        const rest = vectors - turns * unrolled;
        for (let v = 0; v < rest; v++) write(image, result, v * 16, 4);
        if (channels % 4 > 0) write(image, result, rest * 16, channels % 4);
        const done = turns * unrolled * 16;
        body.advance(image, strideWidth * place - done).advance(result, place - done);
      });
      body.advance(image, row - outputWidth * strideWidth * place);
    });
    body.advance(image, height * width * place - outputHeight * row);
  });
}

function store(body: FunctionBody, to: Local, vector: Local, offset: number, lanes: number): void {
  if (lanes < 4) body.storeLanes(to, vector, offset, lanes);
  else body.get(to).get(vector).storeVector(offset);
}
