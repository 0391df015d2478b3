import type { Device, Executable } from '../../core/compute/device.ts';
import type { Buffer, Kernel, Plan } from '../../core/compute/plan.ts';
import { checkPlan } from './checkPlan.ts';
import { Executables } from './executables.ts';
import { Gpu, type KernelCall } from './gpuJs.ts';
import { DeviceError, flatten, known, writable } from './hostBuffers.ts';

/** GPU.js's JavaScript backend: kernels one after another, results in arrays that each kernel reuses, state in place. */
export function cpuDevice(): Device {
  const executables = new Executables();
  return {
    id: 'cpu',
    label: 'JavaScript',
    compile: (plan) => Promise.resolve().then(() => executables.add(new CpuExecutable(plan))),
    dispose: () => executables.dispose(),
  };
}

interface Step {
  readonly call: KernelCall;
  readonly reads: readonly string[];
  readonly writes: string;
}

class CpuExecutable implements Executable {
  readonly #plan: Plan;
  readonly #buffers: ReadonlyMap<string, Buffer>;
  readonly #gpu = new Gpu('cpu');
  readonly #steps: readonly Step[];
  /** By buffer: ours for data and state, the kernel's own array for its output. */
  readonly #values = new Map<string, Float32Array>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#buffers = checkPlan(plan);
    for (const buffer of plan.buffers) {
      if (buffer.role !== 'temporary') this.#values.set(buffer.name, new Float32Array(buffer.size));
    }
    this.#steps = plan.kernels.map((kernel) => ({
      call: this.#gpu.createKernel(flat(kernel), { pipeline: true }),
      reads: kernel.reads.map((read) => read.buffer),
      writes: kernel.writes,
    }));
    // GPU.js translates a kernel when it is first called: a step on zeros brings its complaints here.
    this.#plan.kernels.forEach((kernel, i) => {
      try {
        this.#call(this.#steps[i]!);
      } catch (error) {
        throw new DeviceError(
          `kernel ${kernel.name}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    });
  }

  #call({ call, reads, writes }: Step): void {
    const result = call(...reads.map((name) => this.#values.get(name)!));
    if (!(result instanceof Float32Array))
      throw new DeviceError('GPU.js answered something that is no array');
    this.#values.set(writes, result);
  }

  write(buffer: string, values: Float64Array): void {
    writable(this.#buffers, buffer, values);
    this.#values.get(buffer)!.set(values);
  }

  run(steps: number): Promise<Float64Array> {
    return Promise.resolve().then(() => {
      const reports = new Float64Array(steps);
      for (let step = 0; step < steps; step++) {
        for (const kernel of this.#steps) this.#call(kernel);
        reports[step] = this.#values.get(this.#plan.report)![0]!;
        for (const { from, to } of this.#plan.carry) flatten(this.#values.get(from), this.#values.get(to)!);
      }
      return reports;
    });
  }

  read(buffer: string): Promise<Float64Array> {
    return Promise.resolve().then(() => {
      known(this.#buffers, buffer);
      return Float64Array.from(this.#values.get(buffer)!);
    });
  }

  async dispose(): Promise<void> {
    this.#values.clear();
    await this.#gpu.destroy();
  }
}

/**
 * The kernel with a flat output. On this backend a two-dimensional result is an array of rows, which the next kernel
 * could not index flat; row and column are computed from the one index instead.
 */
function flat(kernel: Kernel): Kernel {
  const [width, height] = kernel.output;
  if (height === undefined) return kernel;
  const body = kernel.body
    .replaceAll(/\bthis\.thread\.x\b/g, 'threadX')
    .replaceAll(/\bthis\.thread\.y\b/g, 'threadY');
  return {
    ...kernel,
    output: [width * height],
    body: `const threadX = this.thread.x % ${width};\nconst threadY = (this.thread.x - threadX) / ${width};\n${body}`,
  };
}
