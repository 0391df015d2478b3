import { message } from '../../messages/message.ts';
import { sliced, type Sliced } from '../../slices.ts';
import type { NumberArray } from '../dataset.ts';
import { emptyLike, rowSize, rowsOfArray, type NamedArray } from './arrays.ts';
import { paused, Refusal, type ByteStream, type Reading } from './bytes.ts';
import { bytesPerValue, checkMemory } from './limits.ts';

/** How a number is stored: b boolean, u and i whole numbers without and with sign, f floating point. */
export interface NumberType {
  readonly kind: 'b' | 'u' | 'i' | 'f';
  /** Bytes of one number. */
  readonly size: 1 | 2 | 4 | 8;
  readonly bigEndian: boolean;
}

/** What a header says about the numbers that follow it. */
export interface BinaryLayout {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: NumberType;
  /** First axis fastest. */
  readonly fortran: boolean;
  /** Bytes before the numbers. */
  readonly header: number;
}

/** Extents that one file may have. */
const mostAxes = 8;

/** Numbers of a shape; refuses shapes without rows, with too many axes or with more numbers than can be counted. */
export function sizeOf({ shape, name }: Pick<BinaryLayout, 'shape' | 'name'>): number {
  if (shape.length === 0)
    throw new Refusal(message('"{name}" is a single number, no array of rows.', { name }));
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (shape.length > mostAxes || !Number.isSafeInteger(size) || size >= 2 ** 40) {
    throw new Refusal(
      message('"{name}" claims the shape {shape}, which no file here can have.', {
        name,
        shape: shape.slice(0, 10).join(' × '),
      }),
    );
  }
  if (size === 0)
    throw new Refusal(
      message('"{name}" has no values: its shape is {shape}.', { name, shape: shape.join(' × ') }),
    );
  return size;
}

/** Refuses a file that is not as long as its header says; for a compressed file `length` is absent. */
export function checkLength(layout: BinaryLayout, length: number): void {
  const expected = layout.header + sizeOf(layout) * layout.type.size;
  if (length === expected) return;
  throw new Refusal(
    message(
      length < expected
        ? '"{name}" is cut off: its header promises {shape} values ({expected} bytes), but there are {length} bytes.'
        : '"{name}" is longer than its header says: {shape} values are {expected} bytes, but there are {length} bytes.',
      { name: layout.name, shape: layout.shape.join(' × '), expected, length },
    ),
  );
}

/**
 * Reads the numbers that follow a header. The shape is checked against memory, and the caller has checked it against
 * the length of the file, before this allocates.
 * @param chosen rows that are wanted, ascending; absent: all
 */
export async function readNumbers(
  stream: ByteStream,
  layout: BinaryLayout,
  chosen: Uint32Array | undefined,
  reading: Reading,
): Promise<NamedArray> {
  const { name, shape, type } = layout;
  const rows = shape[0]!;
  const width = rowSize(shape);
  const wanted = chosen?.length ?? rows;
  checkMemory(layout.fortran ? rows : wanted, width, bytesPerValue(keptBytes(type)), reading);
  if (chosen === undefined || layout.fortran) {
    const bytes = new Uint8Array(rows * width * type.size);
    await fill(stream, bytes, layout);
    const values = await paused(decode(bytes, type), reading);
    const array: NamedArray = {
      name,
      shape,
      values: layout.fortran ? await paused(rowMajor(values, shape), reading) : values,
    };
    return chosen === undefined ? array : paused(rowsOfArray(array, chosen), reading);
  }
  const rowBytes = width * type.size;
  const bytes = new Uint8Array(wanted * rowBytes);
  const skipped = new Uint8Array(rowBytes);
  let at = 0;
  for (let row = 0; at < wanted; row++) {
    const taken = chosen[at] === row;
    await fill(stream, taken ? bytes.subarray(at * rowBytes, (at + 1) * rowBytes) : skipped, layout);
    if (taken) at++;
  }
  return { name, shape: [wanted, ...shape.slice(1)], values: await paused(decode(bytes, type), reading) };
}

async function fill(stream: ByteStream, target: Uint8Array, { name }: BinaryLayout): Promise<void> {
  if ((await stream.fill(target)) === target.length) return;
  throw new Refusal(message('"{name}" is cut off at byte {offset}.', { name, offset: stream.offset }));
}

/** Bytes of a number once it is read. */
function keptBytes({ kind, size }: NumberType): 1 | 2 | 4 | 8 {
  if (kind === 'f') return size === 8 ? 8 : 4;
  return size <= 2 ? size : 8;
}

/** The numbers in bytes that belong to nobody else. 64-bit whole numbers beyond 2⁵³ are rounded. */
function* decode(bytes: Uint8Array, { kind, size, bigEndian }: NumberType): Sliced<NumberArray> {
  if (bigEndian) yield* swapped(bytes, size);
  const { buffer } = bytes;
  switch (size) {
    case 1:
      return kind === 'i' ? new Int8Array(buffer) : bytes;
    case 2:
      if (kind === 'f') return yield* halves(new Uint16Array(buffer));
      return kind === 'i' ? new Int16Array(buffer) : new Uint16Array(buffer);
    case 4:
      if (kind === 'f') return new Float32Array(buffer);
      return kind === 'i' ? new Int32Array(buffer) : new Uint32Array(buffer);
    case 8:
      if (kind === 'f') return new Float64Array(buffer);
      return yield* rounded(kind === 'i' ? new BigInt64Array(buffer) : new BigUint64Array(buffer));
  }
}

function* swapped(bytes: Uint8Array, size: number): Sliced<void> {
  if (size === 1) return;
  yield* sliced(bytes.length / size, (start, end) => {
    for (let i = start; i < end; i++) {
      for (let first = i * size, last = first + size - 1; first < last; first++, last--) {
        const byte = bytes[first]!;
        bytes[first] = bytes[last]!;
        bytes[last] = byte;
      }
    }
  });
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function* halves(words: Uint16Array): Sliced<Float32Array> {
  const values = new Float32Array(words.length);
  yield* sliced(words.length, (start, end) => {
    for (let i = start; i < end; i++) {
      const word = words[i]!;
      const exponent = (word >> 10) & 31;
      const fraction = word & 1023;
      const size =
        exponent === 0
          ? fraction * 2 ** -24
          : exponent === 31
            ? fraction === 0
              ? Infinity
              : NaN
            : (1024 + fraction) * 2 ** (exponent - 25);
      values[i] = (word & 0x8000) === 0 ? size : -size;
    }
  });
  return values;
}

function* rounded(words: BigInt64Array | BigUint64Array): Sliced<Float64Array> {
  const values = new Float64Array(words.length);
  yield* sliced(words.length, (start, end) => {
    for (let i = start; i < end; i++) values[i] = Number(words[i]!);
  });
  return values;
}

/** Values with the first axis fastest, put so that the last is. */
function* rowMajor(values: NumberArray, shape: readonly number[]): Sliced<NumberArray> {
  const ordered = emptyLike(values, values.length);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, extent) => product * extent, 1),
  );
  const size = rowSize(shape);
  const places = new Uint32Array(size);
  for (let i = 0; i < size; i++) {
    let rest = i;
    for (let axis = shape.length - 1; axis > 0; axis--) {
      places[i]! += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
  }
  yield* sliced(
    shape[0]!,
    (start, end) => {
      for (let row = start; row < end; row++) {
        for (let i = 0; i < size; i++) ordered[row * size + i] = values[row + places[i]!]!;
      }
    },
    size,
  );
  return ordered;
}
