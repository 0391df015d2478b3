import type { Pause } from '../core/slices.ts';

/** Longest work between two looks at the host's messages, in milliseconds. */
const sliceMs = 12;

/** For work in slices: lets the host's messages in every few milliseconds, and gives up once the signal is aborted. */
export function pauses(signal: AbortSignal): Pause {
  let last = performance.now();
  return () => {
    if (performance.now() - last < sliceMs) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        last = performance.now();
        resolve(signal.aborted ? 'give up' : 'go on');
      });
    });
  };
}
