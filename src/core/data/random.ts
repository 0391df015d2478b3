import { ascending, atOnce, sliced, type Sliced } from '../slices.ts';

/**
 * Seeded random numbers for all of core: xoshiro128** 1.1 (D. Blackman, S. Vigna, "Scrambled linear pseudorandom
 * number generators", ACM TOMS 47, 2021; https://prng.di.unimi.it/xoshiro128starstar.c), its state filled by
 * SplitMix64 from the FNV-1a hash of the seed and a name. Equal numbers on every engine: only 32-bit integer
 * arithmetic, and for normals square root and logarithm.
 */

/** A stream of random numbers; each call moves it on. */
export interface RandomStream {
  /** Uniform in [0, 1), with all 53 bits. */
  next(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform among 0 … bound − 1, without bias; bound is a whole number from 1 to 2³². */
  below(bound: number): number;
  /** 0 … n − 1 in random order, every order equally likely. */
  permutation(n: number): Uint32Array;
  /** The same in slices, for many. */
  permuting(n: number): Sliced<Uint32Array>;
}

/** Four words of 32 bits, not all zero. */
export type RandomState = readonly [number, number, number, number];

/**
 * The stream of a seed for one purpose. Streams of different names are independent, so that drawing more numbers
 * for one purpose (`split`) leaves the others (`initial`, `order`) as they were.
 */
export function randomStream(seed: number, name: string): RandomStream {
  return streamFrom(stateFrom(fnv1a64(`${String(seed)}/${name}`)));
}

/** A stream from an explicit state. */
export function streamFrom(state: RandomState): RandomStream {
  const word = xoshiro128(state);
  let spare: number | undefined;
  const next = (): number => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 2 ** 53;

  // Marsaglia's polar method makes two normals at a time.
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const a = 2 * next() - 1;
      const b = 2 * next() - 1;
      const square = a * a + b * b;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        spare = b * factor;
        return a * factor;
      }
    }
  };

  const below = (bound: number): number => {
    // Words beyond the last whole multiple of the bound would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const candidate = word();
      if (candidate < limit) return candidate % bound;
    }
  };

  function* permuting(n: number): Sliced<Uint32Array> {
    const order = yield* ascending(n);
    yield* sliced(n - 1, (start, end) => {
      for (let i = n - 1 - start; i > n - 1 - end; i--) {
        const j = below(i + 1);
        const kept = order[i]!;
        order[i] = order[j]!;
        order[j] = kept;
      }
    });
    return order;
  }

  return { next, normal, below, permuting, permutation: (n) => atOnce(permuting(n)) };
}

/** The words of xoshiro128** one after another, each 0 … 2³² − 1. */
export function xoshiro128(state: RandomState): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

const low64 = 0xffffffffffffffffn;

/** The 64-bit FNV-1a hash of a text's UTF-16 units, low byte first (draft-eastlake-fnv). */
export function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    for (const byte of unit < 256 ? [unit] : [unit & 255, unit >> 8]) {
      hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & low64;
    }
  }
  return hash;
}

/** The outputs of SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014) from a 64-bit seed. */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed & low64;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & low64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & low64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & low64;
    return z ^ (z >> 31n);
  };
}

function stateFrom(hash: bigint): RandomState {
  const mix = splitMix64(hash);
  const [first, second] = [mix(), mix()];
  const words = [first >> 32n, first & 0xffffffffn, second >> 32n, second & 0xffffffffn].map(Number);
  // SplitMix64 is a bijection of a counter, so two outputs in a row are never both zero.
  return [words[0]!, words[1]!, words[2]!, words[3]!];
}
