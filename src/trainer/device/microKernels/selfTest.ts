import type { ConvolutionExtent, Operation } from '../../../core/compute/plan.ts';
import { hasRelaxedMultiplyAdd } from './engine.ts';
import { routinesOf } from './routines.ts';
import { Tiles } from './tile.ts';
import { ModuleBuilder } from './wasm/module.ts';

/** Two images of 3 × 3 × 2, filters of 2 × 2, a margin of one before. */
const extent: ConvolutionExtent = {
  batch: 2,
  height: 3,
  width: 3,
  channels: 2,
  filterHeight: 2,
  filterWidth: 2,
  outputHeight: 3,
  outputWidth: 3,
  filters: 3,
  strideHeight: 1,
  strideWidth: 1,
  padTop: 1,
  padLeft: 1,
};

/** Places in the memory of the test, in floats. */
const places = { image: 16, filter: 64, delta: 96, bias: 160, written: 176, scratch: 256 } as const;
type Operand = keyof typeof places;

function isOperand(name: string): name is Operand {
  return name in places;
}

/**
 * Whether the micro-kernels compute on this engine what they should: one of each kind, on small whole numbers, whose sums
 * are exact in any order. Never throws; what fails does not agree.
 */
export function microKernelsAgree(): boolean {
  try {
    const floats = run({
      kind: 'matrix-product',
      rows: 5,
      columns: 7,
      depth: 6,
      left: { buffer: 'image', rowStride: 1, columnStride: 5 },
      right: { buffer: 'delta', rowStride: 7, columnStride: 1 },
      bias: 'bias',
      relu: true,
    });
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 7; j++) {
        let sum = floats[places.bias + j]!;
        for (let k = 0; k < 6; k++)
          sum += floats[places.image + k * 5 + i]! * floats[places.delta + k * 7 + j]!;
        if (floats[places.written + i * 7 + j] !== Math.max(sum, 0)) return false;
      }
    }
    return convolutionAgrees() && gradientAgrees();
  } catch {
    return false;
  }
}

function convolutionAgrees(): boolean {
  const floats = run({ kind: 'convolution', extent, image: 'image', filter: 'filter' });
  const expected = new Float32Array(54);
  connections((image, filter, result) => {
    expected[result]! += floats[places.image + image]! * floats[places.filter + filter]!;
  });
  return expected.every((value, i) => value === floats[places.written + i]);
}

function gradientAgrees(): boolean {
  const floats = run({ kind: 'filter-gradient', extent, image: 'image', delta: 'delta' });
  const expected = new Float32Array(24);
  connections((image, filter, result) => {
    expected[filter]! += floats[places.image + image]! * floats[places.delta + result]!;
  });
  return expected.every((value, i) => value === floats[places.written + i]);
}

/** Runs a micro-kernel on small whole numbers; the memory afterwards. */
function run(operation: Operation): Float32Array {
  const module = new ModuleBuilder();
  const tiles = new Tiles(module, { relaxed: hasRelaxedMultiplyAdd() });
  const parts = routinesOf(operation).map((routine) =>
    routine.define(module, tiles, {
      address: (buffer) => (isOperand(buffer) ? places[buffer] * 4 : 0),
      written: places.written * 4,
      scratch: places.scratch * 4,
    }),
  );
  const all = module.define([], (body) => {
    for (const part of parts) body.call(part);
  });
  module.export('run', all);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const floats = new Float32Array(memory.buffer);
  for (let i = 0; i < places.written; i++) floats[i] = ((i * 7) % 13) - 6;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
  (exports['run'] as () => void)();
  return floats;
}

/** Calls for every image element, filter element and place of the result that belong together. */
function connections(visit: (image: number, filter: number, result: number) => void): void {
  const { batch, height, width, channels, filterHeight, filterWidth, filters } = extent;
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let i = 0; i < filterHeight; i++)
          for (let j = 0; j < filterWidth; j++) {
            const row = y + i - extent.padTop;
            const column = x + j - extent.padLeft;
            if (row < 0 || column < 0 || row >= height || column >= width) continue;
            for (let c = 0; c < channels; c++)
              for (let f = 0; f < filters; f++)
                visit(
                  ((n * height + row) * width + column) * channels + c,
                  ((i * filterWidth + j) * channels + c) * filters + f,
                  ((n * height + y) * width + x) * filters + f,
                );
          }
}
