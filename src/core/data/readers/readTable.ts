import { bad, message, ok, type Result } from '../../messages/message.ts';
import { createRecordReader, readCsv } from '../csv.ts';
import type { Table } from '../dataset.ts';
import type { DataFormat } from '../formats.ts';
import type { LayoutOptions } from '../layout.ts';
import { checkLength, readNumbers, type BinaryLayout } from './binary.ts';
import { rowSize, tableOfArrays, tableOfMatrix, withChannels, type NamedArray } from './arrays.ts';
import { ByteStream, Cancellation, paused, Refusal, watched, type DataBytes, type Reading } from './bytes.ts';
import { detectFormat } from './format.ts';
import { readIdxHeader } from './idx.ts';
import { readJson, readJsonLines } from './json.ts';
import { bytesPerCell, checkMemory, mostInflated } from './limits.ts';
import { readNpyHeader } from './npy.ts';
import { readNpz } from './npz.ts';
import { readParquet } from './parquet.ts';
import { chosenRows, rowChoice, type RowsWanted } from './rowChoice.ts';

/** What is known about a file before it is read. */
export interface TableOptions {
  readonly format: DataFormat | 'auto';
  /** For CSV and TSV. */
  readonly layout: LayoutOptions;
  /** Absent: all rows. */
  readonly rows?: RowsWanted | undefined;
  /** The file of the labels, for one array alone (.npy, IDX). */
  readonly labels?: DataBytes | undefined;
  /** Whether one array alone is read as the column `image`, as if it had labels: for rows to predict. */
  readonly unlabelled?: boolean;
  /** Names of arrays that are wanted of an .npz file; absent: the usual ones, else all. */
  readonly arrays?: readonly string[] | undefined;
}

/**
 * Reads a file of any known format into a table. Problems carry the place as exactly as the format knows it. What the
 * host throws while it reads the file is passed on as a problem.
 */
export async function readTable(
  file: DataBytes,
  options: TableOptions,
  reading: Reading,
): Promise<Result<Table>> {
  try {
    return await read(file, options, reading);
  } catch (error) {
    if (error instanceof Cancellation) return bad(message('Reading was cancelled.'));
    if (error instanceof Refusal) return { ok: false, problems: [error.problem] };
    return bad(
      message('The file cannot be read: {reason}', {
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
  }
}

async function read(file: DataBytes, options: TableOptions, reading: Reading): Promise<Result<Table>> {
  const bytes = await unzipped(file, reading);
  const format = options.format === 'auto' ? detectFormat(bytes.name, await headOf(bytes)) : options.format;
  if (format === undefined) {
    throw new Refusal(
      message(
        '{name} is of no known format. CSV, TSV, JSON, JSONL, Parquet, .npy, .npz and IDX can be read; set "data.format" if it is one of them.',
        { name: file.name },
      ),
      { path: 'data.format' },
    );
  }
  if (bytes.size === 0) throw new Refusal(message('The file is empty.'));
  if (bytes.packed !== undefined && (format === 'parquet' || format === 'npz')) {
    throw new Refusal(message('{name} is compressed twice. Unpack it with gunzip.', { name: file.name }));
  }
  switch (format) {
    case 'csv':
    case 'tsv':
      return readText(bytes, format, options, reading);
    case 'json':
      return ok(await readJson(bytes, options.rows, reading));
    case 'jsonl':
      return ok(await readJsonLines(bytes, options.rows, reading));
    case 'parquet':
      return ok(await readParquet(bytes, options.rows, reading));
    case 'npz': {
      const { table, warnings } = await readNpz(bytes, options.arrays, options.rows, reading);
      return ok(table, warnings);
    }
    case 'npy':
    case 'idx':
      return readArrays(bytes, options, reading);
  }
}

interface OpenBytes extends DataBytes {
  /** Bytes of the compressed file that these come from; absent where they are the file's own. */
  readonly packed?: number;
}

/** A file compressed with gzip as what it holds; its size is then not known beforehand. */
async function unzipped(file: DataBytes, reading: Reading): Promise<OpenBytes> {
  const magic = await file.read(0, 2);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return file;
  const pieces = () => reading.decompression.gunzip(file.pieces());
  return {
    name: file.name.replace(/\.gz$/i, ''),
    size: Infinity,
    packed: file.size,
    pieces,
    read: () => Promise.reject(new Refusal(message('{name} cannot be read in parts.', { name: file.name }))),
  };
}

/** Bytes that tell the format. */
const headLength = 1 << 12;

async function headOf(bytes: OpenBytes): Promise<Uint8Array> {
  if (bytes.packed === undefined) return bytes.read(0, Math.min(headLength, bytes.size));
  const stream = new ByteStream(bytes.pieces());
  try {
    return await stream.take(headLength);
  } finally {
    await stream.close();
  }
}

async function readText(
  bytes: DataBytes,
  format: 'csv' | 'tsv',
  { layout, rows }: TableOptions,
  reading: Reading,
): Promise<Result<Table>> {
  const options: LayoutOptions =
    format === 'tsv' && layout.delimiter === 'auto' ? { ...layout, delimiter: '\t' } : layout;
  let total = 0;
  // A random sample needs to know of how many: the file is read twice.
  if (rows?.random !== undefined) {
    const records = createRecordReader(options);
    for await (const piece of watched(bytes.pieces(), reading)) {
      const some = records.push(piece);
      if (!some.ok) return some;
      total += some.value.length;
    }
    const last = records.finish();
    if (!last.ok) return last;
    total += last.value.length;
  }
  return readCsv(watched(bytes.pieces(), reading), options, {
    pause: reading.pause,
    mostBytes: reading.mostBytes,
    ...(rows !== undefined && { choice: rowChoice(rows, total) }),
  });
}

/** One array in a file, and its labels in another. */
async function readArrays(
  bytes: OpenBytes,
  { labels, rows, format, unlabelled = false }: TableOptions,
  reading: Reading,
): Promise<Result<Table>> {
  const open = await openArray(bytes, format);
  const total = open.layout.shape[0]!;
  if (labels === undefined) {
    if (unlabelled) {
      const alone = await open.values('image', chosenRows(rows, total), reading);
      return ok(await paused(tableOfArrays([withChannels(alone)]), reading));
    }
    if (open.layout.shape.length > 2) {
      throw new Refusal(
        message(
          '{name} holds an array of {shape} values and nothing to predict. Name the file of the labels with "data.labels".',
          { name: bytes.name, shape: open.layout.shape.join(' × ') },
        ),
        { path: 'data.labels' },
      );
    }
    // Its columns become columns of the table, of 8 bytes a number.
    checkMemory(Math.min(rows?.most ?? total, total), rowSize(open.layout.shape), bytesPerCell, reading);
    const matrix = await open.values('value', chosenRows(rows, total), reading);
    return ok(await paused(tableOfMatrix(matrix), reading));
  }
  const labelBytes = await unzipped(labels, reading);
  const labelled = await openArray(labelBytes, 'auto');
  const found = labelled.layout.shape[0]!;
  if (found !== total) {
    throw new Refusal(
      message('{name} has {rows} rows, but {labels} has {found} labels.', {
        name: bytes.name,
        rows: total,
        labels: labels.name,
        found,
      }),
      { path: 'data.labels' },
    );
  }
  const chosen = chosenRows(rows, total);
  const features = await open.values('image', chosen, reading);
  const answers = await labelled.values('label', chosen, reading);
  return ok(await paused(tableOfArrays([withChannels(features), answers]), reading));
}

interface OpenArray {
  readonly layout: BinaryLayout;
  values(name: string, chosen: Uint32Array | undefined, reading: Reading): Promise<NamedArray>;
}

/** Reads the header of an array and checks what it says against the bytes that there are. */
async function openArray(bytes: OpenBytes, format: TableOptions['format']): Promise<OpenArray> {
  const found = format === 'auto' ? detectFormat(bytes.name, await headOf(bytes)) : format;
  if (found !== 'npy' && found !== 'idx') {
    throw new Refusal(message('{name} is neither an .npy nor an IDX file.', { name: bytes.name }), {
      path: 'data.labels',
    });
  }
  const readHeader = found === 'npy' ? readNpyHeader : readIdxHeader;
  const stream = new ByteStream(bytes.pieces());
  let layout: BinaryLayout;
  try {
    layout = await readHeader(stream, bytes.name);
  } finally {
    await stream.close();
  }
  if (bytes.packed === undefined) checkLength(layout, bytes.size);
  else checkPacked(layout, bytes.packed);
  const values: OpenArray['values'] = async (name, chosen, reading) => {
    const again = new ByteStream(watched(bytes.pieces(), reading));
    try {
      await readHeader(again, bytes.name);
      const array = await readNumbers(again, layout, chosen, reading);
      if (chosen === undefined && !(await again.ended())) checkLength(layout, Infinity);
      return { ...array, name };
    } finally {
      await again.close();
    }
  };
  return { layout, values };
}

/** How long the unpacked file is shows at its end only; that it cannot be as long as it claims, at once. */
function checkPacked(layout: BinaryLayout, packed: number): void {
  const claimed = layout.header + layout.shape.reduce((a, b) => a * b, 1) * layout.type.size;
  if (claimed > packed * mostInflated) checkLength(layout, packed);
}
