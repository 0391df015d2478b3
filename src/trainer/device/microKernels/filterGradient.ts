import type { ConvolutionExtent, FilterGradient } from '../../../core/compute/plan.ts';
import { clearCopies, copyImages, images } from './image.ts';
import { packPanel } from './pack.ts';
import { aligned, overrun, type Routine } from './routine.ts';
import { balanced, mostRows, panelGroups, panelWidths, spans, type Pieces, type Span } from './shape.ts';
import type { Level, Tiles } from './tile.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** Places of the result that a sum runs over at once: their part of a panel stays in the first cache. */
const mostPlaces = 128;

/** A filter's gradient; the filters are shared out among at most `most` routines. */
export function filterGradient(op: FilterGradient, most = 1): readonly Routine[] {
  const { filterWidth, channels, filters } = op.extent;
  const width = panelWidths(filterWidth * channels, Math.ceil(filters / 4))[0]!.size;
  return spans(filters, width * 4, most).map((taken) => gradientOf(op, taken));
}

/**
 * The gradient of some filters: for every row of the filter a product of the values under it, transposed, with delta.
 * Places are taken in groups, of whole images or, where these are large, of whole rows of one image; the groups add up in
 * the result.
 */
function gradientOf(op: FilterGradient, taken: Span): Routine {
  const { extent } = op;
  const source = images(extent);
  const places = extent.outputHeight * extent.outputWidth;
  const byImage = places <= mostPlaces;
  // Groups that divide an image begin anew with each image.
  const groups = byImage
    ? balanced(extent.batch, Math.floor(mostPlaces / places))
    : balanced(extent.outputHeight, Math.max(1, Math.floor(mostPlaces / extent.outputWidth)));
  const largest = groups[0]!.size;
  const copies = byImage ? largest : 1;
  const widths = panelWidths(extent.filterWidth * extent.channels, Math.ceil(taken.size / 4));
  const widest = Math.max(...widths.map(({ size }) => size * 4));
  const forDelta = aligned(largest * (byImage ? places : extent.outputWidth) * widest * 4 + overrun);
  return {
    scratch: forDelta + (source.copied ? copies * source.image + overrun : 0),
    define: (module, tiles, places) =>
      module.define([], (body) => {
        const { address, scratch } = places;
        const written = places.written + taken.start * 4;
        const copy = scratch + forDelta;
        const image = body.local('i32');
        const from = body.local('i32');
        const delta = body.local('i32');
        clearColumns(body, written, extent, taken.size);
        if (source.copied) clearCopies(body, copy, copies, source);
        body.constant(address(op.image)).set(image);
        body.constant(address(op.delta) + taken.start * 4).set(delta);
        const ownImage = extent.height * extent.width * extent.channels * 4;
        const group = (rows: number, count: number) =>
          writeGroup(
            body,
            tiles,
            op,
            source,
            widths,
            { images: count, rows, filters: taken.size },
            { from, delta, written, packed: scratch },
          );
        const take = (count: number) => {
          if (source.copied) {
            copyImages(body, image, copy, count, source, extent);
            body.constant(copy).set(from);
          } else body.offset(from, image, 0).advance(image, count * ownImage);
        };
        if (byImage) {
          for (const { count, size } of groups) {
            body.repeat(count, () => {
              take(size);
              group(extent.outputHeight, size);
            });
          }
        } else {
          body.repeat(extent.batch, () => {
            take(1);
            for (const { count, size } of groups) {
              body.repeat(count, () => {
                group(size, 1);
                body.advance(from, size * extent.strideHeight * source.row);
              });
            }
          });
        }
      }),
  };
}

/** Clears columns of the result. */
function clearColumns(body: FunctionBody, written: number, extent: ConvolutionExtent, columns: number): void {
  const rows = extent.filterHeight * extent.filterWidth * extent.channels;
  const isWhole = columns === extent.filters;
  const to = body.local('i32');
  body.constant(written).set(to);
  body.repeat(isWhole ? 1 : rows, () => {
    body
      .get(to)
      .constant(0)
      .constant(columns * (isWhole ? rows : 1) * 4)
      .fillMemory();
    body.advance(to, extent.filters * 4);
  });
}

/** One group of places, some filters; `delta` is left behind the group. */
function writeGroup(
  body: FunctionBody,
  tiles: Tiles,
  { extent }: FilterGradient,
  source: { readonly row: number; readonly image: number },
  widths: readonly Pieces[],
  group: { readonly images: number; readonly rows: number; readonly filters: number },
  at: { readonly from: Local; readonly delta: Local; readonly written: number; readonly packed: number },
): void {
  const local = () => body.local('i32');
  const [packFrom, packTo, column, result, line, left, right, to] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const { filters, channels, filterWidth, filterHeight, outputWidth } = extent;
  const depth = group.images * group.rows * outputWidth;
  const run = filterWidth * channels;
  let start = 0;
  for (const { count, size } of widths) {
    const width = size * 4;
    const last = Math.min(width, group.filters - start - (count - 1) * width);
    body
      .offset(column, at.delta, start * 4)
      .constant(at.written + start * 4)
      .set(result);
    const panel = (columns: number) => {
      body.offset(packFrom, column, 0).constant(at.packed).set(packTo);
      packPanel(body, packFrom, packTo, { depth, columns, width }, { row: filters * 4, column: 4 });
      const levels: readonly Level[] = [
        { count: group.images, left: source.image, right: group.rows * outputWidth * width * 4 },
        { count: group.rows, left: extent.strideHeight * source.row, right: outputWidth * width * 4 },
        { count: outputWidth, left: extent.strideWidth * channels * 4, right: width * 4 },
      ];
      body.offset(line, at.from, 0).offset(to, result, 0);
      body.repeat(filterHeight, () => {
        body.offset(left, line, 0);
        for (const rows of balanced(run, mostRows(size))) {
          const call = tiles.define({
            rows: rows.size,
            vectors: size,
            lastLanes: ((columns - 1) % 4) + 1,
            leftRow: 4,
            resultRow: filters * 4,
            levels,
            accumulates: true,
            bias: false,
            relu: false,
          });
          body.repeat(rows.count, () => {
            body.constant(at.packed).set(right);
            body.get(left).get(right).get(to).constant(0).call(call);
            body.advance(left, rows.size * 4).advance(to, rows.size * filters * 4);
          });
        }
        body.advance(line, source.row);
      });
      body.advance(column, width * 4).advance(result, width * 4);
    };
    for (const { count: times, columns } of panelGroups(count, 1, width, last))
      body.repeat(times, () => panel(columns));
    start += count * width;
  }
  body.advance(at.delta, depth * filters * 4);
}
