import * as v from 'valibot';
import type { Executable } from '../../core/compute/device.ts';
import type { Buffer, Plan } from '../../core/compute/plan.ts';
import { message } from '../../core/messages/message.ts';
import type { Gpu } from './gpuJs.ts';
import { gpuJsVersion, knownVersion } from './gpuJsVersion.ts';
import { DeviceError, known, writable } from './hostBuffers.ts';
import { makeKernels, planPipeline, type PlanPipeline } from './planPipeline.ts';

// GPU.js's WebGPU pipeline records a step into one command encoder over buffers on the device, but uploads all arguments
// and reads all results at each call. What follows reaches into its executor (private; read in 2.24.1) and records many
// steps over the same buffers. Per step nothing crosses the bus: the carried buffers are copied on the device, and the
// reported number goes to a history on the device that is read once per run. Every member is checked before use.

/** The parts of WebGPU's interface that are used here. */
interface GraphicsBuffer {
  mapAsync(mode: number, offset: number, size: number): Promise<void>;
  getMappedRange(offset: number, size: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}
interface Pass {
  setPipeline(pipeline: unknown): void;
  setBindGroup(index: number, group: unknown): void;
  dispatchWorkgroups(x: number, y: number, z: number): void;
  end(): void;
}
interface Encoder {
  beginComputePass(): Pass;
  copyBufferToBuffer(
    from: GraphicsBuffer,
    fromOffset: number,
    to: GraphicsBuffer,
    toOffset: number,
    size: number,
  ): void;
  finish(): unknown;
}
interface GraphicsDevice {
  readonly queue: {
    submit(commands: readonly unknown[]): void;
    writeBuffer(buffer: GraphicsBuffer, offset: number, data: Float32Array): void;
  };
  createBuffer(settings: { size: number; usage: number }): GraphicsBuffer;
  createCommandEncoder(): Encoder;
  onuncapturederror: unknown;
}

/** A native object that has these methods. */
function having<T extends object>(...methods: readonly (keyof T & string)[]) {
  return v.custom<T>(
    (input) =>
      typeof input === 'object' &&
      input !== null &&
      methods.every((name) => typeof Reflect.get(input, name) === 'function'),
  );
}
const graphicsBuffer = having<GraphicsBuffer>('mapAsync', 'getMappedRange', 'unmap', 'destroy');
const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const executorSchema = v.object({
  kind: v.literal('fused-encoder'),
  // Kept as it is, not copied: GPU.js flags the loss of the device in it.
  context: v.custom<{ isLost: boolean }>(
    (input) =>
      typeof input === 'object' && input !== null && typeof Reflect.get(input, 'isLost') === 'boolean',
  ),
  _device: having<GraphicsDevice>('createBuffer', 'createCommandEncoder'),
  _argRegions: v.map(
    index,
    v.object({ flatLength: index, scratch: v.instance(Float32Array), buffer: graphicsBuffer }),
  ),
  _passes: v.array(
    v.object({
      pipeline: v.unknown(),
      bindGroup: v.unknown(),
      groups: v.tuple([index, index, index]),
      perCall: v.literal(false),
    }),
  ),
  _resultReads: v.array(
    v.object({
      kind: v.literal('step'),
      buffer: graphicsBuffer,
      byteLength: index,
      componentCount: v.literal(1),
    }),
  ),
});
type Executor = v.InferOutput<typeof executorSchema>;

// Flags of WebGPU's specification.
const mapRead = 0x1;
const copyDestination = 0x8;

/** What the device refused, by device: GPU.js shares one among all pipelines of a process. */
const refusals = new WeakMap<object, { message: string | undefined }>();

function refusal(device: GraphicsDevice): { message: string | undefined } {
  let found = refusals.get(device);
  if (found === undefined) {
    const fresh: { message: string | undefined } = { message: undefined };
    device.onuncapturederror = (event: { readonly error: { readonly message: string } }) => {
      fresh.message ??= event.error.message.split('\n', 1)[0]!;
    };
    refusals.set(device, (found = fresh));
  }
  return found;
}

/** Steps whose reports fit the history; longer runs are cut into such pieces. */
const historySteps = 1024;
/** Kernels per submission: few enough that a slow device answers before its driver's watchdog bites. */
const kernelsPerSubmission = 256;

/** Why the resident driver cannot be used with this GPU.js; undefined where it can. */
export function residentWebGpuUnavailable(version = gpuJsVersion): string | undefined {
  return version === knownVersion
    ? undefined
    : `GPU.js ${version} is not ${knownVersion}, whose inner parts are known`;
}

/** A plan compiled by GPU.js to WebGPU with all buffers on the graphics device from step to step. */
export class ResidentWebGpuExecutable implements Executable {
  readonly #gpu: Gpu;
  readonly #plan: Plan;
  readonly #buffers: ReadonlyMap<string, Buffer>;
  readonly #executor: Executor;
  /** Data and state that kernels read: place on the device, and the host's copy of what was last written there. */
  readonly #inputs = new Map<string, { readonly buffer: GraphicsBuffer; readonly host: Float32Array }>();
  readonly #outputs = new Map<string, GraphicsBuffer>();
  /** Buffers that no kernel reads have no place on the device. */
  readonly #unread = new Map<string, Float32Array>();
  /** State that was written since the last step: the host's copy is what counts. */
  readonly #written = new Set<string>();
  readonly #history: GraphicsBuffer;
  readonly #refused: { readonly message: string | undefined };

  private constructor(gpu: Gpu, plan: Plan, buffers: ReadonlyMap<string, Buffer>, planned: PlanPipeline) {
    this.#gpu = gpu;
    this.#plan = plan;
    this.#buffers = buffers;
    this.#executor = v.parse(
      executorSchema,
      Reflect.get(Object(Reflect.get(planned.pipeline, 'pipeline')), '_executor'),
    );
    const { _argRegions: regions, _resultReads: reads, _passes: passes, _device: device } = this.#executor;
    for (const [argument, region] of regions) {
      const name = planned.arguments[argument]!;
      if (region.flatLength !== buffers.get(name)?.size)
        throw new DeviceError(`GPU.js gives ${name} another size than the plan`);
      this.#inputs.set(name, { buffer: region.buffer, host: region.scratch });
    }
    planned.results.forEach((name, i) => {
      const read = reads[i];
      if (read?.byteLength !== 4 * buffers.get(name)!.size)
        throw new DeviceError(`GPU.js gives ${name} another size than the plan`);
      this.#outputs.set(name, read.buffer);
    });
    const places = new Set([
      ...this.#outputs.values(),
      ...[...this.#inputs.values()].map((input) => input.buffer),
    ]);
    if (places.size !== this.#outputs.size + this.#inputs.size)
      throw new DeviceError('GPU.js gives two buffers one place');
    if (passes.length !== plan.kernels.length)
      throw new DeviceError('GPU.js compiled another number of kernels than the plan has');
    for (const buffer of plan.buffers) {
      if (buffer.role !== 'temporary' && !this.#inputs.has(buffer.name))
        this.#unread.set(buffer.name, new Float32Array(buffer.size));
      if (buffer.role === 'state') this.#written.add(buffer.name);
    }
    this.#history = device.createBuffer({ size: 4 * historySteps, usage: mapRead | copyDestination });
    this.#refused = refusal(device);
  }

  /** Compiles a plan; fails where GPU.js cannot record it as a whole, or where its inner parts are not as expected. */
  static async compile(
    gpu: Gpu,
    plan: Plan,
    buffers: ReadonlyMap<string, Buffer>,
  ): Promise<ResidentWebGpuExecutable> {
    const planned = planPipeline(gpu, plan, makeKernels(gpu, plan));
    await planned.pipeline(...planned.arguments.map((name) => new Float32Array(buffers.get(name)!.size)));
    if (planned.pipeline.executorKind !== 'fused-encoder') {
      throw new DeviceError(
        `GPU.js could not compile the plan as a whole: ${planned.pipeline.fallbackReason ?? 'no reason given'}`,
      );
    }
    return new ResidentWebGpuExecutable(gpu, plan, buffers, planned);
  }

  write(buffer: string, values: Float64Array): void {
    const { role } = writable(this.#buffers, buffer, values);
    const input = this.#inputs.get(buffer);
    if (input === undefined) {
      this.#unread.get(buffer)!.set(values);
    } else {
      input.host.set(values);
      this.#executor._device.queue.writeBuffer(input.buffer, 0, input.host);
    }
    if (role === 'state') this.#written.add(buffer);
  }

  async run(steps: number): Promise<Float64Array> {
    const reports = new Float64Array(steps);
    for (let done = 0; done < steps; done += historySteps) {
      const count = Math.min(historySteps, steps - done);
      this.#submit(count);
      reports.set(await this.#mapped(this.#history, count), done);
      this.#written.clear();
    }
    return reports;
  }

  /** Queues steps, several to a submission. */
  #submit(count: number): void {
    this.#check();
    const { _device: device, _passes: passes } = this.#executor;
    const perSubmission = Math.max(1, Math.floor(kernelsPerSubmission / passes.length));
    const report = this.#outputs.get(this.#plan.report)!;
    for (let step = 0; step < count;) {
      const encoder = device.createCommandEncoder();
      for (const end = Math.min(count, step + perSubmission); step < end; step++) {
        const pass = encoder.beginComputePass();
        for (const { pipeline, bindGroup, groups } of passes) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bindGroup);
          pass.dispatchWorkgroups(...groups);
        }
        pass.end();
        encoder.copyBufferToBuffer(report, 0, this.#history, 4 * step, 4);
        for (const { from, to } of this.#plan.carry) {
          const input = this.#inputs.get(to);
          if (input !== undefined)
            encoder.copyBufferToBuffer(this.#outputs.get(from)!, 0, input.buffer, 0, 4 * input.host.length);
        }
      }
      device.queue.submit([encoder.finish()]);
    }
  }

  #check(): void {
    if (this.#executor.context.isLost)
      throw new DeviceError(message('the graphics device was lost (driver reset, sleep, or it was removed)'));
    if (this.#refused.message !== undefined)
      throw new DeviceError(
        message('the graphics device refused the work ({error})', { error: this.#refused.message }),
      );
  }

  /** Waits for the queue and copies the first values of a mappable buffer. */
  async #mapped(buffer: GraphicsBuffer, count: number): Promise<Float32Array> {
    try {
      await buffer.mapAsync(mapRead, 0, 4 * count);
    } catch (error) {
      this.#check();
      throw new DeviceError(
        message('the graphics device did not answer ({error})', {
          error: error instanceof Error ? error.message : String(error),
        }),
        { cause: error },
      );
    }
    const values = new Float32Array(buffer.getMappedRange(0, 4 * count).slice(0));
    buffer.unmap();
    this.#check();
    return values;
  }

  async read(buffer: string): Promise<Float64Array> {
    const { role } = known(this.#buffers, buffer);
    const carried = this.#plan.carry.find(({ to }) => to === buffer)?.from;
    // The place of an input cannot be copied from; what was carried into it still lies where a kernel wrote it.
    const onDevice =
      role === 'temporary' ? buffer : role === 'state' && !this.#written.has(buffer) ? carried : undefined;
    if (onDevice === undefined)
      return Float64Array.from(this.#inputs.get(buffer)?.host ?? this.#unread.get(buffer)!);
    return Float64Array.from(
      await this.#download(this.#outputs.get(onDevice)!, this.#buffers.get(buffer)!.size),
    );
  }

  async #download(from: GraphicsBuffer, count: number): Promise<Float32Array> {
    this.#check();
    const { _device: device } = this.#executor;
    const staging = device.createBuffer({ size: 4 * count, usage: mapRead | copyDestination });
    try {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(from, 0, staging, 0, 4 * count);
      device.queue.submit([encoder.finish()]);
      return await this.#mapped(staging, count);
    } finally {
      staging.destroy();
    }
  }

  async dispose(): Promise<void> {
    this.#history.destroy();
    await this.#gpu.destroy();
  }
}
