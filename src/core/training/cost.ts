import type { DeviceId } from '../compute/device.ts';
import type { Buffer, ConvolutionExtent, Operation, Plan } from '../compute/plan.ts';
import { message, type Message } from '../messages/message.ts';
import type { RunPlans } from './plans.ts';
import { figure } from './summary.ts';

/** What a run needs, known before its first step. */
export interface RunCost {
  /** Numbers that are trained. */
  readonly parameters: number;
  /** Memory in bytes besides that of the data set. */
  readonly bytes: number;
  /** Multiplications and additions of one step in its products and convolutions. */
  readonly operations: number;
}

/** Bytes of a number on the float64 reference, against which other devices are compared before a run, and on the others. */
const numberBytes = { reference: 8, other: 4 };
/** Copies of parameters and optimizer state on the host: starting values, a checkpoint, the best model, and their files. */
const hostCopies = 8;

/**
 * The cost of a run. Memory: every buffer of both plans on the device and on the float64 reference, and the host's copies
 * of what is trained. Resident sizes that were measured lie within a third of it.
 */
export function runCost({ training, others }: RunPlans, device: DeviceId | 'auto'): RunCost {
  const plans = [training.plan, ...others];
  const buffers = plans.flatMap((plan) => plan.buffers);
  const sum = (some: readonly Buffer[]) => some.reduce((total, { size }) => total + size, 0);
  const perNumber = numberBytes.reference + (device === 'float64' ? 0 : numberBytes.other);
  const state = sum(training.plan.buffers.filter(({ role }) => role === 'state'));
  return {
    parameters: training.parameterCount,
    bytes: perNumber * sum(buffers) + hostCopies * Float64Array.BYTES_PER_ELEMENT * state,
    operations: operationsOf(training.plan),
  };
}

/** A run's cost in a sentence. */
export function describeCost({ parameters, bytes, operations }: RunCost): Message {
  return message(
    parameters === 1
      ? 'The model has {parameters} parameter; training takes about {memory} of memory and {operations} operations a step.'
      : 'The model has {parameters} parameters; training takes about {memory} of memory and {operations} operations a step.',
    { parameters, memory: memoryText(bytes), operations: countText(operations) },
  );
}

/** A size of memory: `0.4 MB`, `120 MB`, `1.5 GB`; a MB has 2²⁰ bytes. */
export function memoryText(bytes: number): string {
  const megabytes = bytes / 2 ** 20;
  if (megabytes >= 1024) return `${figure(Number((megabytes / 1024).toPrecision(3)))} GB`;
  return `${figure(Number(Math.max(megabytes, 0.1).toPrecision(megabytes < 1 ? 1 : 3)))} MB`;
}

function countText(count: number): Message | string {
  if (count < 1e3) return String(count);
  if (count < 1e6)
    return message('{count} thousand', { count: figure(Number((count / 1e3).toPrecision(2))) });
  if (count < 1e9) return message('{count} million', { count: figure(Number((count / 1e6).toPrecision(2))) });
  return message('{count} billion', { count: figure(Number((count / 1e9).toPrecision(2))) });
}

function operationsOf({ kernels }: Plan): number {
  return kernels.reduce(
    (sum, { operation }) => sum + (operation === undefined ? 0 : 2 * products(operation)),
    0,
  );
}

/** Multiplications of an operation; each has its addition. */
export function products(operation: Operation): number {
  switch (operation.kind) {
    case 'matrix-product':
      return operation.rows * operation.columns * operation.depth;
    case 'convolution':
    case 'filter-gradient':
      return convolved(operation.extent);
    case 'max-pool':
    case 'max-pool-gradient':
    case 'row-gather':
      return 0;
  }
}

function convolved(extent: ConvolutionExtent): number {
  const places = extent.batch * extent.outputHeight * extent.outputWidth;
  return places * extent.filterHeight * extent.filterWidth * extent.channels * extent.filters;
}
