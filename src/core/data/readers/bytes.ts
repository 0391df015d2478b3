import type { Message, Problem } from '../../messages/message.ts';
import { inSlices, type Pause, type Sliced } from '../../slices.ts';

/** A file as its host opens it. What the methods throw is a failure of the file system. */
export interface DataBytes {
  /** Without folders; its ending says what the file may be. */
  readonly name: string;
  readonly size: number;
  /** The bytes from the beginning; every call begins anew. */
  pieces(): AsyncIterable<Uint8Array>;
  /** The bytes from `start` up to `end`; fewer where the file ends before. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Decompression of the host: streaming, and checked as far as the format allows. Throws at what is damaged. */
export interface Decompression {
  gunzip(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Deflate without a frame, as in zip files. */
  inflate(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** How a reading is watched and bounded. */
export interface Reading {
  readonly decompression: Decompression;
  /** Called between slices of the work; see {@link inSlices}. */
  readonly pause: Pause;
  /** Bytes that the data set may take, from the file to the device. */
  readonly mostBytes: number;
}

/** What is wrong with a file, thrown within the readers; {@link readTable} makes a result of it. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(text: Message, where?: Problem['where']) {
    super(text.template);
    this.problem = where === undefined ? { message: text } : { message: text, where };
  }
}

/** The host has asked to give up. */
export class Cancellation extends Error {}

/** Sliced work with the pauses of a reading. */
export async function paused<T>(work: Sliced<T>, { pause }: Reading): Promise<T> {
  let done: { readonly value: T } | undefined;
  function* kept(): Sliced<true> {
    done = { value: yield* work };
    return true;
  }
  await inSlices(kept(), pause);
  if (done === undefined) throw new Cancellation();
  return done.value;
}

/** Pieces with the pauses of a reading between them. */
export async function* watched(
  pieces: AsyncIterable<Uint8Array>,
  { pause }: Reading,
): AsyncGenerator<Uint8Array, void> {
  for await (const piece of pieces) {
    const wish = pause();
    if (wish !== undefined && (await wish) === 'give up') throw new Cancellation();
    yield piece;
  }
}

/** Takes bytes one part after the other from a stream of pieces. */
export class ByteStream {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Bytes taken so far. */
  offset = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Fills `target` and returns how many bytes there were: fewer than its length only at the end of the stream. */
  async fill(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && (await this.#more())) {
      const part = this.#piece.subarray(this.#at, this.#at + target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#at += part.length;
    }
    this.offset += filled;
    return filled;
  }

  /** The next `length` bytes, fewer at the end of the stream. */
  async take(length: number): Promise<Uint8Array> {
    const target = new Uint8Array(length);
    return target.subarray(0, await this.fill(target));
  }

  /** Whether nothing is left. */
  async ended(): Promise<boolean> {
    return !(await this.#more());
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#at === this.#piece.length) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#piece = next.value;
      this.#at = 0;
    }
    return true;
  }
}

/** A part of a file as pieces of 64 KiB. */
export async function* section(
  bytes: DataBytes,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void> {
  for (let at = start; at < end; at += 1 << 16) yield await bytes.read(at, Math.min(end, at + (1 << 16)));
}
