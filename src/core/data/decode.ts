import { bad, message, ok, type Problem, type Result } from '../messages/message.ts';

/** The encodings that are read. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** Turns bytes into text piece by piece. */
export interface Decoder {
  /** As far as known: UTF-8 turns into windows-1252 at the first byte that cannot be UTF-8. */
  readonly encoding: Encoding;
  /** Whether the bytes began with a byte order mark. */
  readonly mark: boolean;
  readonly warnings: readonly Problem[];
  /** The text of the next bytes; `last` says that no more follow. */
  push(bytes: Uint8Array, last: boolean): Result<string>;
}

/** The part of the standard TextDecoder that is used; every host has it, but core's types know no host. */
interface StandardDecoder {
  decode(bytes: Uint8Array, options: { stream: boolean }): string;
}
const { TextDecoder: StandardTextDecoder } = globalThis as unknown as {
  readonly TextDecoder: new (
    label: string,
    options: { fatal: boolean; ignoreBOM: boolean },
  ) => StandardDecoder;
};

const fallbackWarning = message(
  'The file is not UTF-8 (byte {offset} cannot be); it was read as windows-1252. If letters look wrong, save it as UTF-8.',
);

/**
 * A decoder for bytes from the start of a file. A byte order mark decides between UTF-8, UTF-16 LE and UTF-16 BE and
 * is taken off; bytes that the mark's encoding does not allow are an error with their offset. Without a mark the file
 * is UTF-8; at a byte that cannot be UTF-8 the rest is read as windows-1252 with a warning, provided that everything
 * before it was ASCII, where the two agree; otherwise the file is UTF-8 with a broken place, an error.
 */
export function createDecoder(): Decoder {
  let encoding: Encoding = 'utf-8';
  let mark = false;
  let started = false;
  let decoder: StandardDecoder | undefined;
  /** File offset of the first byte of `held`. */
  let offset = 0;
  let held: Uint8Array = new Uint8Array(0);
  let ascii = true;
  const warnings: Problem[] = [];

  const start = (bytes: Uint8Array): number => {
    started = true;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      mark = true;
      return 3;
    }
    if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
      mark = true;
      encoding = bytes[0] === 0xff ? 'utf-16le' : 'utf-16be';
      return 2;
    }
    return 0;
  };

  const whole = (bytes: Uint8Array): string => {
    if (encoding === 'windows-1252') return windows1252(bytes);
    decoder ??= new StandardTextDecoder(encoding, { fatal: true, ignoreBOM: true });
    return decoder.decode(bytes, { stream: false });
  };

  const push = (bytes: Uint8Array, last: boolean): Result<string> => {
    let all = held.length === 0 ? bytes : joined(held, bytes);
    if (!started) {
      if (all.length < 3 && !last) {
        held = all.slice();
        return ok('');
      }
      const skip = start(all);
      all = all.subarray(skip);
      offset = skip;
    }
    const end = last ? all.length : completeEnd(all, encoding);
    const now = all.subarray(0, end);
    const at = offset;
    held = all.slice(end);
    offset += end;

    if (encoding === 'utf-8' || encoding === 'windows-1252') {
      const zero = now.indexOf(0);
      if (zero >= 0) {
        return bad(
          message('This is not a text file: byte {offset} is zero. Save the table as CSV in UTF-8.', {
            offset: at + zero,
          }),
        );
      }
    }
    try {
      const text = whole(now);
      ascii &&= text.length === now.length;
      return ok(text);
    } catch {
      const wrong = firstInvalid(now, encoding);
      if (encoding === 'utf-8' && !mark && ascii && isAscii(now.subarray(0, wrong))) {
        encoding = 'windows-1252';
        decoder = undefined;
        warnings.push({ message: { ...fallbackWarning, args: { offset: at + wrong } } });
        // The bytes that were held back as an incomplete UTF-8 sequence are whole in windows-1252.
        const rest = whole(joined(now, held));
        offset += held.length;
        held = new Uint8Array(0);
        return ok(rest);
      }
      return bad(
        message('Byte {offset} is not valid {encoding}. Save the file as UTF-8.', {
          offset: at + wrong,
          encoding: encoding.toUpperCase(),
        }),
      );
    }
  };

  return {
    get encoding() {
      return encoding;
    },
    get mark() {
      return mark;
    },
    warnings,
    push,
  };
}

/** Code points of the bytes 0x80–0x9f in windows-1252 (WHATWG Encoding Standard, index-windows-1252). */
const upper1252 = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,
  0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
  0x0153, 0x9d, 0x017e, 0x0178,
];

/** Our own, because Node since 20.18.3 and 22.13 decodes windows-1252 as ISO 8859-1 (nodejs/node issue 56542). */
function windows1252(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    const codes = Array.from(bytes.subarray(at, at + 8192), (b) =>
      b >= 0x80 && b < 0xa0 ? upper1252[b - 0x80]! : b,
    );
    parts.push(String.fromCharCode(...codes));
  }
  return parts.join('');
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

/** Where the last character begins that may be continued by bytes to come; the length if none. */
function completeEnd(bytes: Uint8Array, encoding: Encoding): number {
  if (encoding === 'windows-1252') return bytes.length;
  if (encoding !== 'utf-8') {
    const even = bytes.length - (bytes.length % 2);
    if (even === 0) return 0;
    const high = encoding === 'utf-16le' ? bytes[even - 1]! : bytes[even - 2]!;
    return high >= 0xd8 && high <= 0xdb ? even - 2 : even;
  }
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
    if (byte < 0x80) return bytes.length;
  }
  return bytes.length;
}

function sequenceLength(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/** Index of the first byte of the first ill-formed sequence (Unicode 16, table 3-7); the length if there is none. */
function firstInvalid(bytes: Uint8Array, encoding: Encoding): number {
  let i = 0;
  if (encoding !== 'utf-8') {
    const unit = (at: number): number =>
      encoding === 'utf-16le' ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;
    while (i + 1 < bytes.length) {
      const high = unit(i) & 0xfc00;
      if (high === 0xdc00) return i;
      if (high === 0xd800) {
        if (i + 3 >= bytes.length || (unit(i + 2) & 0xfc00) !== 0xdc00) return i;
        i += 2;
      }
      i += 2;
    }
    return i;
  }
  while (i < bytes.length) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      i++;
      continue;
    }
    if (lead < 0xc2 || lead > 0xf4) return i;
    const second = bytes[i + 1] ?? 0;
    const from = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const to = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < from || second > to) return i;
    const length = sequenceLength(lead);
    for (let k = 2; k < length; k++) {
      const next = bytes[i + k] ?? 0;
      if (next < 0x80 || next > 0xbf) return i;
    }
    i += length;
  }
  return i;
}
