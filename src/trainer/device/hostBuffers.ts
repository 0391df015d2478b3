import type { Buffer } from '../../core/compute/plan.ts';
import { Failure } from '../../core/messages/failure.ts';
import { message, type Message } from '../../core/messages/message.ts';

/**
 * Why there is no such device, or why a run cannot go on with it. Text instead of a message is for faults of programs
 * that only their makers can mend.
 */
export class DeviceError extends Failure {
  override readonly name = 'DeviceError';

  constructor(reason: Message | string, options?: ErrorOptions) {
    super(typeof reason === 'string' ? message('{error}', { error: reason }) : reason, options);
  }
}

/** The buffer of a `write`, after checking that it may be written and that the values fit. */
export function writable(buffers: ReadonlyMap<string, Buffer>, name: string, values: Float64Array): Buffer {
  const buffer = known(buffers, name);
  if (buffer.role === 'temporary') throw new DeviceError(`buffer ${name} is temporary and cannot be written`);
  if (values.length !== buffer.size)
    throw new DeviceError(`buffer ${name} holds ${buffer.size} values, not ${values.length}`);
  return buffer;
}

/** The buffer of that name. */
export function known(buffers: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const buffer = buffers.get(name);
  if (buffer === undefined) throw new DeviceError(`there is no buffer ${name} in this plan`);
  return buffer;
}

/** Copies what GPU.js answers for a kernel of one or two dimensions, flat: element `x + y · width`. */
export function flatten(result: unknown, into: Float32Array): void {
  if (result instanceof Float32Array) {
    if (result.length !== into.length)
      throw new DeviceError(`GPU.js answered ${result.length} values where ${into.length} were due`);
    into.set(result);
    return;
  }
  if (!Array.isArray(result)) throw new DeviceError('GPU.js answered something that is no array');
  let at = 0;
  for (const row of result as readonly unknown[]) {
    if (!(row instanceof Float32Array)) throw new DeviceError('GPU.js answered rows that are no arrays');
    into.set(row, at);
    at += row.length;
  }
  if (at !== into.length) throw new DeviceError(`GPU.js answered ${at} values where ${into.length} were due`);
}
