import type { Convolution, ConvolutionExtent, MatrixProduct } from '../../../core/compute/plan.ts';
import { clearCopies, copyImages, images, type Images } from './image.ts';
import { matrixProduct } from './matrixProduct.ts';
import { packPanel } from './pack.ts';
import { aligned, overrun, type Routine } from './routine.ts';
import { balanced, mostRows, panelGroups, panelWidths, spans, type Span } from './shape.ts';
import type { Level, Tiles } from './tile.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** Most floats of the filters that are packed at once. */
const mostPacked = 2 ** 16;

/** A convolution; the images are shared out among at most `most` routines. */
export function convolution(op: Convolution, most = 1): readonly Routine[] {
  const product = asProduct(op);
  if (product !== undefined) return matrixProduct(product, most);
  return spans(op.extent.batch, 1, most).map((batch) => directConvolution(op, batch));
}

/**
 * A convolution without a copy of its patches: a tile covers neighbouring places of one row of the result, and its sum
 * runs over the rows of the filter, in each of which the values under it lie in one piece.
 */
function directConvolution(op: Convolution, batch: Span): Routine {
  const { extent } = op;
  const source = images(extent);
  const depth = extent.filterHeight * extent.filterWidth * extent.channels;
  const walk = walkOf(extent, source);
  const widths = panelWidths(walk.places, Math.ceil(extent.filters / 4));
  const atOnce = (width: number) => Math.max(1, Math.floor(mostPacked / (depth * width)));
  const packed = Math.max(
    ...widths.map(({ count, size }) => Math.min(count, atOnce(size * 4)) * depth * size * 16),
  );
  const forFilters = aligned(packed + overrun);
  return {
    scratch: forFilters + (source.copied ? source.image + overrun : 0),
    define: (module, tiles, places) =>
      module.define([], (body) => {
        const at = {
          image: places.address(op.image) + batch.start * extent.height * extent.width * extent.channels * 4,
          filter: places.address(op.filter),
          bias: op.bias === undefined ? 0 : places.address(op.bias),
          result:
            places.written + batch.start * extent.outputHeight * extent.outputWidth * extent.filters * 4,
          packed: places.scratch,
          copy: places.scratch + forFilters,
        };
        if (source.copied) clearCopies(body, at.copy, 1, source);
        let start = 0;
        for (const { count, size } of widths) {
          const width = size * 4;
          const last = Math.min(width, extent.filters - start - (count - 1) * width);
          const filter = body.local('i32');
          const result = body.local('i32');
          const bias = body.local('i32');
          body.constant(at.filter + start * 4).set(filter);
          body.constant(at.result + start * 4).set(result);
          body.constant(at.bias + start * 4).set(bias);
          for (const group of panelGroups(count, atOnce(width), width, last)) {
            body.repeat(group.count, () => {
              packFilters(body, filter, at.packed, depth, width, group, extent.filters);
              writeImages(
                body,
                tiles,
                op,
                batch.size,
                source,
                walk,
                { depth, width, ...group },
                at,
                result,
                bias,
              );
              body.advance(result, group.size * width * 4).advance(bias, group.size * width * 4);
            });
          }
          start += count * width;
        }
      }),
  };
}

/** A 1 × 1 filter on neighbouring places without a margin is a matrix product. */
function asProduct({ extent, image, filter, bias, relu }: Convolution): MatrixProduct | undefined {
  const { batch, height, width, channels, filters } = extent;
  const isPointwise = extent.filterHeight === 1 && extent.filterWidth === 1;
  const isWhole = extent.outputHeight === height && extent.outputWidth === width;
  if (!isPointwise || !isWhole || extent.strideHeight !== 1 || extent.strideWidth !== 1) return undefined;
  if (extent.padTop !== 0 || extent.padLeft !== 0) return undefined;
  return {
    kind: 'matrix-product',
    rows: batch * height * width,
    columns: filters,
    depth: channels,
    left: { buffer: image, rowStride: channels, columnStride: 1 },
    right: { buffer: filter, rowStride: filters, columnStride: 1 },
    ...(bias === undefined ? {} : { bias }),
    ...(relu === undefined ? {} : { relu }),
  };
}

/** How the places of the result are walked: `lines` of `places` each. A result one place wide is walked downwards. */
interface Walk {
  readonly lines: number;
  readonly places: number;
  /** Bytes from one line, and from one place, to the next in the image. */
  readonly line: number;
  readonly place: number;
}

function walkOf(extent: ConvolutionExtent, source: Images): Walk {
  const down = extent.strideHeight * source.row;
  const along = extent.strideWidth * extent.channels * 4;
  return extent.outputWidth === 1
    ? { lines: 1, places: extent.outputHeight, line: 0, place: down }
    : { lines: extent.outputHeight, places: extent.outputWidth, line: down, place: along };
}

/** Lines in a piece under all of which the same rows of the filter lie on the image. */
interface Lines {
  readonly count: number;
  /** The first of these rows, and how many. */
  readonly first: number;
  readonly rows: number;
}

/** The lines of an image from the top. Rows of the filter that would meet nothing but the margin are left out. */
function linesOf(extent: ConvolutionExtent, walk: Walk): readonly Lines[] {
  const { filterHeight, height, padTop, strideHeight } = extent;
  if (walk.lines < extent.outputHeight) return [{ count: 1, first: 0, rows: filterHeight }];
  const found: Lines[] = [];
  for (let line = 0; line < walk.lines; line++) {
    const top = line * strideHeight - padTop;
    const first = Math.min(Math.max(0, -top), filterHeight - 1);
    const rows = Math.max(1, Math.min(filterHeight, height - top) - first);
    const last = found.at(-1);
    if (last?.first === first && last.rows === rows)
      found[found.length - 1] = { ...last, count: last.count + 1 };
    else found.push({ count: 1, first, rows });
  }
  return found;
}

interface Group {
  readonly depth: number;
  readonly width: number;
  /** Panels, and the columns of the last of them that exist. */
  readonly size: number;
  readonly columns: number;
}

/** Packs the group's panels; `filter` is left behind them. */
function packFilters(
  body: FunctionBody,
  filter: Local,
  packed: number,
  depth: number,
  width: number,
  { size, columns }: Pick<Group, 'size' | 'columns'>,
  filters: number,
): void {
  const from = body.local('i32');
  const to = body.local('i32');
  body.constant(packed).set(to);
  body.repeat(size, () => {
    body.offset(from, filter, 0);
    packPanel(body, from, to, { depth, columns, width }, { row: filters * 4, column: 4 });
    body.advance(filter, width * 4);
  });
}

/** `count` images with the packed panels: per image, a panel stays in the cache while its places are walked. */
function writeImages(
  body: FunctionBody,
  tiles: Tiles,
  { extent, bias: hasBias, relu }: Convolution,
  count: number,
  source: Images,
  walk: Walk,
  group: Group,
  at: { readonly image: number; readonly packed: number; readonly copy: number },
  result: Local,
  bias: Local,
): void {
  const local = () => body.local('i32');
  const [image, imageResult, panel, panelResult, panelBias, line, left, right, to] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const run = extent.filterWidth * extent.channels;
  const filterRow = run * group.width * 4;
  const levels = (rows: number): readonly Level[] => [
    { count: rows, left: source.row, right: filterRow },
    { count: run, left: 4, right: group.width * 4 },
  ];
  const resultRow = extent.filters * 4;
  body.constant(at.image).set(image).offset(imageResult, result, 0);
  body.repeat(count, () => {
    if (source.copied) {
      body.offset(line, image, 0);
      copyImages(body, line, at.copy, 1, source, extent);
    }
    body.constant(at.packed).set(panel).offset(panelResult, imageResult, 0).offset(panelBias, bias, 0);
    body.repeat(group.size, () => {
      if (source.copied) body.constant(at.copy).set(line);
      else body.offset(line, image, 0);
      body.offset(to, panelResult, 0);
      const write = ({ first, rows }: Lines) => {
        body.offset(left, line, first * source.row);
        for (const { count: times, size } of balanced(walk.places, mostRows(group.width / 4))) {
          const call = tiles.define({
            rows: size,
            vectors: group.width / 4,
            lastLanes: ((group.columns - 1) % 4) + 1,
            leftRow: walk.place,
            resultRow,
            levels: levels(rows),
            accumulates: false,
            bias: hasBias !== undefined,
            relu: relu === true,
          });
          body.repeat(times, () => {
            body.offset(right, panel, first * filterRow);
            body.get(left).get(right).get(to).get(panelBias).call(call);
            body.advance(left, size * walk.place).advance(to, size * resultRow);
          });
        }
        body.advance(line, walk.line);
      };
      for (const lines of linesOf(extent, walk)) body.repeat(lines.count, () => write(lines));
      body.advance(panel, group.depth * group.width * 4);
      body.advance(panelResult, group.width * 4).advance(panelBias, group.width * 4);
    });
    body.advance(image, extent.height * extent.width * extent.channels * 4);
    body.advance(imageResult, extent.outputHeight * extent.outputWidth * resultRow);
  });
}
