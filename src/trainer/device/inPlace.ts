import * as v from 'valibot';
import type { Kernel, Plan } from '../../core/compute/plan.ts';
import { libraryMember, type PipelineCall } from './gpuJs.ts';
import { DeviceError } from './hostBuffers.ts';
import { Replacements } from './webAssemblyFixes/replacements.ts';

/**
 * The carried buffers that a step can write right where they are carried to, next state by state: nothing reads the old
 * state later, and the kernel that writes the new one reads of the old only the element that it replaces.
 */
export function inPlaceCarries(plan: Plan): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { from, to } of plan.carry) {
    const at = plan.kernels.findIndex((kernel) => kernel.writes === from);
    const kernel = plan.kernels[at];
    if (kernel === undefined || kernel.operation !== undefined || found.has(from)) continue;
    // GPU.js gives a place to what is read; who reads it first must come no later than who writes it.
    const isPlaced = plan.kernels.slice(0, at + 1).some((each) => reads(each, to));
    const isReadLater = plan.kernels.slice(at + 1).some((each) => reads(each, to));
    if (isPlaced && !isReadLater && readsOwnElement(kernel, to)) found.set(from, to);
  }
  return found;
}

function reads(kernel: Kernel, buffer: string): boolean {
  return kernel.reads.some((read) => read.buffer === buffer);
}

function readsOwnElement({ reads, output, body }: Kernel, buffer: string): boolean {
  const parameters = reads.filter((read) => read.buffer === buffer).map(({ parameter }) => parameter);
  return parameters.every((parameter) => {
    const uses = body.match(new RegExp(`\\b${parameter}\\b`, 'g')) ?? [];
    const own = body.match(new RegExp(`\\b${parameter}\\[this\\.thread\\.x\\]`, 'g')) ?? [];
    return output.length === 1 && uses.length === own.length;
  });
}

const prepareSchema = v.function();
const place = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const layoutSchema = v.looseObject({
  arrays: v.record(v.string(), v.looseObject({ index: place, offset: place })),
  outputOffset: place,
});
const assembledSchema = v.object({
  bytes: v.instance(Uint8Array<ArrayBuffer>),
  initial: place,
  maximum: place,
});
const importsSchema = v.pipe(
  v.set(v.string()),
  v.transform((names) => [...names].sort()),
);

/** A kernel's module as GPU.js assembled it. */
export interface AssembledKernel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Functions of Math that it imports as `math_…`. */
  readonly math: readonly string[];
  /** Pages of the memory that it takes. */
  readonly initial: number;
  readonly maximum: number;
}

/**
 * Makes the pipeline's first call compile the plan and no more, with what is in `inPlace` at the place of its state.
 * GPU.js 2.24.1 assembles one module per kernel in the plan's order, places given (`WebAssemblyKernel._assembleModule`):
 * these are changed while this pipeline compiles, which it does without a pause. Answers the list that the modules come to.
 */
export function compileInPlace(
  pipeline: PipelineCall,
  plan: Plan,
  inPlace: ReadonlyMap<string, string>,
): readonly AssembledKernel[] {
  const inner = Object(Reflect.get(pipeline, 'pipeline')) as object;
  const prepare = v.parse(prepareSchema, Reflect.get(inner, '_prepareExecutor'));
  const prototype = Object(Reflect.get(Object(libraryMember('WebAssemblyKernel')), 'prototype')) as object;
  const assembled: AssembledKernel[] = [];
  Object.defineProperty(inner, '_prepareExecutor', {
    configurable: true,
    value: (...args: unknown[]): unknown => {
      const places = new Map<string, number>();
      const replacements = new Replacements();
      replacements.replace(
        prototype,
        '_assembleModule',
        (original) =>
          function (layout, ...rest) {
            const kernel = plan.kernels[assembled.length];
            if (kernel === undefined)
              throw new DeviceError('GPU.js assembles more kernels than the plan has');
            const answer = original.call(this, relocated(v.parse(layoutSchema, layout), kernel), ...rest);
            const math = v.parse(importsSchema, Reflect.get(Object(this), 'usedMathImports'));
            assembled.push({ ...v.parse(assembledSchema, answer), math });
            return answer;
          },
      );
      const relocated = (layout: v.InferOutput<typeof layoutSchema>, kernel: Kernel) => {
        const arrays = Object.entries(layout.arrays).map(([name, record]) => {
          const buffer = kernel.reads[record.index]!.buffer;
          const offset = places.get(inPlace.get(buffer) ?? '') ?? record.offset;
          places.set(buffer, offset);
          return [name, { ...record, offset }];
        });
        const outputOffset = places.get(inPlace.get(kernel.writes) ?? '') ?? layout.outputOffset;
        return { ...layout, arrays: Object.fromEntries(arrays) as object, outputOffset };
      };
      try {
        return Reflect.apply(prepare, inner, args);
      } finally {
        replacements.undo();
        const executor: unknown = Reflect.get(inner, '_executor');
        // Who drives the steps does not want one on zeros.
        if (typeof executor === 'object' && executor !== null) Reflect.set(executor, 'execute', () => []);
      }
    },
  });
  return assembled;
}
