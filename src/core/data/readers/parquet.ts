import { gunzipSync } from 'fflate';
import { decompress } from 'fzstd';
import { parquetHeader } from 'hyparquet/src/column.js';
import { parquetMetadataAsync, parquetSchema } from 'hyparquet/src/metadata.js';
import { parquetScan } from 'hyparquet/src/scan.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getSchemaPath } from 'hyparquet/src/schema.js';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import type {
  AsyncBuffer,
  ColumnMetaData,
  CompressionCodec,
  Compressors,
  FileMetaData,
  RowGroup,
} from 'hyparquet/src/types.js';
import { message } from '../../messages/message.ts';
import { sliced, type Sliced } from '../../slices.ts';
import type { Column, Table } from '../dataset.ts';
import { Cancellation, paused, Refusal, type DataBytes, type Reading } from './bytes.ts';
import { bytesPerCell, checkMemory, mostColumns } from './limits.ts';
import { checkPage, PageFault, type PageColumn } from './parquetPages.ts';
import { createCells, type CellCollector } from './records.ts';
import { chosenRows, type RowsWanted } from './rowChoice.ts';

/** The first and the last four bytes of a Parquet file. */
export const parquetMagic: readonly number[] = [0x50, 0x41, 0x52, 0x31];
/** A footer of more bytes describes no table that fits here; it is parsed in one go. */
const mostFooter = 1 << 24;
const codecs = new Set(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD']);

/**
 * Reads a Parquet file with hyparquet, one column of one row group at a time, so that memory holds no more of the file
 * than that and the table. Columns of numbers, text, booleans, dates (as text) and lists of numbers are used; a column of
 * structures is unusable. Before a column is decoded, the headers of its pages are checked against its bytes.
 */
export async function readParquet(
  bytes: DataBytes,
  rows: RowsWanted | undefined,
  reading: Reading,
): Promise<Table> {
  try {
    return await decode(bytes, rows, reading);
  } catch (error) {
    if (error instanceof Refusal || error instanceof Cancellation || !(error instanceof Error)) throw error;
    throw new Refusal(
      message('The Parquet file is damaged, or of a kind that cannot be read: {reason}.', {
        reason: error.message.slice(0, 200),
      }),
    );
  }
}

/** Rows of a Parquet file, by its footer alone. */
export async function parquetRows(bytes: DataBytes): Promise<number> {
  await checkEnds(bytes);
  return totalRows(await parquetMetadataAsync(new ChunkBuffer(bytes), { geoparquet: false }));
}

async function decode(bytes: DataBytes, wanted: RowsWanted | undefined, reading: Reading): Promise<Table> {
  const file = new ChunkBuffer(bytes);
  await checkEnds(bytes);
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const total = totalRows(metadata);
  if (total === 0 || names.length === 0) throw new Refusal(message('The file has no rows.'));
  if (names.length > mostColumns) {
    throw new Refusal(message('There are more than {most} different columns.', { most: mostColumns }));
  }
  checkMemory(Math.min(wanted?.most ?? total, total), names.length, bytesPerCell, reading);
  const chosen = chosenRows(wanted, total);
  const columns: Column[] = [];
  for (const name of names) {
    const cells = createCells(name);
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const part = rowsBetween(chosen, start, end);
      if (part.to > part.from) {
        for (const meta of chunksOf(group, name)) await file.load(meta, metadata, reading);
        const scan = await parquetScan({
          file,
          metadata,
          compressors,
          geoparquet: false,
          useOffsetIndex: false,
        });
        const data: ArrayLike<unknown> = await scan.readColumn({
          column: name,
          rowStart: start,
          rowEnd: end,
        });
        if (data.length !== end - start) {
          throw new Refusal(
            message('Column "{name}" has {found} values where {expected} are promised.', {
              name,
              found: data.length,
              expected: end - start,
            }),
            { column: name },
          );
        }
        await paused(collect(cells, data, start, chosen?.subarray(part.from, part.to)), reading);
      }
      start = end;
    }
    columns.push(cells.finish());
  }
  const count = chosen?.length ?? total;
  const rowNumbers = Uint32Array.from({ length: count }, (_, i) => (chosen?.[i] ?? i) + 1);
  return { columns, rows: count, rowNumbers };
}

async function checkEnds(bytes: DataBytes): Promise<void> {
  const head = await bytes.read(0, 4);
  const tail = await bytes.read(Math.max(0, bytes.size - 8), bytes.size);
  if (!parquetMagic.every((byte, i) => head[i] === byte)) {
    throw new Refusal(message('The file is no Parquet file: it does not begin with PAR1.'));
  }
  if (bytes.size < 12 || !parquetMagic.every((byte, i) => tail[4 + i] === byte)) {
    throw new Refusal(message('The Parquet file is cut off: it does not end with PAR1.'));
  }
  const footer = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (footer > bytes.size - 12 || footer > mostFooter) {
    throw new Refusal(
      message('The Parquet file claims a footer of {footer} bytes; the file has {size}.', {
        footer,
        size: bytes.size,
      }),
    );
  }
}

function totalRows(metadata: FileMetaData): number {
  let total = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (!(rows >= 0) || rows >= 2 ** 32)
      throw new Refusal(message('The Parquet file claims {rows} rows.', { rows }));
    total += rows;
  }
  return total;
}

function chunksOf(group: RowGroup, name: string): ColumnMetaData[] {
  return group.columns.flatMap(({ meta_data: meta }) => (meta?.path_in_schema[0] === name ? [meta] : []));
}

/** Where the chosen rows from `start` to `end` lie among them. */
function rowsBetween(
  chosen: Uint32Array | undefined,
  start: number,
  end: number,
): { readonly from: number; readonly to: number } {
  if (chosen === undefined) return { from: start, to: end };
  const place = (row: number): number => {
    let low = 0;
    let high = chosen.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (chosen[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return { from: place(start), to: place(end) };
}

function* collect(
  cells: CellCollector,
  data: ArrayLike<unknown>,
  start: number,
  chosen: Uint32Array | undefined,
): Sliced<void> {
  yield* sliced(chosen?.length ?? data.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const row = chosen === undefined ? i : chosen[i]! - start;
      cells.add(plain(data[row]), start + row + 1);
    }
  });
}

/** Dates as text, which is what they are in a CSV file. */
function plain(value: unknown): unknown {
  // eslint-disable-next-line no-restricted-globals -- a moment that the file holds, not one of the clock
  if (!(value instanceof Date)) return value;
  return Number.isNaN(value.getTime()) ? null : value.toISOString();
}

/** The file as hyparquet reads it; column chunks that have been checked are kept until the next. */
class ChunkBuffer implements AsyncBuffer {
  readonly byteLength: number;
  readonly #bytes: DataBytes;
  #chunks: { readonly start: number; readonly content: Uint8Array }[] = [];
  #column = '';

  constructor(bytes: DataBytes) {
    this.#bytes = bytes;
    this.byteLength = bytes.size;
  }

  /** Reads a column chunk and checks what its pages claim. */
  async load(meta: ColumnMetaData, { schema }: FileMetaData, reading: Reading): Promise<void> {
    const name = meta.path_in_schema.join('.');
    if (!codecs.has(meta.codec)) {
      throw new Refusal(
        message('Column "{name}" is compressed with {codec}; none, SNAPPY, GZIP and ZSTD can be read.', {
          name,
          codec: meta.codec,
        }),
        { column: name },
      );
    }
    const first = Number(meta.data_page_offset);
    const dictionary = Number(meta.dictionary_page_offset ?? 0n);
    const start = dictionary > 0 && dictionary < first ? dictionary : first;
    const length = Number(meta.total_compressed_size);
    if (!(start >= 4 && length > 0 && start + length <= this.byteLength))
      throw damaged(name, 'it lies outside of the file');
    const [column] = meta.path_in_schema;
    // The parts of one column (of a structure) are needed together, those of the row group before no more.
    if (column !== this.#column || this.#chunks.some((chunk) => chunk.start > start)) this.#chunks = [];
    this.#column = column!;
    const content = await this.#bytes.read(start, start + length);
    const path = getSchemaPath(schema, meta.path_in_schema);
    checkPages(
      content,
      meta,
      { type: meta.type, repetition: getMaxRepetitionLevel(path), definition: getMaxDefinitionLevel(path) },
      reading,
    );
    this.#chunks.push({ start, content });
  }

  async slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    const last = Math.min(end, this.byteLength);
    for (const chunk of this.#chunks) {
      if (start >= chunk.start && last <= chunk.start + chunk.content.length) {
        return copied(chunk.content.subarray(start - chunk.start, last - chunk.start));
      }
    }
    if (!(start >= 0 && last >= start)) throw new RangeError('bytes outside of the file');
    return copied(await this.#bytes.read(start, last));
  }
}

function copied(bytes: Uint8Array): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

/** Refuses pages that promise more values or bytes than their column has, before anything is made for them. */
function checkPages(
  content: Uint8Array,
  meta: ColumnMetaData,
  column: PageColumn,
  { mostBytes }: Reading,
): void {
  const name = meta.path_in_schema.join('.');
  const promised = Number(meta.num_values);
  const unpacked = Number(meta.total_uncompressed_size);
  if (!(promised >= 0) || promised * bytesPerCell > mostBytes || !(unpacked >= 0) || unpacked > mostBytes) {
    throw new Refusal(
      message('Column "{name}" claims {values} values in {bytes} bytes, more than memory allows.', {
        name,
        values: promised,
        bytes: unpacked,
      }),
      { column: name },
    );
  }
  const reader = { view: new DataView(content.buffer, content.byteOffset, content.length), offset: 0 };
  let values = 0;
  while (reader.offset < content.length - 1) {
    const page = parquetHeader(reader);
    const size = page.compressed_page_size;
    const count =
      page.data_page_header?.num_values ??
      page.data_page_header_v2?.num_values ??
      page.dictionary_page_header?.num_values ??
      0;
    const whole = page.uncompressed_page_size;
    if (
      !(size >= 0 && reader.offset + size <= content.length) ||
      !(count >= 0 && count <= Math.max(promised, whole)) ||
      !(whole >= 0 && whole <= unpacked)
    ) {
      throw damaged(name, 'its sizes are not what the footer says');
    }
    if (page.dictionary_page_header === undefined) values += count;
    if (values > promised) throw damaged(name, 'it has more values than the footer says');
    try {
      checkPage(content.subarray(reader.offset, reader.offset + size), page, column, (bytes, length) =>
        unpack(bytes, length, meta.codec),
      );
    } catch (error) {
      throw error instanceof PageFault ? damaged(name, error.message) : error;
    }
    reader.offset += size;
  }
}

function unpack(bytes: Uint8Array, length: number, codec: CompressionCodec): Uint8Array {
  if (codec === 'UNCOMPRESSED') return bytes;
  const page = compressors[codec]?.(bytes, length);
  if (page?.length !== length) throw new PageFault('its content has another length than its header says');
  return page;
}

function damaged(name: string, reason: string): Refusal {
  return new Refusal(
    message('Column "{name}" of the Parquet file cannot be read: a page is damaged, {reason}.', {
      name,
      reason,
    }),
    { column: name },
  );
}

/** Into a buffer of the promised length, so that no page becomes larger than that. */
const compressors: Compressors = {
  SNAPPY: (input, length) => {
    const page = new Uint8Array(length);
    snappyUncompress(input, page);
    return page;
  },
  GZIP: (input, length) => gunzipSync(input, { out: new Uint8Array(length) }),
  ZSTD: (input, length) => decompress(input, new Uint8Array(length)),
};
