import * as v from 'valibot';
import type { Executable } from '../../core/compute/device.ts';
import type { Buffer, Plan } from '../../core/compute/plan.ts';
import { libraryMember, type Gpu } from './gpuJs.ts';
import { gpuJsVersion, knownVersion } from './gpuJsVersion.ts';
import { DeviceError, known, writable } from './hostBuffers.ts';
import { makeKernels, planPipeline, type PlanPipeline } from './planPipeline.ts';

// GPU.js's WebAssembly pipeline compiles a step into modules over one memory, but copies all arguments in and all
// results out at each call. What follows reaches into its executor (private; read in 2.24.1) to run the compiled step
// again and again on that memory. Every member it uses is checked before use; without them the caller takes the
// public way of stepped.ts.

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const executorSchema = v.object({
  kind: v.literal('fused-sync'),
  f32: v.instance(Float32Array),
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
const dispatchSchema = v.function();

/** Why the resident driver cannot be used with this GPU.js; undefined where it can. */
export function residentWebAssemblyUnavailable(version = gpuJsVersion): string | undefined {
  if (version !== knownVersion)
    return `GPU.js ${version} is not ${knownVersion}, whose inner parts are known`;
  if (!v.is(dispatchSchema, libraryMember('WebAssemblyKernel', 'dispatchSpans')))
    return 'GPU.js lacks WebAssemblyKernel.dispatchSpans';
  return undefined;
}

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
  readonly #plan: Plan;
  readonly #buffers: ReadonlyMap<string, Buffer>;
  readonly #regions: ReadonlyMap<string, Region>;
  /** Buffers that no kernel reads have no place in the memory. */
  readonly #unread = new Map<string, Float32Array>();
  #memory: Float32Array;
  #step: () => void;

  private constructor(gpu: Gpu, plan: Plan, buffers: ReadonlyMap<string, Buffer>, planned: PlanPipeline) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#buffers = buffers;
    const executor = v.parse(
      executorSchema,
      Reflect.get(Object(Reflect.get(planned.pipeline, 'pipeline')), '_executor'),
    );
    const dispatch = v.parse(dispatchSchema, libraryMember('WebAssemblyKernel', 'dispatchSpans'));
    this.#memory = executor.f32;
    this.#regions = locate(planned, executor, buffers);
    for (const buffer of plan.buffers) {
      if (buffer.role !== 'temporary' && !this.#regions.has(buffer.name))
        this.#unread.set(buffer.name, new Float32Array(buffer.size));
    }
    const runs = executor._stepRuns;
    this.#step = () => {
      for (const run of runs) dispatch(run.run, run.runSimd, run.cells, run.sizeX, 0);
    };
    // The compiling call ran a step on zeros: leave no trace of it.
    for (const buffer of plan.buffers) this.#view(buffer.name).fill(0);
  }

  /** Compiles a plan; fails where GPU.js cannot fuse it, or where its inner parts are not as expected. */
  static async compile(
    gpu: Gpu,
    plan: Plan,
    buffers: ReadonlyMap<string, Buffer>,
  ): Promise<ResidentWebAssemblyExecutable> {
    const planned = planPipeline(gpu, plan, makeKernels(gpu, plan));
    await planned.pipeline(...planned.arguments.map((name) => new Float32Array(buffers.get(name)!.size)));
    if (planned.pipeline.executorKind !== 'fused-sync') {
      throw new DeviceError(
        `GPU.js could not compile the plan as a whole: ${planned.pipeline.fallbackReason ?? 'no reason given'}`,
      );
    }
    return new ResidentWebAssemblyExecutable(gpu, plan, buffers, planned);
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
      const report = this.#view(this.#plan.report);
      const carry = this.#plan.carry.map(({ from, to }) => ({ from: this.#view(from), to: this.#view(to) }));
      for (let step = 0; step < steps; step++) {
        this.#step();
        reports[step] = report[0]!;
        for (const { from, to } of carry) to.set(from);
      }
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
    this.#step = () => undefined;
    this.#memory = new Float32Array(0);
    await this.#gpu.destroy();
  }
}

/** Where each buffer lies; fails where a size differs from the plan's or two buffers share a place. */
function locate(
  planned: PlanPipeline,
  executor: v.InferOutput<typeof executorSchema>,
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
    if (!Number.isInteger(base) || base + size > (next?.[1].base ?? executor.f32.length))
      throw new DeviceError(`GPU.js gives ${name} a place that it shares`);
  });
  for (const name of planned.results)
    if (!regions.has(name)) throw new DeviceError(`GPU.js gives ${name} no place`);
  return regions;
}
