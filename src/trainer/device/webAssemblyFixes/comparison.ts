import { Gpu, type Mode } from '../gpuJs.ts';
import type { Kernel } from '../../../core/compute/plan.ts';

/** A kernel, and numbers for the buffers that it reads. */
interface Sample {
  readonly output: Kernel['output'];
  readonly body: string;
  readonly inputs: Readonly<Record<string, Float32Array>>;
}

/** Sixteenths, so that sums and products of a few are the same in float32 and float64. */
const numbers = (count: number, step: number) =>
  Float32Array.from({ length: count }, (_, i) => (((i * step) % 23) - 11) / 16);

/** One kernel for each thing that the fixes change. */
const samples: readonly Sample[] = [
  {
    // Neighbours at literal offsets, shared elements, counters, rows of a width that is no multiple of four.
    output: [6, 3],
    inputs: { a: numbers(36, 7), b: numbers(72, 5) },
    body: `const row = this.thread.y * 12;
let sum = 0.0;
for (let q = 0; q < 3; q++) {
  const at = row + q * 4; const to = this.thread.x + q * 24;
  sum += a[at] * b[to]; sum += a[at + 1] * b[to + 6]; sum += a[at + 3] * b[to + 18];
}
return sum;`,
  },
  {
    // Loads under a mask whose inactive lanes have no element, and whole numbers that differ from lane to lane.
    output: [8, 2],
    inputs: {
      a: numbers(8, 3),
      order: Float32Array.of(3, 0, 7, 5, 2, 6, 1, 4),
      clock: Float32Array.of(0, 1),
    },
    body: `const x = this.thread.x;
let r = order[x * (clock[1] | 0)] | 0;
if (r > 4) { r = r - 4; }
let left = 0.0;
if (x > 0) { left = a[x - 1]; }
const right = x < 7 ? a[x + 1] : 0.0;
return left + right * 2.0 + a[r] * this.thread.y;`,
  },
  {
    // Fixed strides, divisions of whole numbers, functions of JavaScript.
    output: [8],
    inputs: { a: numbers(32, 11) },
    body: `const column = this.thread.x % 3;
const half = (this.thread.x / 2) | 0;
const value = a[this.thread.x * 4 + 1] + a[31 - this.thread.x] + a[half * 3 + column];
return Math.max(Math.exp(Math.min(value, 2.0)), Math.pow(2.5, a[this.thread.x]));`,
  },
  {
    // Four sums in one cell: the version without lanes.
    output: [1],
    inputs: { a: numbers(40, 9) },
    body: `let even = 0.0; let odd = 0.0;
for (let i = 0; i < 40; i += 2) { even += a[i] * a[i]; odd += a[i + 1] * a[i % 7]; }
return even - odd;`,
  },
];

/** Whether GPU.js's WebAssembly backend now computes the samples to the bit as its JavaScript backend does. */
export async function computesRightly(): Promise<boolean> {
  const [found, expected] = [await compute('webasm'), await compute('cpu')];
  return found.every((values, i) => {
    const right = expected[i]!;
    return values.length === right.length && values.every((value, k) => Object.is(value, right[k]));
  });
}

async function compute(mode: Mode): Promise<number[][]> {
  const gpu = new Gpu(mode);
  try {
    return samples.map(({ output, body, inputs }) => {
      const reads = Object.keys(inputs).map((name) => ({ parameter: name, buffer: name }));
      const kernel = gpu.createKernel({ output, reads, body }, { pipeline: false });
      return flat(kernel(...Object.values(inputs)));
    });
  } finally {
    await gpu.destroy();
  }
}

/** The numbers of a result, rows after rows. */
function flat(result: unknown): number[] {
  if (result instanceof Float32Array) return [...result];
  if (Array.isArray(result)) return result.flatMap(flat);
  throw new TypeError('GPU.js answered something that is no array');
}
