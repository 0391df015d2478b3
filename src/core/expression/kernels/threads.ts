/** Where the axes of an array run among the threads of the kernel that fills it. */
import type { Kernel } from '../../compute/plan.ts';
import type { Axis } from '../expression.ts';

/** How an array lies in a flat buffer: element Σ index·stride. A row may be longer than its axis (padding). */
export interface Layout {
  readonly axes: readonly Axis[];
  readonly strides: readonly number[];
}

export interface Threads {
  readonly output: Kernel['output'];
  /** Code of each axis's position. */
  readonly positions: ReadonlyMap<Axis, string>;
  /** The condition that a thread is not padding; absent where none is. */
  readonly guard: string | undefined;
}

/** A layout without gaps, row-major. */
export function dense(axes: readonly Axis[], extent: (axis: Axis) => number): Layout {
  const strides = axes.map((_, i) => axes.slice(i + 1).reduce((product, axis) => product * extent(axis), 1));
  return { axes, strides };
}

/**
 * The last axis runs along x, all others along y. Throws a RangeError for a layout with gaps elsewhere than behind its
 * rows.
 */
export function threadsOf({ axes, strides }: Layout, extent: (axis: Axis) => number): Threads {
  const positions = new Map<Axis, string>();
  if (axes.length === 0) return { output: [1], positions, guard: undefined };
  const extents = axes.map(extent);
  const last = axes.length - 1;
  if (last === 0) {
    const [axis, n, stride] = [axes[0]!, extents[0]!, strides[0]!];
    positions.set(axis, stride === 1 ? 'this.thread.x' : 'this.thread.y');
    return stride === 1
      ? { output: [n], positions, guard: undefined }
      : { output: [stride, n], positions, guard: 'this.thread.x < 1' };
  }
  const width = strides[last - 1]!;
  const inner = extents[last]!;
  const refused = `cannot write a layout with strides ${strides.join(', ')} for sizes ${extents.join(', ')}`;
  if (strides[last] !== 1 || width < inner) throw new RangeError(refused);
  positions.set(axes[last]!, 'this.thread.x');
  let rows = 1;
  for (let d = last - 1; d >= 0; d--) {
    if (strides[d] !== (d === last - 1 ? width : strides[d + 1]! * extents[d + 1]!))
      throw new RangeError(refused);
    const quotient = rows === 1 ? 'this.thread.y' : `((this.thread.y / ${rows}) | 0)`;
    positions.set(axes[d]!, d === 0 ? quotient : `(${quotient} % ${extents[d]!})`);
    rows *= extents[d]!;
  }
  return {
    output: [width, rows],
    positions,
    guard: width === inner ? undefined : `this.thread.x < ${inner}`,
  };
}
