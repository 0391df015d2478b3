import { join } from 'node:path';
import type { DownloadFile } from '../core/data/downloads.ts';
import { ok, type Result } from '../core/messages/message.ts';
import { download, placeOf, type Downloaded, type DownloadOptions } from './download.ts';

/** A file and its place. */
export interface PlannedDownload {
  readonly file: DownloadFile;
  /** Absolute path that it gets. */
  readonly to: string;
  /** What lies there now; a file that is the wanted one already is not fetched again. */
  readonly place: 'free' | 'same' | 'taken';
}

/** A file that has arrived. */
export interface Arrival extends Downloaded {
  readonly file: DownloadFile;
}

/** Looks what lies where the files would go. Touches neither network nor disk. */
export async function planDownload(
  files: readonly DownloadFile[],
  folder: string,
): Promise<PlannedDownload[]> {
  const planned: PlannedDownload[] = [];
  for (const file of files) {
    const to = join(folder, file.name);
    planned.push({ file, to, place: await placeOf(to, file) });
  }
  return planned;
}

/**
 * Fetches files one after the other, without those that are there already; one whose place is taken is replaced. Ends at
 * the first that fails; those before it are whole and stay. Progress counts the bytes of all.
 */
export async function downloadAll(
  files: readonly PlannedDownload[],
  { onProgress, ...options }: DownloadOptions = {},
): Promise<Result<readonly Arrival[]>> {
  const wanted = files.filter(({ place }) => place !== 'same');
  const total = wanted.reduce<number | undefined>(
    (sum, { file: { size } }) => (sum === undefined || size === undefined ? undefined : sum + size),
    0,
  );
  const arrived: Arrival[] = [];
  let before = 0;
  for (const { file, to, place } of wanted) {
    const result = await download(
      { ...file, to, replace: place === 'taken' },
      {
        ...options,
        onProgress: (bytes, own) =>
          onProgress?.(before + bytes, wanted.length === 1 ? (total ?? own) : total),
      },
    );
    if (!result.ok) return result;
    arrived.push({ file, ...result.value });
    before += result.value.bytes;
  }
  return ok(arrived);
}
