import { readFileSync } from 'node:fs';
import type { DataBytes, Reading } from '../../../src/core/data/readers/bytes.ts';
import { detectAll } from '../../../src/core/data/layout.ts';
import { readTable, type TableOptions } from '../../../src/core/data/readers/readTable.ts';
import { english, type Result } from '../../../src/core/messages/message.ts';
import type { Column, Table } from '../../../src/core/data/dataset.ts';
import { zlibDecompression } from '../../../src/trainer/fileBytes.ts';

const folder = new URL('../../fixtures/readers/', import.meta.url);

/** A file of test/fixtures/readers. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

/** Bytes in memory as a file, in pieces of any size. */
export function fileOf(name: string, content: Uint8Array, piece = 1 << 16): DataBytes {
  return {
    name,
    size: content.length,
    async *pieces() {
      for (let at = 0; at < content.length; at += piece)
        yield await Promise.resolve(content.slice(at, at + piece));
    },
    read: (start, end) => Promise.resolve(content.slice(start, end)),
  };
}

export const reading: Reading = {
  decompression: zlibDecompression,
  pause: () => undefined,
  mostBytes: 1e8,
};

export function read(
  name: string,
  content: Uint8Array = fixture(name),
  options: Partial<TableOptions> = {},
  bounds: Partial<Reading> = {},
): Promise<Result<Table>> {
  return readTable(
    fileOf(name, content),
    { format: 'auto', layout: detectAll, ...options },
    { ...reading, ...bounds },
  );
}

export async function table(...args: Parameters<typeof read>): Promise<Table> {
  const result = await read(...args);
  if (!result.ok) throw new Error(result.problems.map((problem) => english(problem.message)).join('\n'));
  return result.value;
}

/** What is wrong, in English; empty for a good result. */
export async function refusal(...args: Parameters<typeof read>): Promise<string> {
  const result = await read(...args);
  return result.ok ? '' : result.problems.map((problem) => english(problem.message)).join('\n');
}

export function column(from: Table, name: string): Column {
  const found = from.columns.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return found;
}

/** The numbers of a column. */
export function numbers(from: Table, name: string): number[] {
  const found = column(from, name);
  if (found.kind !== 'number' && found.kind !== 'array') throw new Error(`${name} is ${found.kind}`);
  return Array.from(found.values);
}

/** The cells of a column of text; null where one is missing. */
export function words(from: Table, name: string): (string | null)[] {
  const found = column(from, name);
  if (found.kind !== 'text') throw new Error(`${name} is ${found.kind}`);
  return Array.from(found.codes, (code) => (code < 0 ? null : found.categories[code]!));
}

export const expected = JSON.parse(new TextDecoder().decode(fixture('expected.json'))) as {
  readonly npy: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
  readonly npz: { readonly x: readonly number[]; readonly y: readonly number[] };
  readonly idx: Readonly<Record<'images' | 'labels' | 'shorts' | 'doubles', readonly number[]>>;
  readonly parquet: Readonly<Record<string, readonly unknown[]>>;
  readonly png: Readonly<Record<string, { readonly mode: 'L' | 'RGB'; readonly values: readonly number[] }>>;
};
