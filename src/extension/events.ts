/** Something that can be ended; VS Code's `Disposable` fits. */
export interface Ending {
  dispose(): void;
}

/** An event source for modules that must run outside VS Code as well. */
export class Emitter<T> implements Ending {
  readonly #listeners = new Set<(value: T) => void>();

  /** Calls `listener` for every later value until the result is disposed. */
  readonly event = (listener: (value: T) => void): Ending => {
    // A wrapper, so that one function may listen twice.
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return { dispose: () => void this.#listeners.delete(own) };
  };

  /** How many listen; a test of leaks counts them. */
  get listeners(): number {
    return this.#listeners.size;
  }

  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}
