import type { PlanPart } from '../optimizers/rule.ts';
import { join, piece } from './layers/layer.ts';
import { maxBufferSize, type Buffer, type RowGather } from './plan.ts';

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

/** The row `r` of the tables at place `n` of the batch. */
export interface Chosen extends Statements {
  /** Where `r` is `order[clock[0] · batch + n]`, these two buffers. */
  readonly chosen?: Pick<RowGather, 'order' | 'clock'> | undefined;
}

const bind = (reads: Readonly<Record<string, string>>) =>
  Object.entries(reads).map(([parameter, buffer]) => ({ parameter, buffer }));

/** The kernel that collects `batch.features` (batch × columns, padding included) from a table of `width` columns. */
export function gatherFeatures(options: {
  readonly chunks: readonly RowChunk[];
  readonly width: number;
  /** Width of a gathered row, padding included. */
  readonly columns: number;
  readonly batch: number;
  readonly row: Chosen;
}): PlanPart {
  const { chunks, width, columns, batch, row } = options;
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
  return {
    buffers: [
      ...chunks.map((chunk): Buffer => ({ name: chunk.buffer, size: chunk.rows * width, role: 'data' })),
      { name: 'batch.features', size: batch * columns, role: 'temporary' },
    ],
    kernels: [
      {
        name: 'batch.features',
        output: [columns, batch],
        reads: bind({ ...features, ...row.reads }),
        writes: 'batch.features',
        body: `const n = this.thread.y;\n${row.text}\nlet v = 0.0;\n${guarded}\nreturn v;`,
        ...gathered(row, batch, columns, width, chunks),
      },
    ],
    carry: [],
  };
}

/** The kernel that collects `batch.targets` (batch × width) from a table of as many columns. */
export function gatherTargets(options: {
  readonly rows: number;
  readonly width: number;
  readonly batch: number;
  readonly row: Chosen;
}): PlanPart {
  const { rows, width, batch, row } = options;
  const at = width === 1 ? 'r' : `r * ${width} + this.thread.x`;
  return {
    buffers: [
      { name: 'targets', size: rows * width, role: 'data' },
      { name: 'batch.targets', size: batch * width, role: 'temporary' },
    ],
    kernels: [
      {
        name: 'batch.targets',
        output: width === 1 ? [batch] : [width, batch],
        reads: bind({ targets: 'targets', ...row.reads }),
        writes: 'batch.targets',
        body: `const n = this.thread.${width === 1 ? 'x' : 'y'};\n${row.text}\nreturn targets[${at}];`,
        ...gathered(row, batch, width, width, [{ buffer: 'targets', first: 0, rows }]),
      },
    ],
    carry: [],
  };
}

/** Buffer of the weights of the network's rows, see {@link gatherWeights}. */
export function networkWeight(roles: number): string {
  return roles === 1 ? 'batch.weight' : 'batch.weight.rows';
}

/**
 * The kernel that collects `batch.weight`, a number for every sample: `weight` returns that at place `n`, 0 where a short
 * batch has none. Where a sample has several roles, its rows have it too.
 */
export function gatherWeights(batch: number, roles: number, weight: Statements): PlanPart {
  const own: PlanPart = {
    buffers: [{ name: 'batch.weight', size: batch, role: 'temporary' }],
    kernels: [
      {
        name: 'batch.weight',
        output: [batch],
        reads: bind(weight.reads),
        writes: 'batch.weight',
        body: `const n = this.thread.x;\n${weight.text}`,
      },
    ],
    carry: [],
  };
  if (roles === 1) return own;
  return join(
    own,
    piece(networkWeight(roles), [batch, roles], { weight: 'batch.weight' }, 'return weight[this.thread.x];'),
  );
}

/** `batch.features` from the buffer `features`, to which the host writes the rows of every step. */
export function fedFeatures(batch: number, width: number, columns: number, window: number): PlanPart {
  const take = `v = features[((clock[0] | 0) * ${batch} + this.thread.y) * ${width} + this.thread.x];`;
  const guarded = columns === width ? take : `if (this.thread.x < ${width}) { ${take} }`;
  return join(
    { buffers: [{ name: 'features', size: window * batch * width, role: 'data' }], kernels: [], carry: [] },
    piece(
      'batch.features',
      [columns, batch],
      { features: 'features', clock: 'clock' },
      `let v = 0.0;\n${guarded}\nreturn v;`,
    ),
  );
}

/** `batch.targets` from the buffer `targets`, to which the host writes those of every step. */
export function fedTargets(batch: number, width: number, window: number): PlanPart {
  return join(
    { buffers: [{ name: 'targets', size: window * batch * width, role: 'data' }], kernels: [], carry: [] },
    piece(
      'batch.targets',
      [batch * width],
      { targets: 'targets', clock: 'clock' },
      `return targets[(clock[0] | 0) * ${batch * width} + this.thread.x];`,
    ),
  );
}

/** The kernel's operation, where rows are chosen by an order. */
function gathered(
  { chosen }: Chosen,
  rows: number,
  columns: number,
  width: number,
  table: RowGather['table'],
): { operation?: RowGather } {
  if (chosen === undefined) return {};
  return { operation: { kind: 'row-gather', rows, columns, width, table, ...chosen } };
}
