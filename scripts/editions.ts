// Prints the catalogue in every edition that insertions take, so that nobody waits for it in the editor.
import fs from 'node:fs';
import path from 'node:path';
import { editionFile, editions, printedIn } from '../src/core/code/fitting.ts';
import { losses } from '../src/core/losses/catalogue.ts';

/** Writes a file for each edition into a folder of bundles. */
export function writeEditions(folder: string): void {
  for (const edition of editions) {
    const file = path.join(folder, editionFile(edition));
    const printed = Object.fromEntries(losses().map((loss) => [loss.id, printedIn(loss, edition)]));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify(printed));
  }
}
