import type { Executable } from '../../core/compute/device.ts';
import type { Buffer, Plan } from '../../core/compute/plan.ts';
import type { Gpu, KernelCall } from './gpuJs.ts';
import { DeviceError, flatten, known, writable } from './hostBuffers.ts';
import { makeKernels, planPipeline, type PlanPipeline } from './planPipeline.ts';

/**
 * Runs a plan through GPU.js's public API alone, one pipeline call a step: the state goes in as arguments and comes back
 * as results. Slower than the resident drivers by these copies, and right on every version of GPU.js. Data buffers are
 * part of the pipeline; the first one that is written again becomes an argument, at the price of one more compilation.
 */
export class SteppedExecutable implements Executable {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #buffers: ReadonlyMap<string, Buffer>;
  readonly #executor: string;
  readonly #kernels: readonly KernelCall[];
  /** Data and state on the host. */
  readonly #values = new Map<string, Float32Array>();
  readonly #captured = new Set<string>();
  #pipeline: PlanPipeline | undefined;
  #last: readonly unknown[] = [];

  /** `executor` is the kind that GPU.js must reach; anything else would be a silent change of backend. */
  constructor(gpu: Gpu, plan: Plan, buffers: ReadonlyMap<string, Buffer>, executor: string) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#buffers = buffers;
    this.#executor = executor;
    this.#kernels = makeKernels(gpu, plan);
    for (const buffer of plan.buffers) {
      if (buffer.role === 'temporary') continue;
      this.#values.set(buffer.name, new Float32Array(buffer.size));
      if (buffer.role === 'data') this.#captured.add(buffer.name);
    }
  }

  write(buffer: string, values: Float64Array): void {
    writable(this.#buffers, buffer, values);
    this.#values.get(buffer)!.set(values);
    if (this.#pipeline !== undefined && this.#captured.delete(buffer)) {
      void this.#pipeline.pipeline.destroy();
      this.#pipeline = undefined;
    }
  }

  async run(steps: number): Promise<Float64Array> {
    const reports = new Float64Array(steps);
    for (let step = 0; step < steps; step++) {
      await this.#step();
      reports[step] = this.#result(this.#plan.report)[0]!;
      for (const { from, to } of this.#plan.carry)
        flatten(this.#last[this.#pipeline!.results.indexOf(from)], this.#values.get(to)!);
    }
    return reports;
  }

  async #step(): Promise<void> {
    const captured = new Map([...this.#captured].map((name) => [name, this.#values.get(name)!]));
    this.#pipeline ??= planPipeline(this.#gpu, this.#plan, this.#kernels, captured);
    const { pipeline } = this.#pipeline;
    const results = await pipeline(...this.#pipeline.arguments.map((name) => this.#values.get(name)!));
    if (pipeline.executorKind !== this.#executor) {
      throw new DeviceError(
        `GPU.js could not compile the plan as a whole: ${pipeline.fallbackReason ?? 'no reason given'}`,
      );
    }
    if (!Array.isArray(results))
      throw new DeviceError('GPU.js answered something that is no list of results');
    this.#last = results as readonly unknown[];
  }

  #result(buffer: string): Float32Array {
    const values = new Float32Array(known(this.#buffers, buffer).size);
    const index = this.#pipeline?.results.indexOf(buffer) ?? -1;
    if (this.#last.length > 0 && index >= 0) flatten(this.#last[index], values);
    return values;
  }

  read(buffer: string): Promise<Float64Array> {
    return Promise.resolve().then(() => {
      known(this.#buffers, buffer);
      return Float64Array.from(this.#values.get(buffer) ?? this.#result(buffer));
    });
  }

  async dispose(): Promise<void> {
    await this.#gpu.destroy();
    this.#values.clear();
    this.#last = [];
  }
}
