import type { Routine } from './routine.ts';
import { aligned } from './routine.ts';
import { Tiles, type Instructions } from './tile.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';
import { ModuleBuilder } from './wasm/module.ts';

type CompiledFunction = (...values: never[]) => unknown;

/** A kernel as GPU.js compiled it: both functions take the first element, the one behind the last, and a seed. */
export interface CompiledKernel {
  readonly kind: 'compiled';
  readonly run: CompiledFunction;
  /** The same for whole vectors of four elements. */
  readonly runSimd: CompiledFunction | null;
  readonly cells: number;
  readonly sizeX: number;
}

/** A micro-kernel in place of a kernel. */
export interface RoutineKernel {
  readonly kind: 'routine';
  readonly routine: Routine;
  readonly address: (buffer: string) => number;
  readonly written: number;
}

/** Bytes that are copied at the end of a step. */
export interface Carry {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export interface Step {
  readonly kernels: readonly (CompiledKernel | RoutineKernel)[];
  readonly carry: readonly Carry[];
  /** Address of the number that is reported. */
  readonly report: number;
}

/** Steps that one call runs at most: so many reports have room. */
const mostSteps = 256;

/** Bytes that a step needs beside the plan's buffers. */
export function scratchOf(routines: readonly Routine[]): number {
  return mostSteps * 4 + Math.max(0, ...routines.map(({ scratch }) => scratch));
}

/**
 * Many steps in one call: a module that calls GPU.js's functions and the micro-kernels one after another, copies what is
 * carried and collects the reports. Fills `reports` from a memory in which `scratch` bytes are free.
 */
export function stepsOf(
  step: Step,
  memory: WebAssembly.Memory,
  scratch: number,
  instructions: Instructions,
): (reports: Float64Array) => void {
  const module = new ModuleBuilder();
  const imports: Record<string, CompiledFunction | WebAssembly.Memory> = { memory };
  const span = ['i32', 'i32', 'i32'] as const;
  const take = (name: string, value: CompiledFunction) => {
    imports[name] = value;
    return module.import(name, span);
  };
  const taken = step.kernels.map((kernel, i) =>
    kernel.kind === 'routine'
      ? undefined
      : {
          run: take(`run${i}`, kernel.run),
          runSimd: kernel.runSimd === null ? undefined : take(`runSimd${i}`, kernel.runSimd),
        },
  );
  const tiles = new Tiles(module, instructions);
  const routines = step.kernels.map((kernel) =>
    kernel.kind === 'routine'
      ? kernel.routine.define(module, tiles, { ...kernel, scratch: scratch + mostSteps * 4 })
      : undefined,
  );
  const run = module.define(['i32'], (body, count) => {
    const place = body.local('i32');
    body.constant(scratch).set(place);
    body.repeat(count, () => {
      step.kernels.forEach((kernel, i) => {
        if (kernel.kind === 'routine') body.call(routines[i]!);
        else callSpans(body, kernel, taken[i]!);
      });
      // Loaded before anything is carried, as the report may be carried itself.
      body.get(place).constant(step.report).loadFloat(0).storeFloat(0).advance(place, 4);
      copyCarried(body, step.carry);
    });
  });
  module.export('run', run);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: imports });
  const call = exports['run'] as (count: number) => void;
  const collected = new Float32Array(memory.buffer, scratch, mostSteps);
  return (reports) => {
    for (let done = 0; done < reports.length; done += mostSteps) {
      const count = Math.min(mostSteps, reports.length - done);
      call(count);
      reports.set(collected.subarray(0, count), done);
    }
  };
}

/** Calls a kernel for all its elements; GPU.js's vectors do not run across the end of a row. */
function callSpans(
  body: FunctionBody,
  { cells, sizeX }: CompiledKernel,
  { run, runSimd }: { readonly run: number; readonly runSimd: number | undefined },
): void {
  const vectors = runSimd === undefined ? 0 : sizeX - (sizeX % 4);
  if (runSimd === undefined || vectors === 0 || vectors === sizeX) {
    body.constant(0).constant(cells).constant(0);
    body.call(vectors === 0 ? run : runSimd!);
    return;
  }
  const row: Local = body.local('i32');
  body.constant(0).set(row);
  body.repeat(cells / sizeX, () => {
    body.get(row).get(row).constant(vectors).add().constant(0).call(runSimd);
    body.get(row).constant(vectors).add().advance(row, sizeX).get(row).constant(0).call(run);
  });
}

/** Up to here a copy is written out. */
const fewBytes = 512;

function copyCarried(body: FunctionBody, carry: readonly Carry[]): void {
  for (const { from, to, bytes } of carry) {
    // Buffers begin at whole vectors, and what follows one up to the next is nobody's.
    if (bytes <= fewBytes) {
      for (let at = 0; at < aligned(bytes); at += 16)
        body.constant(to).constant(from).loadVector(at).storeVector(at);
    } else body.constant(to).constant(from).constant(bytes).copyMemory();
  }
}
