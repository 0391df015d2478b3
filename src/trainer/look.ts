import { promises as fs } from 'node:fs';
import { describeLayout, headBytes, sniff, sniffedRows } from '../core/data/csv.ts';
import type { Table } from '../core/data/dataset.ts';
import type { DataFormat } from '../core/data/formats.ts';
import { detectAll } from '../core/data/layout.ts';
import { lookedColumns, type Look } from '../core/data/look.ts';
import { ByteStream, type DataBytes, type Reading } from '../core/data/readers/bytes.ts';
import { detectFormat } from '../core/data/readers/format.ts';
import { readIdxHeader } from '../core/data/readers/idx.ts';
import { readNpyHeader } from '../core/data/readers/npy.ts';
import { npzRows } from '../core/data/readers/npz.ts';
import { parquetRows } from '../core/data/readers/parquet.ts';
import { readTable } from '../core/data/readers/readTable.ts';
import { bad, message, ok, type Problem, type Result } from '../core/messages/message.ts';
import type { Experiment } from '../core/training/experiment.ts';
import type { Channel } from './channel.ts';
import type { Control } from './control.ts';
import { problemOf, readDataFile, readingOf, type ReadOptions } from './dataFile.ts';
import { FileBytes, missing, zlibDecompression } from './fileBytes.ts';
import { imagesIn, readImageFolder } from './imageFolder.ts';
import { allowance, roomForData } from './memory.ts';

type LookOptions = Omit<ReadOptions, 'seed'>;

/** Images that are decoded to see their size. */
const someImages = 16;

/** Looks at data for the host. Never rejects. */
export async function answerLook(path: string, control: Control, channel: Channel): Promise<void> {
  const looked = await lookAt(path, {
    signal: control.signal,
    mostBytes: roomForData(process.memoryUsage.rss(), allowance(undefined)),
    onProgress: (share) => channel.send({ type: 'phase', phase: 'reading', share }),
  });
  await channel.deliver(
    looked.ok
      ? { type: 'looked', look: looked.value, warnings: [...looked.warnings] }
      : { type: 'problems', problems: [...looked.problems] },
  );
}

/** Looks at a data file of any format, or at a folder of images, as far as a suggestion needs it. */
export async function lookAt(path: string, options: LookOptions): Promise<Result<Look>> {
  try {
    const isFolder = (await fs.stat(path)).isDirectory();
    return isFolder ? await lookAtFolder(path, options) : await lookAtFile(path, options);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { ok: false, problems: [missing(error, path)] };
    return { ok: false, problems: [problemOf(error)] };
  }
}

async function lookAtFile(path: string, options: LookOptions): Promise<Result<Look>> {
  const file = await FileBytes.open(path, options.onProgress);
  try {
    const counted = countedBytes(file);
    const bytes = await unpacked(counted);
    const head = await headOf(bytes);
    const format = detectFormat(bytes.name, head);
    switch (format) {
      case 'csv':
      case 'tsv': {
        const whole = head.length < headBytes;
        const packedSize = whole ? head.length : (head.length * file.size) / counted.taken;
        const total = bytes === counted ? file.size : packedSize;
        const sniffed = sniff(head, total, { ...detectAll, delimiter: format === 'tsv' ? '\t' : 'auto' });
        if (!sniffed.ok) return sniffed;
        const { columns, rows, totalRows, exact } = sniffed.value;
        const layout = describeLayout(sniffed.value);
        return ok({ source: 'file', columns, rows, totalRows, exact, layout }, sniffed.warnings);
      }
      case 'json':
      case 'jsonl': {
        const wanted = { format, layout: detectAll, rows: { most: sniffedRows } };
        const read = await readTable(counted, wanted, readingOf(options));
        return read.ok
          ? seen(read.value, Math.round((read.value.rows * file.size) / counted.taken), read.warnings)
          : read;
      }
      default: {
        const read = await readDataFile(path, firstRows, { ...options, seed: 0 });
        if (!read.ok) return read;
        const total = await countRows(bytes, format, readingOf(options));
        return seen(read.value.table, total, read.warnings);
      }
    }
  } finally {
    await file.close();
  }
}

/** What the first rows show; `total` counts where there are more than these. */
function seen(table: Table, total: number | undefined, warnings: readonly Problem[]): Result<Look> {
  const rows = table.validationFrom ?? table.rows;
  const totalRows = rows < sniffedRows ? rows : Math.max(rows, total ?? rows);
  return ok(
    { source: 'file', columns: lookedColumns(table), rows, totalRows, exact: rows === totalRows },
    warnings,
  );
}

/** The whole file, but for its first rows only, as an experiment describes it. */
const firstRows: Extract<Experiment['data'], { source: 'file' }> = {
  source: 'file',
  path: '',
  format: 'auto',
  rows: sniffedRows,
  sample: 'first',
  exclude: [],
  missing: 'drop',
  ...detectAll,
};

/** Rows by what a header says; undefined for formats without one. */
async function countRows(
  bytes: DataBytes,
  format: DataFormat | undefined,
  reading: Reading,
): Promise<number | undefined> {
  switch (format) {
    case 'parquet':
      return parquetRows(bytes);
    case 'npz':
      return npzRows(bytes, reading);
    case 'npy':
    case 'idx': {
      const stream = new ByteStream(bytes.pieces());
      try {
        const readHeader = format === 'npy' ? readNpyHeader : readIdxHeader;
        return (await readHeader(stream, bytes.name)).shape[0];
      } finally {
        await stream.close();
      }
    }
    default:
      return undefined;
  }
}

/** Bytes of a piece; how far a reader came is known as exactly. */
const pieceBytes = 1 << 12;

/** A file that knows how much of it the last reader has taken. */
function countedBytes(file: FileBytes): DataBytes & { readonly taken: number } {
  let taken = 0;
  return {
    name: file.name,
    size: file.size,
    read: (start, end) => file.read(start, end),
    async *pieces() {
      taken = 0;
      for await (const piece of file.pieces()) {
        for (let at = 0; at < piece.length; at += pieceBytes) {
          const part = piece.subarray(at, at + pieceBytes);
          taken += part.length;
          yield part;
        }
      }
    },
    get taken() {
      return Math.max(1, taken);
    },
  };
}

/** A file compressed with gzip as the pieces of what it holds. */
async function unpacked(file: DataBytes): Promise<DataBytes> {
  const magic = await file.read(0, 2);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return file;
  return {
    name: file.name.replace(/\.gz$/i, ''),
    size: Infinity,
    pieces: () => zlibDecompression.gunzip(file.pieces()),
    read: () => Promise.reject(new Error('a compressed file has no places')),
  };
}

async function headOf(bytes: DataBytes): Promise<Uint8Array> {
  const stream = new ByteStream(bytes.pieces());
  try {
    return await stream.take(headBytes);
  } finally {
    await stream.close();
  }
}

async function lookAtFolder(folder: string, options: LookOptions): Promise<Result<Look>> {
  const images = await imagesIn(folder);
  const classes = [...new Set(images.map(({ className }) => className))];
  if (classes.length < 2) {
    return bad(
      message('{path} holds images of one class only ("{name}"); at least two folders are needed.', {
        path: folder,
        name: classes[0] ?? '',
      }),
      { file: folder },
    );
  }
  const read = await readImageFolder(
    folder,
    { source: 'images', path: '', rows: someImages, sample: 'random' },
    { ...options, seed: 0 },
  );
  if (!read.ok) return read;
  const pictures = lookedColumns(read.value.table).filter(({ kind }) => kind === 'array');
  return ok({
    source: 'images',
    columns: [
      ...pictures,
      { name: 'class', kind: 'text', samples: classes.slice(0, 5), distinct: classes.length, whole: false },
    ],
    rows: images.length,
    totalRows: images.length,
    exact: true,
  });
}
