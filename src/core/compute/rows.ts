import { maxBufferSize, type Buffer, type Kernel, type RowGather } from './plan.ts';

/** Feature buffers one kernel may read; with its other inputs this stays within WebGPU's eight per shader stage. */
const maxChunks = 4;

/** Most feature values a plan can address. */
export const maxFeatureValues = maxChunks * maxBufferSize;

/** Consecutive rows of the data set in one buffer. */
export interface RowChunk {
  readonly buffer: string;
  readonly first: number;
  readonly rows: number;
}

/** Splits rows × width values into buffers that can be addressed; undefined when there are too many. */
export function featureChunks(rows: number, width: number): readonly RowChunk[] | undefined {
  const most = Math.floor(maxBufferSize / width);
  if (most === 0 || rows > maxBufferSize || Math.ceil(rows / most) > maxChunks) return undefined;
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => ({
    buffer: `features.${i}`,
    first: i * most,
    rows: Math.min(most, rows - i * most),
  }));
}

/** Statements of a kernel and the buffers they use, by parameter. */
export interface Statements {
  readonly reads: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Kernels that collect the rows of one batch: `batch.features` (batch × columns), `batch.targets` and
 * `batch.weight`. `row` defines `r`, the row at place `n` of the batch; `weight` returns the weight at place `n`, 0
 * where a short batch has no row.
 */
export function gather(options: {
  readonly chunks: readonly RowChunk[];
  readonly rows: number;
  readonly width: number;
  /** Width of a gathered row, padding included. */
  readonly columns: number;
  readonly batch: number;
  readonly row: Statements & {
    /** Where `r` is `order[clock[0] · batch + n]`, these two buffers. */
    readonly chosen?: Pick<RowGather, 'order' | 'clock'>;
  };
  readonly weight: Statements;
}): { buffers: readonly Buffer[]; kernels: readonly Kernel[] } {
  const { chunks, rows, width, columns, batch, row, weight } = options;
  const bind = (reads: Readonly<Record<string, string>>) =>
    Object.entries(reads).map(([parameter, buffer]) => ({ parameter, buffer }));
  const load = chunks
    .map((chunk, i) => {
      const at = chunk.first === 0 ? 'r' : `(r - ${chunk.first})`;
      const take = `v = features${i}[${at} * ${width} + this.thread.x];`;
      if (chunks.length === 1) return take;
      return i < chunks.length - 1 ? `if (r < ${chunk.first + chunk.rows}) { ${take} } else {` : take;
    })
    .join(' ');
  const nested = load + ' }'.repeat(chunks.length - 1);
  const guarded = columns === width ? nested : `if (this.thread.x < ${width}) { ${nested} }`;
  const features = Object.fromEntries(chunks.map((chunk, i) => [`features${i}`, chunk.buffer]));
  const operation = (table: RowGather['table'], tableWidth: number, padded: number) =>
    row.chosen === undefined
      ? {}
      : {
          operation: {
            kind: 'row-gather',
            rows: batch,
            columns: padded,
            width: tableWidth,
            table,
            ...row.chosen,
          } satisfies RowGather,
        };
  const temporary = (name: string, size: number): Buffer => ({ name, size, role: 'temporary' });
  return {
    buffers: [
      ...chunks.map((chunk): Buffer => ({ name: chunk.buffer, size: chunk.rows * width, role: 'data' })),
      { name: 'targets', size: rows, role: 'data' },
      temporary('batch.features', batch * columns),
      temporary('batch.targets', batch),
      temporary('batch.weight', batch),
    ],
    kernels: [
      {
        name: 'batch.features',
        output: [columns, batch],
        reads: bind({ ...features, ...row.reads }),
        writes: 'batch.features',
        body: `const n = this.thread.y;\n${row.text}\nlet v = 0.0;\n${guarded}\nreturn v;`,
        ...operation(chunks, width, columns),
      },
      {
        name: 'batch.targets',
        output: [batch],
        reads: bind({ targets: 'targets', ...row.reads }),
        writes: 'batch.targets',
        body: `const n = this.thread.x;\n${row.text}\nreturn targets[r];`,
        ...operation([{ buffer: 'targets', first: 0, rows }], 1, 1),
      },
      {
        name: 'batch.weight',
        output: [batch],
        reads: bind(weight.reads),
        writes: 'batch.weight',
        body: `const n = this.thread.x;\n${weight.text}`,
      },
    ],
  };
}
