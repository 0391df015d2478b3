import type { RowGather } from '../../../core/compute/plan.ts';
import type { Routine } from './routine.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';

/** Copies rows of a table one after another; a row that the table does not have ends the run with a fault of memory. */
export function rowGather(op: RowGather): Routine {
  const rowBytes = op.width * 4;
  return {
    scratch: 0,
    define: (module, _, { address, written }) =>
      module.define([], (body) => {
        const [place, to, row, from] = [0, 1, 2, 3].map(() => body.local('i32')) as [
          Local,
          Local,
          Local,
          Local,
        ];
        body
          .constant(address(op.clock))
          .loadFloat(0)
          .truncate()
          .constant(op.rows * 4)
          .multiply();
        body.constant(address(op.order)).add().set(place).constant(written).set(to);
        body.repeat(op.rows, () => {
          body.get(place).loadFloat(0).truncate().set(row);
          op.table.forEach(({ buffer, first }, part) => {
            const find = () => {
              body.get(row).constant(rowBytes).multiply();
              body
                .constant(address(buffer) - first * rowBytes)
                .add()
                .set(from);
            };
            if (part === 0) find();
            else body.get(row).constant(first).isAtLeast().when(find);
          });
          copyRow(body, op, from, to);
          body.advance(place, 4).advance(to, op.columns * 4);
        });
      }),
  };
}

/** Vectors that are copied one after another without a loop. */
const unrolled = 8;

function copyRow(body: FunctionBody, { width, columns }: RowGather, from: Local, rowTo: Local): void {
  const to = body.local('i32');
  const vector = body.local('v128');
  body.offset(to, rowTo, 0);
  const copy = (vectors: number) => {
    for (let at = 0; at < vectors * 16; at += 16) body.get(to).get(from).loadVector(at).storeVector(at);
    body.advance(from, vectors * 16).advance(to, vectors * 16);
  };
  const whole = Math.floor(width / 4);
  const rest = width % 4;
  body.repeat(Math.floor(whole / unrolled), () => copy(unrolled));
  copy(whole % unrolled);
  let done = whole * 4;
  if (rest > 0 && columns - done >= 4) {
    body.get(to).get(from).loadVector(0).keepLanes(rest).storeVector(0);
    done += 4;
  } else if (rest > 0) {
    body.get(from).loadVector(0).set(vector).storeLanes(to, vector, 0, rest);
    done += rest;
  }
  const start = whole * 4;
  for (; done + 4 <= columns; done += 4)
    body
      .get(to)
      .zeroVector()
      .storeVector((done - start) * 4);
  if (done < columns)
    body
      .zeroVector()
      .set(vector)
      .storeLanes(to, vector, (done - start) * 4, columns - done);
}
