// What the trainer uses of the WebAssembly JavaScript interface (W3C, section 5): its types come with those of browsers only,
// whose other names have no place here.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: {
      readonly initial: number;
      readonly maximum?: number;
      readonly shared?: boolean;
    });
    /** Of a memory that threads share it is a SharedArrayBuffer. */
    readonly buffer: ArrayBufferLike;
    /** Adds pages of 64 KiB; views of the old buffer are empty then. Throws a RangeError beyond the limit. */
    grow(pages: number): number;
  }
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;
  class Instance {
    constructor(module: Module, imports: { readonly env: Readonly<Record<string, unknown>> });
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}
