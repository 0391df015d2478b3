import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { basename } from 'node:path';
import { Readable, type Transform } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { Refusal, type DataBytes, type Decompression } from '../core/data/readers/bytes.ts';
import { message, type Problem } from '../core/messages/message.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';

/**
 * Bytes read at once. Between two pieces the trainer listens to its host. The cells of a piece are many small texts: of
 * larger pieces they outlive a collection of young garbage, which doubles the time.
 */
const pieceBytes = 1 << 16;

/** What a file was when it was read, to notice later that it has changed. */
export interface Fingerprint {
  readonly size: number;
  readonly sha256: string;
}

/**
 * An open data file, with the hash of what has been read of it. An error of the file system is thrown as a
 * {@link Refusal} in plain words.
 */
export class FileBytes implements DataBytes {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly #file: fs.FileHandle;
  readonly #changed: number;
  readonly #onProgress: (share: number) => void;
  /** Of the last pass over the pieces, else of the parts. */
  #streamed: ReturnType<typeof createHash> | undefined;
  readonly #parts = createHash('sha256');

  private constructor(
    path: string,
    file: fs.FileHandle,
    { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number },
    onProgress: (share: number) => void,
  ) {
    this.path = path;
    this.name = basename(path);
    this.size = size;
    this.#file = file;
    this.#changed = mtimeMs;
    this.#onProgress = onProgress;
  }

  /** @param onProgress is told the share of the file that has been read, 0…1 */
  static async open(path: string, onProgress: (share: number) => void): Promise<FileBytes> {
    let file: fs.FileHandle;
    try {
      file = await fs.open(path);
    } catch (error) {
      throw refusal(missing(error, path));
    }
    try {
      const stat = await file.stat();
      if (!stat.isFile()) {
        throw refusal({ message: message('{path} is not a file.', { path }), where: { file: path } });
      }
      return new FileBytes(path, file, stat, onProgress);
    } catch (error) {
      await file.close();
      throw error instanceof Refusal ? error : refusal(fileProblem(error, path, 'read'));
    }
  }

  async *pieces(): AsyncIterator<Uint8Array> & AsyncIterable<Uint8Array> {
    const hash = createHash('sha256');
    this.#streamed = hash;
    for (let at = 0; ;) {
      const piece = await this.#bytes(at, at + pieceBytes);
      if (piece.length === 0) return;
      at += piece.length;
      hash.update(piece);
      yield piece;
      this.#onProgress(Math.min(1, at / this.size));
    }
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    const bytes = await this.#bytes(start, Math.min(end, this.size));
    this.#parts.update(bytes);
    this.#onProgress(Math.min(1, end / this.size));
    return bytes;
  }

  async #bytes(start: number, end: number): Promise<Uint8Array> {
    try {
      const buffer = Buffer.allocUnsafe(Math.max(0, end - start));
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await this.#file.read(buffer, filled, buffer.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } catch (error) {
      throw refusal(fileProblem(error, this.path, 'read'));
    }
  }

  /** Of what has been read; once, at the end. Throws if the file was changed meanwhile: half of it would be of another version. */
  async fingerprint(): Promise<Fingerprint> {
    const after = await this.#file.stat();
    if (after.size !== this.size || after.mtimeMs !== this.#changed)
      throw refusal(changedWhileRead(this.path));
    return { size: this.size, sha256: (this.#streamed ?? this.#parts).digest('hex') };
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** One fingerprint for several files. */
export function joined(all: readonly Fingerprint[]): Fingerprint {
  const [only] = all;
  if (all.length === 1 && only !== undefined) return only;
  const hash = createHash('sha256');
  for (const { sha256 } of all) hash.update(sha256);
  return { size: all.reduce((sum, { size }) => sum + size, 0), sha256: hash.digest('hex') };
}

/** Decompression by zlib, which checks the checksum of gzip. */
export const zlibDecompression: Decompression = {
  gunzip: (pieces) => through(pieces, createGunzip({ chunkSize: pieceBytes })),
  inflate: (pieces) => through(pieces, createInflateRaw({ chunkSize: pieceBytes })),
};

async function* through(
  pieces: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array, void> {
  const source = Readable.from(pieces);
  source.on('error', (error) => transform.destroy(error));
  source.pipe(transform);
  try {
    for await (const part of transform) if (part instanceof Uint8Array) yield part;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    throw new Refusal(message('The compressed file is damaged: {reason}.', { reason: error.message }));
  } finally {
    source.destroy();
    transform.destroy();
  }
}

function refusal(problem: Problem): Refusal {
  return new Refusal(problem.message, problem.where);
}

/** For a run that would go on with other rows than it began with. */
export function changedSince(path: string): Problem {
  return {
    message: message(
      'The data file {path} has changed since this run began, so the run cannot be continued with the same rows. Train again with the new file.',
      { path },
    ),
    where: { file: path },
  };
}

function changedWhileRead(path: string): Problem {
  return {
    message: message(
      'The data file {path} was changed while it was being read. Wait until it is complete, then train again.',
      { path },
    ),
    where: { file: path },
  };
}

/** Why a file or folder of data cannot be opened. */
export function missing(error: unknown, path: string): Problem {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return {
      message: /-idx\d-ubyte(\.gz)?$/.test(path)
        ? message(
            'The data file {path} does not exist. MNIST does not come with Loss Lab: fetch its four files into this folder by the command Download Data…, or set "data.path" to where they lie.',
            { path },
          )
        : message('The data file {path} does not exist. It may have been moved, renamed or deleted.', {
            path,
          }),
      where: { file: path },
    };
  }
  return fileProblem(error, path, 'read');
}
