import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { contenders, node } from './field.ts';
import { endField, measureRow, startField, type Pace } from './measure.ts';
import type { RowResult, Setting, StepsFile } from './results.ts';
import { stepsTable } from './table.ts';
import { rows, shortRow } from './tasks.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** In the short form, without PyTorch: one small row; whether all who take part compute the same. */
export async function shortSteps(): Promise<boolean> {
  const { everyone, rows: measured } = await measure([shortRow], { milliseconds: 100, windows: 2 }, false);
  console.log(`\n${stepsTable(measured, [shortRow])}`);
  const present = everyone.filter((contender) => !('absent' in contender)).map(({ id }) => id);
  return measured.every((row) =>
    row.contenders.every(({ id, difference }) => difference !== undefined || !present.includes(id)),
  );
}

/** All rows, or those whose task is named; writes bench/results/NAME.json and prints the table. */
export async function fullSteps(options: {
  readonly only?: string;
  readonly name: string;
  readonly pace: Pace;
}) {
  const chosen = rows.filter(
    ({ task }) => options.only === undefined || options.only.split(',').includes(task.id),
  );
  const before = os.loadavg()[0]!;
  const { versions, rows: measured } = await measure(chosen, options.pace, true);
  const file: StepsFile = { kind: 'steps', setting: setting(before), versions, rows: measured };
  await writeResults(options.name, file);
  console.log(`\n${stepsTable(measured, chosen)}`);
}

async function measure(chosen: typeof rows, pace: Pace, python: boolean) {
  const everyone = contenders({ python });
  const field = await startField(everyone);
  const measured: RowResult[] = [];
  try {
    for (const { task } of chosen) {
      console.log(`${task.title} …`);
      measured.push(await measureRow(task, everyone, field, pace));
    }
  } finally {
    endField(field);
  }
  const versions = Object.fromEntries(
    [...field].flatMap(([id, one]) => (typeof one === 'string' ? [] : [[id, { ...one.versions }]])),
  );
  return { everyone, versions, rows: measured };
}

/** Where and when this is measured. */
export function setting(loadBefore: number): Setting {
  const processors = os.cpus();
  return {
    date: new Date().toISOString(),
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    commit: commit(),
    machine: {
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(os.totalmem() / 2 ** 30),
      system: `${os.type()} ${os.machine()}`,
      load: [round(loadBefore), round(os.loadavg()[0]!)],
    },
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    editorNode: node !== process.execPath,
  };
}

/** The commit of the source, with "+" where files under src differ from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** Writes a file of results as the formatter would. */
export async function writeResults(name: string, contents: object): Promise<void> {
  const file = path.join(root, 'bench/results', `${name}.json`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const config = await resolveConfig(file);
  fs.writeFileSync(file, await format(JSON.stringify(contents), { ...config, parser: 'json' }));
  console.log(`\nWritten: ${path.relative(root, file)}`);
}
