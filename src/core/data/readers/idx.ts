import { message } from '../../messages/message.ts';
import { Refusal, type ByteStream } from './bytes.ts';
import { sizeOf, type BinaryLayout, type NumberType } from './binary.ts';

/** Types of numbers by their code in an IDX header; all are big-endian. */
const types: Readonly<Record<number, NumberType>> = {
  0x08: { kind: 'u', size: 1, bigEndian: true },
  0x09: { kind: 'i', size: 1, bigEndian: true },
  0x0b: { kind: 'i', size: 2, bigEndian: true },
  0x0c: { kind: 'i', size: 4, bigEndian: true },
  0x0d: { kind: 'f', size: 4, bigEndian: true },
  0x0e: { kind: 'f', size: 8, bigEndian: true },
};

/** Whether a file can begin so: two zeros, a type and a number of axes. */
export function looksLikeIdx(head: Uint8Array): boolean {
  return head[0] === 0 && head[1] === 0 && types[head[2] ?? 0] !== undefined && (head[3] ?? 0) > 0;
}

/**
 * Reads the header of an IDX file, the format of MNIST (Y. LeCun, C. Cortes, C. Burges): two zeros, a code of the type,
 * the number of axes, and one big-endian extent of 32 bits for each.
 * @param stream at its first byte; afterwards at the first number
 */
export async function readIdxHeader(stream: ByteStream, name: string): Promise<BinaryLayout> {
  const magic = await stream.take(4);
  if (magic.length < 4) throw new Refusal(message('"{name}" is cut off within its header.', { name }));
  const type = types[magic[2]!];
  if (magic[0] !== 0 || magic[1] !== 0 || type === undefined || magic[3] === 0) {
    throw new Refusal(
      message('"{name}" is no IDX file: it begins with the bytes {bytes}.', {
        name,
        bytes: Array.from(magic, (byte) => byte.toString(16).padStart(2, '0')).join(' '),
      }),
    );
  }
  const axes = magic[3]!;
  const extents = await stream.take(4 * axes);
  if (extents.length < 4 * axes)
    throw new Refusal(message('"{name}" is cut off within its header.', { name }));
  const view = new DataView(extents.buffer, extents.byteOffset, extents.length);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 * axis));
  const layout: BinaryLayout = { name, shape, type, fortran: false, header: 4 + 4 * axes };
  sizeOf(layout);
  return layout;
}
