import { decode, type DecodedPng } from 'fast-png';
import { Unzlib } from 'fflate';
import { message } from '../../messages/message.ts';
import { Refusal } from './bytes.ts';
import { mostColumns } from './limits.ts';

/** The first bytes of a PNG file. */
const magic: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Values of a pixel by colour type: grey, RGB, palette, grey and alpha, RGB and alpha. */
const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const wantedChunks = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND']);

/** An image of 8 bits a channel, rows from the top, channels fastest: grey (1) or red, green, blue (3). */
export interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly values: Uint8Array;
}

/**
 * Decodes a PNG file with fast-png. Palettes become colours, 16 bits the upper 8, and transparency is left out, as
 * Pillow's conversion to `L` and `RGB` does. The header's size is checked first, and the pixels are inflated once for
 * their length alone, so that nothing larger than the header says is ever made.
 */
export function decodePng(bytes: Uint8Array, name: string): Image {
  const header = readHeader(bytes, name);
  const { kept, pixels } = chunks(bytes, name);
  checkInflated(pixels, expectedLength(header), name);
  let png: DecodedPng;
  try {
    png = decode(kept, { checkCrc: true });
  } catch (error) {
    throw damaged(name, error);
  }
  return toImage(png, header, name);
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

function readHeader(bytes: Uint8Array, name: string): Header {
  if (!magic.every((byte, i) => bytes[i] === byte)) {
    throw new Refusal(message('{name} is no PNG image.', { name }), { file: name });
  }
  if (bytes.length < 33) throw damaged(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, interlace] = [bytes[24]!, bytes[25]!, bytes[28]!];
  if (view.getUint32(8) !== 13 || samples[colour] === undefined || interlace > 1) throw damaged(name);
  if (width === 0 || height === 0 || width * height > mostColumns) {
    throw new Refusal(
      message(
        '{name} is {width} × {height} pixels; images of up to {most} pixels can be trained on. Make them smaller.',
        {
          name,
          width,
          height,
          most: mostColumns,
        },
      ),
      { file: name },
    );
  }
  if (interlace === 1 && depth < 8) {
    throw new Refusal(
      message(
        '{name} is interlaced with {depth} bits a pixel, which cannot be read. Save it without interlacing.',
        {
          name,
          depth,
        },
      ),
      { file: name },
    );
  }
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

/** The chunks that pixels need, as a PNG file of its own, and the compressed pixels. */
function chunks(
  bytes: Uint8Array,
  name: string,
): { readonly kept: Uint8Array; readonly pixels: readonly Uint8Array[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const pixels: Uint8Array[] = [];
  let ended = false;
  for (let at = 8; !ended && at + 12 <= bytes.length;) {
    const next = at + 12 + view.getUint32(at);
    if (next > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (wantedChunks.has(type)) parts.push(bytes.subarray(at, next));
    if (type === 'IDAT') pixels.push(bytes.subarray(at + 8, next - 4));
    ended = type === 'IEND';
    at = next;
  }
  if (!ended) throw new Refusal(message('{name} is cut off.', { name }), { file: name });
  const kept = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    kept.set(part, at);
    at += part.length;
  }
  return { kept, pixels };
}

/** Bytes of the pixels before compression: each line has a byte for its filter. */
function expectedLength({ width, height, depth, colour, interlaced }: Header): number {
  const bits = samples[colour]! * depth;
  const lines = (columns: number, rows: number): number =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * bits) / 8));
  if (!interlaced) return lines(width, height);
  // Adam7: the first pixel and the steps of each pass.
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  return passes.reduce(
    (sum, [x, y, across, down]) =>
      sum + lines(Math.max(0, Math.ceil((width - x) / across)), Math.max(0, Math.ceil((height - y) / down))),
    0,
  );
}

function checkInflated(pixels: readonly Uint8Array[], expected: number, name: string): void {
  let length = 0;
  const inflating = new Unzlib((part) => {
    length += part.length;
    if (length > expected) throw damaged(name);
  });
  try {
    for (const part of pixels) {
      // Small steps: what one step makes is bounded.
      for (let at = 0; at < part.length; at += 1024) inflating.push(part.subarray(at, at + 1024), false);
    }
  } catch (error) {
    throw error instanceof Refusal ? error : damaged(name, error);
  }
  if (length !== expected) throw damaged(name);
}

function toImage(png: DecodedPng, { width, height, depth, colour }: Header, name: string): Image {
  const pixels = width * height;
  if (colour === 3) return fromPalette(png, width, height, name);
  const stored = samples[colour]!;
  const channels = stored < 3 ? 1 : 3;
  const values = new Uint8Array(pixels * channels);
  if (depth < 8) {
    // Grey of fewer bits: several pixels a byte, lines begin with a byte.
    const perLine = Math.ceil((width * depth) / 8);
    const largest = 2 ** depth - 1;
    for (let i = 0; i < pixels; i++) {
      values[i] = Math.round((packed(png, i, width, perLine, depth) * 255) / largest);
    }
  } else {
    const shift = depth === 16 ? 8 : 0;
    for (let i = 0; i < pixels; i++) {
      for (let k = 0; k < channels; k++) values[i * channels + k] = png.data[i * stored + k]! >> shift;
    }
  }
  return { height, width, channels, values };
}

function fromPalette(png: DecodedPng, width: number, height: number, name: string): Image {
  const { palette, depth } = png;
  const values = new Uint8Array(width * height * 3);
  const perLine = Math.ceil((width * depth) / 8);
  for (let i = 0; i < width * height; i++) {
    const colour = palette?.[packed(png, i, width, perLine, depth)];
    if (colour === undefined) throw damaged(name);
    for (let k = 0; k < 3; k++) values[i * 3 + k] = colour[k]!;
  }
  return { height, width, channels: 3, values };
}

/** The value of pixel `i` where a byte holds one or several. */
function packed({ data }: DecodedPng, i: number, width: number, perLine: number, depth: number): number {
  const bit = (i % width) * depth;
  const byte = data[Math.floor(i / width) * perLine + (bit >> 3)]!;
  return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

function damaged(name: string, error?: unknown): Refusal {
  return new Refusal(
    error instanceof Error
      ? message('{name} is a damaged PNG image: {reason}.', { name, reason: error.message })
      : message('{name} is a damaged PNG image: its pixels are not what its header says.', { name }),
    { file: name },
  );
}
