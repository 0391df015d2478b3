// `npm run generate` makes what follows from the catalogue and the experiment schema; `-- --check` fails when a file
// is not what would be made.
import fs from 'node:fs';
import path from 'node:path';
import { linesThatFit, widestRow } from '../src/core/figures/compose.ts';
import type { FormulaFile, TypesetFormula } from '../src/core/figures/formula.ts';
import { lossTex } from '../src/core/expression/print/tex.ts';
import { catalogueSource } from './catalogue.ts';
import { lossPages } from './docs.ts';
import { experimentJsonSchema } from './schema.ts';
import { userStrings } from './strings.ts';
import { Typesetter } from './typeset.ts';

const root = path.resolve(import.meta.dirname, '..');
const check = process.argv.includes('--check');

// All else follows from the list of losses, so it comes first.
let stale = write('src/core/losses/all.ts', await catalogueSource(root)) ? 1 : 0;
if (process.argv.includes('--list')) process.exit();
const { losses } = await import('../src/core/losses/catalogue.ts');

async function formulas(): Promise<FormulaFile> {
  const typesetter = new Typesetter();
  const trial = new Typesetter();
  const made: [string, FormulaFile['losses'][string]][] = [];
  for (const loss of losses()) {
    const tex = lossTex(loss);
    const typeset = (lines: readonly string[]) => Promise.all(lines.map((line) => trial.typeset(line)));
    const lets = await typeset(await inRows(tex.lets, trial));
    const lines = linesThatFit([...(await typeset([tex.value])), ...lets], await typeset(tex.gradients));
    // Only what is shown leaves its glyphs in the table.
    const shown: TypesetFormula[] = [];
    for (const line of lines) shown.push(await typesetter.typeset(line.tex));
    made.push([loss.id, { lines: shown, spoken: tex.spoken }]);
  }
  return { outlines: typesetter.table(), losses: Object.fromEntries(made) };
}

/** Short formulas beside each other, as many as fit a row of a figure. */
async function inRows(formulas: readonly string[], typesetter: Typesetter): Promise<string[]> {
  const rows: string[] = [];
  for (const formula of formulas) {
    const joined = [...rows.slice(-1), formula].join(',\\quad ');
    const fits = (await typesetter.typeset(joined)).width <= widestRow;
    if (fits) rows.splice(-1, 1, joined);
    else rows.push(formula);
  }
  return rows;
}

const files: Readonly<Record<string, string>> = {
  'src/core/figures/formulas.json': json(await formulas(), 1),
  'schemas/experiment.schema.json': json(experimentJsonSchema(losses()), 2),
  'l10n/bundle.l10n.json': json(userStrings(root), 2),
  ...(await lossPages(losses())),
};

for (const [file, text] of Object.entries(files)) if (write(file, text)) stale++;
if (stale === 0) console.log('everything generated is fresh');

/** Writes a file that is not as it should be, or says so with `--check`; true where it was not. */
function write(file: string, text: string): boolean {
  if (read(file) === text) return false;
  if (check) {
    console.error(`${file} is stale; run npm run generate`);
    process.exitCode = 1;
  } else {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
    console.log(`wrote ${file}`);
  }
  return true;
}

function json(value: unknown, indent: number): string {
  return `${JSON.stringify(value, undefined, indent)}\n`;
}

function read(file: string): string | undefined {
  const full = path.join(root, file);
  return fs.existsSync(full) ? fs.readFileSync(full, 'utf8').replaceAll('\r\n', '\n') : undefined;
}
