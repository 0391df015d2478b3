import { freemem, totalmem } from 'node:os';
import { memoryText } from '../core/training/cost.ts';
import { bad, message, ok, type Result } from '../core/messages/message.ts';

/** Share of the memory that this process may see which a trainer takes at most. */
const memoryShare = 0.8;

/** The memory that a trainer may take. */
export interface Allowance {
  /** Highest resident size in bytes. */
  readonly limit: number;
  /** Bytes that can be had now; infinite where a limit was set by hand, which counts alone. */
  readonly free: number;
}

/** What this process may take: the given limit, else a share of the machine's or the container's memory. */
export function allowance(given: number | undefined): Allowance {
  if (given !== undefined) return { limit: given, free: Infinity };
  const constrained = process.constrainedMemory();
  const total = totalmem();
  const whole = constrained > 0 && constrained < total ? constrained : total;
  // Node 20 has it from 20.13 on.
  const free = 'availableMemory' in process ? process.availableMemory() : freemem();
  return { limit: memoryShare * whole, free };
}

/**
 * Bytes that a data set may take, from its file to the device, besides what this process has already. Where nothing is
 * left there is no limit to name: the watch over memory ends the run.
 */
export function roomForData(resident: number, { limit, free }: Allowance): number {
  const room = Math.min(limit - resident, free);
  return room > 0 ? room : Infinity;
}

/**
 * Whether a run that needs so many bytes more may begin. Refused with numbers: to find out in the middle of a run costs
 * time and results.
 * @param resident bytes that this process has already
 */
export function admit(needed: number, resident: number, { limit, free }: Allowance): Result<void> {
  const args = { needed: memoryText(needed) };
  if (resident + needed > limit) {
    return bad(
      message(
        'Training needs about {needed} of memory besides the {resident} that it has taken, but may take {limit} in all. Choose a smaller batch or model, use less data, or raise the limit.',
        { ...args, resident: memoryText(resident), limit: memoryText(limit) },
      ),
    );
  }
  if (needed > free) {
    return bad(
      message(
        'Training needs about {needed} of memory, but only {free} are free. Choose a smaller batch or model, use less data, or close other programs; a memory limit of your own lets it try nevertheless.',
        { ...args, free: memoryText(free) },
      ),
    );
  }
  return ok(undefined);
}
