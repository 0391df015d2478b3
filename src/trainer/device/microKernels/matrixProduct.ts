import type { MatrixProduct } from '../../../core/compute/plan.ts';
import { packPanel } from './pack.ts';
import { aligned, overrun, type Routine } from './routine.ts';
import { balanced, mostRows, panelGroups, panelWidths, spans, type Pieces, type Span } from './shape.ts';
import type { Tile, Tiles } from './tile.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** Longest sum that is formed at once: a panel of the right operand then stays in the first cache. */
const mostDepth = 384;
/** Most floats of the right operand that are packed at once: they stay in the second cache. */
const mostPacked = 2 ** 16;
/** Up to so many tiles of rows, packing the right operand costs more than it saves. */
const fewTiles = 3;
/** From so many panels on, packing rows of the left operand that do not lie in one piece pays. */
const manyPanels = 3;

/** A part of the depth, and its place among the parts. */
interface Part extends Pieces {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** A rectangle of the result. */
interface Rectangle {
  readonly rows: Span;
  readonly columns: Span;
}

/** Panels of one width. */
interface Pass {
  readonly op: MatrixProduct;
  /** First column of the rectangle. */
  readonly start: number;
  readonly panels: number;
  readonly width: number;
  /** Columns of the last panel that exist. */
  readonly rest: number;
  readonly rows: readonly Pieces[];
  readonly packsLeft: boolean;
  readonly packsRight: boolean;
}

/**
 * A matrix product in tiles that stay in registers. The depth is summed in parts; of each part, panels of the right
 * operand are packed one after another, and where the rows of the left operand do not lie in one piece, these are packed
 * tile by tile (the scheme of Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008). The result
 * is cut along its longer side into at most `most` rectangles, a routine each.
 */
export function matrixProduct(op: MatrixProduct, most = 1): readonly Routine[] {
  const rows = { start: 0, size: op.rows };
  const columns = { start: 0, size: op.columns };
  const width = panelWidths(op.rows, Math.ceil(op.columns / 4))[0]!.size;
  const rectangles =
    op.columns >= op.rows
      ? spans(op.columns, width * 4, most).map((span) => ({ rows, columns: span }))
      : spans(op.rows, mostRows(width), most).map((span) => ({ rows: span, columns }));
  return rectangles.map((rectangle) => rectangleOf(op, rectangle));
}

function rectangleOf(op: MatrixProduct, { rows, columns }: Rectangle): Routine {
  const parts = depthParts(op.depth);
  const deepest = Math.max(...parts.map(({ size }) => size));
  const passes = passesOf(op, rows.size, columns.size);
  const packed = passes.map((pass) =>
    pass.packsRight ? panelsAtOnce(pass, deepest) * deepest * pass.width * 4 : 0,
  );
  const forRight = aligned(Math.max(...packed) + overrun);
  const forLeft = passes.some((pass) => pass.packsLeft)
    ? aligned(
        deepest * Math.max(...passes.flatMap((pass) => pass.rows.map(({ size }) => size))) * 4 + overrun,
      )
    : 0;
  return {
    scratch: forRight + forLeft,
    define: (module, tiles, places) =>
      module.define([], (body) => {
        const at = {
          left: places.address(op.left.buffer) + rows.start * op.left.rowStride * 4,
          right: places.address(op.right.buffer) + columns.start * op.right.columnStride * 4,
          result: places.written + (rows.start * op.columns + columns.start) * 4,
          bias: op.bias === undefined ? 0 : places.address(op.bias) + columns.start * 4,
          packedRight: places.scratch,
          packedLeft: places.scratch + forRight,
        };
        for (const pass of passes) writePass(body, tiles, pass, parts, deepest, at);
      }),
  };
}

function depthParts(depth: number): readonly Part[] {
  const pieces = balanced(depth, mostDepth);
  const total = pieces.reduce((sum, { count }) => sum + count, 0);
  // The first part starts the sums and the last one finishes them, so that these stand alone.
  let index = 0;
  return pieces.flatMap(({ count, size }) => {
    const parts: Part[] = [];
    for (let left = count; left > 0;) {
      const isFirst = index === 0;
      const isLast = index === total - 1;
      const alone = isFirst || index + left === total;
      const taken = isFirst || isLast ? 1 : alone ? left - 1 : left;
      parts.push({ count: taken, size, isFirst, isLast });
      index += taken;
      left -= taken;
    }
    return parts;
  });
}

function passesOf(op: MatrixProduct, rowCount: number, columns: number): readonly Pass[] {
  const widths = panelWidths(rowCount, Math.ceil(columns / 4));
  const panelsInAll = widths.reduce((sum, { count }) => sum + count, 0);
  let start = 0;
  return widths.map(({ count, size }): Pass => {
    const rows = balanced(rowCount, mostRows(size));
    const tiles = rows.reduce((sum, piece) => sum + piece.count, 0);
    const width = size * 4;
    const pass = {
      op,
      start,
      panels: count,
      width,
      rest: Math.min(width, columns - start - (count - 1) * width),
      rows,
      packsLeft: op.left.columnStride !== 1 && panelsInAll >= manyPanels,
      packsRight: op.right.columnStride !== 1 || (tiles > fewTiles && op.right.rowStride !== width),
    };
    start += count * width;
    return pass;
  });
}

function panelsAtOnce({ panels, width }: Pass, depth: number): number {
  return Math.max(1, Math.min(panels, Math.floor(mostPacked / (depth * width))));
}

interface Addresses {
  readonly left: number;
  readonly right: number;
  readonly result: number;
  readonly bias: number;
  readonly packedLeft: number;
  readonly packedRight: number;
}

function writePass(
  body: FunctionBody,
  tiles: Tiles,
  pass: Pass,
  parts: readonly Part[],
  deepest: number,
  at: Addresses,
): void {
  const { op, start, width, panels, rest } = pass;
  const [left, right, result, bias] = [0, 1, 2, 3].map(() => body.local('i32')) as [
    Local,
    Local,
    Local,
    Local,
  ];
  const rightColumns = body.local('i32');
  body.constant(at.right + start * op.right.columnStride * 4).set(rightColumns);
  body.constant(at.result + start * 4).set(result);
  body.constant(at.bias + start * 4).set(bias);
  for (const group of panelGroups(panels, panelsAtOnce(pass, deepest), width, rest)) {
    body.repeat(group.count, () => {
      body.constant(at.left).set(left).offset(right, rightColumns, 0);
      for (const part of parts) {
        body.repeat(part.count, () => {
          writeBlock(body, tiles, pass, part, group.size, group.columns, at, { left, right, result, bias });
          body.advance(left, part.size * op.left.columnStride * 4);
          body.advance(right, part.size * op.right.rowStride * 4);
        });
      }
      body.advance(rightColumns, group.size * width * op.right.columnStride * 4);
      body.advance(result, group.size * width * 4).advance(bias, group.size * width * 4);
    });
  }
}

/** Some panels, all rows, a part of the depth. */
function writeBlock(
  body: FunctionBody,
  tiles: Tiles,
  pass: Pass,
  part: Part,
  panels: number,
  columns: number,
  at: Addresses,
  block: { readonly left: Local; readonly right: Local; readonly result: Local; readonly bias: Local },
): void {
  const { op, width, packsLeft, packsRight } = pass;
  const depth = part.size;
  const from = body.local('i32');
  const to = body.local('i32');
  if (packsRight) {
    const next = body.local('i32');
    body.offset(next, block.right, 0).constant(at.packedRight).set(to);
    body.repeat(panels, () => {
      body.offset(from, next, 0);
      packPanel(
        body,
        from,
        to,
        { depth, columns, width },
        {
          row: op.right.rowStride * 4,
          column: op.right.columnStride * 4,
        },
      );
      body.advance(next, width * op.right.columnStride * 4);
    });
  }
  const [leftRow, resultRow, left, right, result, bias] = [0, 1, 2, 3, 4, 5].map(() => body.local('i32')) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  body.offset(leftRow, block.left, 0).offset(resultRow, block.result, 0);
  for (const { count, size } of pass.rows) {
    const tile: Tile = {
      rows: size,
      vectors: width / 4,
      lastLanes: ((columns - 1) % 4) + 1,
      leftRow: packsLeft ? 4 : op.left.rowStride * 4,
      resultRow: op.columns * 4,
      levels: [
        {
          count: depth,
          left: packsLeft ? size * 4 : op.left.columnStride * 4,
          right: packsRight ? width * 4 : op.right.rowStride * 4,
        },
      ],
      accumulates: !part.isFirst,
      bias: part.isLast && op.bias !== undefined,
      relu: part.isLast && op.relu === true,
    };
    const call = tiles.define(tile);
    body.repeat(count, () => {
      if (packsLeft) {
        body.offset(from, leftRow, 0).constant(at.packedLeft).set(to);
        packPanel(
          body,
          from,
          to,
          { depth, columns: size, width: size },
          {
            row: op.left.columnStride * 4,
            column: op.left.rowStride * 4,
          },
        );
        body.constant(at.packedLeft).set(left);
      } else body.offset(left, leftRow, 0);
      if (packsRight) body.constant(at.packedRight).set(right);
      else body.offset(right, block.right, 0);
      body.offset(result, resultRow, 0).offset(bias, block.bias, 0);
      body.repeat(panels, () => {
        body.get(left).get(right).get(result).get(bias).call(call);
        body.advance(right, packsRight ? depth * width * 4 : width * 4);
        body.advance(result, width * 4).advance(bias, width * 4);
      });
      body.advance(leftRow, size * op.left.rowStride * 4).advance(resultRow, size * op.columns * 4);
    });
  }
}
