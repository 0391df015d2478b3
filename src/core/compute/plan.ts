/**
 * The plan of a computation as every device understands it: flat buffers of numbers and kernels that fill one buffer
 * each. A kernel's body is JavaScript in the subset that GPU.js translates (reference: gpu.js 2.24), so that one text
 * runs on the float64 reference device, on GPU.js's cpu and WebAssembly backends and on WebGPU.
 */

/**
 * Largest number of elements of a buffer. Devices of single precision count in float32, whose whole numbers end at
 * 2²⁴: a flat index beyond would address a neighbour. The plan builder splits what is larger, or refuses.
 */
export const maxBufferSize = 2 ** 24;

export interface Buffer {
  readonly name: string;
  /** Number of elements. */
  readonly size: number;
  /**
   * `data`: written by the host before or between runs, read by kernels (data set, permutation);
   * `state`: lives on the device from step to step (parameters, moments, counters), see {@link Plan.carry};
   * `temporary`: filled and consumed within one step.
   */
  readonly role: 'data' | 'state' | 'temporary';
}

export interface Kernel {
  /** Unique in its plan; appears in error messages. */
  readonly name: string;
  /** Extent of the output, fastest axis first as GPU.js counts: `this.thread.x` runs over `output[0]`. */
  readonly output: readonly [number] | readonly [number, number];
  /** Parameters of the body in order, each bound to a buffer. Buffers are indexed flat: `z[this.thread.y * 12 + this.thread.x]`. */
  readonly reads: readonly { readonly parameter: string; readonly buffer: string }[];
  /** The buffer that receives the output: element `x + y * output[0]`. */
  readonly writes: string;
  /** Statements that end in `return …;`, all loop bounds literal numbers. */
  readonly body: string;
}

export interface Plan {
  readonly buffers: readonly Buffer[];
  /** Kernels in the order of execution; each writes a buffer of its own. */
  readonly kernels: readonly Kernel[];
  /** At the end of a step the contents of `from` (temporary) become the next step's `to` (state). */
  readonly carry: readonly { readonly from: string; readonly to: string }[];
  /** Buffer whose first element is reported for every step (the loss). */
  readonly report: string;
}
