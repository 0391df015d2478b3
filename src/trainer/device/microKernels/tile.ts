import type { FunctionBody, Local } from './wasm/functionBody.ts';
import type { ModuleBuilder } from './wasm/module.ts';

/**
 * One level of the summation, outermost first: how many terms (each of them a whole inner level), and the bytes from one
 * to the next in the left and in the right operand.
 */
export interface Level {
  readonly count: number;
  readonly left: number;
  readonly right: number;
}

/**
 * A tile of a result held in registers while its sums are formed: `result(i, j) = Σ left(i, …) · right(…, j)`. The
 * right operand's columns lie one after another.
 */
export interface Tile {
  readonly rows: number;
  /** Columns in vectors of four. */
  readonly vectors: number;
  /** Columns of the last vector that are stored, 1 … 4. */
  readonly lastLanes: number;
  /** Bytes from one row of the left operand to the next. */
  readonly leftRow: number;
  /** Bytes from one row of the result to the next. */
  readonly resultRow: number;
  readonly levels: readonly Level[];
  /** Adds to what the result holds. */
  readonly accumulates: boolean;
  /** Adds a row of biases to the sums. */
  readonly bias: boolean;
  /** Then takes the larger of the sum and zero. */
  readonly relu: boolean;
}

/** How tiles are built on this engine. */
export interface Instructions {
  /** The engine has {@link FunctionBody.relaxedMultiplyAdd}. */
  readonly relaxed: boolean;
}

/** Terms of the innermost level that are written out one after another, and the most that need no loop at all. */
const unrolled = 4;
const straight = 8;

/** Functions of tiles in a module; equal tiles share one. */
export class Tiles {
  readonly #module: ModuleBuilder;
  readonly #instructions: Instructions;
  readonly #known = new Map<string, number>();

  constructor(module: ModuleBuilder, instructions: Instructions) {
    this.#module = module;
    this.#instructions = instructions;
  }

  /** Index of a function of four addresses: left, right, result, bias. */
  define(given: Tile): number {
    const tile = { ...given, levels: merged(given.levels) };
    const key = JSON.stringify(tile);
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#module.define(['i32', 'i32', 'i32', 'i32'], (body, left, right, result, bias) => {
        writeTile(body, tile, this.#instructions, {
          left: left,
          right: right,
          result: result,
          bias: bias,
        });
      });
      this.#known.set(key, index);
    }
    return index;
  }
}

/** Levels whose steps continue those of the level inside become one with it. */
function merged(levels: readonly Level[]): Level[] {
  const result: Level[] = [];
  for (const level of levels.toReversed()) {
    const inner = result[0];
    if (inner !== undefined && (level.count === 1 || inner.count === 1)) {
      if (inner.count === 1) result[0] = level;
    } else if (
      inner?.count &&
      inner.left * inner.count === level.left &&
      inner.right * inner.count === level.right
    ) {
      result[0] = { ...inner, count: inner.count * level.count };
    } else result.unshift(level);
  }
  return result;
}

interface Pointers {
  readonly left: Local;
  readonly right: Local;
  readonly result: Local;
  readonly bias: Local;
}

function writeTile(body: FunctionBody, tile: Tile, { relaxed }: Instructions, at: Pointers): void {
  const { rows, vectors, leftRow, resultRow, levels } = tile;
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  const sums = range(rows).map(() => range(vectors).map(() => body.local('v128')));
  const columns = range(vectors).map(() => body.local('v128'));
  const elements = range(rows).map(() => body.local('v128'));
  const element = elements[0]!;
  const column = columns[0]!;
  const each = (write: (sum: Local, row: number, vector: number) => void) => {
    sums.forEach((row, i) => row.forEach((sum, v) => write(sum, i, v)));
  };

  if (tile.accumulates) {
    each((sum, i, v) =>
      body
        .get(at.result)
        .loadVector(i * resultRow + v * 16)
        .set(sum),
    );
  }

  const multiplyAdd = (sum: Local, row: Local, column: Local) => {
    if (relaxed) body.get(row).get(column).get(sum).relaxedMultiplyAdd().set(sum);
    else body.get(sum).get(row).get(column).multiplyVectors().addVectors().set(sum);
  };
  // The fewer of the two operands wait in registers while each of the others is loaded and used.
  const term = (leftOffset: number, rightOffset: number) => {
    const loadElement = (row: number) => body.get(at.left).loadSplat(leftOffset + row * leftRow);
    const loadColumn = (v: number) => body.get(at.right).loadVector(rightOffset + v * 16);
    if (rows < vectors) {
      elements.forEach((element, row) => loadElement(row).set(element));
      range(vectors).forEach((v) => {
        loadColumn(v).set(column);
        elements.forEach((element, row) => multiplyAdd(sums[row]![v]!, element, column));
      });
    } else {
      columns.forEach((each, v) => loadColumn(v).set(each));
      range(rows).forEach((row) => {
        loadElement(row).set(element);
        columns.forEach((each, v) => multiplyAdd(sums[row]![v]!, element, each));
      });
    }
  };
  const terms = ({ left, right }: Level, count: number) => {
    for (let k = 0; k < count; k++) term(k * left, k * right);
    body.advance(at.left, count * left).advance(at.right, count * right);
  };
  const level = (depth: number) => {
    const own = levels[depth]!;
    const inner = levels[depth + 1];
    if (inner !== undefined) {
      body.repeat(own.count, () => {
        level(depth + 1);
        body.advance(at.left, own.left - inner.count * inner.left);
        body.advance(at.right, own.right - inner.count * inner.right);
      });
    } else if (own.count <= straight) terms(own, own.count);
    else {
      body.repeat(Math.floor(own.count / unrolled), () => terms(own, unrolled));
      terms(own, own.count % unrolled);
    }
  };
  level(0);

  if (tile.bias) {
    columns.forEach((column, v) =>
      body
        .get(at.bias)
        .loadVector(v * 16)
        .set(column),
    );
    each((sum, _, v) => body.get(sum).get(columns[v]!).addVectors().set(sum));
  }
  if (tile.relu) {
    body.zeroVector().set(element);
    each((sum) => body.get(sum).get(element).maximumVectors().set(sum));
  }
  each((sum, i, v) => {
    const offset = i * resultRow + v * 16;
    if (v === vectors - 1 && tile.lastLanes < 4) body.storeLanes(at.result, sum, offset, tile.lastLanes);
    else body.get(at.result).get(sum).storeVector(offset);
  });
}
