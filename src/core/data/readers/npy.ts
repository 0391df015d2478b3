import { message } from '../../messages/message.ts';
import { Refusal, type ByteStream } from './bytes.ts';
import { sizeOf, type BinaryLayout, type NumberType } from './binary.ts';

/** The first bytes of an .npy file. */
export const npyMagic: readonly number[] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy itself reads no longer ones. */
const longestHeader = 10_000;

/**
 * Reads the header of an .npy file: versions 1 to 3 of NumPy's format (NumPy Enhancement Proposal 1). Booleans, whole
 * numbers of 8 to 64 bits and floating-point numbers of 16 to 64 bits are read; text, records, complex numbers and
 * Python objects are refused.
 * @param stream at its first byte; afterwards at the first number
 */
export async function readNpyHeader(stream: ByteStream, name: string): Promise<BinaryLayout> {
  const start = await stream.take(8);
  if (start.length < 8 || !npyMagic.every((byte, i) => start[i] === byte)) {
    throw new Refusal(message('"{name}" is no .npy file: it does not begin with NumPy\'s mark.', { name }));
  }
  const version = start[6]!;
  if (version < 1 || version > 3) {
    throw new Refusal(
      message('"{name}" has version {version} of the .npy format; 1, 2 and 3 are known.', { name, version }),
    );
  }
  const lengthBytes = version === 1 ? 2 : 4;
  const lengths = await stream.take(lengthBytes);
  if (lengths.length < lengthBytes) throw cutOff(name);
  const length = lengths.reduceRight((value, byte) => value * 256 + byte, 0);
  if (length > longestHeader) {
    throw new Refusal(
      message('The header of "{name}" claims {length} bytes; at most {most} are read.', {
        name,
        length,
        most: longestHeader,
      }),
    );
  }
  const bytes = await stream.take(length);
  if (bytes.length < length) throw cutOff(name);
  const header = parseHeader(String.fromCharCode(...bytes), name);
  const layout: BinaryLayout = { name, header: 8 + lengthBytes + length, ...header };
  sizeOf(layout);
  return layout;
}

function cutOff(name: string): Refusal {
  return new Refusal(message('"{name}" is cut off within its header.', { name }));
}

type Header = Pick<BinaryLayout, 'shape' | 'fortran' | 'type'>;

/** The header is a Python dictionary with exactly three keys, in any order. */
function parseHeader(text: string, name: string): Header {
  const entry = /\s*'(\w+)'\s*:\s*('[^']*'|\[[^\]]*\]|\([\d\s,]*\)|True|False)\s*(?:,|(?=\}))/y;
  const found = new Map<string, string>();
  const trimmed = text.trim();
  entry.lastIndex = 1;
  for (let match = entry.exec(trimmed); match !== null; match = entry.exec(trimmed)) {
    found.set(match[1]!, match[2]!);
    if (/^\s*\}$/.test(trimmed.slice(entry.lastIndex))) break;
  }
  const [descr, order, shape] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key));
  if (
    !trimmed.startsWith('{') ||
    !trimmed.endsWith('}') ||
    found.size !== 3 ||
    descr === undefined ||
    (order !== 'True' && order !== 'False') ||
    shape?.startsWith('(') !== true
  ) {
    throw new Refusal(
      message('The header of "{name}" cannot be read: {text}', { name, text: text.slice(0, 80) }),
    );
  }
  return { shape: extents(shape, name), fortran: order === 'True', type: numberType(descr, name) };
}

function extents(text: string, name: string): number[] {
  const inner = text.slice(1, -1).trim();
  if (inner === '') return [];
  if (!/^\d{1,15}(?:\s*,\s*\d{1,15})*\s*,?$/.test(inner)) {
    throw new Refusal(
      message('The shape of "{name}" cannot be read: {text}', { name, text: text.slice(0, 80) }),
    );
  }
  return inner
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
}

function numberType(descr: string, name: string): NumberType {
  if (descr.startsWith('[')) {
    throw new Refusal(
      message(
        '"{name}" is an array of records. Save each field as an array of its own: np.savez("data.npz", x=a["x"], y=a["y"]).',
        { name },
      ),
    );
  }
  const type = descr.slice(1, -1);
  const match = /^([<>=|])([buif])([1248])$/.exec(type);
  const size = match === null ? 0 : Number(match[3]);
  const kind = match?.[2];
  if (
    (size === 1 || size === 2 || size === 4 || size === 8) &&
    (kind === 'u' || kind === 'i' || (kind === 'b' && size === 1) || (kind === 'f' && size > 1)) &&
    (size === 1 || match![1] !== '|')
  ) {
    return { kind, size, bigEndian: match![1] === '>' };
  }
  throw new Refusal(
    type === '|O'
      ? message(
          '"{name}" holds Python objects, which only Python can read. Save it as an array of numbers: a.astype("float32").',
          { name },
        )
      : message(
          '"{name}" holds values of type {type}. Booleans, whole numbers and floating-point numbers of up to 64 bits can be read; convert it with a.astype("float32").',
          { name, type },
        ),
  );
}
