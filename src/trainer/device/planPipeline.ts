import type { Plan } from '../../core/compute/plan.ts';
import type { Gpu, KernelCall, PipelineCall } from './gpuJs.ts';

/** One step of a plan as a GPU.js pipeline. */
export interface PlanPipeline {
  readonly pipeline: PipelineCall;
  /** The buffers that are arguments of the pipeline, in order. */
  readonly arguments: readonly string[];
  /** The buffers that the pipeline answers with, in order: all that kernels write, so that each keeps a place of its own. */
  readonly results: readonly string[];
}

/** Makes the kernels of a plan once; pipelines that differ in their arguments can share them. */
export function makeKernels(gpu: Gpu, plan: Plan): readonly KernelCall[] {
  return plan.kernels.map((kernel) => gpu.createKernel(kernel, { pipeline: false }));
}

/**
 * Builds the pipeline of one step. `captured` values become part of it and are uploaded once; every other data or state
 * buffer is an argument. GPU.js compiles at the first call.
 */
export function planPipeline(
  gpu: Gpu,
  plan: Plan,
  kernels: readonly KernelCall[],
  captured: ReadonlyMap<string, Float32Array> = new Map(),
): PlanPipeline {
  const parameters = plan.buffers
    .filter((buffer) => buffer.role !== 'temporary' && !captured.has(buffer.name))
    .map((buffer) => buffer.name);
  const orchestrate = (...handles: readonly unknown[]): unknown[] => {
    const values = new Map<string, unknown>(captured);
    parameters.forEach((name, i) => values.set(name, handles[i]));
    return plan.kernels.map((kernel, i) => {
      const handle = kernels[i]!(...kernel.reads.map((read) => values.get(read.buffer)));
      values.set(kernel.writes, handle);
      return handle;
    });
  };
  return {
    pipeline: gpu.createPipeline(orchestrate, parameters.length),
    arguments: parameters,
    results: plan.kernels.map((kernel) => kernel.writes),
  };
}
