import { message } from '../../messages/message.ts';
import { Refusal, section, type DataBytes, type Decompression } from './bytes.ts';
import { mostInflated } from './limits.ts';

/** A file within a zip file. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of its content. */
  readonly size: number;
  /** Its content; throws a {@link Refusal} if that has another length or checksum than the directory says. */
  pieces(): AsyncIterable<Uint8Array>;
}

const most = { comment: 65_557, directory: 1 << 24, entries: 10_000 } as const;

/**
 * The directory of a zip file (PKWARE's APPNOTE 6.3.10): stored and deflated entries, also with 64-bit sizes. The
 * sizes that it claims are checked against the bytes that are there; of each entry no more than its claimed size is
 * ever inflated.
 */
export async function readZip(bytes: DataBytes, decompression: Decompression): Promise<readonly ZipEntry[]> {
  const { offset, length, count } = await findDirectory(bytes);
  if (count > most.entries || length > most.directory || offset + length > bytes.size)
    throw damaged(bytes.name);
  const directory = await bytes.read(offset, offset + length);
  const view = new DataView(directory.buffer, directory.byteOffset, directory.length);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > directory.length || view.getUint32(at, true) !== 0x02014b50) throw damaged(bytes.name);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > directory.length) throw damaged(bytes.name);
    const entry = {
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      checksum: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      header: view.getUint32(at + 42, true),
      name: String.fromCharCode(...directory.subarray(at + 46, at + 46 + nameLength)),
    };
    const extra = at + 46 + nameLength;
    const whole = { ...entry, ...longSizes(view, extra, extra + extraLength, entry) };
    if (whole.header + whole.packed > offset || whole.size > whole.packed * mostInflated + mostInflated) {
      throw damaged(bytes.name);
    }
    entries.push({
      name: whole.name,
      size: whole.size,
      pieces: () => content(bytes, decompression, whole),
    });
    at = next;
  }
  return entries;
}

interface Sizes {
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

/** Sizes of 64 bits, where those of 32 bits are all ones. */
function longSizes(view: DataView, start: number, end: number, { packed, size, header }: Sizes): Sizes {
  for (let at = start; at + 4 <= end;) {
    const id = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    let field = at + 4;
    at = field + length;
    if (id !== 1 || at > end) continue;
    const long = (short: number): number => {
      if (short !== 0xffffffff || field + 8 > at) return short;
      field += 8;
      return Number(view.getBigUint64(field - 8, true));
    };
    const sizeLong = long(size);
    const packedLong = long(packed);
    return { size: sizeLong, packed: packedLong, header: long(header) };
  }
  return { packed, size, header };
}

async function findDirectory(
  bytes: DataBytes,
): Promise<{ readonly offset: number; readonly length: number; readonly count: number }> {
  const start = Math.max(0, bytes.size - most.comment);
  const tail = await bytes.read(start, bytes.size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const end = {
      count: view.getUint16(at + 10, true),
      length: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    if (end.count !== 0xffff && end.length !== 0xffffffff && end.offset !== 0xffffffff) return end;
    return (await longDirectory(bytes, start + at - 20)) ?? end;
  }
  throw damaged(bytes.name);
}

async function longDirectory(
  bytes: DataBytes,
  locator: number,
): Promise<{ readonly offset: number; readonly length: number; readonly count: number } | undefined> {
  if (locator < 0) return undefined;
  const pointer = await bytes.read(locator, locator + 20);
  const pointers = new DataView(pointer.buffer, pointer.byteOffset, pointer.length);
  if (pointer.length < 20 || pointers.getUint32(0, true) !== 0x07064b50) return undefined;
  const at = Number(pointers.getBigUint64(8, true));
  if (at + 56 > bytes.size) throw damaged(bytes.name);
  const record = await bytes.read(at, at + 56);
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  if (record.length < 56 || view.getUint32(0, true) !== 0x06064b50) throw damaged(bytes.name);
  return {
    count: Number(view.getBigUint64(32, true)),
    length: Number(view.getBigUint64(40, true)),
    offset: Number(view.getBigUint64(48, true)),
  };
}

async function* content(
  bytes: DataBytes,
  decompression: Decompression,
  entry: Sizes & {
    readonly name: string;
    readonly method: number;
    readonly encrypted: boolean;
    readonly checksum: number;
  },
): AsyncGenerator<Uint8Array, void> {
  const { name } = entry;
  if (entry.encrypted || (entry.method !== 0 && entry.method !== 8)) {
    throw new Refusal(
      message('"{name}" in {file} is encrypted or compressed in an unknown way.', { name, file: bytes.name }),
    );
  }
  const local = await bytes.read(entry.header, entry.header + 30);
  const view = new DataView(local.buffer, local.byteOffset, local.length);
  if (local.length < 30 || view.getUint32(0, true) !== 0x04034b50) throw damaged(bytes.name);
  const start = entry.header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const packed = section(bytes, start, start + entry.packed);
  let length = 0;
  let checksum = 0;
  for await (const piece of entry.method === 0 ? packed : decompression.inflate(packed)) {
    length += piece.length;
    if (length > entry.size) break;
    checksum = crc32(piece, checksum);
    yield piece;
  }
  if (length !== entry.size || checksum !== entry.checksum) {
    throw new Refusal(
      message('"{name}" in {file} is damaged: its content is not what the directory says.', {
        name,
        file: bytes.name,
      }),
    );
  }
}

function damaged(file: string): Refusal {
  return new Refusal(
    message('{file} is no complete zip file: its directory is missing or damaged.', { file }),
  );
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of ISO 3309, going on from `before`. */
function crc32(bytes: Uint8Array, before: number): number {
  let value = ~before;
  for (let i = 0; i < bytes.length; i++) value = crcTable[(value ^ bytes[i]!) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}
