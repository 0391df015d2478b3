import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { readCsv } from '../core/data/csv.ts';
import type { Table } from '../core/data/dataset.ts';
import type { LayoutOptions } from '../core/data/layout.ts';
import { message, type Problem, type Result } from '../core/messages/message.ts';
import { fileProblem } from '../core/runs/fileProblem.ts';
import { pauses } from './pauses.ts';

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

export interface ReadOptions {
  readonly layout?: LayoutOptions | undefined;
  readonly signal: AbortSignal;
  /** Share of the file that is read, 0…1. Throws to give up. */
  readonly onProgress: (share: number) => void;
}

/** Reads a CSV file in pieces. A file that changes meanwhile is refused: half of it would be of another version. */
export async function readDataFile(
  path: string,
  { layout, signal, onProgress }: ReadOptions,
): Promise<
  Result<{ readonly table: Table; readonly fingerprint: Fingerprint; readonly warnings: readonly Problem[] }>
> {
  const pieces = new FilePieces(path, onProgress);
  const read = await readCsv(pieces, layout, { signal, pause: pauses(signal) });
  // What the file system said is more than what the reader made of it.
  if (pieces.problem !== undefined) return { ok: false, problems: [pieces.problem] };
  if (!read.ok)
    return {
      ok: false,
      problems: read.problems.map((problem) => ({ ...problem, where: { file: path, ...problem.where } })),
    };
  const value = { table: read.value, fingerprint: pieces.fingerprint(), warnings: read.warnings };
  return { ok: true, value, warnings: read.warnings };
}

/** The bytes of a file in pieces, with their hash; an error becomes a problem in plain words. */
export class FilePieces implements AsyncIterable<Uint8Array> {
  readonly #path: string;
  readonly #onProgress: (share: number) => void;
  readonly #hash = createHash('sha256');
  #size = 0;
  /** Why the file could not be read to its end. */
  problem: Problem | undefined;

  constructor(path: string, onProgress: (share: number) => void) {
    this.#path = path;
    this.#onProgress = onProgress;
  }

  /** Of what has been read; once, at the end. */
  fingerprint(): Fingerprint {
    return { size: this.#size, sha256: this.#hash.digest('hex') };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    let file: fs.FileHandle;
    try {
      file = await fs.open(this.#path);
    } catch (error) {
      throw this.#fail(missing(error, this.#path));
    }
    try {
      const before = await file.stat();
      if (!before.isFile())
        throw this.#fail({
          message: message('{path} is not a file.', { path: this.#path }),
          where: { file: this.#path },
        });
      for (;;) {
        const buffer = Buffer.allocUnsafe(pieceBytes);
        const { bytesRead } = await file.read(buffer, 0, pieceBytes, this.#size);
        if (bytesRead === 0) break;
        this.#size += bytesRead;
        const piece = buffer.subarray(0, bytesRead);
        this.#hash.update(piece);
        yield piece;
        this.#onProgress(Math.min(1, this.#size / before.size));
      }
      const after = await file.stat();
      if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || this.#size !== before.size)
        throw this.#fail(changedWhileRead(this.#path));
    } finally {
      await file.close();
    }
  }

  #fail(problem: Problem): Error {
    this.problem = problem;
    return new Error(problem.message.template);
  }
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

function missing(error: unknown, path: string): Problem {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return {
      message: message('The data file {path} does not exist. It may have been moved, renamed or deleted.', {
        path,
      }),
      where: { file: path },
    };
  }
  return fileProblem(error, path, 'read');
}
