import { availableParallelism } from 'node:os';

/** More threads than these take more memory than they save time, unless somebody wishes for them. */
const enough = 8;

/**
 * How many threads a training may compute with. What is wished for counts, up to the number of cores; otherwise all cores
 * up to {@link enough}, but for one that stays free for the editor where there are more than two.
 */
export function threadsFor(wished: number | undefined, cores = availableParallelism()): number {
  if (wished !== undefined) return Math.max(1, Math.min(wished, cores));
  return Math.min(enough, cores > 2 ? cores - 1 : cores);
}
