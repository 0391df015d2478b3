import * as v from 'valibot';
import type { Executable } from '../../core/compute/device.ts';
import type { Buffer, Kernel, Operation, Plan } from '../../core/compute/plan.ts';
import type { Gpu } from './gpuJs.ts';
import { gpuJsVersion, knownVersion } from './gpuJsVersion.ts';
import { DeviceError, known, writable } from './hostBuffers.ts';
import { compileInPlace, inPlaceCarries, type AssembledKernel } from './inPlace.ts';
import { hasRelaxedMultiplyAdd } from './microKernels/engine.ts';
import { routinesOf } from './microKernels/routines.ts';
import {
  scratchOf,
  scratchOfParts,
  stepModule,
  stepScratch,
  stepsOf,
  type CompiledFunctions,
  type Step,
  type StepKernel,
} from './microKernels/stepModule.ts';
import { makeKernels, planPipeline, type PlanPipeline } from './planPipeline.ts';
import type { WorkerPool, WorkerTeam } from './threads/pool.ts';
import { withSharedMemory } from './threads/sharedModule.ts';
import { ThreadCount } from './threads/threadCount.ts';
import { isWorthThreads, partsOf } from './threads/work.ts';

// GPU.js's WebAssembly pipeline compiles a step into modules over one memory, but copies all arguments in and all
// results out at each call. What follows reaches into its executor (private; read in 2.24.1) to run the compiled step
// again and again on that memory, many steps a call, micro-kernels in the place of kernels that have one. Every member it
// uses is checked before use; without them the caller takes the public way of stepped.ts.

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const executorSchema = v.object({
  kind: v.literal('fused-sync'),
  memory: v.instance(WebAssembly.Memory),
  _argArrayRegions: v.map(index, v.object({ offset: index, flatLength: index })),
  _stepRuns: v.array(
    v.object({
      run: v.function(),
      runSimd: v.nullable(v.function()),
      cells: index,
      sizeX: index,
      usesRandom: v.literal(false),
    }),
  ),
  _resultReads: v.array(
    v.object({ kind: v.literal('step'), base: index, count: index, componentCount: v.literal(1) }),
  ),
});
type Executor = v.InferOutput<typeof executorSchema>;

/** Why the resident driver cannot be used with this GPU.js; undefined where it can. */
export function residentWebAssemblyUnavailable(version = gpuJsVersion): string | undefined {
  if (version !== knownVersion)
    return `GPU.js ${version} is not ${knownVersion}, whose inner parts are known`;
  return undefined;
}

/** Whether kernels that say what they compute run as micro-kernels, or all as GPU.js compiled them. */
export type KernelSource = 'micro-kernels' | 'generated';

/** Elements of the memory that belong to a buffer. */
interface Region {
  readonly base: number;
  readonly size: number;
}

/**
 * A plan compiled by GPU.js to WebAssembly with all buffers in one memory: a write goes to its place once, a step runs in
 * place, and only the reported number of each step is read.
 */
export class ResidentWebAssemblyExecutable implements Executable {
  readonly #gpu: Gpu;
  readonly #buffers: ReadonlyMap<string, Buffer>;
  readonly #regions: ReadonlyMap<string, Region>;
  /** Buffers that no kernel reads have no place in the memory; what is carried to them is of no use to a step. */
  readonly #unread = new Map<string, Float32Array>();
  readonly #carriedUnread: Plan['carry'];
  #memory: Float32Array;
  #steps: Steps;
  readonly #team: WorkerTeam | undefined;

  private constructor(
    gpu: Gpu,
    plan: Plan,
    buffers: ReadonlyMap<string, Buffer>,
    regions: ReadonlyMap<string, Region>,
    { memory, steps, team }: Assembly,
  ) {
    this.#gpu = gpu;
    this.#buffers = buffers;
    this.#regions = regions;
    for (const buffer of plan.buffers) {
      if (buffer.role !== 'temporary' && !this.#regions.has(buffer.name))
        this.#unread.set(buffer.name, new Float32Array(buffer.size));
    }
    this.#carriedUnread = plan.carry.filter(({ to }) => this.#unread.has(to));
    this.#memory = new Float32Array(memory.buffer);
    this.#steps = steps;
    this.#team = team;
  }

  /**
   * Compiles a plan; fails where GPU.js cannot fuse it, or where its inner parts are not as expected. Steps that are large
   * enough run with the threads of the pool, if there is one.
   */
  static async compile(
    gpu: Gpu,
    plan: Plan,
    buffers: ReadonlyMap<string, Buffer>,
    kernels: KernelSource,
    pool?: WorkerPool,
  ): Promise<ResidentWebAssemblyExecutable> {
    const compiled = kernels === 'micro-kernels' ? withPlaceholders(plan) : plan;
    const planned = planPipeline(gpu, compiled, makeKernels(gpu, compiled));
    const inPlace = inPlaceCarries(plan);
    const assembled = compileInPlace(planned.pipeline, plan, inPlace);
    await planned.pipeline(...planned.arguments.map((name) => new Float32Array(buffers.get(name)!.size)));
    if (planned.pipeline.executorKind !== 'fused-sync') {
      throw new DeviceError(
        `GPU.js could not compile the plan as a whole: ${planned.pipeline.fallbackReason ?? 'no reason given'}`,
      );
    }
    const executor = v.parse(
      executorSchema,
      Reflect.get(Object(Reflect.get(planned.pipeline, 'pipeline')), '_executor'),
    );
    const regions = locate(planned, executor, buffers);
    const end = endOf(regions);
    for (const [next, state] of inPlace) regions.set(next, regions.get(state)!);
    const layout = { plan, regions, end, kernels };
    const shared =
      pool === undefined || pool.threads === 1 || !isWorthThreads(plan)
        ? undefined
        : assembleShared(layout, executor, assembled, pool);
    // Then nothing is left of GPU.js but its modules, and its memory is not needed a second time.
    if (shared !== undefined) await gpu.destroy();
    const assembly = shared ?? assembleAlone(layout, executor);
    return new ResidentWebAssemblyExecutable(gpu, plan, buffers, regions, assembly);
  }

  #view(buffer: string): Float32Array {
    const region = this.#regions.get(buffer);
    return region === undefined
      ? this.#unread.get(buffer)!
      : this.#memory.subarray(region.base, region.base + region.size);
  }

  write(buffer: string, values: Float64Array): void {
    writable(this.#buffers, buffer, values);
    this.#view(buffer).set(values);
  }

  run(steps: number): Promise<Float64Array> {
    return Promise.resolve().then(() => {
      const reports = new Float64Array(steps);
      if (steps > 0) this.#steps(reports);
      if (steps > 0) for (const { from, to } of this.#carriedUnread) this.#view(to).set(this.#view(from));
      return reports;
    });
  }

  read(buffer: string): Promise<Float64Array> {
    return Promise.resolve().then(() => {
      known(this.#buffers, buffer);
      return Float64Array.from(this.#view(buffer));
    });
  }

  async dispose(): Promise<void> {
    await this.#team?.release();
    this.#steps = () => undefined;
    this.#memory = new Float32Array(0);
    await this.#gpu.destroy();
  }
}

/** Bytes that GPU.js 2.24.1 always leaves behind a plan's buffers: 16 pages, less what rounding up to pages took. */
const alwaysFree = 15 * 2 ** 16;

/** Whether an operation's micro-kernel finds room in any memory that GPU.js makes. */
function alwaysFits(operation: Operation): boolean {
  return stepScratch + scratchOfParts(routinesOf(operation)) <= alwaysFree;
}

/**
 * The plan with short bodies in the place of those that will not run: they read the same buffers, so that all have their
 * places, and compile in a fraction of the time.
 */
function withPlaceholders(plan: Plan): Plan {
  const isReplaced = ({ operation }: Kernel) => operation !== undefined && alwaysFits(operation);
  const first = ({ parameter }: Kernel['reads'][number]) => `${parameter}[0]`;
  const kernels = plan.kernels.map((kernel) =>
    isReplaced(kernel) ? { ...kernel, body: `return ${kernel.reads.map(first).join(' + ')};` } : kernel,
  );
  return { ...plan, kernels };
}

/** A plan and where its buffers lie. */
interface Layout {
  readonly plan: Plan;
  readonly regions: ReadonlyMap<string, Region>;
  /** The first free byte. */
  readonly end: number;
  readonly kernels: KernelSource;
}

/** Runs as many steps as there is room for reports. */
type Steps = (reports: Float64Array) => void;

/** What runs the plan's steps, and the memory it runs them on. */
interface Assembly {
  readonly memory: WebAssembly.Memory;
  readonly steps: Steps;
  readonly team?: WorkerTeam;
}

/** Runs the steps on the executor's own memory. */
function assembleAlone(layout: Layout, { memory, _stepRuns }: Executor): Assembly {
  const { end } = layout;
  const step = stepOf(layout, _stepRuns, 1, (operation) => {
    const hasRoom = reserve(memory, end + stepScratch + scratchOfParts(routinesOf(operation)));
    return hasRoom || alwaysFits(operation);
  });
  if (!reserve(memory, end + scratchOf(step)))
    throw new DeviceError('GPU.js left no room behind the buffers');
  const module = stepModule(step, end, { relaxed: hasRelaxedMultiplyAdd(), threads: false });
  return { memory, steps: stepsOf(new WebAssembly.Module(module), memory, end, _stepRuns) };
}

/** Runs the steps on a memory that workers share; undefined where it cannot be large enough. */
function assembleShared(
  layout: Layout,
  { _stepRuns }: Executor,
  assembled: readonly AssembledKernel[],
  pool: WorkerPool,
): Assembly | undefined {
  const { end } = layout;
  const step = stepOf(layout, _stepRuns, pool.threads, () => true);
  const { initial, maximum } = assembled[0]!;
  const pages = Math.max(initial, Math.ceil((end + scratchOf(step)) / 2 ** 16));
  if (pages > maximum) return undefined;
  const memory = sharedMemory(pages);
  if (memory === undefined) return undefined;
  const kernels = assembled.map(({ bytes, math }) => ({ module: withSharedMemory(bytes), math }));
  const module = new WebAssembly.Module(
    stepModule(step, end, { relaxed: hasRelaxedMultiplyAdd(), threads: true }),
  );
  const functions = kernels.map((kernel) => instantiate(kernel, memory));
  const team = pool.team({ memory, address: end, module, kernels });
  const run = stepsOf(module, memory, end, functions);
  const count = new ThreadCount(pool.threads, () => performance.now());
  const steps: Steps = (reports) =>
    count.run(reports.length, (threads) => {
      team.use(threads);
      run(reports);
    });
  return { memory, steps, team };
}

function sharedMemory(pages: number): WebAssembly.Memory | undefined {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch {
    // Nowhere to be had in one piece.
    return undefined;
  }
}

const functionsSchema = v.object({
  run: v.function(),
  run_simd: v.optional(v.function()),
});

/** A kernel's functions on another memory than GPU.js's own. */
function instantiate(
  { module, math }: { readonly module: WebAssembly.Module; readonly math: readonly string[] },
  memory: WebAssembly.Memory,
): CompiledFunctions {
  const functions = math.map((name) => [`math_${name}`, Reflect.get(Math, name) as unknown] as const);
  const env = { memory, ...Object.fromEntries(functions) };
  const { run, run_simd } = v.parse(functionsSchema, new WebAssembly.Instance(module, { env }).exports);
  return { run, runSimd: run_simd ?? null };
}

/** The plan's step with its micro-kernels, where they are wanted and `isReplaced` allows them. */
function stepOf(
  { plan, regions, kernels: source }: Layout,
  compiled: Executor['_stepRuns'],
  threads: number,
  isReplaced: (operation: Operation) => boolean,
): Step {
  const address = (buffer: string) => regions.get(buffer)!.base * 4;
  const kernels = plan.kernels.map((kernel, i): StepKernel => {
    const { operation } = kernel;
    const parts = partsOf(kernel, threads);
    if (source === 'generated' || operation === undefined || !isReplaced(operation)) {
      const { cells, sizeX, runSimd } = compiled[i]!;
      return { kind: 'compiled', cells, sizeX, hasVectors: runSimd !== null, parts };
    }
    const routines = routinesOf(operation, parts);
    return { kind: 'routine', routines, address, written: address(kernel.writes) };
  });
  const carry = plan.carry.flatMap(({ from, to }) =>
    regions.has(to) && regions.get(to) !== regions.get(from)
      ? [{ from: address(from), to: address(to), bytes: regions.get(to)!.size * 4 }]
      : [],
  );
  return { kernels, carry, report: address(plan.report) };
}

/** The first free byte: GPU.js lays out nothing behind the results. */
function endOf(regions: ReadonlyMap<string, Region>): number {
  return Math.max(...[...regions.values()].map(({ base, size }) => Math.ceil((base + size) / 4) * 16));
}

/** Whether the memory has, or could be made to have, so many bytes. */
function reserve(memory: WebAssembly.Memory, bytes: number): boolean {
  const missing = bytes - memory.buffer.byteLength;
  if (missing <= 0) return true;
  try {
    memory.grow(Math.ceil(missing / 2 ** 16));
    return true;
  } catch {
    return false;
  }
}

/** Where each buffer lies; fails where a size differs from the plan's or two buffers share a place. */
function locate(
  planned: PlanPipeline,
  executor: Executor,
  buffers: ReadonlyMap<string, Buffer>,
): Map<string, Region> {
  const regions = new Map<string, Region>();
  for (const [argument, region] of executor._argArrayRegions) {
    regions.set(planned.arguments[argument]!, { base: region.offset / 4, size: region.flatLength });
  }
  planned.results.forEach((name, i) => {
    const read = executor._resultReads[i];
    if (read !== undefined) regions.set(name, { base: read.base, size: read.count });
  });
  if (executor._stepRuns.length !== planned.results.length)
    throw new DeviceError('GPU.js compiled another number of kernels than the plan has');
  const bySpace = [...regions].sort((a, b) => a[1].base - b[1].base);
  bySpace.forEach(([name, { base, size }], i) => {
    const next = bySpace[i + 1];
    if (buffers.get(name)?.size !== size)
      throw new DeviceError(`GPU.js gives ${name} another size than the plan`);
    if (!Number.isInteger(base) || base + size > (next?.[1].base ?? executor.memory.buffer.byteLength / 4))
      throw new DeviceError(`GPU.js gives ${name} a place that it shares`);
  });
  for (const name of planned.results)
    if (!regions.has(name)) throw new DeviceError(`GPU.js gives ${name} no place`);
  return regions;
}
