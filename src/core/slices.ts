/**
 * Work in slices of a few milliseconds: wherever it yields, what runs it may do something else, or give up by not going
 * on. What it returns does not depend on that.
 */
export type Sliced<T> = Generator<void, T, void>;

/** Rows of a slice: with little to do for each, about a millisecond. */
const sliceRows = 1 << 15;

/**
 * Calls back for `start` … `end` − 1 of 0 … `count` − 1, a slice at a time, in order. Yields between two slices. `each` is
 * how much there is to do for one, such as the number of columns of a row.
 */
export function* sliced(count: number, work: (start: number, end: number) => void, each = 1): Sliced<void> {
  const size = Math.max(1, Math.floor(sliceRows / Math.max(1, each)));
  for (let start = 0; start < count; start += size) {
    if (start > 0) yield;
    work(start, Math.min(count, start + size));
  }
}

/** 0 … `count` − 1. */
export function* ascending(count: number): Sliced<Uint32Array> {
  const numbers = new Uint32Array(count);
  yield* sliced(count, (start, end) => {
    for (let i = start; i < end; i++) numbers[i] = i;
  });
  return numbers;
}

/** Does sliced work in one go. */
export function atOnce<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Called between two slices; undefined where it is too early for a pause. */
export type Pause = () => Promise<'go on' | 'give up'> | undefined;

/** Does sliced work with pauses; undefined when one of them says to give up. */
export async function inSlices<T>(work: Sliced<T>, pause: Pause): Promise<T | undefined> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    const wish = pause();
    if (wish !== undefined && (await wish) === 'give up') return undefined;
  }
}
