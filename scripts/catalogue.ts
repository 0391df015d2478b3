import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { families, type Family, type Loss } from '../src/core/losses/loss.ts';

/** The source of `src/core/losses/all.ts`: every file of a family's folder, in the order in which losses are offered. */
export async function catalogueSource(root: string): Promise<string> {
  const folder = path.join(root, 'src/core/losses');
  const found = await Promise.all(families.map((family) => lossesOf(folder, family)));
  const all = found.flatMap((losses) => losses.sort(byPlace));
  return [
    '// Written by npm run generate from the files of the families; do not edit.',
    "import type { Loss } from './loss.ts';",
    ...all.map(({ id, family }) => `import { loss as ${variable(id)} } from './${family}/${id}.ts';`),
    '',
    '/** All losses, in the order in which they are offered. */',
    'export const all: readonly Loss[] = [',
    ...all.map(({ id }) => `  ${variable(id)},`),
    '];',
    '',
  ].join('\n');
}

async function lossesOf(folder: string, family: Family): Promise<Loss[]> {
  const directory = path.join(folder, family);
  const files = fs.existsSync(directory) ? fs.readdirSync(directory).sort() : [];
  return Promise.all(
    files.map(async (file) => {
      const { loss } = (await import(pathToFileURL(path.join(directory, file)).href)) as { loss?: Loss };
      if (loss?.family !== family || `${loss.id}.ts` !== file)
        throw new Error(`${family}/${file} must export a loss of its family whose id is its name`);
      return loss;
    }),
  );
}

function byPlace(a: Loss, b: Loss): number {
  return (a.common ?? 1e9) - (b.common ?? 1e9) || a.name.localeCompare(b.name, 'en');
}

function variable(id: string): string {
  return id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
