import type { Tiles } from './tile.ts';
import type { ModuleBuilder } from './wasm/module.ts';

/** Where a routine finds what it works on: addresses in bytes. */
export interface Places {
  readonly address: (buffer: string) => number;
  readonly written: number;
  /** Memory of its own for as long as it runs, in vectors of 16 bytes. */
  readonly scratch: number;
}

/** A micro-kernel for one operation, or for a part of its result, with its sizes; not yet in a module. */
export interface Routine {
  /** Bytes that it needs beside the buffers. */
  readonly scratch: number;
  /** Writes it into a module; the index of a function without parameters. */
  define(module: ModuleBuilder, tiles: Tiles, places: Places): number;
}

/** Bytes that a packed vector may run beyond the end of what is packed. */
export const overrun = 16;

/** Whole vectors. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
