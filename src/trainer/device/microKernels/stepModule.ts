import type { Routine } from './routine.ts';
import { aligned } from './routine.ts';
import { Team, teamBytes, type Task } from './team.ts';
import { Tiles, type Instructions } from './tile.ts';
import type { FunctionBody, Local } from './wasm/functionBody.ts';
import { ModuleBuilder } from './wasm/module.ts';

type CompiledFunction = (...values: never[]) => unknown;

/** A kernel as GPU.js compiled it: both functions take the first element, the one behind the last, and a seed. */
export interface CompiledFunctions {
  readonly run: CompiledFunction;
  /** The same for whole vectors of four elements. */
  readonly runSimd: CompiledFunction | null;
}

/** A kernel that GPU.js compiled. */
export interface CompiledKernel {
  readonly kind: 'compiled';
  readonly hasVectors: boolean;
  readonly cells: number;
  readonly sizeX: number;
  /** Into how many parts threads may cut it, at most. */
  readonly parts: number;
}

/** A micro-kernel in place of a kernel: its parts. */
export interface RoutineKernel {
  readonly kind: 'routine';
  readonly routines: readonly Routine[];
  readonly address: (buffer: string) => number;
  readonly written: number;
}

/** Bytes that are copied at the end of a step. */
export interface Carry {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export type StepKernel = CompiledKernel | RoutineKernel;

export interface Step {
  readonly kernels: readonly StepKernel[];
  readonly carry: readonly Carry[];
  /** Address of the number that is reported. */
  readonly report: number;
}

/** Steps that one call runs at most: so many reports have room. */
const mostSteps = 256;
/** Bytes that every step needs beside the plan's buffers: words of a team, reports. */
export const stepScratch = teamBytes + mostSteps * 4;

/** Bytes that a step needs beside the plan's buffers. */
export function scratchOf({ kernels }: Pick<Step, 'kernels'>): number {
  const own = kernels.map((kernel) => (kernel.kind === 'routine' ? scratchOfParts(kernel.routines) : 0));
  return stepScratch + Math.max(0, ...own);
}

/** Bytes that a kernel needs whose parts run at the same time. */
export function scratchOfParts(routines: readonly Routine[]): number {
  return routines.reduce((sum, { scratch }) => sum + aligned(scratch), 0);
}

/**
 * A module that runs many steps in one call of `run`: it calls GPU.js's functions (`run0`, `runSimd0` …) and the
 * micro-kernels one after another, copies what is carried and collects the reports. With `threads`, those that spend
 * their time in its function `work` (see {@link Team}) take parts of the larger kernels. From `scratch` on, bytes are free.
 */
export function stepModule(
  step: Step,
  scratch: number,
  { threads, ...instructions }: Instructions & { readonly threads: boolean },
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ shared: threads });
  const span = ['i32', 'i32', 'i32'] as const;
  const taken = step.kernels.map((kernel, i) =>
    kernel.kind === 'routine'
      ? undefined
      : {
          run: module.import(`run${i}`, span),
          runSimd: kernel.hasVectors ? module.import(`runSimd${i}`, span) : undefined,
        },
  );
  const tiles = new Tiles(module, instructions);
  const parts = step.kernels.map((kernel) => {
    if (kernel.kind === 'compiled') return [];
    let own = scratch + stepScratch;
    return kernel.routines.map((routine) => {
      const index = routine.define(module, tiles, { ...kernel, scratch: own });
      own += aligned(routine.scratch);
      return index;
    });
  });
  const tasks = new Map<number, Task>();
  if (threads) {
    step.kernels.forEach((kernel, i) => {
      const task = kernel.kind === 'routine' ? taskOfRoutines(parts[i]!) : taskOfSpans(kernel, taken[i]!);
      if (task.parts > 1) tasks.set(i, task);
    });
  }
  const team = threads ? new Team(module, scratch, [...tasks.values()]) : undefined;
  const numbers = new Map([...tasks.keys()].map((kernel, number) => [kernel, number]));
  const run = module.define(['i32'], (body, count) => {
    const place = body.local('i32');
    body.constant(scratch + teamBytes).set(place);
    body.repeat(count, () => {
      step.kernels.forEach((kernel, i) => {
        const task = tasks.get(i);
        if (task !== undefined) team!.callTask(body, numbers.get(i)!, task.parts);
        else if (kernel.kind === 'routine') for (const part of parts[i]!) body.call(part);
        else callSpans(body, kernel, taken[i]!);
      });
      // Loaded before anything is carried, as the report may be carried itself.
      body.get(place).constant(step.report).loadFloat(0).storeFloat(0).advance(place, 4);
      copyCarried(body, step.carry);
    });
  });
  module.export('run', run);
  if (team !== undefined) module.export('work', team.work);
  return module.bytes();
}

/** Runs steps by a module of {@link stepModule}, whose kernels are given in their order. Fills `reports`. */
export function stepsOf(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  scratch: number,
  kernels: readonly CompiledFunctions[],
): (reports: Float64Array) => void {
  const functions = kernels.flatMap(({ run, runSimd }, i) => [
    [`run${i}`, run],
    [`runSimd${i}`, runSimd],
  ]);
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory, ...(Object.fromEntries(functions) as Record<string, unknown>) },
  });
  const call = exports['run'] as (count: number) => void;
  const collected = new Float32Array(memory.buffer, scratch + teamBytes, mostSteps);
  return (reports) => {
    for (let done = 0; done < reports.length; done += mostSteps) {
      const count = Math.min(mostSteps, reports.length - done);
      call(count);
      reports.set(collected.subarray(0, count), done);
    }
  };
}

function taskOfRoutines(routines: readonly number[]): Task {
  return {
    parts: routines.length,
    write: (body, part) => {
      routines.forEach((routine, i) => {
        body
          .get(part)
          .constant(i)
          .isEqual()
          .when(() => body.call(routine));
      });
    },
  };
}

interface Taken {
  readonly run: number;
  readonly runSimd: number | undefined;
}

/** Parts of whole rows, or of whole vectors where rows consist of those. */
function taskOfSpans(kernel: CompiledKernel, taken: Taken): Task {
  const { cells, sizeX, parts: most } = kernel;
  const unit = sizeX % 4 === 0 ? 4 : sizeX;
  const size = unit * Math.ceil(cells / unit / most);
  return {
    parts: Math.ceil(cells / size),
    write: (body, part) => {
      const [start, end] = [body.local('i32'), body.local('i32')];
      body.get(part).constant(size).multiply().set(start).offset(end, start, size);
      body
        .constant(cells)
        .get(end)
        .isLess()
        .when(() => body.constant(cells).set(end));
      callRange(body, kernel, taken, start, end);
    },
  };
}

/** Calls a kernel for all its elements. */
function callSpans(body: FunctionBody, kernel: CompiledKernel, taken: Taken): void {
  const [start, end] = [body.local('i32'), body.local('i32')];
  body.constant(0).set(start).constant(kernel.cells).set(end);
  callRange(body, kernel, taken, start, end);
}

/** Calls a kernel for elements; GPU.js's vectors do not run across the end of a row. */
function callRange(
  body: FunctionBody,
  { sizeX }: CompiledKernel,
  { run, runSimd }: Taken,
  start: Local,
  end: Local,
): void {
  const vectors = runSimd === undefined ? 0 : sizeX - (sizeX % 4);
  if (runSimd === undefined || vectors === 0 || vectors === sizeX) {
    body.get(start).get(end).constant(0);
    body.call(vectors === 0 ? run : runSimd!);
    return;
  }
  body.repeatWhile(() => {
    body.get(start).get(start).constant(vectors).add().constant(0).call(runSimd);
    body.get(start).constant(vectors).add().advance(start, sizeX).get(start).constant(0).call(run);
    body.get(start).get(end).isLess();
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
