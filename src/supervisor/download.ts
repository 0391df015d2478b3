import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, promises as fs } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { DownloadFile } from '../core/data/downloads.ts';
import { bad, message, ok, type Message, type Result } from '../core/messages/message.ts';
import { memoryText } from '../core/training/cost.ts';
import {
  ask,
  connectionProblem,
  parseAddress,
  Patience,
  promisedBytes,
  Refused,
  statusProblem,
  usualPolicy,
  type DownloadPolicy,
} from './http.ts';

/** One file to fetch. The user has seen address, size, checksum and place, and agreed. */
export interface DownloadRequest extends Pick<DownloadFile, 'address' | 'size' | 'sha256'> {
  /** Absolute path of the file. */
  readonly to: string;
  /** Whether a file that is there may be replaced. */
  readonly replace: boolean;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Called with the bytes so far; `total` where it is known. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  readonly policy?: DownloadPolicy;
}

/** A file that has arrived. */
export interface Downloaded {
  readonly bytes: number;
  readonly sha256: string;
  /** Addresses to which redirects led. */
  readonly via: readonly string[];
}

/** Asks a server how large a file is, without fetching it. The user has agreed to ask this host. */
export async function announcedSize(
  address: string,
  { signal, policy = usualPolicy }: DownloadOptions = {},
): Promise<Result<{ readonly size: number | undefined; readonly via: readonly string[] }>> {
  return connected(address, signal, policy, async (url, patience) => {
    const { response, via } = await ask(url, 'HEAD', patience.signal, policy);
    // Some servers know no HEAD: then the size stays unknown.
    const refused = !response.ok && response.status !== 405 && response.status !== 501;
    if (refused) throw new Refused(statusProblem(url.host, response.status));
    return { size: response.ok ? promisedBytes(response) : undefined, via };
  });
}

/**
 * Fetches a file into a temporary one beside its place, and renames that once it is complete and has the expected size
 * and checksum. Whatever goes wrong, nothing of it stays.
 */
export async function download(
  request: DownloadRequest,
  { signal, onProgress, policy = usualPolicy }: DownloadOptions = {},
): Promise<Result<Downloaded>> {
  return connected(request.address, signal, policy, async (url, patience) => {
    await onDisk(request.to, () => prepare(request));
    const { response, via } = await ask(url, 'GET', patience.signal, policy);
    try {
      if (response.status !== 200) throw new Refused(statusProblem(url.host, response.status));
      const promised = promisedBytes(response);
      checkPromise(promised, request, policy);
      const taken = await save(response, request, patience, policy, (bytes) =>
        onProgress?.(bytes, request.size ?? promised),
      );
      return { ...taken, via };
    } finally {
      if (!response.bodyUsed) await response.body?.cancel();
    }
  });
}

/** What lies at the place of a file: nothing, the file itself by its checksum, or something else. */
export async function placeOf(
  path: string,
  { size, sha256 }: Pick<DownloadFile, 'size' | 'sha256'>,
): Promise<'free' | 'same' | 'taken'> {
  try {
    const found = await fs.lstat(path);
    if (!found.isFile() || sha256 === undefined || (size !== undefined && size !== found.size))
      return 'taken';
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path)) if (piece instanceof Uint8Array) hash.update(piece);
    return hash.digest('hex') === sha256 ? 'same' : 'taken';
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'free' : 'taken';
  }
}

/** Work with a server whose failures are problems. */
async function connected<T>(
  text: string,
  signal: AbortSignal | undefined,
  policy: DownloadPolicy,
  work: (address: URL, patience: Patience) => Promise<T>,
): Promise<Result<T>> {
  const address = parseAddress(text, policy);
  if (!address.ok) return address;
  const patience = new Patience(policy.patience, signal);
  try {
    return ok(await work(address.value, patience));
  } catch (error) {
    if (error instanceof Refused) return { ok: false, problems: [error.problem] };
    if (signal?.aborted === true) return bad(message('The download was cancelled.'));
    return bad(connectionProblem(error, address.value.host, patience));
  } finally {
    patience.end();
  }
}

async function prepare({ to, size, replace }: DownloadRequest): Promise<void> {
  const folder = dirname(to);
  await fs.mkdir(folder, { recursive: true });
  await checkPlace(to, replace);
  if (size === undefined) return;
  const { bavail, bsize } = await fs.statfs(folder);
  if (bavail * bsize < size) {
    throw new Refused(
      message(
        '{name} has {size}, but only {free} are free in {folder}. Free some space, or choose another folder.',
        {
          name: basename(to),
          size: memoryText(size),
          free: memoryText(bavail * bsize),
          folder,
        },
      ),
    );
  }
}

async function checkPlace(to: string, replace: boolean): Promise<void> {
  const there = await fs.lstat(to).catch(() => undefined);
  if (there === undefined || (replace && there.isFile())) return;
  throw new Refused(
    replace
      ? message('{path} is no file that could be replaced.', { path: to })
      : message('{path} exists already.', { path: to }),
  );
}

/** Refuses an answer that announces another size than was agreed to. */
function checkPromise(
  promised: number | undefined,
  { to, size }: DownloadRequest,
  { mostUnknown }: DownloadPolicy,
): void {
  if (promised === undefined) return;
  const args = { name: basename(to), promised };
  if (size === undefined && promised > mostUnknown) {
    throw new Refused(
      message('{name} has {promised} bytes; without an announcement at most {most} are taken.', {
        ...args,
        most: memoryText(mostUnknown),
      }),
    );
  }
  if (size !== undefined && promised !== size) {
    throw new Refused(
      message('{name} has {promised} bytes, but {size} were announced: it is another file.', {
        ...args,
        size,
      }),
    );
  }
}

async function save(
  response: Response,
  request: DownloadRequest,
  patience: Patience,
  { mostUnknown }: DownloadPolicy,
  onProgress: (bytes: number) => void,
): Promise<Omit<Downloaded, 'via'>> {
  const { to, size, sha256: expected, replace } = request;
  const name = basename(to);
  const most = size ?? mostUnknown;
  const temporary = `${to}.${randomUUID().slice(0, 8)}.part`;
  const hash = createHash('sha256');
  const file = await onDisk(to, () => fs.open(temporary, 'wx'));
  try {
    let bytes = 0;
    const pieces: AsyncIterable<unknown> | readonly unknown[] = response.body ?? [];
    for await (const piece of pieces) {
      if (!(piece instanceof Uint8Array)) continue;
      patience.renew();
      bytes += piece.length;
      if (bytes > most) {
        throw new Refused(
          message('{name} is longer than the {most} bytes that were agreed to; it was dropped.', {
            name,
            most,
          }),
        );
      }
      hash.update(piece);
      await onDisk(to, () => file.writeFile(piece));
      onProgress(bytes);
    }
    patience.end();
    const whole = size ?? promisedBytes(response);
    if (whole !== undefined && bytes !== whole) {
      throw new Refused(
        message('{name} is cut off: {bytes} of {whole} bytes arrived. Try again.', { name, bytes, whole }),
      );
    }
    const sha256 = hash.digest('hex');
    if (expected !== undefined && sha256 !== expected.toLowerCase()) {
      throw new Refused(
        message(
          '{name} is not the file that was expected and was dropped: its SHA-256 is {sha256}, expected was {expected}.',
          { name, sha256, expected },
        ),
      );
    }
    await onDisk(to, async () => {
      await file.sync();
      await file.close();
      await checkPlace(to, replace);
      await fs.rename(temporary, to);
    });
    return { bytes, sha256 };
  } finally {
    await file.close().catch(() => undefined);
    await fs.rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Work on the disk whose failures name the disk, not the network. */
async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(diskProblem(error, path));
  }
}

function diskProblem(error: unknown, to: string): Message {
  const args = { path: to, folder: dirname(to) };
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return message(
        'The disk is full: {path} cannot be written. Free some space, or choose another folder.',
        args,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return message('The folder {folder} is read-only. Choose another one.', args);
    case 'ENOTDIR':
    case 'EEXIST':
      return message('{folder} is no folder. Choose another one.', args);
    default:
      return message('{path} cannot be written: {error}.', {
        ...args,
        error: error instanceof Error ? error.message : String(error),
      });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
