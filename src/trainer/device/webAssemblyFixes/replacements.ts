export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Methods of foreign classes that were replaced, and how to put them back. */
export class Replacements {
  readonly #undo: (() => void)[] = [];

  /** Replaces an own method of a prototype; `make` receives the original. */
  replace(prototype: object, name: string, make: (original: Method) => Method): void {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    const original: unknown = descriptor?.value;
    if (descriptor === undefined || !isMethod(original)) throw new TypeError(`GPU.js has no method ${name}`);
    Object.defineProperty(prototype, name, { ...descriptor, value: make(original) });
    this.#undo.push(() => Object.defineProperty(prototype, name, descriptor));
  }

  undo(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}
