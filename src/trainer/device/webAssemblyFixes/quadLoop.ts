import type { Emission } from './emission.ts';
import { hoist } from './hoisting.ts';
import type { Assembler, Builder, Emitter, FunctionNode } from './members.ts';

/**
 * GPU.js calls a function for every four cells, divides the cell's number by the row's width each time and passes all
 * coordinates in globals. In a small kernel that costs more than the kernel. Here the body stands in the loop itself and
 * the coordinates are locals that count up.
 */
export class QuadLoops {
  /** Modules that have their `run_simd` already. */
  readonly #done = new WeakSet<object>();

  has(builder: object): boolean {
    return this.#done.has(builder);
  }

  /**
   * `emitVectorFunction`: `emit` writes the body into a function of the assembler that it is given. False, and nothing
   * emitted, for kernels that need the shipped shape: with helper functions or random numbers, which find coordinates
   * and states in globals, and with a return under a lane mask, whose mask starts anew with each call.
   */
  emit(emission: Emission, assembler: Assembler, emit: (assembler: Assembler) => void): boolean {
    const { node } = emission;
    node.vInfo ??= node.vAnalyze(node.getJsAST());
    const isPlain = (assembler.helperInfo ?? null) === null && !('pcgStateV' in assembler.globals);
    if (!isPlain || node.vInfo.varyingReturn) return false;
    const [width = 1, height = 1] = node.output;
    let close: (() => void) | undefined;
    const module: Builder = {
      addFuncImport: (name, parameters, results) => assembler.module.addFuncImport(name, parameters, results),
      addFunction: () => {
        const em = assembler.module.addFunction('run_simd', { params: ['i32', 'i32', 'i32'], results: [] });
        hoist(emission, em, assembler);
        close = open(em, node, assembler, width, height);
        return em;
      },
    };
    emit(Object.create(assembler, { module: { value: module } }) as Assembler);
    close?.();
    this.#done.add(assembler.module);
    return true;
  }
}

/** Starts the loop; the function returned ends it. */
function open(
  em: Emitter,
  node: FunctionNode,
  assembler: Assembler,
  width: number,
  height: number,
): () => void {
  const [start, end] = [0, 1];
  const locals = {
    cell: em.addLocal('i32'),
    x: em.addLocal('i32'),
    y: em.addLocal('i32'),
    z: em.addLocal('i32'),
  };
  const { cell, x, y, z } = locals;
  const dimensions = node.output.length;
  em.localGet(start).localSet(cell);
  if (dimensions === 1) em.localGet(cell).localSet(x);
  else {
    em.localGet(cell).i32Const(width).i32RemU().localSet(x);
    em.localGet(cell).i32Const(width).i32DivU();
    if (dimensions === 3) em.i32Const(height).i32RemU();
    em.localSet(y);
    if (dimensions === 3)
      em.localGet(cell)
        .i32Const(width * height)
        .i32DivU()
        .localSet(z);
  }
  em.block().localGet(cell).localGet(end).i32GeS().brIf(0);
  em.loop().block();
  // Within the body the coordinates are these locals, and a return ends the body.
  const { threadX, threadY, threadZ, dataIndex } = assembler.globals;
  const own = new Map([
    [threadX, x],
    [threadY, y],
    [threadZ, z],
    [dataIndex, cell],
  ]);
  const getGlobal = em.globalGet.bind(em);
  em.globalGet = (index) => {
    const local = own.get(index);
    return local === undefined ? getGlobal(index) : em.localGet(local);
  };
  em.return_ = () => em.br(node.depth);
  return () => {
    em.end();
    em.localGet(x).i32Const(4).i32Add().localSet(x);
    if (dimensions > 1) {
      // A span that is longer than a row has rows of whole quads.
      em.localGet(x).i32Const(width).i32GeS().if_();
      em.i32Const(0).localSet(x).localGet(y).i32Const(1).i32Add().localSet(y);
      if (dimensions === 3) {
        em.localGet(y).i32Const(height).i32GeS().if_();
        em.i32Const(0).localSet(y).localGet(z).i32Const(1).i32Add().localSet(z).end();
      }
      em.end();
    }
    em.localGet(cell).i32Const(4).i32Add().localTee(cell).localGet(end).i32LtS().brIf(0).end().end();
  };
}
