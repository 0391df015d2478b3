/** How often each number of threads is tried in a trial. */
const tries = 3;
/** How long the outcome of a trial holds: short at first, while engines still make compiled code faster, then longer. */
const firstHoldMs = 50;
const longestHoldMs = 5000;

/**
 * With how many threads steps are run: the fastest number of a trial. Results do not depend on it, so that the steps of a
 * trial are steps of the run; trials are repeated, because other programs come and go.
 */
export class ThreadCount {
  readonly #candidates: readonly number[];
  readonly #now: () => number;
  /** Milliseconds a step by candidate, the best of this trial; and how often each was tried. */
  #best: number[] = [];
  #tried = 0;
  #chosen: number | undefined;
  #holdMs = firstHoldMs;
  #until = 0;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(most: number, now: () => number) {
    const candidates = [most];
    for (let half = most >> 1; half >= 1; half >>= 1) candidates.push(half);
    this.#candidates = candidates;
    this.#now = now;
  }

  /** Runs some steps with the number of threads that is due. */
  run(steps: number, work: (threads: number) => void): void {
    if (this.#chosen !== undefined && this.#now() < this.#until) {
      work(this.#chosen);
      return;
    }
    const index = this.#tried % this.#candidates.length;
    const start = this.#now();
    work(this.#candidates[index]!);
    const took = (this.#now() - start) / steps;
    this.#best[index] = Math.min(this.#best[index] ?? Infinity, took);
    this.#tried++;
    if (this.#tried === tries * this.#candidates.length) this.#decide();
  }

  #decide(): void {
    this.#chosen = this.#candidates[this.#best.indexOf(Math.min(...this.#best))];
    this.#best = [];
    this.#tried = 0;
    this.#until = this.#now() + this.#holdMs;
    this.#holdMs = Math.min(longestHoldMs, 4 * this.#holdMs);
  }
}
