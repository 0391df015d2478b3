/** Reads a directory of golden files, runs what we implement, and counts. No console, no exit: see scripts/golden.ts. */
import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { runClipping } from './clipping.ts';
import { runCases as runLosses } from './losses.ts';
import { runOptimizers } from './optimizers.ts';
import { runSchedules } from './schedules.ts';
import { runTrajectories } from './trajectories.ts';
import { fileSchema, type CaseResult, type CaseRunner, type GoldenFile } from './types.ts';

/** Families with a runner of their own; every other family is one of losses. */
const runners: Readonly<Record<string, CaseRunner>> = {
  grad_clip: runClipping,
  optimizers: runOptimizers,
  schedules: runSchedules,
  trajectories: runTrajectories,
};

interface FileReport {
  readonly file: GoldenFile;
  /** One a case, in their order. */
  readonly results: readonly CaseResult[];
}

/** The cases of one loss (optimizer, schedule …) in one convention. */
interface Group {
  readonly name: string;
  readonly convention: string;
  readonly results: readonly CaseResult[];
}
export interface Report {
  readonly files: readonly FileReport[];
  /** Files that could not be read, and why. */
  readonly unreadable: readonly string[];
}

/** Runs every `.json` file of a directory. Rejects when the directory cannot be read. */
export async function runDirectory(directory: string): Promise<Report> {
  const names = fs
    .readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort();
  const files: GoldenFile[] = [];
  const unreadable: string[] = [];
  for (const name of names) {
    try {
      files.push(parseFile(name, fs.readFileSync(path.join(directory, name), 'utf8')));
    } catch (error) {
      unreadable.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const context = { files: new Map(files.map((file) => [file.family, file])) };
  const reports: FileReport[] = [];
  for (const file of files) {
    const runner = runners[file.family] ?? runLosses;
    const results: CaseResult[] = [];
    // One at a time: a case that a runner cannot read fails alone.
    for (const one of file.cases) {
      const failed = (reason: string): CaseResult => ({ id: one.id, outcome: 'failed', reason });
      try {
        const [result] = await runner({ ...file, cases: [one] }, context);
        results.push(result ?? failed('it has no result'));
      } catch (error) {
        results.push(failed(`threw: ${String(error)}`));
      }
    }
    reports.push({ file, results });
  }
  return { files: reports, unreadable };
}

/** Parses one golden file; throws an Error that says what is wrong. */
export function parseFile(name: string, text: string): GoldenFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${String(error)}`, { cause: error });
  }
  const parsed = v.safeParse(fileSchema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(
      `not a golden file of schema 1: ${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`,
    );
  }
  const { family, cases: given = [], ...rest } = parsed.output;
  const cases = given.map((one, i) => ({ ...one, id: one.id ?? `${family} #${i}` }));
  return { name, family, cases, rest };
}

/** The results of all files by loss and convention, in the order of the files. */
export function groups({ files }: Report): readonly Group[] {
  const found = new Map<string, Group & { results: CaseResult[] }>();
  for (const { file, results } of files) {
    for (const [i, result] of results.entries()) {
      const one = file.cases[i];
      const name = text(file.family in runners ? file.family : one?.['loss']);
      const convention = text(one?.['convention'] ?? one?.['framework']);
      const key = `${file.name} ${name} ${convention}`;
      const group = found.get(key) ?? { name, convention, results: [] };
      group.results.push(result);
      found.set(key, group);
    }
  }
  return [...found.values()];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Counts of outcomes. */
export function count(results: readonly CaseResult[]): Record<CaseResult['outcome'], number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}
