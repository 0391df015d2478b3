import * as library from 'gpu.js';
import type { Kernel } from '../../core/compute/plan.ts';

/** Backends of GPU.js that Loss Lab uses. */
export type Mode = 'cpu' | 'webasm' | 'webgpu';

/** A kernel that was made; under a pipeline's trace it takes and returns handles, otherwise arrays. */
export type KernelCall = (...args: readonly unknown[]) => unknown;

/** A pipeline that was made: called with one array per argument, answers with the traced results. */
export interface PipelineCall {
  (...args: readonly Float32Array[]): Promise<unknown>;
  /** `fused-sync` on webasm, `fused-encoder` on webgpu, `generic` where GPU.js could not compile the whole plan. */
  readonly executorKind: string;
  readonly fallbackReason: string | null;
  destroy(): Promise<unknown>;
}

/** GPU.js cuts loops at 1,000 iterations unless told otherwise; bounds in plans are literals, so nothing runs away. */
const loopMaxIterations = 2 ** 30;

/** One GPU.js context. Everything that it made ends with `destroy`. */
export class Gpu {
  readonly #gpu: library.GPU;

  constructor(mode: Mode) {
    this.#gpu = new library.GPU({ mode });
  }

  /** Makes a kernel of a plan; `pipeline` keeps the result where it was computed, in an array that the kernel reuses. */
  createKernel(
    kernel: Pick<Kernel, 'output' | 'reads' | 'body'>,
    options: { readonly pipeline: boolean },
  ): KernelCall {
    const parameters = kernel.reads.map((read) => read.parameter).join(', ');
    const settings: library.IGPUKernelSettings & { loopMaxIterations: number } = {
      output: [...kernel.output],
      strictIntegers: true,
      loopMaxIterations,
      pipeline: options.pipeline,
      immutable: false,
    };
    const made: unknown = this.#gpu.createKernel(`function (${parameters}) {\n${kernel.body}\n}`, settings);
    if (!isCall(made)) throw new TypeError('GPU.js made something that is no kernel');
    return made;
  }

  /** Makes a pipeline from an orchestration that takes `count` handles and calls kernels of this context. */
  createPipeline(orchestrate: (...handles: readonly unknown[]) => unknown[], count: number): PipelineCall {
    // GPU.js asks the function for the number of its parameters.
    const traced = Object.defineProperty((...handles: unknown[]) => orchestrate(...handles), 'length', {
      value: count,
    });
    return this.#gpu.createPipeline(traced, { threads: false });
  }

  async destroy(): Promise<void> {
    await this.#gpu.destroy();
  }
}

function isCall(value: unknown): value is KernelCall {
  return typeof value === 'function';
}

/** A member of the library that its types do not mention; undefined where it does not exist. */
export function libraryMember(...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      (typeof value === 'object' && value !== null) || typeof value === 'function'
        ? Reflect.get(value, key)
        : undefined,
    library,
  );
}

/** Destroys the graphics device that all GPU.js contexts of the process share; the next use makes a new one. */
export async function destroyGraphicsDevice(): Promise<void> {
  const destroy = libraryMember('WebGPUContext', 'destroy');
  if (typeof destroy === 'function') await Reflect.apply(destroy, libraryMember('WebGPUContext'), []);
}
