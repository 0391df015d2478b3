import type { ConvolutionExtent } from '../../../core/compute/plan.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** Images as the inner loops read them: with their margin of zeros, where the operation has one. */
export interface Images {
  /** Extent of what is read of one image, margin included. */
  readonly height: number;
  readonly width: number;
  /** Bytes from one row, and from one image, to the next. */
  readonly row: number;
  readonly image: number;
  /** They are copies, because the margin has to lie in memory. */
  readonly copied: boolean;
}

export function images(extent: ConvolutionExtent): Images {
  const height = (extent.outputHeight - 1) * extent.strideHeight + extent.filterHeight;
  const width = (extent.outputWidth - 1) * extent.strideWidth + extent.filterWidth;
  const copied = extent.padTop > 0 || extent.padLeft > 0 || height > extent.height || width > extent.width;
  const row = (copied ? width : extent.width) * extent.channels * 4;
  return { height, width, row, image: row * (copied ? height : extent.height), copied };
}

/** Clears room for `count` copies at an address: their margins stay zero however often an image is copied there. */
export function clearCopies(body: FunctionBody, to: number, count: number, { image }: Images): void {
  body
    .constant(to)
    .constant(0)
    .constant(count * image)
    .fillMemory();
}

/** Copies `count` images into a cleared place; `from` is left behind the last. */
export function copyImages(
  body: FunctionBody,
  from: Local,
  to: number,
  count: number,
  { height, width, row, image }: Images,
  extent: ConvolutionExtent,
): void {
  const bytes = extent.channels * 4;
  const ownRow = extent.width * bytes;
  // What of the image lies in the part that is read.
  const rows = Math.min(extent.height, height - extent.padTop);
  const columns = Math.min(extent.width, width - extent.padLeft);
  const target = body.local('i32');
  const source = body.local('i32');
  body.constant(to + extent.padTop * row + extent.padLeft * bytes).set(target);
  body.repeat(count, () => {
    body.offset(source, from, 0);
    if (rows > 0 && columns > 0) {
      body.repeat(rows, () => {
        body
          .get(target)
          .get(source)
          .constant(columns * bytes)
          .copyMemory();
        body.advance(target, row).advance(source, ownRow);
      });
    }
    body.advance(target, image - Math.max(0, rows) * row);
    body.advance(from, ownRow * extent.height);
  });
}
