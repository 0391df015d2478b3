import type { PlanPart } from '../optimizers/rule.ts';
import type { Buffer, Kernel, Operation } from './plan.ts';

/** A part whose temporary buffers and kernels carry a prefix, so that the same computation fits into a plan twice. */
export function prefixed(prefix: string, part: PlanPart): PlanPart {
  const own = new Set(part.buffers.filter(({ role }) => role === 'temporary').map(({ name }) => name));
  const rename = (name: string) => (own.has(name) ? `${prefix}.${name}` : name);
  return {
    buffers: part.buffers.map((buffer) => ({ ...buffer, name: rename(buffer.name) })),
    kernels: part.kernels.map((kernel) => ({
      ...rebound(kernel, rename),
      name: `${prefix}.${kernel.name}`,
      writes: rename(kernel.writes),
    })),
    carry: part.carry.map(({ from, to }) => ({ from: rename(from), to })),
  };
}

/**
 * Steps one after another as one: each sees the state as the one before leaves it. Temporary buffers must have different
 * names in all of them ({@link prefixed}); data and state may be shared.
 */
export function inSequence(steps: readonly PlanPart[]): PlanPart {
  const buffers = new Map<string, Buffer>();
  const kernels: Kernel[] = [];
  /** Where a state's newest values are. */
  const newest = new Map<string, string>();
  for (const step of steps) {
    for (const buffer of step.buffers) buffers.set(buffer.name, buffer);
    kernels.push(...step.kernels.map((kernel) => rebound(kernel, (name) => newest.get(name) ?? name)));
    for (const { from, to } of step.carry) newest.set(to, from);
  }
  return {
    buffers: [...buffers.values()],
    kernels,
    carry: [...newest].map(([to, from]) => ({ from, to })),
  };
}

/** A part without the kernels whose results nothing uses: neither what it carries nor the buffers in `wanted`. */
export function pruned(part: PlanPart, wanted: readonly string[]): PlanPart {
  const needed = new Set([...wanted, ...part.carry.map(({ from }) => from)]);
  const kernels: Kernel[] = [];
  for (const kernel of part.kernels.toReversed()) {
    if (!needed.has(kernel.writes)) continue;
    kernels.unshift(kernel);
    for (const { buffer } of kernel.reads) needed.add(buffer);
  }
  return {
    buffers: part.buffers.filter(({ name, role }) => role !== 'temporary' || needed.has(name)),
    kernels,
    carry: part.carry,
  };
}

/** The kernel on other buffers. */
function rebound(kernel: Kernel, rename: (buffer: string) => string): Kernel {
  const { operation } = kernel;
  return {
    ...kernel,
    reads: kernel.reads.map(({ parameter, buffer }) => ({ parameter, buffer: rename(buffer) })),
    ...(operation === undefined ? {} : { operation: reboundOperation(operation, rename) }),
  };
}

function reboundOperation(operation: Operation, rename: (buffer: string) => string): Operation {
  const bias = (of: { readonly bias?: string }) => (of.bias === undefined ? {} : { bias: rename(of.bias) });
  switch (operation.kind) {
    case 'matrix-product': {
      const { left, right } = operation;
      return {
        ...operation,
        left: { ...left, buffer: rename(left.buffer) },
        right: { ...right, buffer: rename(right.buffer) },
        ...bias(operation),
      };
    }
    case 'convolution':
      return {
        ...operation,
        image: rename(operation.image),
        filter: rename(operation.filter),
        ...bias(operation),
      };
    case 'filter-gradient':
      return { ...operation, image: rename(operation.image), delta: rename(operation.delta) };
    case 'max-pool':
      return { ...operation, image: rename(operation.image) };
    case 'max-pool-gradient':
      return { ...operation, delta: rename(operation.delta), winner: rename(operation.winner) };
    case 'row-gather':
      return {
        ...operation,
        table: operation.table.map((part) => ({ ...part, buffer: rename(part.buffer) })),
        order: rename(operation.order),
        clock: rename(operation.clock),
      };
  }
}
