/** Why a run shall end before its time. */
export type Ending = 'user' | 'hostGone' | 'memory';

/** What the host wants of a run: go on, pause, stop. Set by messages, read between steps. */
export class Control {
  readonly #abort = new AbortController();
  #paused = false;
  #ending: Ending | undefined;
  #waiting: (() => void)[] = [];

  get paused(): boolean {
    return this.#paused;
  }

  /** Why the run shall end; undefined while it shall not. */
  ending(): Ending | undefined {
    return this.#ending;
  }

  /** Aborted when the run shall end, for work that takes a signal. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#wake();
  }

  /** The first reason stays. */
  end(reason: Ending): void {
    this.#ending ??= reason;
    this.#abort.abort();
    this.#wake();
  }

  /** Fulfilled at the next change, or after the time. */
  async changed(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#waiting = [];
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
