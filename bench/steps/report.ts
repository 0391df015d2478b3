// Writes what bench/results holds into docs/performance.md, between its marks: npx tsx bench/steps/report.ts
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import * as v from 'valibot';
import { growthFileSchema, stepsFileSchema, type Setting } from './results.ts';
import { growthTables, stepsTable } from './table.ts';
import { rows } from './tasks.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = path.join(root, 'docs/performance.md');

/** The page as the results would have it. */
export async function report(): Promise<string> {
  const steps = v.parse(stepsFileSchema, read('steps'));
  const growth = v.parse(growthFileSchema, read('growth'));
  const versions = Object.entries(steps.versions).map(
    ([id, found]) =>
      `${id}: ${Object.entries(found)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}`,
  );
  const parts = {
    steps: `${where(steps.setting, 'steps')}\n\n${stepsTable(steps.rows, rows)}\nVersions: ${versions.join('; ')}.`,
    growth: `${where(growth.setting, 'growth')}\n\n${growthTables(growth)}`,
  };
  let text = fs.readFileSync(page, 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to === -1) throw new Error(`docs/performance.md has no place for ${name}`);
    text = `${text.slice(0, from)}${begin}\n\n${part}\n\n${text.slice(to)}`;
  }
  return format(text, { ...(await resolveConfig(page)), parser: 'markdown' });
}

/** Brings the page up to date. */
export async function writeReport(): Promise<void> {
  fs.writeFileSync(page, await report());
}

function read(name: string): unknown {
  return JSON.parse(fs.readFileSync(path.join(root, `bench/results/${name}.json`), 'utf8'));
}

function where({ date, command, commit, machine, node, editorNode }: Setting, file: string): string {
  const { processor, cores, memoryGiB, system, load } = machine;
  const busy =
    load[0] > cores / 2
      ? ' **The machine was busy with other work, so these are not the figures of a quiet machine.**'
      : '';
  return (
    `\`${command}\` on ${date.slice(0, 10)} at commit ${commit}: ${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}${editorNode ? ' (the editor’s)' : ''}, load average ${load[0]} before and ${load[1]} after. ` +
    `All windows: \`bench/results/${file}.json\`.${busy}`
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeReport();
