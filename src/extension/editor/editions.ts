import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { editionFile, editionOf, keepEdition, type Edition } from '../../core/code/fitting.ts';
import type { Tree } from '../../core/code/tree.ts';
import { extensionId } from '../contributions.ts';

const snippetSchema = v.object({
  code: v.string(),
  imports: v.array(
    v.object({ module: v.string(), name: v.exactOptional(v.string()), alias: v.exactOptional(v.string()) }),
  ),
  name: v.string(),
  gradientName: v.exactOptional(v.string()),
});
const editionSchema = v.record(v.string(), v.union([v.string(), snippetSchema]));

const loading = new Map<string, Promise<void>>();

/** Reads what the build has printed for files like these, once; without it each loss is printed when it is needed. */
export async function loadEdition(trees: readonly Tree[]): Promise<void> {
  const edition = editionOf(trees);
  const file = editionFile(edition);
  const known = loading.get(file);
  const reading = known ?? read(edition, file);
  if (known === undefined) loading.set(file, reading);
  await reading;
}

async function read(edition: Edition, file: string): Promise<void> {
  const folder = vscode.extensions.getExtension(extensionId)?.extensionPath;
  if (folder === undefined) return;
  try {
    const text = await readFile(path.join(folder, 'dist', file), 'utf8');
    keepEdition(edition, v.parse(editionSchema, JSON.parse(text)));
  } catch {
    // A build without it still prints.
  }
}
