import { message } from '../../messages/message.ts';
import type { Column, Table } from '../dataset.ts';
import { Refusal, type Reading } from './bytes.ts';
import { bytesPerValue, checkMemory } from './limits.ts';
import { decodePng } from './png.ts';

/** An image file in the folder of its class. */
export interface ImageFile {
  readonly className: string;
  /** With the folder, as it is named in messages. */
  readonly name: string;
}

/** Collects the images of a folder of folders as the columns `image` and `class`. */
export interface ImageCollector {
  /** Adds the content of a file. Throws a {@link Refusal} where it is no PNG image, or of another size than the first. */
  add(file: ImageFile, bytes: Uint8Array): void;
  finish(): Table;
}

/**
 * A collector for `count` images of one size. They are grey as long as all are; with the first one in colour all have
 * three channels. Memory is one byte a value, checked once the size is known.
 */
export function createImageCollector(count: number, reading: Pick<Reading, 'mostBytes'>): ImageCollector {
  let first: { readonly height: number; readonly width: number; readonly name: string } | undefined;
  let channels: 1 | 3 = 1;
  let values = new Uint8Array(0);
  const categories: string[] = [];
  const codes = new Int32Array(count);
  let rows = 0;

  const makeColoured = (pixels: number): void => {
    checkMemory(count, pixels * 3, bytesPerValue(1), reading);
    const grey = values;
    channels = 3;
    values = new Uint8Array(count * pixels * 3);
    for (let i = 0; i < rows * pixels; i++) values.fill(grey[i]!, 3 * i, 3 * i + 3);
  };

  return {
    add(file, bytes) {
      const image = decodePng(bytes, file.name);
      const pixels = image.height * image.width;
      if (first === undefined) {
        channels = image.channels;
        checkMemory(count, pixels * channels, bytesPerValue(1), reading);
        values = new Uint8Array(count * pixels * channels);
        first = { height: image.height, width: image.width, name: file.name };
      } else if (image.height !== first.height || image.width !== first.width) {
        throw new Refusal(
          message(
            '{name} is {width} × {height} pixels, but {first} is {firstWidth} × {firstHeight}. All images must be of one size.',
            {
              name: file.name,
              width: image.width,
              height: image.height,
              first: first.name,
              firstWidth: first.width,
              firstHeight: first.height,
            },
          ),
          { file: file.name },
        );
      }
      if (image.channels > channels) makeColoured(pixels);
      const at = rows * pixels * channels;
      if (image.channels === channels) values.set(image.values, at);
      else for (let i = 0; i < pixels; i++) values.fill(image.values[i]!, at + 3 * i, at + 3 * i + 3);
      let code = categories.indexOf(file.className);
      if (code < 0) code = categories.push(file.className) - 1;
      codes[rows++] = code;
    },
    finish() {
      if (first === undefined) throw new Refusal(message('The folder holds no images.'));
      const image: Column = {
        name: 'image',
        kind: 'array',
        shape: [first.height, first.width, channels],
        values,
      };
      return {
        columns: [image, { name: 'class', kind: 'text', codes, categories }],
        rows,
        rowNumbers: Uint32Array.from({ length: rows }, (_, i) => i + 1),
      };
    },
  };
}
