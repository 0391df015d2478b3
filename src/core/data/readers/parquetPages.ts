import type { DataPageHeader, DataPageHeaderV2, PageHeader, ParquetType } from 'hyparquet/src/types.js';

/** What the schema says about the column of a page. */
export interface PageColumn {
  readonly type: ParquetType;
  /** Highest level of repetition and of definition; 0: there are none in the page. */
  readonly repetition: number;
  readonly definition: number;
}

/** Why a page cannot be decoded. */
export class PageFault extends Error {}

/**
 * Checks the runs of a data page: their lengths, not their values. hyparquet trusts them, so that a run that claims
 * more values than the page has would fill memory, and a block without values would never end.
 * @param unpack decompresses to a length
 */
export function checkPage(
  content: Uint8Array,
  header: PageHeader,
  column: PageColumn,
  unpack: (bytes: Uint8Array, length: number) => Uint8Array,
): void {
  const { data_page_header: first, data_page_header_v2: second } = header;
  if (first !== undefined) {
    checkFirst(unpack(content, header.uncompressed_page_size), first, column);
  } else if (second !== undefined) {
    const levels = second.repetition_levels_byte_length + second.definition_levels_byte_length;
    const length = header.uncompressed_page_size - levels;
    if (!(
      second.repetition_levels_byte_length >= 0 &&
      levels >= 0 &&
      levels <= content.length &&
      length >= 0
    )) {
      throw new PageFault('its levels are longer than the page');
    }
    checkLevels(content, second, column);
    const values = content.subarray(levels);
    checkValues(
      new Runs(second.is_compressed === false ? values : unpack(values, length)),
      second.encoding,
      second.num_values - second.num_nulls,
      column,
    );
  }
}

function checkFirst(
  page: Uint8Array,
  { num_values: count, encoding }: DataPageHeader,
  column: PageColumn,
): void {
  const runs = new Runs(page);
  let present = count;
  for (const level of [column.repetition, column.definition]) {
    if (level === 0) continue;
    const end = runs.length() + runs.offset;
    const highest = runs.hybrid(bitsOf(level), count, level);
    if (level === column.definition) present = highest;
    runs.offset = end;
  }
  checkValues(runs, encoding, present, column);
}

function checkLevels(content: Uint8Array, page: DataPageHeaderV2, column: PageColumn): void {
  const start = page.repetition_levels_byte_length;
  const end = start + page.definition_levels_byte_length;
  if (column.repetition > 0) {
    new Runs(content.subarray(0, start)).hybrid(bitsOf(column.repetition), page.num_values, 0);
  }
  if (column.definition > 0) {
    new Runs(content.subarray(start, end)).hybrid(bitsOf(column.definition), page.num_values, 0);
  }
}

function checkValues(runs: Runs, encoding: string, count: number, { type }: PageColumn): void {
  if (!(count >= 0)) throw new PageFault('it has fewer values than none');
  switch (encoding) {
    case 'PLAIN':
    case 'BYTE_STREAM_SPLIT':
      // Their length is that of the bytes.
      return;
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
    case 'RLE': {
      if (count === 0) return;
      if (type === 'BOOLEAN') {
        runs.length();
        runs.hybrid(1, count, 0);
        return;
      }
      const width = runs.byte();
      if (width > 32) throw new PageFault(`its indices have ${width} bits`);
      if (width > 0 || !runs.ended()) runs.hybrid(width, count, 0);
      return;
    }
    case 'DELTA_BINARY_PACKED':
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      if (count === 0) return;
      const block = runs.varint();
      const parts = runs.varint();
      // As the format demands; with it every block holds values.
      if (block === 0 || block > 1 << 16 || block % 128 !== 0 || parts === 0 || (block / parts) % 32 !== 0) {
        throw new PageFault('its blocks have no regular size');
      }
      return;
    }
    default:
      throw new PageFault(`its encoding is ${encoding}, which is not read`);
  }
}

function bitsOf(level: number): number {
  return 32 - Math.clz32(level);
}

/** Walks over the encodings of a page. */
class Runs {
  readonly #bytes: Uint8Array;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  ended(): boolean {
    return this.offset >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.offset++];
    if (byte === undefined) throw new PageFault('it is cut off');
    return byte;
  }

  /** A length in four bytes, little-endian, that lies within the page. */
  length(): number {
    let length = 0;
    for (let i = 0; i < 4; i++) length += this.byte() * 256 ** i;
    if (length > this.#bytes.length - this.offset) throw new PageFault('its levels are longer than the page');
    return length;
  }

  /** An unsigned number of up to 32 bits, seven a byte. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128 && value < 2 ** 32) return value;
    }
    throw new PageFault('a number in it is too large');
  }

  /** Walks over `count` values in runs and groups of eight; returns how many of them are `wanted`. */
  hybrid(width: number, count: number, wanted: number): number {
    let found = 0;
    for (let seen = 0; seen < count;) {
      const header = this.varint();
      const run = Math.floor(header / 2);
      if (header % 2 === 0) {
        if (run === 0 || run > count - seen) throw new PageFault('a run in it is longer than the page');
        let value = 0;
        for (let i = 0; i < (width + 7) >> 3; i++) value += this.byte() * 256 ** i;
        if (value === wanted) found += run;
        seen += run;
        continue;
      }
      if (run === 0 || width === 0 || run * 8 > count - seen + 7) {
        throw new PageFault('a run in it is longer than the page');
      }
      const start = this.offset * 8;
      for (let i = 0; i < run * 8 && seen < count; i++, seen++) {
        if (this.#bits(start + i * width, width) === wanted) found++;
      }
      this.offset += run * width;
    }
    return found;
  }

  #bits(start: number, width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) {
      const byte = this.#bytes[(start + i) >> 3] ?? 0;
      value += ((byte >> ((start + i) & 7)) & 1) * 2 ** i;
    }
    return value;
  }
}
