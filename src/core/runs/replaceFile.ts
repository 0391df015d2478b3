/** The part of Node's `fs` that writing here uses; core itself knows no files. */
export interface FileWriting {
  openSync(path: string, flags: string): number;
  writeSync(file: number, data: Uint8Array, offset: number, length: number, position?: number): number;
  ftruncateSync(file: number, length: number): void;
  fsyncSync(file: number): void;
  closeSync(file: number): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { force: boolean }): void;
}

/**
 * Replaces a file so that a reader, and a machine that loses power, sees the old or the new content, never a part:
 * writes beside it, flushes to disk, renames. Throws what `fs` throws, and leaves nothing beside the file then.
 * `unique` keeps two writers apart.
 */
export function replaceFile(fs: FileWriting, path: string, data: Uint8Array, unique: string | number): void {
  const temporary = `${path}.${unique}.tmp`;
  try {
    const file = fs.openSync(temporary, 'w');
    try {
      for (let at = 0; at < data.length;) at += fs.writeSync(file, data, at, data.length - at);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    rename(fs, temporary, path);
  } catch (error) {
    try {
      fs.rmSync(temporary, { force: true });
    } catch {
      // The first error says what is wrong.
    }
    throw error;
  }
}

/**
 * Writes over a file in its place, for the one case in which {@link replaceFile} cannot help: a full disk has no room for
 * a second file, but still that of the first. Not safe against a loss of power in between.
 */
export function overwriteFile(fs: FileWriting, path: string, data: Uint8Array): void {
  const file = fs.openSync(path, 'r+');
  try {
    for (let at = 0; at < data.length;) at += fs.writeSync(file, data, at, data.length - at, at);
    fs.ftruncateSync(file, data.length);
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
}

/** Renames a file or a folder. Windows refuses that for the moment in which a reader has it open, so tries for 0.1 s. */
export function rename(fs: Pick<FileWriting, 'renameSync'>, from: string, to: string): void {
  for (let attempt = 1; ; attempt++) {
    try {
      fs.renameSync(from, to);
      return;
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      if (attempt === 20 || (code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
