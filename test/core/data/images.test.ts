import { encode } from 'fast-png';
import { deflateSync, crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/core/data/readers/bytes.ts';
import { createImageCollector } from '../../../src/core/data/readers/images.ts';
import { decodePng } from '../../../src/core/data/readers/png.ts';
import { english } from '../../../src/core/messages/message.ts';
import { expected, fixture, numbers, words } from './files.ts';

function refused(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (error) {
    if (error instanceof Refusal) return english(error.problem.message);
    throw error;
  }
}

/** A chunk of a PNG file with its checksum. */
function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A grey PNG file that says it is of this size and holds these pixels. */
function png(width: number, height: number, pixels: Uint8Array, ...more: Buffer[]): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    chunk('IHDR', header),
    ...more,
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('PNG images of Pillow', () => {
  it.each(Object.keys(expected.png))('%s', (name) => {
    const { mode, values } = expected.png[name]!;
    const image = decodePng(fixture(`${name}.png`), name);
    expect(image).toMatchObject({ height: 6, width: 7, channels: mode === 'L' ? 1 : 3 });
    expect(Array.from(image.values)).toEqual(values);
  });
});

describe('PNG images', () => {
  it('that are interlaced have the pixels that were written', () => {
    const data = Uint8Array.from({ length: 9 * 5 * 3 }, (_, i) => (i * 37) % 256);
    const image = decodePng(
      encode({ width: 9, height: 5, channels: 3, depth: 8, data }, { interlace: 'Adam7' }),
      'a',
    );
    expect(Array.from(image.values)).toEqual(Array.from(data));
  });

  it.each([
    ['text', Buffer.from('no image at all, only text in a file'), /no PNG image/],
    ['nothing', Buffer.alloc(0), /no PNG image/],
    ['a header alone', fixture('grey.png').slice(0, 33), /cut off/],
    ['half of the pixels', png(4, 4, new Uint8Array(10)), /pixels are not what its header says/],
    ['too many pixels', png(4, 4, new Uint8Array(21)), /pixels are not what its header says/],
    ['a bomb', png(4, 4, new Uint8Array(50_000_000)), /pixels are not what its header says/],
    ['no width', png(0, 4, new Uint8Array(4)), /0 × 4 pixels/],
    ['a size beyond all use', png(100_000, 100_000, new Uint8Array(4)), /100000 × 100000 pixels/],
    ['an unknown filter', png(1, 1, Uint8Array.from([9, 0])), /damaged.*filter/i],
  ])('with %s are refused', (_, bytes, sentence) =>
    expect(refused(() => decodePng(new Uint8Array(bytes), 'a.png'))).toMatch(sentence),
  );

  it('with a bomb in a colour profile are read without it', () => {
    const profile = Buffer.concat([
      Buffer.from('icc\0\0', 'latin1'),
      deflateSync(new Uint8Array(30_000_000)),
    ]);
    const image = decodePng(png(2, 1, Uint8Array.from([0, 7, 8]), chunk('iCCP', profile)), 'a');
    expect(Array.from(image.values)).toEqual([7, 8]);
  });

  it('with a wrong checksum are refused', () => {
    const bytes = fixture('grey.png');
    bytes[31]! ^= 1;
    expect(refused(() => decodePng(bytes, 'a.png'))).toMatch(/damaged/);
  });
});

describe('a folder of images', () => {
  const bounds = { mostBytes: 1e6 };
  const grey = png(2, 1, Uint8Array.from([0, 7, 8]));
  const coloured = encode({
    width: 2,
    height: 1,
    channels: 3,
    depth: 8,
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });

  it('is a column of images and one of classes; one image in colour makes all coloured', () => {
    const collector = createImageCollector(3, bounds);
    collector.add({ className: 'cat', name: 'cat/1.png' }, grey);
    collector.add({ className: 'dog', name: 'dog/1.png' }, coloured);
    collector.add({ className: 'cat', name: 'cat/2.png' }, grey);
    const read = collector.finish();
    expect(read.columns[0]).toMatchObject({ kind: 'array', shape: [1, 2, 3] });
    expect(numbers(read, 'image')).toEqual([7, 7, 7, 8, 8, 8, 1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 8, 8]);
    expect(words(read, 'class')).toEqual(['cat', 'dog', 'cat']);
  });

  it('needs images of one size, and names the one that differs', () => {
    const collector = createImageCollector(2, bounds);
    collector.add({ className: 'cat', name: 'cat/1.png' }, grey);
    expect(
      refused(() =>
        collector.add({ className: 'dog', name: 'dog/1.png' }, png(1, 2, Uint8Array.from([0, 7, 0, 8]))),
      ),
    ).toMatch('dog/1.png is 1 × 2 pixels, but cat/1.png is 2 × 1. All images must be of one size.');
  });

  it('that needs more memory than allowed is refused with numbers at the first image', () => {
    // 2 values of 1 byte in the table, 4 encoded, 4 on the device.
    expect(
      refused(() => createImageCollector(55_556, bounds).add({ className: 'a', name: 'a' }, grey)),
    ).toMatch(/55556 rows of 2 values need about 2 MB of memory; 1 MB are allowed.*at most 55555/);
  });
});
