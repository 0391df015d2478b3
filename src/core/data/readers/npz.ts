import { message, type Problem } from '../../messages/message.ts';
import type { Table } from '../dataset.ts';
import { joinTables } from '../joinTables.ts';
import { tableOfArrays, withChannels, type NamedArray } from './arrays.ts';
import { readNumbers, checkLength, type BinaryLayout } from './binary.ts';
import { ByteStream, paused, Refusal, watched, type DataBytes, type Reading } from './bytes.ts';
import { readNpyHeader } from './npy.ts';
import { chosenRows, type RowsWanted } from './rowChoice.ts';
import { readZip, type ZipEntry } from './zip.ts';

interface Found {
  readonly name: string;
  readonly entry: ZipEntry;
  readonly layout: BinaryLayout;
}

/** Names that features and labels usually have. */
const featureNames = ['x', 'features', 'images', 'data', 'inputs'];
const labelNames = ['y', 'labels', 'label', 'targets', 'target'];

/**
 * Reads the arrays of an .npz file as columns, the labels last. Pairs such as `x_train` and `x_test` become one column
 * `x` whose second part is for validation (`_val` or `_valid`, else `_test`). Where `wanted` names no arrays, the usual
 * names are taken if they are there (`x` and `y`, `images` and `labels` …), else every array of as many rows as the first.
 */
export async function readNpz(
  bytes: DataBytes,
  wanted: readonly string[] | undefined,
  rows: RowsWanted | undefined,
  reading: Reading,
): Promise<{ readonly table: Table; readonly warnings: readonly Problem[] }> {
  const all = await readHeaders(bytes, reading);
  const { training, validation } = parts(all);
  const chosen = choose(training, wanted);
  const warnings = ignored(training, chosen);
  const table = await readPart(chosen, rows, reading);
  if (validation === undefined) return { table, warnings };
  const others = chosen.map(({ name }) => {
    const match = validation.find((found) => found.name === name);
    if (match === undefined) {
      throw new Refusal(message('The part for validation has no array "{name}".', { name }), {
        column: name,
      });
    }
    return match;
  });
  const joined = await paused(joinTables(table, await readPart(others, rows, reading)), reading);
  return { table: joined, warnings };
}

/** Rows of the arrays of an .npz file that {@link readNpz} would take, by their headers alone. */
export async function npzRows(bytes: DataBytes, reading: Reading): Promise<number> {
  const [first] = choose(parts(await readHeaders(bytes, reading)).training, undefined);
  return first?.layout.shape[0] ?? 0;
}

async function readHeaders(bytes: DataBytes, reading: Reading): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const entry of await readZip(bytes, reading.decompression)) {
    if (!entry.name.endsWith('.npy')) continue;
    const name = entry.name.slice(0, -4);
    const stream = new ByteStream(watched(entry.pieces(), reading));
    try {
      const layout = await readNpyHeader(stream, name);
      checkLength(layout, entry.size);
      found.push({ name, entry, layout });
    } finally {
      await stream.close();
    }
  }
  if (found.length === 0) {
    throw new Refusal(message('{file} holds no NumPy arrays.', { file: bytes.name }));
  }
  return found;
}

const partOf = /^(.*?)_?(train|training|val|valid|validation|test)$/i;

/** The arrays of each part under the name that they share. */
function parts(all: readonly Found[]): {
  readonly training: readonly Found[];
  readonly validation: readonly Found[] | undefined;
} {
  const named = (pattern: RegExp): Found[] =>
    all.flatMap((found) => {
      const match = partOf.exec(found.name);
      return match !== null && match[1] !== '' && pattern.test(match[2]!)
        ? [{ ...found, name: match[1]! }]
        : [];
    });
  const training = named(/^train/i);
  if (training.length === 0) return { training: all, validation: undefined };
  const held = [named(/^val/i), named(/^test/i)].find((part) => part.length > 0);
  return { training, validation: held };
}

function choose(all: readonly Found[], wanted: readonly string[] | undefined): readonly Found[] {
  if (wanted !== undefined) {
    return wanted.map((name) => {
      const match = all.find((found) => found.name === name);
      if (match !== undefined) return match;
      throw new Refusal(
        message('There is no array "{name}". The arrays are {all}.', {
          name,
          all: all.map((found) => `"${found.name}"`).join(', '),
        }),
        { column: name },
      );
    });
  }
  const usual = (names: readonly string[]): Found | undefined =>
    all.find(({ name }) => names.includes(name.toLowerCase()));
  const [features, labels] = [usual(featureNames), usual(labelNames)];
  if (features !== undefined && labels !== undefined) return [features, labels];
  const rows = all[0]!.layout.shape[0];
  const alike = all.filter(({ layout }) => layout.shape[0] === rows);
  return labels === undefined ? alike : [...alike.filter((found) => found !== labels), labels];
}

function ignored(all: readonly Found[], chosen: readonly Found[]): Problem[] {
  const names = all.filter((found) => !chosen.includes(found)).map(({ name }) => `"${name}"`);
  if (names.length === 0) return [];
  return [{ message: message('These arrays are not used: {names}.', { names: names.join(', ') }) }];
}

async function readPart(
  arrays: readonly Found[],
  rows: RowsWanted | undefined,
  reading: Reading,
): Promise<Table> {
  const total = arrays[0]!.layout.shape[0]!;
  for (const { name, layout } of arrays) {
    if (layout.shape[0] === total) continue;
    throw new Refusal(
      message('"{first}" has {rows} rows, but "{name}" has {found}.', {
        first: arrays[0]!.name,
        rows: total,
        name,
        found: layout.shape[0] ?? 0,
      }),
      { column: name },
    );
  }
  const chosen = chosenRows(rows, total);
  const read: NamedArray[] = [];
  for (const { name, entry } of arrays) {
    const stream = new ByteStream(watched(entry.pieces(), reading));
    try {
      const again = await readNpyHeader(stream, name);
      const array = await readNumbers(stream, again, chosen, reading);
      if (chosen === undefined && !(await stream.ended())) checkLength(again, Infinity);
      read.push(withChannels({ ...array, name }));
    } finally {
      await stream.close();
    }
  }
  return paused(tableOfArrays(read), reading);
}
