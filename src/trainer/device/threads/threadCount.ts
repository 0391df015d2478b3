/**
 * For how many steps and how long each number of threads is tried in a trial, one number after the other: where the
 * machine is busy, threads that slept take milliseconds to come back. The middle one of the times counts.
 */
const fewestSteps = 4;
const shortestTryMs = 15;
/** For how long of the run a trial holds: short at first, while engines still make compiled code faster, then longer. */
const firstHoldMs = 50;
const longestHoldMs = 3000;

/**
 * With how many threads steps are run: the fastest number of a trial. Results do not depend on it, so that the steps of a
 * trial are steps of the run; trials are repeated, because other programs come and go.
 */
export class ThreadCount {
  /** The most there are, half as many, and so on. */
  readonly #all: readonly number[];
  readonly #now: () => number;
  /** Those in trial; milliseconds a step of those that were tried, and of all tries of the one that is tried now. */
  #candidates: readonly number[];
  #middles: number[] = [];
  #times: number[] = [];
  #triedSteps = 0;
  #triedMs = 0;
  #chosen = 0;
  #holdMs = firstHoldMs;
  /** Milliseconds of running that are left until the next trial. */
  #leftMs = 0;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(most: number, now: () => number) {
    const all = [most];
    for (let half = most >> 1; half >= 1; half >>= 1) all.push(half);
    this.#all = all;
    this.#candidates = all;
    this.#now = now;
  }

  /** Runs some steps with the number of threads that is due. */
  run(steps: number, work: (threads: number) => void): void {
    const isTrial = this.#leftMs <= 0;
    const start = this.#now();
    work(isTrial ? this.#candidates[this.#middles.length]! : this.#chosen);
    const took = this.#now() - start;
    if (!isTrial) this.#leftMs -= took;
    else {
      this.#times.push(took / steps);
      this.#triedSteps += steps;
      this.#triedMs += took;
      if (this.#triedSteps >= fewestSteps && this.#triedMs >= shortestTryMs) this.#next();
    }
  }

  #next(): void {
    this.#middles.push(this.#times.toSorted((a, b) => a - b)[this.#times.length >> 1]!);
    this.#times = [];
    this.#triedSteps = 0;
    this.#triedMs = 0;
    if (this.#middles.length < this.#candidates.length) return;
    this.#chosen = this.#candidates[this.#middles.indexOf(Math.min(...this.#middles))]!;
    this.#middles = [];
    // From now on those beside it are enough.
    const at = this.#all.indexOf(this.#chosen);
    this.#candidates = this.#all.slice(Math.max(0, at - 1), at + 2);
    this.#leftMs = this.#holdMs;
    this.#holdMs = Math.min(longestHoldMs, 2 * this.#holdMs);
  }
}
