import * as v from 'valibot';
import type { Node } from './syntax.ts';

// The inner parts of GPU.js 2.24.1 that the fixes use (src/backend/web-assembly). Every one is checked before use.

/** Appends instructions to a WebAssembly function; one method per instruction. */
export interface Emitter {
  readonly bytes: number[];
  addLocal(type: 'i32' | 'f32' | 'v128'): number;
  block(): Emitter;
  loop(): Emitter;
  if_(type?: 'v128'): Emitter;
  else_(): Emitter;
  end(): Emitter;
  br(depth: number): Emitter;
  brIf(depth: number): Emitter;
  return_(): Emitter;
  call(name: string): Emitter;
  localGet(index: number): Emitter;
  localSet(index: number): Emitter;
  localTee(index: number): Emitter;
  globalGet(index: number): Emitter;
  i32Const(value: number): Emitter;
  i32Add(): Emitter;
  i32Sub(): Emitter;
  i32Mul(): Emitter;
  i32DivS(): Emitter;
  i32DivU(): Emitter;
  i32RemS(): Emitter;
  i32RemU(): Emitter;
  i32Shl(): Emitter;
  i32LeU(): Emitter;
  i32LtS(): Emitter;
  i32GtS(): Emitter;
  i32LeS(): Emitter;
  i32GeS(): Emitter;
  i32TruncSatF32S(): Emitter;
  i32x4Splat(): Emitter;
  i32x4Add(): Emitter;
  i32x4Sub(): Emitter;
  i32x4Mul(): Emitter;
  i32x4Shl(): Emitter;
  i32x4MaxS(): Emitter;
  i32x4MinS(): Emitter;
  i32x4ExtractLane(lane: number): Emitter;
  f32Load(offset: number, align?: number): Emitter;
  f32x4Splat(): Emitter;
  v128Load(offset: number, align: number): Emitter;
  v128ConstI32x4(a: number, b: number, c: number, d: number): Emitter;
  _push(bytes: readonly number[]): Emitter;
}

/** A value on WebAssembly's stack; those with a v are four lanes. */
export type Category = 'f32' | 'i32' | 'bool' | 'void' | 'vf32' | 'vi32' | 'vbool';

/** Where a local of the kernel lives; `lane`: the first lane's whole number, the others follow with a fixed stride. */
export interface Local {
  readonly kind: 'scalar' | 'vscalar' | 'vec' | 'vvec' | 'lane';
  readonly index?: number;
  readonly wtype?: string;
  readonly gtype?: string;
  readonly stride?: number;
}

/** Where an array lies in the memory. */
export interface ArrayLayout {
  readonly offset: number;
  readonly dims: readonly number[];
  readonly flatLength?: number;
}

/** Collects the functions of one WebAssembly module. */
export interface Builder {
  addFunction(name: string, signature: object): Emitter;
  addFuncImport(name: string, parameters: readonly string[], results: readonly string[]): number;
}

export interface Assembler {
  readonly module: Builder;
  readonly layout: {
    readonly arrays: Readonly<Record<string, ArrayLayout>>;
    readonly constantArrays: Readonly<Record<string, ArrayLayout>>;
  };
  readonly globals: Readonly<Record<'threadX' | 'threadY' | 'threadZ' | 'dataIndex', number>>;
  readonly helperInfo?: unknown;
}

/** GPU.js's translator of one function, `WebAssemblyFunctionNode`. */
export interface FunctionNode {
  readonly em: Emitter;
  readonly assembler: Assembler;
  readonly locals: Map<string, Local>;
  readonly isRootKernel: boolean;
  readonly output: readonly number[];
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly string[];
  readonly constants?: Readonly<Record<string, unknown>> | null;
  readonly constantTypes?: Readonly<Record<string, unknown>> | null;
  /** Whether the four-lane version is being emitted. */
  readonly vec: boolean;
  readonly vMaskDepth: number;
  readonly vRetMask: number;
  vInfo: LaneInfo | null;
  readonly depth: number;
  getJsAST(): Node;
  getDeclaration(identifier: Node): { valueType?: string };
  getType(node: Node): string;
  expression(node: Node): Category;
  vexpr(node: Node): Category;
  coerce(from: Category, to: Category): Category;
  vCoerce(from: Category, to: Category): Category;
  pushState(state: string): void;
  popState(state: string): void;
  setScalarLocal(name: string, wtype: 'i32', gtype: string, emit: () => void): void;
  vSetVaryingScalar(name: string, wtype: 'vi32', gtype: string, emit: () => void): void;
  vSetLocal(index: number): void;
  emitClampScalarIndex(most: number): void;
  vAnalyze(root: Node): LaneInfo;
}

/** GPU.js's analysis of what differs between the lanes. */
export interface LaneInfo {
  readonly varyingReturn: boolean;
  exprVarying(node: Node): boolean;
}

const method = v.function();
const methodsOf = (names: string) =>
  Object.fromEntries(
    names
      .trim()
      .split(/\s+/u)
      .map((name) => [name, method]),
  );

const emitterSchema = v.object({
  bytes: v.instance(Array),
  ...methodsOf(`addLocal block loop if_ else_ end br brIf return_ call localGet localSet localTee globalGet i32Const
    i32Add i32Sub i32Mul i32DivS i32DivU i32RemS i32RemU i32Shl i32LeU i32LtS i32GtS i32LeS i32GeS i32TruncSatF32S i32x4Splat i32x4Add
    i32x4Sub i32x4Mul i32x4Shl i32x4MaxS i32x4MinS i32x4ExtractLane f32Load f32x4Splat v128Load
    v128ConstI32x4 _push`),
});
const builderSchema = v.object(methodsOf('addFunction addFuncImport'));
const layoutsSchema = v.record(
  v.string(),
  v.object({ offset: v.number(), dims: v.array(v.number()), flatLength: v.optional(v.number()) }),
);
const assemblerSchema = v.object({
  module: builderSchema,
  layout: v.object({ arrays: layoutsSchema, constantArrays: layoutsSchema }),
  globals: v.object({ threadX: v.number(), threadY: v.number(), threadZ: v.number(), dataIndex: v.number() }),
});
const nodeSchema = v.object({
  isRootKernel: v.boolean(),
  output: v.array(v.number()),
  argumentNames: v.array(v.string()),
  argumentTypes: v.array(v.string()),
  constants: v.nullish(v.record(v.string(), v.unknown())),
  constantTypes: v.nullish(v.record(v.string(), v.unknown())),
  vec: v.boolean(),
  vMaskDepth: v.number(),
  vRetMask: v.number(),
  ...methodsOf(`getJsAST getDeclaration getType expression vexpr coerce vCoerce pushState popState setScalarLocal
    vSetVaryingScalar vSetLocal emitClampScalarIndex vAnalyze`),
});

const emitters = new WeakSet();

/** Asked for every load of a kernel, so that each emitter is looked at once. */
export function isEmitter(value: unknown): value is Emitter {
  if (typeof value !== 'object' || value === null) return false;
  if (emitters.has(value)) return true;
  if (!v.is(emitterSchema, value)) return false;
  emitters.add(value);
  return true;
}

export function isAssembler(value: unknown): value is Assembler {
  return v.is(assemblerSchema, value);
}

/** Whether a value is a translator; its emitter and assembler are set, and checked, when it emits. */
export function isFunctionNode(value: unknown): value is FunctionNode {
  return v.is(nodeSchema, value);
}
