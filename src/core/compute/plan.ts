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
  /** What the body computes as a whole, where devices may have a routine of their own for it. */
  readonly operation?: Operation;
}

/**
 * A kernel's work in one word, for devices that have a routine of their own for it. The body stays the definition: a
 * routine must give its values up to the order of summation.
 */
export type Operation = MatrixProduct | Convolution | FilterGradient | MaxPool | MaxPoolGradient | RowGather;

/** A matrix in a buffer: element (i, j) at `i · rowStride + j · columnStride`. */
export interface Matrix {
  readonly buffer: string;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** `written[i · columns + j] = Σₖ left(i, k) · right(k, j) (+ bias[j]) (then max(·, 0))`. */
export interface MatrixProduct {
  readonly kind: 'matrix-product';
  /** Extent of the result; its rows lie one after another without gaps. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly left: Matrix;
  readonly right: Matrix;
  readonly bias?: string;
  readonly relu?: boolean;
}

/** Extents of a convolution over images of batch × height × width × channels, channels fastest. */
export interface ConvolutionExtent {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Extent of a filter. */
  readonly filterHeight: number;
  readonly filterWidth: number;
  /** Extent of the result: batch × outputHeight × outputWidth × filters. */
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly filters: number;
  /** Steps between the places of a filter. */
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Rows and columns of zeros before the first of the image. */
  readonly padTop: number;
  readonly padLeft: number;
}

/**
 * Cross-correlation, as every framework's convolution layer: `written(n, y, x, f) = Σ image(n, y · strideHeight + i −
 * padTop, x · strideWidth + j − padLeft, c) · filter(i, j, c, f) (+ bias[f]) (then max(·, 0))`, zero outside the image.
 * Filters are filterHeight × filterWidth × channels × filters, filters fastest.
 */
export interface Convolution {
  readonly kind: 'convolution';
  readonly extent: ConvolutionExtent;
  readonly image: string;
  readonly filter: string;
  readonly bias?: string;
  readonly relu?: boolean;
}

/** The gradient of a {@link Convolution} in its filter: `written(i, j, c, f) = Σ image(n, …, c) · delta(n, y, x, f)`. */
export interface FilterGradient {
  readonly kind: 'filter-gradient';
  readonly extent: ConvolutionExtent;
  readonly image: string;
  /** batch × outputHeight × outputWidth × filters. */
  readonly delta: string;
}

/** Extents of a pooling: those of a convolution, whose filter is the window; every channel by itself, without a margin. */
export type PoolExtent = Omit<ConvolutionExtent, 'filters' | 'padTop' | 'padLeft'>;

/**
 * For every window, channel by channel, its largest value, or the place of the first of its largest values: `i ·
 * filterWidth + j`. A value is NaN where one in the window is; a place passes over NaN unless it comes first.
 */
export interface MaxPool {
  readonly kind: 'max-pool';
  readonly extent: PoolExtent;
  readonly image: string;
  readonly of: 'value' | 'place';
}

/** Delta at the places of a {@link MaxPool} whose windows do not overlap, zero in the rest of the image. */
export interface MaxPoolGradient {
  readonly kind: 'max-pool-gradient';
  readonly extent: PoolExtent;
  readonly delta: string;
  readonly winner: string;
}

/**
 * Rows of a table in a chosen order: row n of the result is the table's row `order[clock[0] · rows + n]`, followed by
 * zeros up to `columns`. The table may lie in several buffers, consecutive rows in each.
 */
export interface RowGather {
  readonly kind: 'row-gather';
  /** Extent of the result. */
  readonly rows: number;
  readonly columns: number;
  /** Values of a row of the table. */
  readonly width: number;
  readonly table: readonly { readonly buffer: string; readonly first: number; readonly rows: number }[];
  readonly order: string;
  readonly clock: string;
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
