import type { Emitter } from './members.ts';

// Instructions that GPU.js's emitter lacks (WebAssembly core specification 2.0, binary format).

/** `v128.load32_splat`: one number of the memory in all four lanes. */
export function load32Splat(em: Emitter, offset: number): void {
  em._push([0xfd, 0x09, 2, ...unsigned(offset)]);
}

/** `v128.load32_lane`: one number of the memory in one lane of the vector on the stack. */
export function load32Lane(em: Emitter, offset: number, lane: number): void {
  em._push([0xfd, 0x56, 2, ...unsigned(offset), lane]);
}

/** `f64.promote_f32`. */
export const promote: readonly number[] = [0xbb];
/** `f32.demote_f64`. */
export const demote: readonly number[] = [0xb6];

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
