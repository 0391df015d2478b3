import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** A matrix in memory: bytes from one row, and from one column, to the next. */
export interface Strides {
  readonly row: number;
  readonly column: number;
}

/**
 * Copies `depth` × `columns` elements into a panel: rows of `width` floats without gaps. `from` and `to` are left behind
 * the last row. Columns beyond `columns` hold anything; writing may run up to three floats beyond the panel.
 */
export function packPanel(
  body: FunctionBody,
  from: Local,
  to: Local,
  size: { readonly depth: number; readonly columns: number; readonly width: number },
  strides: Strides,
): void {
  const { depth, columns, width } = size;
  if (strides.column === 4) {
    rows(body, from, to, depth, { from: strides.row, to: width * 4 }, (source, target) => {
      for (let column = 0; column < columns; column += 4)
        body
          .get(to)
          .get(from)
          .loadVector(source + column * 4)
          .storeVector(target + column * 4);
    });
    return;
  }
  const single = (count: number) => {
    rows(body, from, to, count, { from: strides.row, to: width * 4 }, (source, target) => {
      for (let column = 0; column < columns; column++)
        body
          .get(to)
          .get(from)
          .loadFloat(source + column * strides.column)
          .storeFloat(target + column * 4);
    });
  };
  if (strides.row !== 4 || width % 4 !== 0) {
    single(depth);
    return;
  }
  body.repeat(Math.floor(depth / 4), () => {
    for (let column = 0; column < columns; column += 4)
      transposeFour(body, from, to, column, Math.min(4, columns - column), width, strides.column);
    body.advance(from, 16).advance(to, 4 * width * 4);
  });
  single(depth % 4);
}

/** Runs `write` for every row, four to a turn, with the offsets of the row in both. */
function rows(
  body: FunctionBody,
  from: Local,
  to: Local,
  count: number,
  step: { readonly from: number; readonly to: number },
  write: (source: number, target: number) => void,
): void {
  const turn = (length: number) => {
    for (let row = 0; row < length; row++) write(row * step.from, row * step.to);
    body.advance(from, length * step.from).advance(to, length * step.to);
  };
  body.repeat(Math.floor(count / 4), () => turn(4));
  turn(count % 4);
}

/** Four rows of four columns each of which lies in one piece. */
function transposeFour(
  body: FunctionBody,
  from: Local,
  to: Local,
  column: number,
  columns: number,
  width: number,
  stride: number,
): void {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => {
    const vector = body.local('v128');
    // A column that does not exist takes the place of the last one that does.
    body
      .get(from)
      .loadVector((column + Math.min(i, columns - 1)) * stride)
      .set(vector);
    return vector;
  }) as [Local, Local, Local, Local];
  const pairs = ([x, y]: readonly [Local, Local], high: boolean) => {
    const pair = body.local('v128');
    body
      .get(x)
      .get(y)
      .shuffle(high ? [2, 6, 3, 7] : [0, 4, 1, 5])
      .set(pair);
    return pair;
  };
  for (const high of [false, true]) {
    const ab = pairs([a, b], high);
    const cd = pairs([c, d], high);
    for (const second of [false, true]) {
      const row = (high ? 2 : 0) + (second ? 1 : 0);
      body
        .get(to)
        .get(ab)
        .get(cd)
        .shuffle(second ? [2, 3, 6, 7] : [0, 1, 4, 5]);
      body.storeVector((row * width + column) * 4);
    }
  }
}
