import type { Pause } from '../../core/slices.ts';

/** How long one piece of work may hold the extension host before it lets others in, ms. */
const longest = 8;

/** Pauses of work that must not block: one every few milliseconds, in which others run; after it gives up if so wished. */
export function pauses(cancelled: () => boolean): Pause {
  let since = performance.now();
  return () => {
    if (performance.now() - since < longest) return undefined;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve(cancelled() ? 'give up' : 'go on');
      });
    });
  };
}
