import { createHash } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Table } from '../core/data/dataset.ts';
import { Cancellation, Refusal } from '../core/data/readers/bytes.ts';
import { createImageCollector, type ImageFile } from '../core/data/readers/images.ts';
import { chosenRows } from '../core/data/readers/rowChoice.ts';
import { message, ok, type Result } from '../core/messages/message.ts';
import type { Experiment } from '../core/training/experiment.ts';
import {
  joinedTables,
  problemOf,
  readingOf,
  rowsWanted,
  type ReadData,
  type ReadOptions,
} from './dataFile.ts';
import { missing } from './fileBytes.ts';

type ImageData = Extract<Experiment['data'], { source: 'images' }>;

/** A PNG file of more bytes is no small image. */
const mostFileBytes = 1 << 24;

/**
 * Reads a folder with one folder of PNG images for each class. Classes and images are taken in the order of their names;
 * hidden files and files of other kinds are left out.
 */
export async function readImageFolder(
  folder: string,
  data: ImageData,
  options: ReadOptions,
): Promise<Result<ReadData>> {
  const hash = createHash('sha256');
  try {
    const sizes = { bytes: 0 };
    const training = await readFolder(folder, data, options, hash, sizes);
    const table =
      data.validation === undefined
        ? ok(training)
        : await joinedTables(
            training,
            await readFolder(join(dirname(folder), data.validation), data, options, hash, sizes),
            options,
          );
    if (!table.ok) return table;
    return ok({ table: table.value, fingerprint: { size: sizes.bytes, sha256: hash.digest('hex') } });
  } catch (error) {
    return { ok: false, problems: [problemOf(error)] };
  }
}

async function readFolder(
  folder: string,
  data: ImageData,
  options: ReadOptions,
  hash: ReturnType<typeof createHash>,
  sizes: { bytes: number },
): Promise<Table> {
  const all = await imagesIn(folder);
  const chosen = chosenRows(rowsWanted(data, options), all.length);
  const files = chosen === undefined ? all : Array.from(chosen, (i) => all[i]!);
  const reading = readingOf(options);
  const collector = createImageCollector(files.length, reading);
  for (const [i, file] of files.entries()) {
    const bytes = await contentOf(join(folder, file.name));
    hash.update(file.name).update(bytes);
    sizes.bytes += bytes.length;
    collector.add(file, bytes);
    options.onProgress((i + 1) / files.length);
    if ((await reading.pause()) === 'give up') throw new Cancellation();
  }
  return collector.finish();
}

/** The images of a folder, by class and name; throws a {@link Refusal} where there are none. */
export async function imagesIn(folder: string): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  const classes = (await entries(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const className of classes.sort()) {
    const images = (await entries(join(folder, className)))
      .filter((entry) => !entry.isDirectory() && /\.png$/i.test(entry.name))
      .map(({ name }) => name);
    files.push(...images.sort().map((image) => ({ className, name: join(className, image) })));
  }
  if (files.length > 0) return files;
  throw new Refusal(
    message(
      '{path} holds no folders with PNG images. Put the images of each class into a folder of its own.',
      {
        path: folder,
      },
    ),
    { file: folder },
  );
}

async function entries(folder: string) {
  try {
    return (await fs.readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
  } catch (error) {
    const problem = missing(error, folder);
    throw new Refusal(problem.message, problem.where);
  }
}

async function contentOf(path: string): Promise<Uint8Array> {
  try {
    const { size } = await fs.stat(path);
    if (size <= mostFileBytes) return await fs.readFile(path);
  } catch (error) {
    const problem = missing(error, path);
    throw new Refusal(problem.message, problem.where);
  }
  throw new Refusal(message('{path} is too large for an image to train on.', { path }), { file: path });
}
